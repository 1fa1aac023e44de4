import { type Calendar, formatDate, formatDay, HOUR_MS, MINUTE_MS, toDate } from '../calendar.ts';
import {
  at,
  type DayPoint,
  daysLabel,
  formatPoint,
  formatRangeWords,
  InvalidRangeError,
  isMoment,
  liveLabel,
  momentLabel,
  type Range,
  type RangePoint,
  type RangeWords,
  TODAY,
  timesLabel,
} from '../range.ts';
import type { StepGrain } from '../usage.ts';
import { type Asking, type Days, monthsBefore, pointDays, tooEarly, wordDays } from './resolve-days.ts';

/** Ranges of at least this many days are drawn by the month, shorter ones by the day. */
const YEAR_DAYS = 365;

/**
 * Resolves a range's words to days, hours or minutes; today only if they name it. Times from midnight to midnight are days. Throws
 * InvalidRangeError for ranges that cannot be.
 */
export function resolveWords(words: RangeWords, asking: Asking): Range {
  const { calendar, today } = asking;
  const range = resolve(words, asking);
  const days = { first: range.firstDay, last: range.lastDay };
  const isWhole = range.fromMs === calendar.startOfDay(days.first) && range.toMs === calendar.startOfDay(days.last + 1);
  return range.timed && isWhole ? buildDays(days, today, calendar) : range;
}

function resolve(words: RangeWords, asking: Asking): Range {
  const { calendar, today, firstDay } = asking;
  switch (words.kind) {
    case 'last':
      return resolveLast(words, asking);
    case 'at':
      return isMoment(words.point) ? resolveHour(words.point, asking) : resolveStretch(words.point, asking);
    case 'since':
    case 'after': {
      if (isMoment(words.point)) {
        const fromMs = toInstant(words.point, today, asking);
        return build(fromMs, liveEnd(fromMs, asking), asking);
      }
      const days = endedDays(words.point, asking);
      const first = words.kind === 'since' ? days.first : days.last + 1;
      return pastDays({ first, last: Math.max(first, today - 1) }, asking);
    }
    case 'until':
    case 'before': {
      if (isMoment(words.point)) {
        const toMs = toInstant(words.point, today, asking, true);
        return build(calendar.startOfDay(Math.min(firstDay, calendar.dayOf(toMs - 1))), toMs, asking);
      }
      const days = endedDays(words.point, asking);
      const last = words.kind === 'until' ? days.last : days.first - 1;
      return pastDays({ first: Math.min(firstDay, last), last }, asking);
    }
    case 'clock':
      return resolveClock(words, asking);
    case 'span': {
      const { from, to } = words;
      if (isMoment(from) || (isMoment(to) && to.kind !== 'now')) return resolveSpan(from, to, asking);
      // With a day at the other end, `now` means today.
      return pastDays(spanDays(from, isMoment(to) ? TODAY : to, asking), asking);
    }
  }
}

function resolveLast(words: RangeWords & { kind: 'last' }, asking: Asking): Range {
  const { nowMs, calendar, today } = asking;
  const { unit, count } = words;
  if (unit === 'minute' || unit === 'hour') {
    const beganMs = nowMs - count * (unit === 'hour' ? HOUR_MS : MINUTE_MS);
    // Hours begin at a full hour, as `24h` does, and end with the running one.
    const fromMs = unit === 'hour' ? calendar.startOfHour(beganMs) : floorMinute(beganMs);
    const toMs = unit === 'hour' ? endOfHour(asking) : floorMinute(nowMs) + MINUTE_MS;
    return buildLive(fromMs, toMs, words, `last ${count === 1 ? unit : `${count} ${unit}s`}`, asking);
  }
  const days =
    unit === 'day'
      ? { first: today - count, last: today - 1 }
      : monthsBefore(count * (unit === 'quarter' ? 3 : 1), unit, asking);
  return pastDays(days, asking, formatRangeWords(words));
}

/** Resolves a named stretch of days, or the running hour. */
function resolveStretch(point: DayPoint, asking: Asking): Range {
  const { nowMs, calendar, today, asked, firstDay } = asking;
  const text = formatPoint(point);
  if (point.kind === 'word') {
    if (point.word !== 'this-hour') return buildDays(wordDays(point.word, today, firstDay), today, calendar, text);
    return buildLive(calendar.startOfHour(nowMs), endOfHour(asking), at(point), 'this hour', asking);
  }
  const days = pointDays(point, today, asked);
  if (point.kind === 'ago' && point.days <= 1) return pastDays(days, asking, text);
  if (point.kind === 'weekday') return pastDays(days, asking, undefined, [formatPoint({ ...point, week: 1 })]);
  if (days.first > today || days.last < today || days.first === days.last) return pastDays(days, asking);
  // A named week, month, quarter or year that is still running means `this-week` and so on: it ends yesterday.
  const unit = point.kind === 'months' ? { 1: 'month', 3: 'quarter', 12: 'year', 6: undefined }[point.size] : 'week';
  return buildDays({ first: days.first, last: today - 1 }, today, calendar, unit ? `this-${unit}` : text);
}

/** Builds a range of past days. Throws InvalidRangeError for others; if all are in the future, it offers `nearest` first. */
function pastDays(
  days: Days,
  { today, asked, calendar }: Asking,
  text?: string,
  nearest: readonly string[] = [],
): Range {
  const toCome = (verb: string, day: number) =>
    `“${asked}” ${verb} on ${formatDate(day)}, which is still to come: today is ${formatDate(today)}.`;
  if (days.first > today)
    throw new InvalidRangeError(toCome('begins', days.first), [...nearest, 'today', 'yesterday', '7d']);
  if (days.last > today) {
    const choices = [today, Math.max(days.first, today - 1)].map((last) => daysText({ first: days.first, last }));
    throw new InvalidRangeError(toCome('ends', days.last), [...new Set([...choices, '7d'])]);
  }
  if (days.first < 0) throw tooEarly(asked);
  return buildDays(days, today, calendar, text);
}

/** Builds a range of whole days. */
export function buildDays({ first, last }: Days, today: number, calendar: Calendar, text?: string): Range {
  const count = last - first + 1;
  return {
    text: text ?? daysText({ first, last }),
    fromMs: calendar.startOfDay(first),
    toMs: calendar.startOfDay(last + 1),
    firstDay: first,
    lastDay: last,
    grain: count === 1 ? 'hour' : count >= YEAR_DAYS ? 'month' : 'day',
    partial: last === today,
    label: daysLabel(first, last),
  };
}

/** `2026-11-20`, `2026-11-01..2026-11-20`. */
export function daysText({ first, last }: Days): string {
  return first === last ? formatDay(first) : `${formatDay(first)}..${formatDay(last)}`;
}

/** Returns the days of a point; a month, quarter or year that is still running ends yesterday. */
function endedDays(point: DayPoint, { today, asked }: Asking): Days {
  const days = pointDays(point, today, asked);
  const isRunning = days.last > days.first && days.first <= today && days.last >= today;
  return isRunning ? { ...days, last: today - 1 } : days;
}

function spanDays(from: DayPoint, to: DayPoint, asking: Asking): Days {
  const { today, asked } = asking;
  // A year given only at the beginning is the end's too, unless the end would come first: then the year after.
  if ('year' in from && from.year !== undefined && ['date', 'months', 'week'].includes(to.kind)) {
    const begin = pointDays(from, today, asked);
    const inYear = (year: number) => ({ year, ...to }) as DayPoint;
    const isSame = pointDays(inYear(from.year), today, asked).last >= begin.first;
    to = inYear(isSame ? from.year : from.year + 1);
  }
  const { last } = endedDays(to, asking);
  const { first } = pointDays(from, latestBegin(from, last, today), asked);
  if (last < first) {
    throw new InvalidRangeError(
      `“${asked}” ends on ${formatDate(last)}, before it begins on ${formatDate(first)}.`,
      first <= today ? [daysText({ first: last, last: first }), '7d'] : ['7d'],
    );
  }
  return { first, last };
}

/** Returns the hour that begins at a moment. Throws InvalidRangeError for a moment within an hour, which leaves the length open. */
function resolveHour(point: RangePoint, asking: Asking): Range {
  const { calendar, asked, today } = asking;
  const fromMs = toInstant(point, today, asking);
  if (point.kind === 'moment' && point.clock % 60 === 0) {
    const { first } = pointDays(point.day, today, asked);
    return build(fromMs, clockInstant(first, point.clock + 60, calendar, true), asking);
  }
  const hour = calendar.startOfHour(fromMs);
  if (hour === fromMs) return build(fromMs, nextHour(fromMs, calendar), asking);
  if (fromMs > asking.nowMs) throw toCome('begins', fromMs, asking);
  const ends = [
    [fromMs, fromMs + 15 * MINUTE_MS],
    [fromMs, fromMs + HOUR_MS],
    [hour, nextHour(hour, calendar)],
  ] as const;
  throw new InvalidRangeError(
    `“${asked}” is a moment: a range needs a length.`,
    ends.map(([from, to]) => timesText(from, to, calendar)),
  );
}

/** Returns a range that begins with a day and ends at a past moment of it. */
export function resolveMoment(point: RangePoint, asking: Asking): Range {
  const { calendar, nowMs, today } = asking;
  const toMs = toInstant(point, today, asking);
  if (toMs > nowMs) throw toCome('ends', toMs, asking);
  const day = calendar.dayOf(toMs);
  return {
    text: instantText(toMs, calendar),
    fromMs: calendar.startOfDay(day),
    toMs,
    firstDay: day,
    lastDay: day,
    timed: true,
    grain: 'hour',
    partial: false,
    label: momentLabel(toMs, today, calendar),
  };
}

/** Resolves a part of a day. An end not after its beginning is on the next day; a running day ends now. */
function resolveClock({ day, from = 0, to }: RangeWords & { kind: 'clock' }, asking: Asking): Range {
  const { calendar, asked, today, nowMs } = asking;
  const { first } = pointDays(day, today, asked);
  const fromMs = clockInstant(first, from, calendar);
  if (fromMs > nowMs && first === today) {
    const yesterday = { kind: 'ago', days: 1 } as const;
    const before = formatRangeWords({ kind: 'clock', day: yesterday, from, ...(to !== undefined && { to }) });
    throw toCome('begins', fromMs, asking, [before]);
  }
  if (to === undefined && first === today) return build(fromMs, liveEnd(fromMs, asking), asking);
  const end = to ?? 1440;
  return build(fromMs, clockInstant(end > from ? first : first + 1, end, calendar, true), asking);
}

/**
 * Returns the latest day on which a span may begin. A beginning without a year or week is the last one before the end: `dec 20 to jan
 * 5` begins in the year before.
 */
function latestBegin(from: DayPoint | undefined, last: number, today: number): number {
  if (from?.kind === 'ago' || from?.kind === 'word') return today;
  return Math.min(last, today) + (from?.kind === 'weekday' ? 1 : 0);
}

/** Resolves a span between two points, at least one of them a moment. */
function resolveSpan(from: RangePoint, to: RangePoint, asking: Asking): Range {
  const { today, asked, calendar } = asking;
  const dayOf = (point: RangePoint) => (point.kind === 'moment' ? point.day : isMoment(point) ? undefined : point);
  const [fromDay, toDay] = [dayOf(from), dayOf(to)];
  const lastDay = toDay ? pointDays(toDay, today, asked).last : today;
  const fromMs = toInstant(from, latestBegin(fromDay, lastDay, today), asking);
  if (to.kind === 'now') return build(fromMs, liveEnd(fromMs, asking), asking);
  const toMs = isMoment(to) ? toInstant(to, today, asking, true) : calendar.startOfDay(lastDay + 1);
  return build(fromMs, toMs, asking);
}

/** Returns the range between two past instants. */
export function buildSpan(fromMs: number, toMs: number, nowMs: number, calendar: Calendar): Range {
  const asked = timesText(fromMs, toMs, calendar);
  return build(fromMs, toMs, { asked, nowMs, today: calendar.dayOf(nowMs), calendar, firstDay: 0 });
}

/** Returns the instant of a moment whose day begins no later than `until`, or of the beginning of a day. */
function toInstant(point: RangePoint, until: number, { asked, nowMs, calendar }: Asking, isEnd = false): number {
  switch (point.kind) {
    case 'moment':
      return clockInstant(pointDays(point.day, until, asked).first, point.clock, calendar, isEnd);
    case 'instant':
      return point.ms;
    case 'minutes-ago':
      return floorMinute(nowMs - point.minutes * MINUTE_MS);
    case 'now':
      return nowMs;
    default:
      return calendar.startOfDay(pointDays(point, until, asked).first);
  }
}

function buildLive(fromMs: number, toMs: number, words: RangeWords, name: string, asking: Asking): Range {
  const label = liveLabel(name, fromMs, asking.nowMs, asking.calendar);
  return { ...build(fromMs, toMs, asking), text: formatRangeWords(words), label };
}

function build(fromMs: number, toMs: number, asking: Asking): Range {
  const { calendar, nowMs, today } = asking;
  if (fromMs > nowMs) throw toCome('begins', fromMs, asking);
  if (fromMs >= toMs) throw empty(fromMs, toMs, asking);
  const end = liveEnd(fromMs, asking);
  // Hours of the running day may be named up to its end; such a range is partial.
  if (toMs > Math.max(end, calendar.startOfDay(today + 1))) throw toCome('ends', toMs, asking);
  if (calendar.dayOf(fromMs) < 0) throw tooEarly(asking.asked);
  const partial = toMs > nowMs;
  const isLive = partial && toMs === end;
  return {
    text: isLive ? `since ${instantText(fromMs, calendar)}` : timesText(fromMs, toMs, calendar),
    fromMs,
    toMs,
    firstDay: calendar.dayOf(fromMs),
    lastDay: calendar.dayOf(toMs - 1),
    timed: true,
    grain: grainOf(fromMs, Math.min(toMs, nowMs), calendar.startOfHour(fromMs) === fromMs),
    partial,
    label: timesLabel(fromMs, isLive ? Math.max(nowMs, fromMs + 1) : toMs, today, calendar),
  };
}

/**
 * Draws by the minute up to half an hour, by five minutes up to two hours (four if it begins within an hour), by the hour up to four
 * days.
 */
function grainOf(fromMs: number, toMs: number, isHour: boolean): StepGrain {
  const length = toMs - fromMs;
  if (length <= 31 * MINUTE_MS) return 'minute';
  if (length <= (isHour ? 2 : 4) * HOUR_MS) return 'five-minutes';
  return length <= 97 * HOUR_MS ? 'hour' : length < 365 * 24 * HOUR_MS ? 'day' : 'month';
}

/** `2026-11-20 14:00-15:00`, `2026-11-20 22:00..2026-11-21 06:00`. */
export function timesText(fromMs: number, toMs: number, calendar: Calendar): string {
  const [begin, end] = [instantText(fromMs, calendar), instantText(toMs, calendar)];
  const day = `${formatDay(calendar.dayOf(fromMs))} `;
  const lastDay = calendar.dayOf(toMs - 1);
  const isPlain = begin.startsWith(day);
  if (isPlain && toMs === calendar.startOfDay(lastDay + 1) && day.startsWith(formatDay(lastDay)))
    return `${begin}-24:00`;
  return isPlain && end.startsWith(day) ? `${begin}-${end.slice(day.length)}` : `${begin}..${end}`;
}

function floorMinute(ms: number): number {
  return Math.floor(ms / MINUTE_MS) * MINUTE_MS;
}

function endOfHour({ nowMs, calendar }: Asking): number {
  return nextHour(calendar.startOfHour(nowMs), calendar);
}

/** Returns the start of the next local hour. */
function nextHour(hourMs: number, calendar: Calendar): number {
  const day = calendar.dayOf(hourMs);
  return calendar.hoursOf(day).find((hour) => hour > hourMs) ?? calendar.startOfDay(day + 1);
}

/**
 * Returns the end of a live range. From a full hour it ends with the running hour, so that hourly totals can answer; otherwise with
 * the running minute.
 */
function liveEnd(fromMs: number, asking: Asking): number {
  const isHour = asking.calendar.startOfHour(fromMs) === fromMs;
  return isHour ? endOfHour(asking) : floorMinute(asking.nowMs) + MINUTE_MS;
}

function toCome(verb: string, ms: number, asking: Asking, nearest?: readonly string[]): InvalidRangeError {
  const { asked, nowMs, calendar, today } = asking;
  const [now, then] = [nowMs, ms].map((each) => momentLabel(floorMinute(each), today, calendar));
  const hour = calendar.startOfHour(ms - 24 * HOUR_MS);
  const before = calendar.dayOf(ms) === today ? [timesText(hour, nextHour(hour, calendar), calendar)] : [];
  const told = `“${asked}” ${verb} at ${then}, which is still to come: now it is ${now}.`;
  return new InvalidRangeError(told, [...(nearest ?? before), '1h', 'today', 'yesterday']);
}

function empty(fromMs: number, toMs: number, { asked, calendar, today }: Asking): InvalidRangeError {
  const hour = calendar.startOfHour(fromMs);
  if (fromMs === toMs) {
    return new InvalidRangeError(`“${asked}” is empty: clocks skip this time, or it begins where it ends.`, [
      timesText(calendar.startOfHour(fromMs - 1), fromMs, calendar),
      timesText(hour, nextHour(hour, calendar), calendar),
    ]);
  }
  return new InvalidRangeError(
    `“${asked}” ends at ${momentLabel(toMs, today, calendar)}, before it begins at ${momentLabel(fromMs, today, calendar)}.`,
    [timesText(toMs, fromMs, calendar), '24h'],
  );
}

/**
 * Returns the instant at which a day's clock shows a time (minutes; 1440 is its end). A time that a clock change skips is the instant
 * of the change. For a time that comes twice, a range begins with the first and ends with the second, so that it holds both. Only the
 * beginning of the repeated stretch is the first even as an end: `01:00-02:00` is one hour.
 */
function clockInstant(day: number, minutes: number, calendar: Calendar, isEnd = false): number {
  if (minutes === 0) return calendar.startOfDay(day);
  if (minutes >= 1440) return calendar.startOfDay(day + 1);
  const wall = toDate(day).toPlainDateTime(new Temporal.PlainTime(Math.floor(minutes / 60), minutes % 60));
  const earlier = wall.toZonedDateTime(calendar.zone, { disambiguation: 'earlier' });
  const later = wall.toZonedDateTime(calendar.zone, { disambiguation: 'later' });
  if (earlier.equals(later)) return earlier.epochMilliseconds;
  const change = earlier.getTimeZoneTransition('next') ?? later;
  if (!earlier.toPlainDateTime().equals(wall)) return change.epochMilliseconds;
  return (isEnd && !change.toPlainDateTime().equals(wall) ? later : earlier).epochMilliseconds;
}

/** `2026-10-25 02:00` if the clock shows it once, else `2026-10-25T02:00+01:00`; reads back as the same instant. */
export function instantText(ms: number, calendar: Calendar): string {
  const local = Temporal.Instant.fromEpochMilliseconds(ms).toZonedDateTimeISO(calendar.zone);
  const plain = local.toPlainDateTime();
  const isOnce = (['earlier', 'later'] as const).every(
    (disambiguation) => plain.toZonedDateTime(calendar.zone, { disambiguation }).epochMilliseconds === ms,
  );
  if (ms % MINUTE_MS !== 0 || local.second !== 0 || !isOnce)
    return local.toString({ timeZoneName: 'never', smallestUnit: 'minute' });
  return `${plain.toPlainDate()} ${plain.toPlainTime().toString({ smallestUnit: 'minute' })}`;
}
