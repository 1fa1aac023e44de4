import { describe, expect, it } from 'vitest';
import { findQuestion, QUESTION, readColumn, SCHEDULE } from '../../src/store/json-columns.ts';

describe('a JSON column', () => {
  it('comes back as it was written', () => {
    const question = { report: 'top' as const, dimension: 'client' as const, suppose: { users: 25 }, private: true };
    expect(readColumn('saved_view.question', QUESTION, JSON.stringify(question))).toEqual(question);
  });

  it.each([
    ['{"report":"nothing"}', 'saved_view.question holds {"report":"nothing"}, which cannot be read at report: '],
    ['{"report":"top","limit":"5"}', 'which cannot be read at limit: '],
    ['not JSON', 'saved_view.question holds not JSON, which cannot be read: '],
    ['null', 'saved_view.question holds null, which cannot be read: '],
  ])('that holds %s names the place, the value and the cure', (json, message) => {
    expect(() => readColumn('saved_view.question', QUESTION, json)).toThrow(message);
    expect(() => readColumn('saved_view.question', QUESTION, json)).toThrow('put the row right');
  });

  it('shows only the beginning of a long value', () => {
    const long = JSON.stringify({ every: 'never', time: 'x'.repeat(500) });
    expect(() => readColumn('subscription.schedule', SCHEDULE, long)).toThrow(/^.{1,250}$/);
  });
});

describe('the question in a text from outside', () => {
  it('is read where it is one, and else absent', () => {
    expect(findQuestion('{"report":"pool","scope":"crm"}')).toEqual({ report: 'pool', scope: 'crm' });
    for (const text of [undefined, '', 'a1b2', '{"report":5}', '{"report":"top","filters":"all"}', '[]'])
      expect(findQuestion(text)).toBeUndefined();
  });
});
