import { DAY_MS, HOUR_MS, MINUTE_MS, readNumber } from '../../domain/calendar.ts';
import { readClock, readDuration } from '../../domain/range/clock-words.ts';
import { readDay } from '../../domain/range/day-words.ts';

const UNIT_MS: Readonly<Record<string, number>> = { minute: MINUTE_MS, hour: HOUR_MS, day: DAY_MS };

/**
 * Parses the end of a mute or pause: `2h`, `30 minutes`, `3d`, `tomorrow`, `monday`, `monday 09:00`, `18:00`, `2026-11-25`,
 * `2026-11-25 09:00`. A day without a time means 09:00 in `zone`, or minute `dayBegins` of the day. Undefined for other texts,
 * for the past, and for more than 366 days ahead.
 */
export function parseUntil(text: string, nowMs: number, zone: string, dayBegins = 9 * 60): number | undefined {
  const instant = readUntil(text, nowMs, zone, dayBegins);
  return instant !== undefined && instant > nowMs && instant <= nowMs + 366 * DAY_MS ? instant : undefined;
}

/** An instant in a leap year, which has every date. */
const LEAP_YEAR_MS = Date.UTC(2000, 0, 1);

/** Tells whether a text can be read as an end, whatever the day is. */
export function isUntil(text: string): boolean {
  return readUntil(text, LEAP_YEAR_MS, 'UTC', 0) !== undefined;
}

function readUntil(text: string, nowMs: number, zone: string, dayBegins: number): number | undefined {
  const words = text
    .trim()
    .toLowerCase()
    .replace(/^(until|till|for|to) +/, '');
  if (words.length > 40) return undefined;
  const length =
    /^(\d|(an?|half|quarter) )/.test(words) || readNumber(words.split(' ')[0]!) !== undefined
      ? readDuration(`past ${words}`)
      : undefined;
  if (length?.kind === 'last' && length.unit in UNIT_MS) return nowMs + length.count * UNIT_MS[length.unit]!;
  const now = Temporal.Instant.fromEpochMilliseconds(nowMs).toZonedDateTimeISO(zone);
  const today = now.toPlainDate();
  const at = (date: Temporal.PlainDate, minutes: number) =>
    date.toZonedDateTime({ timeZone: zone, plainTime: new Temporal.PlainTime(0).add({ minutes }) }).epochMilliseconds;
  const alone = readTime(words);
  // A time alone means its next occurrence.
  if (alone !== undefined) return at(today, alone) > nowMs ? at(today, alone) : at(today.add({ days: 1 }), alone);
  const whole = findDate(words, today);
  if (whole) return at(whole, dayBegins);
  const [, day, clock] = /^(.+?) (?:at )?(\S+(?: ?[ap]m)?)$/.exec(words) ?? [];
  const date = day ? findDate(day, today) : undefined;
  const time = clock ? readTime(clock) : undefined;
  return date && time !== undefined ? at(date, time) : undefined;
}

/** Reads a time of day, in minutes after midnight. Undefined for texts that may mean something else. */
function readTime(text: string): number | undefined {
  const clock = /h$/.test(text) ? undefined : readClock(text);
  return clock?.kind === 'clock' && !clock.bare && clock.minutes < 24 * 60 ? clock.minutes : undefined;
}

/** Finds a date from today on. Without a year, it is the next such date. */
function findDate(words: string, today: Temporal.PlainDate): Temporal.PlainDate | undefined {
  if (words === 'tomorrow') return today.add({ days: 1 });
  if (words === 'next week') return today.add({ days: 8 - today.dayOfWeek });
  const day = /^(last|past|previous) /.test(words) ? undefined : readDay(words.replace(/^next /, ''));
  if (day?.kind === 'ago' && day.days === 0) return today;
  if (day?.kind === 'weekday') return today.add({ days: (day.weekday - today.dayOfWeek + 7) % 7 || 7 });
  if (day?.kind !== 'date' || day.month === undefined) return undefined;
  const { month } = day;
  const years = day.year === undefined ? [today.year, today.year + 1] : [day.year];
  return years
    .filter((year) => month >= 1 && month <= 12 && day.day <= Temporal.PlainYearMonth.from({ year, month }).daysInMonth)
    .map((year) => Temporal.PlainDate.from({ year, month, day: day.day }))
    .find((date) => day.year !== undefined || Temporal.PlainDate.compare(date, today) >= 0);
}
