import { type Calendar, formatDay, HOUR_MS, MINUTE_MS, toDate } from '../calendar.ts';
import { liveLabel, momentLabel, type Range, timesLabel } from '../range.ts';
import type { StepGrain } from '../usage.ts';
import { type Asking, pointDays } from './days.ts';
import {
  type DayPoint,
  formatClockTime,
  formatRangeWords,
  InvalidRangeError,
  isMoment,
  type RangePoint,
  type RangeWords,
} from './words.ts';

/** The last minutes or hours: hours begin at a full one, as `24h` does. Ends with the running minute or hour. */
export function resolveLast(words: RangeWords & { kind: 'last' }, asking: Asking): Range {
  const { nowMs, calendar } = asking;
  const { unit, count } = words;
  const length = count * (unit === 'hour' ? HOUR_MS : MINUTE_MS);
  const fromMs = unit === 'hour' ? calendar.startOfHour(nowMs - length) : floorMinute(nowMs - length);
  const name = `last ${count === 1 ? unit : `${count} ${unit}s`}`;
  const toMs = unit === 'hour' ? endOfHour(asking) : endOfMinute(nowMs);
  const text = `${count}${unit === 'hour' ? 'h' : 'm'}`;
  return build(fromMs, toMs, text, liveLabel(name, fromMs, nowMs, calendar), asking);
}

/** The running hour. */
export function resolveThisHour(asking: Asking): Range {
  const fromMs = asking.calendar.startOfHour(asking.nowMs);
  const label = liveLabel('this hour', fromMs, asking.nowMs, asking.calendar);
  return build(fromMs, endOfHour(asking), 'this-hour', label, asking);
}

/** The hour that begins at a moment. Throws InvalidRangeError for a moment within an hour, whose length is open. */
export function resolveHour(point: RangePoint, asking: Asking): Range {
  const { calendar, asked } = asking;
  const fromMs = toInstant(point, asking.today, asking, (texts) => texts);
  if (point.kind === 'moment' && point.clock % 60 === 0) {
    const { first } = pointDays(point.day, asking.today, asked);
    return build(
      fromMs,
      clockInstant(first, point.clock + 60, calendar, asked, (texts) => texts),
      undefined,
      undefined,
      asking,
    );
  }
  if (calendar.startOfHour(fromMs) === fromMs)
    return build(fromMs, nextHour(fromMs, calendar), undefined, undefined, asking);
  if (fromMs > asking.nowMs) throw toCome(asked, 'begins', fromMs, asking);
  const text = (from: number, to: number) => timesText(from, to, calendar);
  const hour = calendar.startOfHour(fromMs);
  throw new InvalidRangeError(`“${asked}” is a moment: a range needs a length.`, [
    text(fromMs, fromMs + 15 * MINUTE_MS),
    text(fromMs, fromMs + HOUR_MS),
    text(hour, nextHour(hour, calendar)),
  ]);
}

/** A moment of the past as the end of a range that begins with its day. */
export function resolveMoment(point: RangePoint, asking: Asking): Range {
  const { calendar, nowMs, asked, today } = asking;
  const toMs = toInstant(point, today, asking, (texts) => texts);
  if (toMs > nowMs) throw toCome(asked, 'ends', toMs, asking);
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
export function resolveClock({ day, from = 0, to }: RangeWords & { kind: 'clock' }, asking: Asking): Range {
  const { calendar, asked, today } = asking;
  const { first } = pointDays(day, today, asked);
  const name = formatDay(first);
  const other = (side: 'from' | 'to') => (texts: readonly string[]) =>
    texts.map((text) =>
      side === 'from' ? `${text}..${name} ${formatClockTime(to ?? 1440)}` : `${name} ${formatClockTime(from)}..${text}`,
    );
  const fromMs = clockInstant(first, from, calendar, asked, other('from'));
  if (fromMs > asking.nowMs && first === today) {
    const before = formatRangeWords({
      kind: 'clock',
      day: { kind: 'ago', days: 1 },
      from,
      ...(to !== undefined && { to }),
    });
    throw toCome(asked, 'begins', fromMs, asking, [before]);
  }
  if (to === undefined && first === today) return build(fromMs, liveEnd(fromMs, asking), undefined, undefined, asking);
  const end = to ?? 1440;
  const toMs = clockInstant(end > from ? first : first + 1, end, calendar, asked, other('to'));
  return build(fromMs, toMs, undefined, undefined, asking);
}

/** From a moment on, up to now. */
export function resolveSince(point: RangePoint, asking: Asking): Range {
  const fromMs = toInstant(point, asking.today, asking, (texts) => texts.map((text) => `since ${text}`));
  return build(fromMs, liveEnd(fromMs, asking), undefined, undefined, asking);
}

/** From the first data to a moment. */
export function resolveUntil(point: RangePoint, asking: Asking): Range {
  const toMs = toInstant(point, asking.today, asking, (texts) => texts.map((text) => `..${text}`));
  const { calendar } = asking;
  const first = Math.min(asking.firstDay, calendar.dayOf(toMs - 1));
  return build(calendar.startOfDay(first), toMs, undefined, undefined, asking);
}

/** The hours and minutes between two instants of the past. */
export function resolveSpan(fromMs: number, toMs: number, nowMs: number, calendar: Calendar): Range {
  const asking = {
    asked: timesText(fromMs, toMs, calendar),
    nowMs,
    today: calendar.dayOf(nowMs),
    calendar,
    firstDay: 0,
  };
  return build(fromMs, toMs, undefined, undefined, asking);
}

/** Between two points of which one at least is a moment. A beginning without a year or week is the last one before the end. */
export function resolveTimes(from: RangePoint, to: RangePoint, asking: Asking): Range {
  const { today, asked, calendar } = asking;
  const since = (texts: readonly string[]) => texts.map((text) => `since ${text}`);
  const toDay = dayPointOf(to);
  const lastDay = toDay ? pointDays(toDay, today, asked).last : today;
  const fromDay = dayPointOf(from);
  const until = fromDay?.kind === 'ago' ? today : fromDay?.kind === 'weekday' ? lastDay + 1 : Math.min(lastDay, today);
  const fromMs = toInstant(from, until, asking, since);
  let toMs: number;
  if (to.kind === 'now') toMs = liveEnd(fromMs, asking);
  else toMs = isMoment(to) ? toInstant(to, today, asking, since) : calendar.startOfDay(lastDay + 1);
  return build(fromMs, toMs, undefined, undefined, asking);
}

function dayPointOf(point: RangePoint): DayPoint | undefined {
  if (point.kind === 'moment') return point.day;
  return isMoment(point) ? undefined : point;
}

/** The instant of a moment whose day begins no later than `until`. */
function toInstant(
  point: RangePoint,
  until: number,
  { asked, nowMs, calendar }: Asking,
  choicesOf: (texts: readonly string[]) => readonly string[],
): number {
  switch (point.kind) {
    case 'moment':
      return clockInstant(pointDays(point.day, until, asked).first, point.clock, calendar, asked, choicesOf);
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

function build(
  fromMs: number,
  toMs: number,
  text: string | undefined,
  label: string | undefined,
  asking: Asking,
): Range {
  const { calendar, nowMs, today, asked } = asking;
  if (fromMs > nowMs) throw toCome(asked, 'begins', fromMs, asking);
  if (fromMs >= toMs) throw empty(fromMs, toMs, asking);
  const end = liveEnd(fromMs, asking);
  // The running day's hours may be named to their end: they are partial.
  if (toMs > Math.max(end, calendar.startOfDay(today + 1))) throw toCome(asked, 'ends', toMs, asking);
  if (calendar.dayOf(fromMs) < 0) {
    throw new InvalidRangeError(`The range “${asked}” reaches back to before 1970.`, ['12-months', '90d', '30d']);
  }
  const partial = toMs > nowMs;
  const isLive = partial && toMs === end;
  return {
    text: text ?? (isLive ? `since ${instantText(fromMs, calendar)}` : timesText(fromMs, toMs, calendar)),
    fromMs,
    toMs,
    firstDay: calendar.dayOf(fromMs),
    lastDay: calendar.dayOf(toMs - 1),
    timed: true,
    grain: grainOf(fromMs, Math.min(toMs, nowMs), calendar.startOfHour(fromMs) === fromMs),
    partial,
    label: label ?? timesLabel(fromMs, isLive ? Math.max(nowMs, fromMs + 1) : toMs, today, calendar),
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
  const day = formatDay(calendar.dayOf(fromMs));
  const lastDay = calendar.dayOf(toMs - 1);
  const isPlain = begin.startsWith(`${day} `);
  if (isPlain && toMs === calendar.startOfDay(lastDay + 1) && formatDay(lastDay) === day) return `${begin}-24:00`;
  if (isPlain && end.startsWith(`${day} `)) return `${begin}-${end.slice(day.length + 1)}`;
  return `${begin}..${end}`;
}

function floorMinute(ms: number): number {
  return Math.floor(ms / MINUTE_MS) * MINUTE_MS;
}

function endOfMinute(nowMs: number): number {
  return floorMinute(nowMs) + MINUTE_MS;
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
  return isHour ? endOfHour(asking) : endOfMinute(asking.nowMs);
}

function toCome(
  asked: string,
  verb: string,
  ms: number,
  { nowMs, calendar, today }: Asking,
  nearest?: readonly string[],
): InvalidRangeError {
  const day = calendar.dayOf(ms);
  const clocks = [nowMs, ms].map((each) => instantText(floorMinute(each), calendar));
  const before = nearest ?? (day === today ? [timesText(...shifted(ms, calendar), calendar)] : []);
  return new InvalidRangeError(
    `The range “${asked}” ${verb} at ${clocks[1]}, which is still to come; now it is ${clocks[0]}.`,
    [...before, '1h', 'today', 'yesterday'],
  );
}

/** The same hour of the day before. */
function shifted(ms: number, calendar: Calendar): [number, number] {
  const hour = calendar.startOfHour(ms - 24 * HOUR_MS);
  return [hour, nextHour(hour, calendar)];
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
 * The instant at which a day's clock shows a time (minutes; 1440 is its end). A time that a clock change skips is the
 * instant of the change; one that comes twice is the first where the repeated stretch begins. Throws InvalidRangeError for
 * other times that come twice, with both as ISO instants in `choicesOf`'s ranges.
 */
function clockInstant(
  day: number,
  minutes: number,
  calendar: Calendar,
  asked: string,
  choicesOf: (instants: readonly string[]) => readonly string[],
): number {
  if (minutes === 0) return calendar.startOfDay(day);
  if (minutes >= 1440) return calendar.startOfDay(day + 1);
  const wall = toDate(day).toPlainDateTime(new Temporal.PlainTime(Math.floor(minutes / 60), minutes % 60));
  const [earlier, later] = (['earlier', 'later'] as const).map((disambiguation) =>
    wall.toZonedDateTime(calendar.zone, { disambiguation }),
  ) as [Temporal.ZonedDateTime, Temporal.ZonedDateTime];
  if (earlier.epochMilliseconds === later.epochMilliseconds) return earlier.epochMilliseconds;
  if (!earlier.toPlainDateTime().equals(wall)) {
    return earlier.getTimeZoneTransition('next')?.epochMilliseconds ?? later.epochMilliseconds;
  }
  const change = earlier.getTimeZoneTransition('next')!;
  if (change.toPlainDateTime().equals(wall)) return earlier.epochMilliseconds;
  const texts = [earlier, later].map(formatInstantText);
  throw new InvalidRangeError(
    `“${asked}”: ${formatClockTime(minutes)} comes twice on ${formatDay(day)}, when clocks go back.`,
    choicesOf(texts),
  );
}

/** `2026-10-25 02:00` where the clock shows it once, else `2026-10-25T02:00+01:00`: reads back as the same instant. */
export function instantText(ms: number, calendar: Calendar): string {
  const local = Temporal.Instant.fromEpochMilliseconds(ms).toZonedDateTimeISO(calendar.zone);
  const plain = local.toPlainDateTime();
  const isOnce = (['earlier', 'later'] as const).every(
    (disambiguation) => plain.toZonedDateTime(calendar.zone, { disambiguation }).epochMilliseconds === ms,
  );
  if (ms % MINUTE_MS !== 0 || local.second !== 0 || !isOnce) return formatInstantText(local);
  return `${plain.toPlainDate()} ${plain.toPlainTime().toString({ smallestUnit: 'minute' })}`;
}

function formatInstantText(local: Temporal.ZonedDateTime): string {
  return local.toString({ timeZoneName: 'never', smallestUnit: 'minute' });
}
