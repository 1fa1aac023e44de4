import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createCalendar, formatDay, monthOf, parseDay } from '../../src/domain/calendar.ts';
import { readRangeAt } from '../../src/domain/range-reading.ts';
import {
  canonicalRangeText,
  InvalidRangeError,
  RANGE_CHOICES,
  resolveHistory,
  resolveMonth,
  resolveRange,
  suggestRanges,
} from '../../src/domain/ranges.ts';
import { HeadroomError } from '../../src/errors.ts';
import { size } from '../support/size.ts';

const berlin = createCalendar('Europe/Berlin');
/** A Saturday, 15:23 in Berlin. */
const NOW = Date.UTC(2026, 10, 21, 14, 23);

const ZONES = [
  'UTC',
  'Europe/Berlin',
  'Australia/Lord_Howe',
  'Asia/Kathmandu',
  'Africa/Cairo',
  'Pacific/Apia',
  'America/Sao_Paulo',
].map(createCalendar);

function days(text: string | undefined, nowMs = NOW): string {
  const range = resolveRange(text, nowMs, berlin);
  return `${formatDay(range.firstDay)}..${formatDay(range.lastDay)}`;
}

function refusal(text: string, nowMs = NOW): InvalidRangeError {
  try {
    resolveRange(text, nowMs, berlin);
  } catch (error) {
    if (error instanceof InvalidRangeError) return error;
    throw error;
  }
  throw new Error(`${text} was taken`);
}

describe('resolveRange', () => {
  test.each([
    ['today', '2026-11-21..2026-11-21', 'hour', true],
    ['yesterday', '2026-11-20..2026-11-20', 'hour', false],
    ['7d', '2026-11-14..2026-11-20', 'day', false],
    ['30d', '2026-10-22..2026-11-20', 'day', false],
    ['90d', '2026-08-23..2026-11-20', 'day', false],
    ['this-month', '2026-11-01..2026-11-20', 'day', false],
    ['last-month', '2026-10-01..2026-10-31', 'day', false],
    ['3-months', '2026-08-01..2026-10-31', 'day', false],
    ['12-months', '2025-11-01..2026-10-31', 'month', false],
    ['2026-11-05', '2026-11-05..2026-11-05', 'hour', false],
    ['2026-11-01..2026-11-20', '2026-11-01..2026-11-20', 'day', false],
    ['2026-11-01..2026-11-21', '2026-11-01..2026-11-21', 'day', true],
    ['2025-01-01..2025-12-31', '2025-01-01..2025-12-31', 'month', false],
  ])('%s is %s, drawn by the %s, partial: %s', (text, expected, grain, partial) => {
    const range = resolveRange(text, NOW, berlin);
    expect(days(text)).toBe(expected);
    expect(range).toMatchObject({ text, grain, partial });
    expect(range.fromMs).toBe(berlin.startOfDay(range.firstDay));
    expect(range.toMs).toBe(berlin.startOfDay(range.lastDay + 1));
  });

  test('24h begins at the full hour 24 hours ago and takes in the running hour', () => {
    expect(resolveRange('24h', NOW, berlin)).toMatchObject({
      fromMs: Date.UTC(2026, 10, 20, 14),
      toMs: Date.UTC(2026, 10, 21, 15),
      firstDay: parseDay('2026-11-20'),
      lastDay: parseDay('2026-11-21'),
      grain: 'hour',
      partial: true,
      timed: true,
      label: 'last 24 hours (20 Nov 15:00 – 21 Nov 15:23)',
    });
  });

  test('24h on the night that has 02:30 twice counts hours, not clock faces', () => {
    const night = Date.UTC(2026, 9, 25, 12, 30);
    const range = resolveRange('24h', night, berlin);
    expect([range.fromMs, range.toMs]).toEqual([Date.UTC(2026, 9, 24, 12), Date.UTC(2026, 9, 25, 13)]);
  });

  test('no words mean 7d, or the default given', () => {
    expect(days(undefined)).toBe('2026-11-14..2026-11-20');
    expect(days('  ')).toBe('2026-11-14..2026-11-20');
    expect(resolveRange(undefined, NOW, berlin, { default: 'yesterday' }).text).toBe('yesterday');
    expect(resolveRange('30d', NOW, berlin, { default: 'yesterday' }).text).toBe('30d');
  });

  test.each([
    ['last 7 days', '2026-11-14..2026-11-20'],
    ['Past Week', '2026-11-14..2026-11-20'],
    ['last week', '2026-11-09..2026-11-15'],
    ['LAST_WEEK', '2026-11-09..2026-11-15'],
    ['this week', '2026-11-16..2026-11-20'],
    ['since monday', '2026-11-16..2026-11-20'],
    ['from monday', '2026-11-16..2026-11-20'],
    ['since saturday', '2026-11-14..2026-11-20'],
    ['in october', '2026-10-01..2026-10-31'],
    ['october 2025', '2025-10-01..2025-10-31'],
    ['Oct 2025', '2025-10-01..2025-10-31'],
    ['december', '2025-12-01..2025-12-31'],
    ['november', '2026-11-01..2026-11-20'],
    ['q3', '2026-07-01..2026-09-30'],
    ['q4', '2026-10-01..2026-11-20'],
    ['2025-q4', '2025-10-01..2025-12-31'],
    ['Q1 2025', '2025-01-01..2025-03-31'],
    ['2025', '2025-01-01..2025-12-31'],
    ['last 30 days', '2026-10-22..2026-11-20'],
    ['mtd', '2026-11-01..2026-11-20'],
    ['month to date', '2026-11-01..2026-11-20'],
    ['ytd', '2026-01-01..2026-11-20'],
    ['14 days', '2026-11-07..2026-11-20'],
    ['2 weeks', '2026-11-07..2026-11-20'],
    ['last two weeks', '2026-11-07..2026-11-20'],
    ['2w', '2026-11-07..2026-11-20'],
    ['last 3 months', '2026-08-01..2026-10-31'],
    ['past year', '2025-11-01..2026-10-31'],
    ['last year', '2025-01-01..2025-12-31'],
    ['last quarter', '2026-07-01..2026-09-30'],
    ['last weekend', '2026-11-14..2026-11-15'],
    ['on friday', '2026-11-20..2026-11-20'],
    ['last friday', '2026-11-20..2026-11-20'],
    ['this friday', '2026-11-20..2026-11-20'],
    ['last year in november', '2025-11-01..2025-11-30'],
    ['q1 of this year', '2026-01-01..2026-03-31'],
    ['saturday', '2026-11-14..2026-11-14'],
    ['20 nov', '2026-11-20..2026-11-20'],
    ['Nov 20th, 2025', '2025-11-20..2025-11-20'],
    ['20.11.2025', '2025-11-20..2025-11-20'],
    ['25 dec', '2025-12-25..2025-12-25'],
    ['29 feb', '2024-02-29..2024-02-29'],
    ['nov 5 to nov 12', '2026-11-05..2026-11-12'],
    ['from nov 5 until nov 12', '2026-11-05..2026-11-12'],
    ['between nov 5 and nov 12', '2026-11-05..2026-11-12'],
    ['nov 5-12', '2026-11-05..2026-11-12'],
    ['5–12 nov', '2026-11-05..2026-11-12'],
    ['dec 20 to jan 5', '2025-12-20..2026-01-05'],
    ['monday to wednesday', '2026-11-16..2026-11-18'],
    ['friday to monday', '2026-11-13..2026-11-16'],
    ['2026-11', '2026-11-01..2026-11-20'],
    ['2026-10', '2026-10-01..2026-10-31'],
    ['2026/10/05', '2026-10-05..2026-10-05'],
    ['2026-09..2026-10', '2026-09-01..2026-10-31'],
    ['2026-11-01 to 2026-11-20', '2026-11-01..2026-11-20'],
    ['1/10/2025 - 31/10/2025', '2025-10-01..2025-10-31'],
    ['11/01-11/15', '2026-11-01..2026-11-15'],
    ['2026-11-01 - 2026-11-20', '2026-11-01..2026-11-20'],
    ['2026-11-01…2026-11-20', '2026-11-01..2026-11-20'],
    ['since 2026-11-01', '2026-11-01..2026-11-20'],
    ['2026-11-01..', '2026-11-01..2026-11-20'],
    ['since yesterday', '2026-11-20..2026-11-20'],
    ['since today', '2026-11-21..2026-11-21'],
    ['2026-11-10..today', '2026-11-10..2026-11-21'],
    ['3 days ago', '2026-11-18..2026-11-18'],
    ['day before yesterday', '2026-11-19..2026-11-19'],
    ['1d', '2026-11-20..2026-11-20'],
    ['20/11/2026', '2026-11-20..2026-11-20'],
    ['2026-11-08 to 11-18', '2026-11-08..2026-11-18'],
    ['2026-11-08..11-18', '2026-11-08..2026-11-18'],
    ['8-18 Nov', '2026-11-08..2026-11-18'],
    ['nov 8 – 18', '2026-11-08..2026-11-18'],
    ['8.-18.11.2026', '2026-11-08..2026-11-18'],
    ['from the 8th to the 18th of november', '2026-11-08..2026-11-18'],
    ['2026-11-08/2026-11-18', '2026-11-08..2026-11-18'],
    ['after 2026-11-10', '2026-11-11..2026-11-20'],
    ['>=2026-11-10', '2026-11-10..2026-11-20'],
    ['after:2026-11-10', '2026-11-11..2026-11-20'],
    ['nov 10 onwards', '2026-11-10..2026-11-20'],
    ['monday to now', '2026-11-16..2026-11-21'],
    ['since 3 days', '2026-11-18..2026-11-20'],
    ['last 2 quarters', '2026-04-01..2026-09-30'],
    ['first half of 2025', '2025-01-01..2025-06-30'],
    ['third quarter', '2026-07-01..2026-09-30'],
    ['week 45', '2026-11-02..2026-11-08'],
    ['2026-w45', '2026-11-02..2026-11-08'],
    ['week of nov 3', '2026-11-02..2026-11-08'],
    ['august 27th - 29th', '2026-08-27..2026-08-29'],
    ['aug 27 to the 3rd', '2026-08-27..2026-09-03'],
    ['tuesday the 17th', '2026-11-17..2026-11-17'],
    ['monday last week', '2026-11-09..2026-11-09'],
    ['on the 15th', '2026-11-15..2026-11-15'],
    ['the 25th', '2026-10-25..2026-10-25'],
    ['fri 20 nov', '2026-11-20..2026-11-20'],
    ['mon-fri', '2026-11-16..2026-11-20'],
    ['oct-nov', '2026-10-01..2026-11-20'],
    ["yesterday's", '2026-11-20..2026-11-20'],
    ['27/Nov/2025', '2025-11-27..2025-11-27'],
    ['yesterday 00:00-24:00', '2026-11-20..2026-11-20'],
  ])('“%s” is %s', (text, expected) => {
    expect(days(text)).toBe(expected);
  });

  test.each([
    ['2026-02-30', /February 2026 has 28 days/, ['2026-02-28', 'last-month', '7d']],
    ['2026-13-01', /no month 13/, ['last-month', '7d']],
    ['30 feb', /February has 29 days/, ['2026-02-28', 'last-month', '7d']],
    [
      '2026-11-20..2026-11-01',
      /ends on Sun 1 Nov 2026, before it begins on Fri 20 Nov 2026/,
      ['2026-11-01..2026-11-20', '7d'],
    ],
    ['2027-01-01', /still to come: today is Sat 21 Nov 2026/, ['today', 'yesterday', '7d']],
    ['2026-11-01..2026-12-01', /ends on Tue 1 Dec 2026/, ['2026-11-01..2026-11-21', '2026-11-01..2026-11-20', '7d']],
    ['1969-01-01', /before 1970/, ['12-months', '90d', '30d']],
    ['0076-01-01', /before 1970/, ['12-months', '90d', '30d']],
    ['23400 months', /before 1970/, ['12-months', '90d', '30d']],
    ['99999d', /before 1970/, ['12-months', '90d', '30d']],
    ['lst-month', /not a range/, ['last-month']],
    ['banana', /not a range/, ['today', 'yesterday', '7d', '30d', 'last-month']],
    ['tomorrow', /still to come/, ['today', 'yesterday', '7d']],
    ['05/11/2026', /5 November or 11 May/, ['2026-11-05', '2026-05-11']],
  ])('“%s” is refused, with what is wrong and ranges near it', (text, message, suggestions) => {
    const error = refusal(text);
    expect(error).toBeInstanceOf(HeadroomError);
    expect(error.code).toBe('range');
    expect(error.message).toMatch(message);
    expect(error.suggestions).toEqual(suggestions);
  });

  test('this-month on the 1st is empty and says so', () => {
    const range = resolveRange('this-month', Date.UTC(2026, 10, 1, 12), berlin);
    expect(range.fromMs).toBe(range.toMs);
    expect(range.lastDay).toBe(range.firstDay - 1);
    expect(range.label).toBe('1 Nov 2026: no whole day yet');
  });

  test.each([
    ['yesterday', 'Fri 20 Nov 2026'],
    ['7d', '14–20 Nov 2026'],
    ['30d', '22 Oct – 20 Nov 2026'],
    ['dec 20 to jan 5', '20 Dec 2025 – 5 Jan 2026'],
    ['last-month', 'Oct 2026'],
    ['3-months', 'Aug – Oct 2026'],
    ['12-months', 'Nov 2025 – Oct 2026'],
  ])('%s is shown as %s', (text, label) => {
    expect(resolveRange(text, NOW, berlin).label).toBe(label);
  });
});

describe('properties of every range', () => {
  const instants = fc.integer({ min: Date.UTC(2001, 0, 1), max: Date.UTC(2060, 0, 1) });
  const zones = fc.constantFrom(...ZONES);
  const words = fc.constantFrom(
    ...RANGE_CHOICES.map(({ text }) => text).filter((text) => !text.endsWith('h')),
    'this-week',
    'last-week',
    'last-weekend',
    'this-quarter',
    'last-quarter',
    'this-year',
    'last-year',
    'since monday',
    'friday',
    'monday to wednesday',
    'october',
    'november',
    'q1',
    'q4',
    '29 feb',
    'nov 5 to nov 12',
    'dec 20 to jan 5',
    'since february',
    'week 45',
    'the 31st',
    'before friday',
    'until last month',
    'h2',
    '17d',
    '5-months',
    '3 days ago',
    'since yesterday',
  );

  test('half-open, whole days, today only if partial', () => {
    fc.assert(
      fc.property(zones, instants, words, (calendar, nowMs, text) => {
        const range = resolveRange(text, nowMs, calendar);
        const today = calendar.dayOf(nowMs);
        expect(range.toMs).toBeGreaterThanOrEqual(range.fromMs);
        expect(range.fromMs).toBe(calendar.startOfDay(range.firstDay));
        expect(range.toMs).toBe(calendar.startOfDay(range.lastDay + 1));
        expect(range.lastDay).toBeLessThanOrEqual(today);
        expect(range.partial).toBe(range.lastDay === today);
        expect(range.label).not.toBe('');
      }),
      { numRuns: size(375, 15_000) },
    );
  });

  test('the canonical text is the same range at the same time, and so is its text without spaces', () => {
    fc.assert(
      fc.property(zones, instants, words, (calendar, nowMs, text) => {
        const range = resolveRange(text, nowMs, calendar);
        expect(resolveRange(range.text, nowMs, calendar)).toEqual(range);
        const word = canonicalRangeText(text)!;
        expect(word).not.toMatch(/\s/);
        expect(canonicalRangeText(word)).toBe(word);
        expect(resolveRange(word, nowMs, calendar)).toEqual(range);
      }),
      { numRuns: size(375, 15_000) },
    );
  });

  test('months follow each other without a gap, and previous days end where today begins', () => {
    fc.assert(
      fc.property(zones, instants, (calendar, nowMs) => {
        const of = (text: string) => resolveRange(text, nowMs, calendar);
        expect(of('3-months').toMs).toBe(of('this-month').fromMs);
        expect(of('12-months').toMs).toBe(of('this-month').fromMs);
        expect(of('last-month').toMs).toBe(of('this-month').fromMs);
        expect(of('last-week').toMs).toBe(of('this-week').fromMs);
        for (const text of ['yesterday', '7d', '30d', '90d', 'this-month', 'this-week']) {
          expect(of(text).toMs).toBe(of('today').fromMs);
        }
        expect(of('90d').lastDay - of('90d').firstDay).toBe(89);
        expect(monthOf(of('12-months').lastDay) - monthOf(of('12-months').firstDay)).toBe(11);
      }),
    );
  });

  test('any text is a range or is refused with ranges that are none the less', () => {
    const fragments = fc.constantFrom(
      ...'last next past 7 12 2026 2026-11-31 .. to - since monday q3 nov 5 days weeks 24h on in 🎉 between and 31 feb 29 yesterday 14:00 9-17 9am at before all 5/11 m ago of the'.split(
        ' ',
      ),
    );
    const texts = fc.oneof(
      fc.string(),
      fc.array(fragments, { maxLength: 7 }).map((parts) => parts.join(' ')),
    );
    fc.assert(
      fc.property(texts, (text) => {
        try {
          expect(resolveRange(text, NOW, berlin).text).not.toBe('');
        } catch (error) {
          expect(error).toBeInstanceOf(InvalidRangeError);
          const { message, suggestions } = error as InvalidRangeError;
          expect(message).not.toBe('');
          expect(suggestions.length).toBeGreaterThan(0);
          for (const suggestion of suggestions) resolveRange(suggestion, NOW, berlin);
        }
      }),
      { numRuns: size(750, 30_000) },
    );
  });
});

test.each(['tomorrow', '30s', 'since 5/11', '3M'])(
  'what “%s” asks back is about these words, not those behind',
  (text) => {
    const words = text.split(' ');
    expect(readRangeAt([...words, 'for', 'Acme'])).toMatchObject({ kind: 'unclear', used: words.length });
  },
);

describe('resolveHistory', () => {
  test('is eleven months before, and this one to yesterday, marked partial', () => {
    const range = resolveHistory(NOW, berlin);
    expect(range).toMatchObject({
      text: '2025-12-01..2026-11-20',
      grain: 'month',
      partial: true,
      label: '1 Dec 2025 – 20 Nov 2026',
    });
    expect(range.toMs).toBe(berlin.startOfDay(parseDay('2026-11-21')));
  });

  test('until a month gone by it is twelve whole months', () => {
    const range = resolveHistory(NOW, berlin, resolveMonth('2026-03', NOW, berlin));
    expect(range).toMatchObject({ text: '2025-04-01..2026-03-31', partial: false, label: 'Apr 2025 – Mar 2026' });
  });

  test('refuses a month to come', () => {
    expect(() => resolveHistory(NOW, berlin, 2026 * 12 + 11)).toThrow(/Dec 2026 would reach into the future/);
  });

  test.each([
    ['march', 2026 * 12 + 2],
    ['this-month', 2026 * 12 + 10],
    ['2025', 2025 * 12 + 11],
    ['2026-11-05', 2026 * 12 + 10],
  ])('until “%s” names its last month', (text, month) => {
    expect(resolveMonth(text, NOW, berlin)).toBe(month);
  });

  test('the running month counts on its first day too', () => {
    expect(resolveMonth('this-month', Date.UTC(2026, 10, 1, 12), berlin)).toBe(2026 * 12 + 10);
    expect(resolveMonth('november', Date.UTC(2026, 10, 1, 12), berlin)).toBe(2026 * 12 + 10);
  });
});

test.each([
  ['week', ['7d', 'last-week', 'this-week']],
  ['yesterdya', ['yesterday']],
  ['lastmonth', ['last-month']],
  ['xyzzy', []],
])('near “%s”: %j', (text, ranges) => {
  expect(suggestRanges(text)).toEqual(ranges);
});
