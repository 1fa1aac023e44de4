import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createCalendar } from '../../src/domain/calendar.ts';
import type { Range } from '../../src/domain/range.ts';
import { canonicalRangeText, InvalidRangeError, resolveBalance, resolveRange } from '../../src/domain/ranges.ts';
import { size } from '../support/size.ts';

const berlin = createCalendar('Europe/Berlin');
/** A Saturday, 15:23 in Berlin. */
const NOW = Date.UTC(2026, 10, 21, 14, 23);

function resolve(text: string, nowMs = NOW, calendar = berlin): Range {
  return resolveRange(text, nowMs, calendar);
}

/** `21 Nov 12:00 – 21 Nov 16:00`, as clocks in Berlin show both ends. */
function ends(text: string): string {
  const range = resolve(text);
  return [range.fromMs, range.toMs]
    .map((ms) => Temporal.Instant.fromEpochMilliseconds(ms).toZonedDateTimeISO(berlin.zone).toPlainDateTime())
    .map((local) => `${local.day} ${local.toPlainTime().toString({ smallestUnit: 'minute' })}`)
    .join(' – ');
}

function refusal(text: string, nowMs = NOW): InvalidRangeError {
  try {
    resolve(text, nowMs);
  } catch (error) {
    if (error instanceof InvalidRangeError) return error;
    throw error;
  }
  throw new Error(`${text} was taken`);
}

describe('hours and minutes', () => {
  test.each([
    ['1h', '21 14:00 – 21 16:00'],
    ['3h', '21 12:00 – 21 16:00'],
    ['72h', '18 15:00 – 21 16:00'],
    ['last 3 hours', '21 12:00 – 21 16:00'],
    ['in the last hour', '21 14:00 – 21 16:00'],
    ['past 2h', '21 13:00 – 21 16:00'],
    ['15m', '21 15:08 – 21 15:24'],
    ['last 15 minutes', '21 15:08 – 21 15:24'],
    ['half an hour', '21 14:53 – 21 15:24'],
    ['1h30m', '21 13:53 – 21 15:24'],
    ['this hour', '21 15:00 – 21 16:00'],
    ['yesterday 14:00-15:00', '20 14:00 – 20 15:00'],
    ['yesterday at 14:00', '20 14:00 – 20 15:00'],
    ['yesterday 2pm', '20 14:00 – 20 15:00'],
    ['yesterday 12 at night', '20 00:00 – 20 01:00'],
    ['yesterday 2 at night', '20 02:00 – 20 03:00'],
    ['yesterday 10 at night', '20 22:00 – 20 23:00'],
    ['yesterday 5 in the evening', '20 17:00 – 20 18:00'],
    ['last night', '20 18:00 – 21 06:00'],
    ['overnight', '20 18:00 – 21 06:00'],
    ['this morning', '21 06:00 – 21 12:00'],
    ['since this morning', '21 06:00 – 21 16:00'],
    ['since yesterday evening', '20 18:00 – 21 16:00'],
    ['yesterday evening', '20 18:00 – 21 00:00'],
    ['afternoon of 19 nov', '19 12:00 – 19 18:00'],
    ['14:00 yesterday', '20 14:00 – 20 15:00'],
    ['9am on friday', '20 9:00 – 20 10:00'.replaceAll(' 9:', ' 09:')],
    ['today 9-17', '21 09:00 – 21 17:00'],
    ['today since 9', '21 09:00 – 21 16:00'],
    ['since 9am', '21 09:00 – 21 16:00'],
    ['yesterday after 14:00', '20 14:00 – 21 00:00'],
    ['yesterday before noon', '20 00:00 – 20 12:00'],
    ['2026-11-05 14:00..16:00', '5 14:00 – 5 16:00'],
    ['2026-11-05T14:00..2026-11-06T09:00', '5 14:00 – 6 09:00'],
    ['2026-11-05T13:00Z..2026-11-05T14:00Z', '5 14:00 – 5 15:00'],
    ['2026-11-05T13:00Z', '5 14:00 – 5 15:00'],
    ['monday 9am-5pm', '16 09:00 – 16 17:00'],
    ['2-4pm yesterday', '20 14:00 – 20 16:00'],
    ['between 11am and 1 yesterday', '20 11:00 – 20 13:00'],
    ['between 14:00 and 15:00 on thursday', '19 14:00 – 19 15:00'],
    ['yesterday at 3 in the afternoon', '20 15:00 – 20 16:00'],
    ['yesterday 22:00-06:00', '20 22:00 – 21 06:00'],
    ['monday 14:00 to tuesday 10:00', '16 14:00 – 17 10:00'],
    ['since monday 14:00', '16 14:00 – 21 16:00'],
    ['since monday 14:10', '16 14:10 – 21 15:24'],
    ['3 hours ago to 1 hour ago', '21 12:23 – 21 14:23'],
    ['20 Nov, 14:00–15:00', '20 14:00 – 20 15:00'],
    ['20 Nov 22:00 – 21 Nov 06:00', '20 22:00 – 21 06:00'],
  ])('“%s” is %s', (text, expected) => {
    expect(ends(text)).toBe(expected);
  });

  test.each([
    ['15m', 'minute', true, 'last 15 minutes (15:08–15:23)'],
    ['1h', 'five-minutes', true, 'last hour (14:00–15:23)'],
    ['3h', 'hour', true, 'last 3 hours (12:00–15:23)'],
    ['24h', 'hour', true, 'last 24 hours (20 Nov 15:00 – 21 Nov 15:23)'],
    ['72h', 'hour', true, 'last 72 hours (18 Nov 15:00 – 21 Nov 15:23)'],
    ['yesterday 14:00-15:00', 'five-minutes', false, '20 Nov, 14:00–15:00'],
    ['2025-11-20 14:00-15:00', 'five-minutes', false, '20 Nov 2025, 14:00–15:00'],
    ['yesterday after 14:00', 'hour', false, '20 Nov, 14:00–24:00'],
    ['today 9-17', 'hour', true, '21 Nov, 09:00–17:00'],
    ['today since 9', 'hour', true, '21 Nov, 09:00–15:23'],
    ['monday 14:00 to tuesday 10:00', 'hour', false, '16 Nov 14:00 – 17 Nov 10:00'],
    ['since monday 14:00', 'day', true, '16 Nov 14:00 – 21 Nov 15:23'],
  ])('%s is drawn by %s, partial: %s, and called %s', (text, grain, partial, label) => {
    expect(resolve(text)).toMatchObject({ grain, partial, label, timed: true });
  });

  test.each([
    ['5m', '5m'],
    ['3mo', '3-months'],
    ['3 months', '3-months'],
    ['last 90 minutes', '90m'],
    ['2.5 hours', '150m'],
    ['past 24 hours', '24h'],
    ['1 day 2 hours', '26h'],
    ['since 2 hours ago', '2h'],
  ])('“%s” is %s', (text, canonical) => {
    expect(canonicalRangeText(text)).toBe(canonical);
  });
});

describe('what leaves open which hours or days is asked back', () => {
  test.each([
    ['5/11', /5 November or 11 May/, ['nov-5', 'may-11']],
    ['5/11 to 8/11', /5 November or 11 May/, ['nov-5..nov-8', 'may-11..aug-11']],
    ['5/5 to 5/11', /5 November or 11 May/, ['may-5..nov-5', 'may-5..may-11']],
    ['since 5/11', /5 November or 11 May/, ['since-nov-5', 'since-may-11']],
    ['week of 5/11', /5 November or 11 May/, ['week-of-nov-5', 'week-of-may-11']],
    ['5/11 at 14:00', /5 November or 11 May/, ['nov-5 14:00', 'may-11 14:00']],
    ['morning of 5/11', /5 November or 11 May/, ['nov-5 06:00-12:00', 'may-11 06:00-12:00']],
    ['14:30:07 to 15:00 yesterday', /whole minutes/, ['yesterday 14:30-15:00']],
    ['9-17', /a date or hours/, ['sep-17', 'today 09:00-17:00']],
    ['3M', /minutes or months/, ['3m', '3-months']],
    ['last 3M', /minutes or months/, ['3m', '3-months']],
    ['since 9', /an hour or a day/, ['today since 09:00', 'since-9th']],
    ['yesterday at 3', /morning or in the evening/, ['yesterday 03:00', 'yesterday 15:00']],
    ['yesterday 9-5', /afternoon, or on the day after/, ['yesterday 09:00-17:00', 'yesterday 09:00-05:00']],
    ['11:30-1:30 yesterday', /afternoon, or on the day after/, ['yesterday 11:30-13:30', 'yesterday 11:30-01:30']],
    ['beginning of january', /from which day/, ['january']],
    ['last friday of october', /from which day/, ['october']],
    ['20th of last month', /from which day/, ['last-month']],
    ['tuesday the 19th', /that day is Thu 19 Nov 2026/, ['2026-11-19', 'last-month', '7d']],
    ['before yesterday 14:00', /begin on that day/, ['yesterday until 14:00', '..yesterday 14:00']],
    [
      'yesterday at 14:30',
      /needs a length/,
      ['2026-11-20 14:30-14:45', '2026-11-20 14:30-15:30', '2026-11-20 14:00-15:00'],
    ],
    ['3 hours ago', /needs a length/, ['3h', '1h', '24h']],
    ['a couple of hours', /how many/, ['2h', '3h']],
    ['30s', /shortest range/, ['1m', '5m', '15m']],
    ['tonight', /still to come/, ['yesterday since 18:00', '1h', 'today', 'yesterday']],
    ['this sunday', /still to come/, ['sunday-last-week', 'today', 'yesterday', '7d']],
    ['next week', /still to come/, ['today', 'yesterday', '7d']],
    ['late october', /from which day/, ['october']],
    ['2 months ago', /a day or a whole month/, ['2-months', '60d']],
    ['monday a year ago', /a day or a whole year/, ['last-year', '12-months']],
    ['around 2 months ago', /a day or a whole month/, ['2-months', '60d']],
    ['from 2 months ago to yesterday', /a day or a whole month/, ['2-months', '60d']],
    ['black friday', /don't know the date/, ['yesterday', '7d', '30d']],
    ['fri 21 nov', /that day is Sat 21 Nov 2026/, ['2026-11-21', 'last-month', '7d']],
    ['22:00-23:00', /still to come/, ['yesterday 22:00-23:00', '1h', 'today', 'yesterday']],
    ['today 16:00-15:00', /still to come/, ['yesterday 16:00-15:00', '1h', 'today', 'yesterday']],
  ])('%s', (text, message, choices) => {
    const error = refusal(text);
    expect(error.message).toMatch(message);
    expect(error.suggestions).toEqual(choices);
  });
});

describe('nights on which clocks change', () => {
  const hour = (utc: string) => Date.parse(`2026-${utc}:00Z`);

  test.each([
    ['2026-10-25 02:00', '10-25T00:00', '10-25T02:00', '25 Oct, 02:00 UTC+2 – 03:00'],
    ['2026-10-25T02:00+02:00', '10-25T00:00', '10-25T01:00', '25 Oct, 02:00 UTC+2 – 02:00 UTC+1'],
    ['2026-10-25T02:00+01:00', '10-25T01:00', '10-25T02:00', '25 Oct, 02:00 UTC+1 – 03:00'],
    ['2026-10-25 01:00-03:00', '10-24T23:00', '10-25T02:00', '25 Oct, 01:00–03:00'],
    ['2026-03-29 01:00-04:00', '03-29T00:00', '03-29T02:00', '29 Mar, 01:00–04:00'],
    ['2026-03-29 02:30-04:00', '03-29T01:00', '03-29T02:00', '29 Mar, 03:00–04:00'],
  ])('%s', (text, from, to, label) => {
    const range = resolve(text);
    expect([range.fromMs, range.toMs]).toEqual([hour(from), hour(to)]);
    expect(range.label).toBe(label);
    expect(resolve(range.text)).toEqual(range);
  });

  test('a range takes in both of a time that comes twice, an hour that is skipped is said to be', () => {
    const minutes = (text: string) => (resolve(text).toMs - resolve(text).fromMs) / 60_000;
    expect([minutes('2026-10-25 02:30-04:00'), minutes('2026-10-25 01:00-02:30')]).toEqual([150, 150]);
    expect(minutes('2026-10-25 01:00-02:00')).toBe(60);
    expect(refusal('2026-03-29 02:00').message).toMatch(/clocks skip/);
  });
});

describe('all time and open ends', () => {
  const firstDay = berlin.dayOf(Date.UTC(2026, 8, 3, 12));
  const label = (text: string, nowMs = NOW) => resolveRange(text, nowMs, berlin, { firstDay }).label;

  test.each(['all', 'all time', 'ever', 'since the beginning'])('%s begins with the data', (text) => {
    expect(label(text)).toBe('3 Sep – 20 Nov 2026');
  });

  test('until a day takes it in, before a day does not', () => {
    expect(label('until 2026-11-18')).toBe('3 Sep – 18 Nov 2026');
    expect(label('..2026-11-18')).toBe('3 Sep – 18 Nov 2026');
    expect(label('before 2026-11-18')).toBe('3 Sep – 17 Nov 2026');
    expect(label('..yesterday 14:00')).toBe('3 Sep 00:00 – 20 Nov 14:00');
    expect(label('before 2026-09-01')).toBe('Mon 31 Aug 2026');
  });

  test('on the first day of all there is today so far', () => {
    expect(label('all', Date.UTC(2026, 8, 3, 18))).toBe('Thu 3 Sep 2026');
  });
});

describe('the moment of a balance', () => {
  test('is the one named, else the end of the range', () => {
    expect(resolveBalance('yesterday 14:30', NOW, berlin)).toMatchObject({
      toMs: Date.UTC(2026, 10, 20, 13, 30),
      label: '20 Nov, 14:30',
    });
    expect(resolveBalance('yesterday 14:00-15:00', NOW, berlin).toMs).toBe(Date.UTC(2026, 10, 20, 14));
    expect(resolveBalance('yesterday', NOW, berlin).toMs).toBe(berlin.startOfDay(berlin.dayOf(NOW)));
    expect(() => resolveBalance('today 18:00', NOW, berlin)).toThrow(/still to come/);
  });

  test.each(['this month', 'this week', 'this quarter', 'this year', 'november', 'all time', 'since monday'])(
    'is now for what still runs: %s',
    (text) => {
      expect(resolveBalance(text, NOW, berlin)).toMatchObject({ partial: true, lastDay: berlin.dayOf(NOW) });
    },
  );

  test('is the end of what is over', () => {
    for (const text of ['last month', 'last week', '7d', 'october'])
      expect(resolveBalance(text, NOW, berlin)).toEqual(resolveRange(text, NOW, berlin));
  });
});

test('of a span that ends in time to come the end is said to be, whatever its beginning could be', () => {
  expect(refusal('monday 14:00 to 2027-01-05').message).toMatch(/ends at 6 Jan 2027, 00:00, which is still to come/);
  expect(refusal('monday to 2027-01-05').message).toMatch(/ends on Tue 5 Jan 2027, which is still to come/);
});

describe('properties of hours and minutes', () => {
  const zones = fc
    .constantFrom(
      'UTC',
      'Europe/Berlin',
      'Australia/Lord_Howe',
      'Asia/Kathmandu',
      'Africa/Cairo',
      'Pacific/Apia',
      'America/St_Johns',
    )
    .map(createCalendar);
  // Starts in 2012: until 2011 Newfoundland changed its clocks at 00:01, within a quarter of an hour.
  const instants = fc.integer({ min: Date.UTC(2012, 0, 1), max: Date.UTC(2060, 0, 1) });
  const clocks = fc.tuple(fc.integer({ min: 0, max: 23 }), fc.constantFrom('00', '15', '30', '59'));
  const days = fc.constantFrom('yesterday', 'monday', 'sunday', '3 days ago', 'the 15th', 'oct 25', 'mar 29');
  const words = fc.oneof(
    fc
      .tuple(fc.integer({ min: 1, max: 100 }), fc.constantFrom('h', 'm', ' hours', ' minutes'))
      .map(([n, unit]) => `${n}${unit}`),
    fc.tuple(days, clocks, clocks).map(([day, a, b]) => `${day} ${a.join(':')}-${b.join(':')}`),
    fc
      .tuple(days, clocks, days, clocks)
      .map(([day, a, other, b]) => `${day} ${a.join(':')} to ${other} ${b.join(':')}`),
    fc.tuple(days, fc.constantFrom('since', 'until'), clocks).map(([day, open, a]) => `${day} ${open} ${a.join(':')}`),
    fc.tuple(days, clocks).map(([day, a]) => `since ${day} ${a.join(':')}`),
    fc.tuple(days, fc.integer({ min: 0, max: 23 })).map(([day, hour]) => `${day} ${hour}:00`),
  );

  function tryResolve(text: string, nowMs: number, calendar: ReturnType<typeof createCalendar>): Range | undefined {
    try {
      return resolveRange(text, nowMs, calendar);
    } catch (error) {
      expect(error).toBeInstanceOf(InvalidRangeError);
      expect((error as InvalidRangeError).suggestions.length).toBeGreaterThan(0);
      return undefined;
    }
  }

  test('half-open spans of whole minutes; live ones end with the running minute or hour', () => {
    fc.assert(
      fc.property(zones, instants, words, (calendar, nowMs, text) => {
        const range = tryResolve(text, nowMs, calendar);
        if (!range) return;
        expect(range.toMs).toBeGreaterThan(range.fromMs);
        expect(range.fromMs % 60_000).toBe(0);
        expect(range.toMs % 60_000).toBe(0);
        expect(range.partial).toBe(range.toMs > nowMs);
        expect(range.firstDay).toBe(calendar.dayOf(range.fromMs));
        expect(range.lastDay).toBe(calendar.dayOf(range.toMs - 1));
        if (/^\d+(h| hours)$/.test(text)) expect(calendar.startOfHour(range.fromMs)).toBe(range.fromMs);
      }),
      { numRuns: size(375, 15_000) },
    );
  });

  test('the text of a range and its shortest words are the same range at the same time', () => {
    fc.assert(
      fc.property(zones, instants, words, (calendar, nowMs, text) => {
        const range = tryResolve(text, nowMs, calendar);
        if (!range) return;
        expect(resolveRange(range.text, nowMs, calendar)).toMatchObject({ fromMs: range.fromMs, toMs: range.toMs });
        const canonical = canonicalRangeText(text)!;
        expect(canonicalRangeText(canonical)).toBe(canonical);
        expect(resolveRange(canonical, nowMs, calendar)).toEqual(range);
      }),
      { numRuns: size(375, 15_000) },
    );
  });

  test('the label of hours gone by reads back as the same hours, but where the clock shows a time twice', () => {
    fc.assert(
      fc.property(zones, instants, words, (calendar, nowMs, text) => {
        const range = tryResolve(text, nowMs, calendar);
        if (!range?.timed || range.partial || range.label.includes('UTC')) return;
        expect(resolveRange(range.label, nowMs, calendar)).toMatchObject({ fromMs: range.fromMs, toMs: range.toMs });
      }),
      { numRuns: size(375, 15_000) },
    );
  });

  test('the hours of a day follow each other without a gap and make up the day', () => {
    fc.assert(
      fc.property(zones, instants, (calendar, nowMs) => {
        const yesterday = resolveRange('yesterday', nowMs, calendar);
        let at = yesterday.fromMs;
        for (const hour of calendar.hoursOf(yesterday.firstDay)) {
          const iso = Temporal.Instant.fromEpochMilliseconds(hour).toString({ smallestUnit: 'minute' });
          const range = resolveRange(iso, nowMs, calendar);
          expect(range.fromMs).toBe(at);
          at = range.toMs;
        }
        expect(at).toBe(yesterday.toMs);
      }),
    );
  });
});
