/**
 * Days, hours and months of the report zone. A `day` is the number of days from 1970-01-01 to that calendar date;
 * a `month` is year × 12 + (month − 1). Instants are epoch milliseconds.
 */
export interface Calendar {
  readonly zone: string;
  /** Returns the local date that holds this instant. */
  dayOf(ms: number): number;
  /** Returns the first instant of a local date. If a clock change skips midnight, that is the first instant that exists. */
  startOfDay(day: number): number;
  /** Returns the first instant of the local hour that holds this instant. The doubled hour of an autumn night is two hours. */
  startOfHour(ms: number): number;
  /** Lists the start of every local hour of a date, in order: 23, 24 or 25 of them. */
  hoursOf(day: number): number[];
}

const QUARTER_MS = 900_000;

/** Creates the calendar of an IANA zone. Throws RangeError for an unknown zone. */
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

/** Counts days since 1970-01-01; months start at 0. Date.UTC would read the years 0 to 99 as 1900 to 1999. */
function countDays(year: number, month: number, day: number): number {
  return new Date(0).setUTCFullYear(year, month, day) / DAY_MS;
}

/** Returns the days from 1970-01-01 to this date. */
export function toDay(date: Temporal.PlainDate): number {
  return countDays(date.year, date.month - 1, date.day);
}

export function toDate(day: number): Temporal.PlainDate {
  const utc = new Date(day * DAY_MS);
  return new Temporal.PlainDate(utc.getUTCFullYear(), utc.getUTCMonth() + 1, utc.getUTCDate());
}

/** `2026-11-05`. */
export function formatDay(day: number): string {
  return toDate(day).toString();
}

/** `Fri 20 Nov 2026`, for sentences; `formatDay` is for typed text and for machines. */
export function formatDate(day: number): string {
  const date = toDate(day);
  return `${SHORT_WEEKDAYS[date.dayOfWeek - 1]} ${date.day} ${MONTHS[date.month - 1]} ${date.year}`;
}

/** Parses an ISO date. Throws RangeError for anything but a real date. */
export function parseDay(iso: string): number {
  return toDay(Temporal.PlainDate.from(iso, { overflow: 'reject' }));
}

export function monthOf(day: number): number {
  const date = toDate(day);
  return date.year * 12 + date.month - 1;
}

/** Returns the first day of a month. */
export function firstDayOf(month: number): number {
  return countDays(Math.floor(month / 12), month % 12, 1);
}

export const MONTH_NAMES = [
  'january',
  'february',
  'march',
  'april',
  'may',
  'june',
  'july',
  'august',
  'september',
  'october',
  'november',
  'december',
] as const;

export const WEEKDAY_NAMES = ['monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday', 'sunday'] as const;

/** `November` for `november`. */
export const capitalise = (name: string): string => name.charAt(0).toUpperCase() + name.slice(1);

/** `Jan` … `Dec`. */
export const MONTHS: readonly string[] = MONTH_NAMES.map((name) => capitalise(name.slice(0, 3)));
/** `Monday` … `Sunday`. */
export const WEEKDAYS: readonly string[] = WEEKDAY_NAMES.map(capitalise);
/** `Mon` … `Sun`. */
export const SHORT_WEEKDAYS: readonly string[] = WEEKDAYS.map((name) => name.slice(0, 3));

export const NUMBER_NAMES = 'one two three four five six seven eight nine ten eleven twelve'.split(' ');

/** Reads a whole number in digits (at most five) or as a word up to twelve. */
export function readNumber(text: string): number | undefined {
  if (/^\d{1,5}$/.test(text)) return Number(text);
  const word = NUMBER_NAMES.indexOf(text);
  return word >= 0 ? word + 1 : undefined;
}

/** Returns 1–12 for a month's name or its first letters (at least three). */
export function readMonth(word: string): number | undefined {
  const name = word.replace(/\.$/, '');
  if (name.length < 3) return undefined;
  if (name === 'sept') return 9;
  const index = MONTH_NAMES.findIndex((month) => month === name || month.slice(0, 3) === name);
  return index >= 0 ? index + 1 : undefined;
}

/** Returns 1 (Monday) to 7 for a weekday's name, its plural or a usual abbreviation. */
export function readWeekday(word: string): number | undefined {
  const name = word.toLowerCase().replace(/\.$/, '');
  if (name.length < 3) return undefined;
  const known = ['tues', 'weds', 'thur', 'thurs'];
  const index = WEEKDAY_NAMES.findIndex(
    (weekday) =>
      name === weekday ||
      name === `${weekday}s` ||
      name === weekday.slice(0, 3) ||
      (known.includes(name) && weekday.startsWith(name.slice(0, 3))),
  );
  return index >= 0 ? index + 1 : undefined;
}

/** Lengths of time in milliseconds. A local day may be an hour shorter or longer: see Calendar. */
export const MINUTE_MS = 60_000;
export const HOUR_MS = 60 * MINUTE_MS;
export const DAY_MS = 24 * HOUR_MS;

/** Returns the pause before another try: `firstMs` after one failure, doubled after each further one, at most `longestMs`. */
export function backoffMs(failures: number, { firstMs, longestMs }: { firstMs: number; longestMs: number }): number {
  return Math.min(firstMs * 2 ** Math.min(failures - 1, 20), longestMs);
}
