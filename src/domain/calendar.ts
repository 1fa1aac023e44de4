import { DAY_MS } from './time-units.ts';

/**
 * Days, hours and months of the report zone. A `day` is the number of days from 1970-01-01 to that calendar date;
 * a `month` is year × 12 + (month − 1). Instants are epoch milliseconds.
 */
export interface Calendar {
  readonly zone: string;
  /** The local date that holds this instant. */
  dayOf(ms: number): number;
  /** First instant of a local date (where midnight is skipped by a clock change: the first instant that exists). */
  startOfDay(day: number): number;
  /** First instant of the local hour that holds this instant; the doubled hour of an autumn night is two hours. */
  startOfHour(ms: number): number;
  /** Start of every local hour of a date, in order: 23, 24 or 25 of them. */
  hoursOf(day: number): number[];
}

const QUARTER_MS = 900_000;

/** Throws RangeError for a zone that is not an IANA name. */
export function createCalendar(zone: string): Calendar {
  // Every zone's offset is constant within a quarter of an hour of UTC, so one lookup serves all its instants.
  const quarters = new Map<number, { day: number; hourMs: number }>();
  const starts = new Map<number, number>();

  function quarterOf(ms: number): { day: number; hourMs: number } {
    const quarter = Math.floor(ms / QUARTER_MS);
    let known = quarters.get(quarter);
    if (!known) {
      const local = Temporal.Instant.fromEpochMilliseconds(quarter * QUARTER_MS).toZonedDateTimeISO(zone);
      known = {
        day: toDay(local.toPlainDate()),
        hourMs: startOfLocalHour(local),
      };
      if (quarters.size > 50_000) quarters.clear();
      quarters.set(quarter, known);
    }
    return known;
  }

  function startOfDay(day: number): number {
    let start = starts.get(day);
    if (start === undefined) {
      start = toDate(day).toZonedDateTime(zone).epochMilliseconds;
      if (starts.size > 50_000) starts.clear();
      starts.set(day, start);
    }
    return start;
  }

  startOfDay(0);
  return {
    zone,
    dayOf: (ms) => quarterOf(ms).day,
    startOfDay,
    startOfHour: (ms) => quarterOf(ms).hourMs,
    hoursOf(day) {
      const end = startOfDay(day + 1);
      const hours: number[] = [];
      for (let ms = startOfDay(day); ms < end; ms += QUARTER_MS) {
        const hour = quarterOf(ms).hourMs;
        if (hours.at(-1) !== hour) hours.push(hour);
      }
      return hours;
    },
  };
}

function startOfLocalHour(local: Temporal.ZonedDateTime): number {
  const sinceHour = (local.minute * 60 + local.second) * 1000 + local.millisecond;
  const start = local.epochMilliseconds - sinceHour;
  // A clock change inside the hour begins a new one at the change (half-hour changes of Lord Howe Island).
  const before = Temporal.Instant.fromEpochMilliseconds(start).toZonedDateTimeISO(local.timeZoneId);
  if (before.offsetNanoseconds === local.offsetNanoseconds) return start;
  // The transition before an instant is strictly before it, so ask a moment later.
  return local.add({ milliseconds: 1 }).getTimeZoneTransition('previous')?.epochMilliseconds ?? start;
}

/** Days from 1970-01-01 to this date. */
export function toDay(date: Temporal.PlainDate): number {
  return Math.round(Date.UTC(date.year, date.month - 1, date.day) / DAY_MS);
}

export function toDate(day: number): Temporal.PlainDate {
  const utc = new Date(day * DAY_MS);
  return new Temporal.PlainDate(utc.getUTCFullYear(), utc.getUTCMonth() + 1, utc.getUTCDate());
}

/** `2026-11-05`. */
export function formatDay(day: number): string {
  return toDate(day).toString();
}

/** Throws RangeError for anything but a real ISO date. */
export function parseDay(iso: string): number {
  return toDay(Temporal.PlainDate.from(iso, { overflow: 'reject' }));
}

export function monthOf(day: number): number {
  const date = toDate(day);
  return date.year * 12 + date.month - 1;
}

/** The first day of a month. */
export function firstDayOf(month: number): number {
  return Math.round(Date.UTC(Math.floor(month / 12), month % 12, 1) / DAY_MS);
}

/** `2026-11`. */
export function formatMonth(month: number): string {
  return formatDay(firstDayOf(month)).slice(0, 7);
}
