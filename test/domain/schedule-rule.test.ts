import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  dueMs,
  formatSchedule,
  InvalidScheduleError,
  latestDue,
  listNext,
  nextDue,
  parseSchedule,
  type ScheduleRule,
} from '../../src/domain/schedule-rule.ts';
import { readZone } from '../../src/domain/time-zone.ts';
import { size } from '../support/size.ts';

function at(text: string): number {
  return Temporal.Instant.from(text).epochMilliseconds;
}

function refusal(text: string): InvalidScheduleError {
  try {
    parseSchedule(text, 'Europe/Berlin');
  } catch (error) {
    if (error instanceof InvalidScheduleError) return error;
    throw error;
  }
  throw new Error(`${text} was taken`);
}

describe('parseSchedule', () => {
  test.each([
    ['daily 09:00 Europe/Berlin', 'daily 09:00 Europe/Berlin'],
    ['daily 09:00', 'daily 09:00 UTC'],
    ['every day at 9', 'daily 09:00 UTC'],
    ['09:00', undefined],
    ['weekdays 9am', 'weekdays 09:00 UTC'],
    ['every weekday at 9:30pm', 'weekdays 21:30 UTC'],
    ['Weekdays 9 AM america/new_york', 'weekdays 09:00 America/New_York'],
    ['weekends noon', 'weekends 12:00 UTC'],
    ['weekly mon 09:00', 'weekly mon 09:00 UTC'],
    ['every monday 9am', 'weekly mon 09:00 UTC'],
    ['on Fridays at 17:00', 'weekly fri 17:00 UTC'],
    ['mon,thu 10:30', 'mon,thu 10:30 UTC'],
    ['thu, mon 10:30', 'mon,thu 10:30 UTC'],
    ['mon-fri 08:00', 'weekdays 08:00 UTC'],
    ['sat-sun 08:00', 'weekends 08:00 UTC'],
    ['fri-mon 08:00', 'mon,fri,sat,sun 08:00 UTC'],
    ['mon tue wed thu fri sat sun 08:00', 'daily 08:00 UTC'],
    ['monthly 1 08:00', 'monthly 1 08:00 UTC'],
    ['monthly 15th 08:00', 'monthly 15 08:00 UTC'],
    ['monthly on the 15th at 9', 'monthly 15 09:00 UTC'],
    ['monthly 1 9', 'monthly 1 09:00 UTC'],
    ['monthly last 17:00', 'monthly last 17:00 UTC'],
    ['last day of the month 17:00', 'monthly last 17:00 UTC'],
    ['first of the month 9am', 'monthly 1 09:00 UTC'],
    ['monthly 31 17:00', 'monthly last 17:00 UTC'],
    ['daily 09:00 Berlin', 'daily 09:00 Europe/Berlin'],
    ['daily 09:00 New York', 'daily 09:00 America/New_York'],
    ['daily 09:00 utc', 'daily 09:00 UTC'],
    ['daily midnight', 'daily 00:00 UTC'],
    ['daily 12am', 'daily 00:00 UTC'],
    ['daily 12pm', 'daily 12:00 UTC'],
    ['daily 0900', 'daily 09:00 UTC'],
  ])('“%s” is %s', (text, expected) => {
    if (expected === undefined) expect(() => parseSchedule(text, 'UTC')).toThrow(InvalidScheduleError);
    else expect(formatSchedule(parseSchedule(text, 'UTC'))).toBe(expected);
  });

  test.each([
    ['', /missing/, ['daily 09:00', 'weekdays 09:00', 'weekly mon 09:00', 'monthly 1 09:00']],
    [
      'weekdays',
      /no time of day/,
      ['weekdays 09:00 Europe/Berlin', 'weekdays 08:00 Europe/Berlin', 'weekdays 17:00 Europe/Berlin'],
    ],
    ['weekly 09:00', /which day of the week/, ['weekly mon 09:00', 'weekly fri 09:00']],
    ['monthly 09:00', /which day of the month/, ['monthly 1 09:00', 'monthly last 09:00']],
    ['monthly 32 09:00', /no day 32/, ['monthly 1 09:00', 'monthly 1 08:00', 'monthly 1 17:00']],
    ['daily 25:00', /“25:00” is not a time/, ['daily 09:00', 'daily 08:00', 'daily 17:00']],
    ['daily 13pm', /not a time/, ['daily 09:00', 'daily 08:00', 'daily 17:00']],
    ['weekdays 09:00 10:00', /two times/, ['weekdays 09:00', 'weekdays 10:00']],
    [
      'daily 09:00 CET',
      /“CET” is not the name of one time zone/,
      ['daily 09:00 Europe/Berlin', 'daily 09:00 Europe/Paris', 'daily 09:00 Europe/Madrid'],
    ],
    ['daily 09:00 Europe/Berln', /“Europe\/Berln”/, ['daily 09:00 Europe/Berlin']],
    ['dayly 09:00', /don’t understand “dayly” in “dayly 09:00”/, ['daily 09:00']],
    ['dayly', /^I don’t understand “dayly”\.$/, ['daily 09:00']],
    ['mon 09:00 monthly 1', /days of the week and of the month/, ['weekly mon 09:00', 'monthly 1 09:00']],
  ])('“%s” is refused, with a cure', (text, message, suggestions) => {
    const error = refusal(text);
    expect(error.code).toBe('schedule');
    expect(error.message).toMatch(message);
    expect(error.suggestions).toEqual(suggestions);
  });

  test('any text is a schedule or is refused with schedules that are none the less', () => {
    const fragments = fc.constantFrom(
      ...'daily weekdays weekly monthly mon thu last 1 31 32 9 9am 09:00 25:00 at every Europe/Berlin CET mon-fri 🎉 Berln'.split(
        ' ',
      ),
    );
    const texts = fc.oneof(
      fc.string(),
      fc.array(fragments, { maxLength: 6 }).map((parts) => parts.join(' ')),
    );
    fc.assert(
      fc.property(texts, (text) => {
        try {
          const rule = parseSchedule(text, 'UTC');
          expect(parseSchedule(formatSchedule(rule), 'Asia/Tokyo')).toEqual(rule);
          expect(JSON.parse(JSON.stringify(rule))).toEqual(rule);
        } catch (error) {
          expect(error).toBeInstanceOf(InvalidScheduleError);
          const { message, suggestions } = error as InvalidScheduleError;
          expect(message).not.toBe('');
          expect(suggestions.length).toBeGreaterThan(0);
          for (const suggestion of suggestions) parseSchedule(suggestion, 'UTC');
        }
      }),
      { numRuns: size(500, 20_000) },
    );
  });
});

describe('due times', () => {
  test.each([
    // The spring night has no 02:30, the autumn night has it twice.
    ['daily 02:30 Europe/Berlin', '2027-03-28', '2027-03-28T03:30:00+02:00'],
    ['daily 02:30 Europe/Berlin', '2027-10-31', '2027-10-31T02:30:00+02:00'],
    ['daily 02:30 America/New_York', '2027-03-14', '2027-03-14T03:30:00-04:00'],
    ['daily 01:30 America/New_York', '2027-11-07', '2027-11-07T01:30:00-04:00'],
    ['daily 01:45 Australia/Lord_Howe', '2027-04-04', '2027-04-04T01:45:00+11:00'],
    ['daily 00:00 Africa/Cairo', '2027-04-30', '2027-04-30T01:00:00+03:00'],
    ['daily 09:00 Europe/Berlin', '2027-03-28', '2027-03-28T09:00:00+02:00'],
    ['daily 09:00 Europe/Berlin', '2027-10-31', '2027-10-31T09:00:00+01:00'],
    ['monthly 31 09:00 UTC', '2027-02-28', '2027-02-28T09:00:00Z'],
    ['monthly 30 09:00 UTC', '2028-02-29', '2028-02-29T09:00:00Z'],
  ])('%s on %s is due %s', (text, date, expected) => {
    expect(dueMs(parseSchedule(text, 'UTC'), date)).toBe(at(expected));
  });

  test.each([
    ['weekdays 09:00 UTC', '2026-11-21'],
    ['monthly 31 09:00 UTC', '2026-11-29'],
    // Samoa went from 29 to 31 December.
    ['daily 09:00 Pacific/Apia', '2011-12-30'],
  ])('%s is not due on %s', (text, date) => {
    expect(dueMs(parseSchedule(text, 'UTC'), date)).toBeUndefined();
  });

  test('lists the next runs', () => {
    const rule = parseSchedule('weekdays 09:00 Europe/Berlin', 'UTC');
    expect(listNext(rule, at('2026-11-20T08:00:00Z'), 3)).toEqual([
      { dueMs: at('2026-11-23T08:00:00Z'), date: '2026-11-23' },
      { dueMs: at('2026-11-24T08:00:00Z'), date: '2026-11-24' },
      { dueMs: at('2026-11-25T08:00:00Z'), date: '2026-11-25' },
    ]);
    expect(latestDue(rule, at('2026-11-20T08:00:00Z'))).toEqual({
      dueMs: at('2026-11-20T08:00:00Z'),
      date: '2026-11-20',
    });
    expect(latestDue(rule, at('2026-11-20T07:59:59Z')).date).toBe('2026-11-19');
  });

  const zones = fc.constantFrom(
    'UTC',
    'Europe/Berlin',
    'Australia/Lord_Howe',
    'Africa/Cairo',
    'Pacific/Apia',
    'America/Sao_Paulo',
    'America/New_York',
    'Asia/Kathmandu',
  );
  const times = fc
    .tuple(fc.integer({ min: 0, max: 23 }), fc.integer({ min: 0, max: 59 }))
    .map(([hour, minute]) => `${String(hour).padStart(2, '0')}:${String(minute).padStart(2, '0')}`);
  const days = fc.oneof(
    fc
      .uniqueArray(fc.integer({ min: 1, max: 7 }), { minLength: 1 })
      .map((weekdays) => ({ every: 'week' as const, weekdays: weekdays.sort() })),
    fc.integer({ min: 1, max: 31 }).map((day) => ({ every: 'month' as const, day })),
  );
  const rules: fc.Arbitrary<ScheduleRule> = fc
    .tuple(days, times, zones)
    .map(([rule, time, zone]) => ({ ...rule, time, zone }));
  const instants = fc.integer({ min: Date.UTC(2005, 0, 1), max: Date.UTC(2040, 0, 1) });

  test('follow each other strictly, with one for each date of the rule, whatever the clock does', () => {
    fc.assert(
      fc.property(rules, instants, (rule, fromMs) => {
        const list = listNext(rule, fromMs, 12);
        let before = { dueMs: fromMs, date: '' };
        for (const due of list) {
          expect(due.dueMs).toBeGreaterThan(before.dueMs);
          expect(due.date > before.date).toBe(true);
          expect(dueMs(rule, due.date)).toBe(due.dueMs);
          before = due;
        }
        const first = Temporal.PlainDate.from(list[0]!.date);
        const span = first.until(list.at(-1)!.date, { largestUnit: 'day' }).days;
        const expected: string[] = [];
        for (let i = 0; i <= span; i++) {
          const date = first.add({ days: i }).toString();
          if (dueMs(rule, date) !== undefined) expected.push(date);
        }
        expect(list.map(({ date }) => date)).toEqual(expected);
      }),
      { numRuns: size(75, 3000) },
    );
  });

  test('latestDue is the mirror of nextDue', () => {
    fc.assert(
      fc.property(rules, instants, (rule, ms) => {
        const next = nextDue(rule, ms);
        const latest = latestDue(rule, ms);
        expect(latest.dueMs).toBeLessThanOrEqual(ms);
        expect(nextDue(rule, latest.dueMs)).toEqual(next);
        expect(latestDue(rule, next.dueMs)).toEqual(next);
        expect(latestDue(rule, next.dueMs - 1)).toEqual(latest);
      }),
      { numRuns: size(125, 5000) },
    );
  });

  test('a rule reads back from its own words', () => {
    fc.assert(
      fc.property(rules, (rule) => {
        expect(parseSchedule(formatSchedule(rule), 'UTC')).toEqual(rule);
      }),
    );
  });
});

describe('readZone', () => {
  test.each([
    ['europe/berlin', 'Europe/Berlin'],
    ['UTC', 'UTC'],
    ['gmt', 'UTC'],
    ['Kathmandu', 'Asia/Kathmandu'],
    ['sao paulo', 'America/Sao_Paulo'],
    ['US/Eastern', expect.any(String)],
  ])('%s', (text, zone) => {
    expect(readZone(text)).toEqual({ zone });
  });

  test.each([
    ['PST', ['America/Los_Angeles', 'America/Vancouver']],
    ['Berln', ['Europe/Berlin']],
    ['+02:00', []],
    ['nowhere at all', []],
  ])('%s is asked back', (text, suggestions) => {
    expect(readZone(text)).toEqual({ suggestions });
  });
});
