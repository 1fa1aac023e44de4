import { expect, test } from 'vitest';
import { createCalendar } from '../../../src/domain/calendar.ts';
import { type InvalidRangeError, resolveRange, resolveVersus } from '../../../src/domain/ranges.ts';
import type { Question } from '../../../src/domain/report.ts';
import { refuseRange } from '../../../src/slack/command/format-question.ts';

function refusalOf(question: Question) {
  const [now, calendar] = [Date.UTC(2026, 10, 21), createCalendar('UTC')];
  try {
    const range = resolveRange(question.range, now, calendar);
    resolveVersus(question.versus!, range, now, calendar);
  } catch (error) {
    return refuseRange(error as InvalidRangeError, question);
  }
  return expect.unreachable();
}

test('a range that cannot be is answered with the question for the nearest that can', () => {
  const refused = refusalOf({ report: 'client', name: 'Acme CRM', range: '2026-02-30' });
  expect(refused.message).toMatch(/February 2026 has 28 days/);
  expect(refused.suggestions).toEqual([
    { label: '2026-02-28', command: 'client "Acme CRM" 2026-02-28' },
    { label: 'last-month', command: 'client "Acme CRM" last-month' },
    { label: '7d', command: 'client "Acme CRM" 7d' },
  ]);
});

test('the nearest to a weekday that is still to come is not compared with itself', () => {
  const { suggestions } = refusalOf({ report: 'day', range: 'sunday-this-week', versus: 'sunday-last-week' });
  expect(suggestions.slice(0, 2)).toEqual([
    { label: 'sunday-last-week vs the week before', command: 'day sunday-last-week vs week-before' },
    { label: 'today', command: 'day today vs sunday-last-week' },
  ]);
  const turned = refusalOf({ report: 'day', range: 'sunday-last-week', versus: 'sunday-this-week' });
  expect(turned.suggestions.slice(0, 2)).toEqual([
    { label: 'sunday-last-week vs the week before', command: 'day sunday-last-week vs week-before' },
    { label: 'today', command: 'day sunday-last-week vs today' },
  ]);
});
