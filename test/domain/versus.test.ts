import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createCalendar } from '../../src/domain/calendar.ts';
import { RANGE_CHOICES, readVersusAt, resolveRange, resolveVersus } from '../../src/domain/ranges.ts';

const berlin = createCalendar('Europe/Berlin');
/** A Saturday, 15:23 in Berlin. */
const NOW = Date.UTC(2026, 10, 21, 14, 23);

test.each([
  ['vs', 'previous', 1],
  ['versus last week', 'last-week', 3],
  ['vs 2025', '2025', 2],
  ['compared to the previous period', 'previous', 5],
  ['vs the week before', 'week-before', 4],
  ['vs. same day last week', 'week-before', 5],
  ['vs same time yesterday', 'day-before', 4],
  ['vs yesterday 14:00-15:00', 'yesterday 14:00-15:00', 3],
  ['vs week-before', 'week-before', 2],
])('“%s” is %s', (text, range, used) => {
  expect(readVersusAt(text.split(' '))).toMatchObject({ kind: 'range', range, used });
});

test('names decide what they stand behind, and what is open is asked back', () => {
  expect(readVersusAt('vs Beta'.split(' '))).toMatchObject({ range: 'previous', used: 1, weak: true });
  expect(readVersusAt('last week'.split(' '))).toBeUndefined();
  expect(readVersusAt('vs 5/11'.split(' '))).toMatchObject({ kind: 'unclear', used: 2, choices: ['nov-5', 'may-11'] });
});

test.each([
  ['7d', 'previous', '7–13 Nov 2026'],
  ['yesterday', 'previous', 'Thu 19 Nov 2026'],
  ['last-week', 'week-before', '2–8 Nov 2026'],
  ['yesterday', 'week-before', 'Fri 13 Nov 2026'],
  ['last-month', 'year-before', 'Oct 2025'],
  ['last-month', 'month-before', 'Sep 2026'],
  ['today', 'previous', '20 Nov, 00:00–15:23'],
  ['today', 'week-before', '14 Nov, 00:00–15:23'],
  ['3h', 'previous', '21 Nov, 08:37–12:00'],
  ['yesterday 14:00-15:00', 'previous', '20 Nov, 13:00–14:00'],
  ['yesterday 14:00-15:00', 'week-before', '13 Nov, 14:00–15:00'],
  ['7d', 'last-month', 'Oct 2026'],
  ['this-week', 'last-week', '9–13 Nov 2026'],
  ['this-week', '2026-11-02..2026-11-08', '2–6 Nov 2026'],
  ['this-week', '2026-11-03..2026-11-09', '3–9 Nov 2026'],
])('%s vs %s is %s', (text, versus, label) => {
  const range = resolveRange(text, NOW, berlin);
  expect(resolveVersus(versus, range, NOW, berlin).label).toBe(label);
});

test('the previous range of days is as long and ends where the range begins', () => {
  fc.assert(
    fc.property(
      fc.constantFrom(...RANGE_CHOICES.map(({ text }) => text)),
      fc.constantFrom('UTC', 'Europe/Berlin', 'Australia/Lord_Howe').map(createCalendar),
      fc.integer({ min: Date.UTC(2001, 0, 1), max: Date.UTC(2060, 0, 1) }),
      (text, calendar, nowMs) => {
        const range = resolveRange(text, nowMs, calendar);
        if (range.fromMs === range.toMs) return;
        const before = resolveVersus('previous', range, nowMs, calendar);
        if (range.partial && !range.timed) expect(before.toMs).toBeLessThanOrEqual(range.fromMs);
        else expect(before.toMs).toBe(range.fromMs);
        if (!range.timed && !range.partial)
          expect(before.lastDay - before.firstDay).toBe(range.lastDay - range.firstDay);
      },
    ),
  );
});
