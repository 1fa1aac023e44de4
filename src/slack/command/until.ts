import { HOUR_MS, MONTH_NAMES, readWeekday } from '../../domain/calendar.ts';

const UNIT_MS: Readonly<Record<string, number>> = { m: 60_000, h: HOUR_MS, d: 24 * HOUR_MS, w: 7 * 24 * HOUR_MS };

/**
 * The instant until which something rests: `2h`, `30 minutes`, `3d`, `tomorrow`, `monday`, `monday 09:00`, `18:00`,
 * `2026-11-25`, `2026-11-25 09:00`. Days without a time mean 09:00 in `zone`; always after `nowMs`, at most a year.
 * Undefined for texts that are none, or in the past.
 */
export function parseUntil(text: string, nowMs: number, zone: string): number | undefined {
  const words = text
    .trim()
    .toLowerCase()
    .replace(/^(until|till|for|to) +/, '');
  if (words.length > 40) return undefined;
  const instant = parseDuration(words, nowMs) ?? parseMoment(words, nowMs, zone);
  return instant !== undefined && instant > nowMs && instant <= nowMs + 366 * UNIT_MS.d! ? instant : undefined;
}

/** Tells whether a text reads as one, on some day. */
export function isUntil(text: string): boolean {
  const midnight = 0;
  const words = text
    .trim()
    .toLowerCase()
    .replace(/^(until|till|for|to) +/, '');
  return (
    words.length <= 40 &&
    (parseDuration(words, midnight) !== undefined || parseMoment(words, midnight, 'UTC') !== undefined)
  );
}

function parseDuration(words: string, nowMs: number): number | undefined {
  const match = /^(\d{1,4}|an?|one) ?(m|min|mins|minutes?|h|hrs?|hours?|d|days?|w|weeks?)$/.exec(words);
  if (!match) return undefined;
  const count = /^\d/.test(match[1]!) ? Number(match[1]) : 1;
  return nowMs + count * UNIT_MS[match[2]![0]!]!;
}

function parseMoment(words: string, nowMs: number, zone: string): number | undefined {
  const match = /^(.*?) ?(?:at )?(?:(\d{1,2}):(\d{2})|(\d{1,2}) ?(am|pm))?$/.exec(words);
  if (!match) return undefined;
  const half = match[5];
  const hour = half ? (Number(match[4]) % 12) + (half === 'pm' ? 12 : 0) : Number(match[2] ?? 9);
  const minute = Number(match[3] ?? 0);
  if (hour > 23 || minute > 59 || (half && Number(match[4]) > 12)) return undefined;
  const timed = match[2] !== undefined || half !== undefined;
  const now = Temporal.Instant.fromEpochMilliseconds(nowMs).toZonedDateTimeISO(zone);
  const date = findDate(match[1]!, now.toPlainDate(), timed);
  const at = (day: Temporal.PlainDate) =>
    day.toZonedDateTime({ timeZone: zone, plainTime: new Temporal.PlainTime(hour, minute) }).epochMilliseconds;
  if (!date) return undefined;
  // A time alone means its next occurrence.
  return match[1] === '' && at(date) <= nowMs ? at(date.add({ days: 1 })) : at(date);
}

function findDate(words: string, today: Temporal.PlainDate, timed: boolean): Temporal.PlainDate | undefined {
  if (words === '') return timed ? today : undefined;
  if (words === 'today') return today;
  if (words === 'tomorrow') return today.add({ days: 1 });
  if (words === 'next week') return today.add({ days: 8 - today.dayOfWeek });
  const weekday = readWeekday(words.replace(/^next /, ''));
  if (weekday) return today.add({ days: (weekday - today.dayOfWeek + 7) % 7 || 7 });
  const iso = /^(\d{4})-(\d{2})-(\d{2})$/.exec(words);
  if (iso) return toPlainDate(Number(iso[1]), Number(iso[2]), Number(iso[3]));
  const named = /^(?:(\d{1,2})\.? ([a-z]{3,9})|([a-z]{3,9}) (\d{1,2}))$/.exec(words);
  const month = named ? MONTH_NAMES.findIndex((name) => name.startsWith((named[2] ?? named[3])!)) + 1 : 0;
  if (!named || month === 0) return undefined;
  const date = toPlainDate(today.year, month, Number(named[1] ?? named[4]));
  return date && Temporal.PlainDate.compare(date, today) < 0 ? date.add({ years: 1 }) : date;
}

function toPlainDate(year: number, month: number, day: number): Temporal.PlainDate | undefined {
  try {
    return Temporal.PlainDate.from({ year, month, day }, { overflow: 'reject' });
  } catch {
    return undefined;
  }
}
