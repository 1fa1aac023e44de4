import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createCalendar, firstDayOf, formatDay, monthOf, parseDay } from '../../src/domain/calendar.ts';
import { FIRST_DAY } from '../../src/domain/definition.ts';

const ZONES = [
  'UTC',
  'Europe/Berlin',
  'America/New_York',
  'Asia/Kathmandu',
  'Australia/Lord_Howe',
  'Pacific/Apia',
  'Africa/Cairo',
];
const instants = fc.integer({ min: Date.parse('1990-01-01T00:00:00Z'), max: Date.parse('2060-01-01T00:00:00Z') });

describe.each(ZONES)('the calendar of %s', (zone) => {
  const calendar = createCalendar(zone);

  it('puts every instant into its local date', () => {
    fc.assert(
      fc.property(instants, (ms) => {
        const local = Temporal.Instant.fromEpochMilliseconds(ms).toZonedDateTimeISO(zone);
        expect(formatDay(calendar.dayOf(ms))).toBe(local.toPlainDate().toString());
      }),
    );
  });

  it('has days that follow each other without gap or overlap, and hours that fill them', () => {
    fc.assert(
      fc.property(instants, (ms) => {
        const day = calendar.dayOf(ms);
        const start = calendar.startOfDay(day);
        const end = calendar.startOfDay(day + 1);
        expect(start <= ms && ms < end).toBe(true);
        expect(calendar.dayOf(start)).toBe(day);
        expect(calendar.dayOf(end - 1)).toBe(day);
        const hours = calendar.hoursOf(day);
        expect(hours[0]).toBe(start);
        const hour = calendar.startOfHour(ms);
        expect(hours).toContain(hour);
        expect(ms - hour).toBeLessThan(3_600_000);
        expect(hour).toBeLessThanOrEqual(ms);
      }),
    );
  });
});

describe('clock changes', () => {
  const hours = (zone: string, date: string): number => createCalendar(zone).hoursOf(parseDay(date)).length;

  it('gives days of 23, 24 and 25 hours', () => {
    expect([
      hours('Europe/Berlin', '2027-03-28'),
      hours('Europe/Berlin', '2027-03-29'),
      hours('Europe/Berlin', '2027-10-31'),
    ]).toEqual([23, 24, 25]);
  });

  it('counts the half hour that Lord Howe repeats as an hour of its own', () => {
    const calendar = createCalendar('Australia/Lord_Howe');
    const day = parseDay('2027-04-04');
    expect(calendar.startOfDay(day + 1) - calendar.startOfDay(day)).toBe(24.5 * 3_600_000);
    expect(calendar.hoursOf(day)).toHaveLength(25);
  });

  it('begins a day whose midnight is skipped at its first instant', () => {
    const calendar = createCalendar('Africa/Cairo');
    const day = parseDay('2027-04-30');
    const local = Temporal.Instant.fromEpochMilliseconds(calendar.startOfDay(day)).toZonedDateTimeISO('Africa/Cairo');
    expect(local.toPlainDateTime().toString()).toBe('2027-04-30T01:00:00');
  });
});

describe('dates as numbers', () => {
  it('come back from their text, and only real dates are dates', () => {
    fc.assert(
      fc.property(fc.integer({ min: FIRST_DAY, max: 60_000 }), (day) => {
        expect(parseDay(formatDay(day))).toBe(day);
      }),
    );
    expect(() => parseDay('2026-02-30')).toThrow(RangeError);
  });

  it('belong to the month that begins on their first', () => {
    fc.assert(
      fc.property(fc.integer({ min: -20_000, max: 60_000 }), (day) => {
        const month = monthOf(day);
        expect(firstDayOf(month) <= day && day < firstDayOf(month + 1)).toBe(true);
      }),
    );
  });
});
