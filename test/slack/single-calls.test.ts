import { describe, expect, it } from 'vitest';
import type { Question, Report } from '../../src/domain/report.ts';
import { answerFixture } from './reports.ts';
import { entryOf, type RigOptions, startRig } from './support.ts';

/** Makes a report of single calls; other reports are those of the other tests. */
function report(question: Question): Report {
  const other = answerFixture({ ...question, report: 'daily' });
  if (question.report !== 'events') return answerFixture(question);
  return {
    ...other,
    question,
    title: 'Single calls',
    finding: 'The newest 1 of 7,021 calls.',
    kind: 'events',
    totals: { requests: 7021, ok: 7021, failed: 0, none: 0, credits: 0 },
    table: { columns: [{ key: 'client', label: 'Client', type: 'text' }], rows: [['acme-web']] },
  };
}

const start = (options: RigOptions = {}) => startRig({ ...options, report });

describe('single calls', () => {
  it('are for the asker alone unless they are shared', async () => {
    const { slack } = await start();
    await slack.command({ user: 'alice', channel: 'api-usage', text: 'events client:acme-web' });
    const own = await slack.waitFor(() => slack.ephemerals('alice')[0], 'alice sees them');
    expect(own.text).toMatch(/^The newest 1 of 7,021 calls\./);
    expect(slack.messages('api-usage')).toEqual([]);
    await slack.command({ user: 'boris', channel: 'api-usage', text: 'events share' });
    await slack.waitFor(() => slack.messages('api-usage')[0], 'boris shares them');
  });

  it('leave the answer of the channel as it is, and carry its range and filters', async () => {
    const { slack, questions } = await start();
    await slack.command({ user: 'alice', channel: 'api-usage', text: 'top routes yesterday client:acme-web' });
    const answer = await slack.waitFor(
      () => slack.messages('api-usage').find(({ blocks }) => JSON.stringify(blocks).includes('"image"')),
      'the answer',
    );
    await slack.click({ user: 'alice', message: answer, ...entryOf(answer, 'Show calls') });
    const own = await slack.waitFor(() => slack.ephemerals('alice')[0], 'alice sees them');
    expect(own.text).toMatch(/^The newest 1 of 7,021 calls\./);
    expect(questions.at(-1)).toMatchObject({
      report: 'events',
      range: 'yesterday',
      filters: [{ key: 'client', patterns: ['acme-web'] }],
      private: true,
    });
    expect(slack.messages('api-usage')).toHaveLength(1);
    expect(slack.messages('api-usage')[0]!.text).toBe(answer.text);
  });

  it('are refused to whoever may not see usage, at each press', async () => {
    const { slack, questions } = await start();
    await slack.command({ user: 'alice', channel: 'api-usage', text: 'top routes' });
    const answer = await slack.waitFor(() => slack.messages('api-usage')[0], 'the answer');
    const asked = questions.length;
    await slack.click({ user: 'gus', message: answer, ...entryOf(answer, 'Show calls') });
    const told = await slack.waitFor(() => slack.ephemerals('gus')[0], 'gus is told');
    expect(told.text).not.toContain('7,021');
    expect(questions).toHaveLength(asked);
  });

  it('come as a CSV of up to 10,000', async () => {
    const { slack, questions } = await start();
    await slack.command({ user: 'alice', channel: 'api-usage', text: 'export events 30d' });
    await slack.waitFor(() => questions.length > 0, 'it is asked');
    expect(questions[0]).toMatchObject({ report: 'events', limit: 10_000 });
  });
});
