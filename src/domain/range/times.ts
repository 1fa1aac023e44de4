import { type Calendar, formatDay, HOUR_MS, MINUTE_MS, toDate } from '../calendar.ts';
import { liveLabel, momentLabel, type Range, timesLabel } from '../range.ts';
import type { StepGrain } from '../usage.ts';
import { type Asking, pointDays, tooEarly } from './days.ts';
import { formatRangeWords, InvalidRangeError, isMoment, type RangePoint, type RangeWords } from './words.ts';

/** Ranges that begin or end within a day; undefined for whole days. Throws InvalidRangeError for those that cannot be. */
export function resolveTimes(words: RangeWords, asking: Asking): Range | undefined {
  const { nowMs, calendar, today } = asking;
  switch (words.kind) {
    case 'last': {
      const { unit, count } = words;
      if (unit !== 'minute' && unit !== 'hour') return undefined;
      const beganMs = nowMs - count * (unit === 'hour' ? HOUR_MS : MINUTE_MS);
      // Hours begin at a full one, as `24h` does, and end with the running one.
      const fromMs = unit === 'hour' ? calendar.startOfHour(beganMs) : floorMinute(beganMs);
      const toMs = unit === 'hour' ? endOfHour(asking) : floorMinute(nowMs) + MINUTE_MS;
      return buildLive(fromMs, toMs, words, `last ${count === 1 ? unit : `${count} ${unit}s`}`, asking);
    }
    case 'at': {
      const { point } = words;
      if (isMoment(point)) return resolveHour(point, asking);
      if (point.kind !== 'word' || point.word !== 'this-hour') return undefined;
      return buildLive(calendar.startOfHour(nowMs), endOfHour(asking), words, 'this hour', asking);
    }
    case 'since': {
      if (!isMoment(words.point)) return undefined;
      const fromMs = toInstant(words.point, today, asking);
      return build(fromMs, liveEnd(fromMs, asking), asking);
    }
    case 'until': {
      if (!isMoment(words.point)) return undefined;
      const toMs = toInstant(words.point, today, asking, true);
      return build(calendar.startOfDay(Math.min(asking.firstDay, calendar.dayOf(toMs - 1))), toMs, asking);
    }
    case 'clock':
      return resolveClock(words, asking);
    case 'span': {
      const { from, to } = words;
      if (!isMoment(from) && (!isMoment(to) || to.kind === 'now')) return undefined;
      return resolveSpan(from, to, asking);
    }
    default:
      return undefined;
  }
}

/** The hour that begins at a moment. Throws InvalidRangeError for a moment within an hour, whose length is open. */
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

/** A moment of the past as the end of a range that begins with its day. */
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

/** A part of a day; its end up to its beginning is on the day after. A running day ends with now. */
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

/** Between two points of which one at least is a moment. A beginning without a year or week is the last one before the end. */
function resolveSpan(from: RangePoint, to: RangePoint, asking: Asking): Range {
  const { today, asked, calendar } = asking;
  const dayOf = (point: RangePoint) => (point.kind === 'moment' ? point.day : isMoment(point) ? undefined : point);
  const [fromDay, toDay] = [dayOf(from), dayOf(to)];
  const lastDay = toDay ? pointDays(toDay, today, asked).last : today;
  const until = fromDay?.kind === 'ago' ? today : fromDay?.kind === 'weekday' ? lastDay + 1 : Math.min(lastDay, today);
  const fromMs = toInstant(from, until, asking);
  if (to.kind === 'now') return build(fromMs, liveEnd(fromMs, asking), asking);
  const toMs = isMoment(to) ? toInstant(to, today, asking, true) : calendar.startOfDay(lastDay + 1);
  return build(fromMs, toMs, asking);
}

/** The hours and minutes between two instants of the past. */
export function buildSpan(fromMs: number, toMs: number, nowMs: number, calendar: Calendar): Range {
  const asked = timesText(fromMs, toMs, calendar);
  return build(fromMs, toMs, { asked, nowMs, today: calendar.dayOf(nowMs), calendar, firstDay: 0 });
}

/** The instant of a moment whose day begins no later than `until`, or of the beginning of a day. */
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
  // The running day's hours may be named to their end: they are partial.
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

/** By the minute up to half an hour, by five minutes up to two hours (four from within an hour), by the hour up to four days. */
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

/** Start of the local hour after one. */
function nextHour(hourMs: number, calendar: Calendar): number {
  const day = calendar.dayOf(hourMs);
  return calendar.hoursOf(day).find((hour) => hour > hourMs) ?? calendar.startOfDay(day + 1);
}

/** Ranges from a full hour end with the running hour, so that hourly totals hold them; others with the running minute. */
function liveEnd(fromMs: number, asking: Asking): number {
  const isHour = asking.calendar.startOfHour(fromMs) === fromMs;
  return isHour ? endOfHour(asking) : floorMinute(asking.nowMs) + MINUTE_MS;
}

function toCome(verb: string, ms: number, asking: Asking, nearest?: readonly string[]): InvalidRangeError {
  const { asked, nowMs, calendar, today } = asking;
  const [now, then] = [nowMs, ms].map((each) => instantText(floorMinute(each), calendar));
  const hour = calendar.startOfHour(ms - 24 * HOUR_MS);
  const before = calendar.dayOf(ms) === today ? [timesText(hour, nextHour(hour, calendar), calendar)] : [];
  const told = `The range “${asked}” ${verb} at ${then}, which is still to come; now it is ${now}.`;
  return new InvalidRangeError(told, [...(nearest ?? before), '1h', 'today', 'yesterday']);
}

function empty(fromMs: number, toMs: number, { asked, calendar }: Asking): InvalidRangeError {
  const hour = calendar.startOfHour(fromMs);
  if (fromMs === toMs) {
    return new InvalidRangeError(`The range “${asked}” is empty: clocks skip this time, or it begins where it ends.`, [
      timesText(calendar.startOfHour(fromMs - 1), fromMs, calendar),
      timesText(hour, nextHour(hour, calendar), calendar),
    ]);
  }
  return new InvalidRangeError(
    `The range “${asked}” ends (${instantText(toMs, calendar)}) before it begins (${instantText(fromMs, calendar)}).`,
    [timesText(toMs, fromMs, calendar), '24h'],
  );
}

/**
 * The instant at which a day's clock shows a time (minutes; 1440 is its end). A time that a clock change skips is the instant of
 * the change. Of one that comes twice a range begins with the first and ends with the second, so that it holds both; only the
 * beginning of the repeated stretch is the first as an end too: `01:00-02:00` is one hour.
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

/** `2026-10-25 02:00` where the clock shows it once, else `2026-10-25T02:00+01:00`: reads back as the same instant. */
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
