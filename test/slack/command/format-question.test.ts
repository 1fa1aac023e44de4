import { expect, test } from 'vitest';
import { createCalendar } from '../../../src/domain/calendar.ts';
import { type InvalidRangeError, resolveRange } from '../../../src/domain/ranges.ts';
import type { Question } from '../../../src/domain/report.ts';
import { refuseRange } from '../../../src/slack/command/format-question.ts';

test('a range that cannot be is answered with the question for the nearest that can', () => {
  const question: Question = { report: 'client', name: 'Acme CRM', range: '2026-02-30' };
  try {
    resolveRange(question.range, Date.UTC(2026, 10, 21), createCalendar('UTC'));
    expect.unreachable();
  } catch (error) {
    const refused = refuseRange(error as InvalidRangeError, question);
    expect(refused.message).toMatch(/February 2026 has 28 days/);
    expect(refused.suggestions).toEqual([
      { label: '2026-02-28', command: 'client "Acme CRM" 2026-02-28' },
      { label: 'last-month', command: 'client "Acme CRM" last-month' },
      { label: '7d', command: 'client "Acme CRM" 7d' },
    ]);
  }
});
