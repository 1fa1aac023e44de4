/** Times before 2000 are refused: they come from a clock that was never set, or a field that was never filled. */
export const FIRST_EVENT_MS = Date.UTC(2000, 0, 1);
/** Numbers below this are seconds (until the year 5138); from it on they are milliseconds (from 1973). */
const FIRST_MILLISECONDS = 1e11;
/** Milliseconds of the year 5138; a larger number counts micro- or nanoseconds. */
const LAST_MILLISECONDS = 1e14;

const RFC_3339 = /^(\d{4})-(\d\d)-(\d\d)[Tt ](\d\d):(\d\d):(\d\d)(?:\.(\d+))?(?:([Zz])|([+-])(\d\d):(\d\d))$/;
const EPOCH = /^\d{9,13}(?:\.\d+)?$/;

// Events of one request mostly share their date: cache the last one.
let lastDate = '';
let lastDateMs = 0;

/**
 * Reads a sender's time to epoch milliseconds: RFC 3339, or seconds or milliseconds since 1970 (as a number or text). Finer
 * fractions are cut off; a leap second counts as the last millisecond of its minute. Undefined for anything else: a date without
 * zone, 30 February, microseconds.
 */
export function parseEventTime(value: unknown): number | undefined {
  if (typeof value === 'string') {
    return parseRfc3339(value) ?? (EPOCH.test(value) ? fromEpoch(Number(value)) : undefined);
  }
  return typeof value === 'number' ? fromEpoch(value) : undefined;
}

function fromEpoch(value: number): number | undefined {
  if (!(value >= 0 && value < LAST_MILLISECONDS)) return undefined;
  return Math.floor(value < FIRST_MILLISECONDS ? Math.round(value * 1e6) / 1000 : value);
}

/** Reads an RFC 3339 date-time strictly to epoch milliseconds; undefined for any other text. */
export function parseRfc3339(text: string): number | undefined {
  const { length } = text;
  // Read `2026-11-20T12:00:00Z` and `2026-11-20T12:00:00.123Z` by hand: five times as fast as the expression.
  if (
    (length === 20 || (length === 24 && text.charCodeAt(19) === 46)) &&
    text.charCodeAt(length - 1) === 90 &&
    text.charCodeAt(10) === 84 &&
    text.charCodeAt(13) === 58 &&
    text.charCodeAt(16) === 58
  ) {
    const hour = twoDigits(text, 11);
    const minute = twoDigits(text, 14);
    const second = twoDigits(text, 17);
    const fraction = length === 24 ? twoDigits(text, 20) * 10 + (twoDigits(text, 21) % 10) : 0;
    if (hour < 24 && minute < 60 && second < 60 && fraction >= 0) {
      const dateMs = parseDate(text.slice(0, 10));
      return dateMs === undefined ? undefined : dateMs + ((hour * 60 + minute) * 60 + second) * 1000 + fraction;
    }
  }
  const match = RFC_3339.exec(text);
  if (!match) return undefined;
  const [hour, minute, second, offsetHour, offsetMinute] = [4, 5, 6, 10, 11].map((at) => Number(match[at] ?? 0));
  if (hour! > 23 || minute! > 59 || offsetHour! > 23 || offsetMinute! > 59) return undefined;
  if (second! > 60 || (second === 60 && minute !== 59)) return undefined;
  const dateMs = parseDate(text.slice(0, 10));
  if (dateMs === undefined) return undefined;
  const withinMinute = second === 60 ? 59_999 : second! * 1000 + toMilliseconds(match[7]);
  const offset = (offsetHour! * 60 + offsetMinute!) * (match[9] === '-' ? -1 : 1);
  return dateMs + (hour! * 60 + minute! - offset) * 60_000 + withinMinute;
}

/** Converts the digits after a decimal point to milliseconds; finer ones are cut off. */
function toMilliseconds(fraction = ''): number {
  return Number(fraction.slice(0, 3).padEnd(3, '0'));
}

/** Reads `20/Nov/2026:12:00:00 +0100` to epoch milliseconds; undefined for anything else, and before 2000. */
export function parseClfTime(text: string): number | undefined {
  if (text.length === CLF_LENGTH && text.startsWith(last.minute) && text.endsWith(last.zone)) {
    const [tens, ones] = [text.charCodeAt(18) - 48, text.charCodeAt(19) - 48];
    if (tens >= 0 && tens < 6 && ones >= 0 && ones < 10) return last.ms + (tens * 10 + ones) * 1000;
  }
  const timeMs = readClfTime(text);
  if (timeMs !== undefined && text.length === CLF_LENGTH) {
    last = { minute: text.slice(0, 18), zone: text.slice(20), ms: Math.floor(timeMs / 60_000) * 60_000 };
  }
  return timeMs;
}

const CLF_TIME = /^(\d\d)\/([A-Z][a-z][a-z])\/(\d{4}):(\d\d:\d\d:\d\d(?:\.\d{1,9})?) ([+-]\d\d)(\d\d)$/;
const CLF_LENGTH = '20/Nov/2026:12:00:00 +0100'.length;
/** Cache of the last minute, which the next line of a log nearly always shares. */
let last = { minute: 'none', zone: 'none', ms: 0 };

function readClfTime(text: string): number | undefined {
  const [, day, month, year, clock, hours, minutes] = CLF_TIME.exec(text) ?? [];
  if (day === undefined) return undefined;
  const timeMs = parseRfc3339(`${year}-${toMonth(month!)}-${day}T${clock}${hours}:${minutes}`);
  return timeMs !== undefined && timeMs >= FIRST_EVENT_MS ? timeMs : undefined;
}

/** `11` for `Nov`. */
function toMonth(name: string): string {
  return String('JanFebMarAprMayJunJulAugSepOctNovDec'.indexOf(name) / 3 + 1).padStart(2, '0');
}

/** Numbers from 10¹⁴ on are microseconds since 1970, from 10¹⁷ on nanoseconds. */
const FIRST_MICROSECONDS = LAST_MILLISECONDS;
const FIRST_NANOSECONDS = 1e17;

/** Converts times of logs that events cannot have: micro- and nanoseconds, and the Common Log Format. Others stay as they are. */
export function toTime(value: unknown): unknown {
  if (typeof value === 'string') {
    if (parseEventTime(value) !== undefined) return value;
    return parseClfTime(value) ?? (/^\d{15,19}$/.test(value) ? toTime(Number(value)) : value);
  }
  if (typeof value !== 'number' || value < FIRST_MICROSECONDS) return value;
  return Math.floor(value >= FIRST_NANOSECONDS ? value / 1e6 : value / 1000);
}

const LOCAL = /^(\d{4})[-/](\d\d)[-/](\d\d)[T ](\d\d:\d\d:\d\d)(?:[.,](\d+))?$/;
const LOCAL_CLF = /^(\d\d)\/([A-Z][a-z][a-z])\/(\d{4}):(\d\d:\d\d:\d\d)(?:\.(\d+))?$/;
let lastLocal = { text: '', zone: '', ms: 0 };

/**
 * Reads a time without zone as local time of `zone`, to epoch milliseconds: `2026-11-20 12:00:00`, `2026/11/20 12:00:00`,
 * `20/Nov/2026:12:00:00`, each with a fraction or without. In an hour that comes twice it means the first.
 */
export function parseLocalTime(text: string, zone: string): number | undefined {
  const iso = LOCAL.exec(text);
  const clf = iso ? null : LOCAL_CLF.exec(text);
  const [, first, month, last, clock, fraction] = iso ?? clf ?? [];
  if (clock === undefined) return undefined;
  const [year, day] = iso ? [first, last] : [last, first];
  const local = `${year}-${iso ? month : toMonth(month!)}-${day}T${clock}`;
  if (lastLocal.text !== local || lastLocal.zone !== zone) {
    try {
      const ms = Temporal.PlainDateTime.from(local, { overflow: 'reject' }).toZonedDateTime(zone).epochMilliseconds;
      lastLocal = { text: local, zone, ms };
    } catch {
      return undefined;
    }
  }
  return lastLocal.ms + toMilliseconds(fraction);
}

/** Reads two digits; NaN for anything else, which fails every comparison. */
function twoDigits(text: string, at: number): number {
  const tens = text.charCodeAt(at) - 48;
  const ones = text.charCodeAt(at + 1) - 48;
  return tens >= 0 && tens <= 9 && ones >= 0 && ones <= 9 ? tens * 10 + ones : Number.NaN;
}

function parseDate(date: string): number | undefined {
  if (date === lastDate) return lastDateMs;
  const dateMs = /^\d{4}-\d\d-\d\d$/.test(date) ? Date.parse(`${date}T00:00:00Z`) : Number.NaN;
  // Date.parse turns a day that the month does not have into one of the next month: refuse it.
  if (Number.isNaN(dateMs) || new Date(dateMs).getUTCDate() !== Number(date.slice(8))) return undefined;
  [lastDate, lastDateMs] = [date, dateMs];
  return dateMs;
}
