import { type Calendar, DAY_MS, firstDayOf, formatDay, MINUTE_MS, monthOf } from './calendar.ts';
import { buildDays, buildSpan, resolveMoment, resolveWords } from './range/resolve.ts';
import {
  formatRangeWords,
  InvalidRangeError,
  isMoment,
  isOneDay,
  monthLabel,
  type Range,
  type RangeWords,
  Unclear,
  unknownRange,
} from './range.ts';
import { type RangeReading, readRangeAt, readRangeText } from './range-reading.ts';

export { daysText, instantText, timesText } from './range/resolve.ts';
export { InvalidRangeError, RANGE_CHOICES, suggestRanges } from './range.ts';

const DEFAULT_RANGE = '7d';

export interface RangeOptions {
  /** Range if `text` is absent or empty; `7d` if not given. */
  default?: string;
  /** First day of all data, where `all` and `until` begin; 1970-01-01 if not given. */
  firstDay?: number;
}

/**
 * Resolves a range's words at `nowMs`, in the zone of `calendar`, to days, hours or minutes. Half-open. Today is left out unless the
 * words name it; live ranges end with the running hour or minute. Throws InvalidRangeError for words that are no range, that leave
 * open which is meant, and for ranges that cannot be.
 */
export function resolveRange(
  text: string | undefined,
  nowMs: number,
  calendar: Calendar,
  options: RangeOptions = {},
): Range {
  const asked = text?.trim() || options.default || DEFAULT_RANGE;
  const asking = { asked, nowMs, today: calendar.dayOf(nowMs), calendar, firstDay: options.firstDay ?? 0 };
  return resolveWords(getWords(asked, nowMs, calendar), asking);
}

/**
 * Resolves a range for a balance, which is taken at its end. A moment (`yesterday 14:30`) is that end, and the range begins with its
 * day. Ranges that are still running (this month, everything since a day) reach to today, so the balance is that of now. Throws
 * InvalidRangeError as `resolveRange` does.
 */
export function resolveBalance(text: string, nowMs: number, calendar: Calendar, firstDay?: number): Range {
  const words = readRangeText(text);
  const today = calendar.dayOf(nowMs);
  if (words?.kind === 'at' && isMoment(words.point))
    return resolveMoment(words.point, { asked: text, nowMs, today, calendar, firstDay: 0 });
  const range = resolveRange(text, nowMs, calendar, { firstDay });
  const isOpen = words?.kind === 'since' || words?.kind === 'after' || /^(?:this-|all)/.test(range.text);
  return isOpen && !range.timed
    ? buildDays({ first: range.firstDay, last: today }, today, calendar, range.text)
    : range;
}

/**
 * Returns twelve calendar months ending with `untilMonth` (year × 12 + month − 1). Absent or the running month: the eleven months
 * before this one, and this one to yesterday, marked partial. Throws InvalidRangeError for a future month.
 */
export function resolveHistory(nowMs: number, calendar: Calendar, untilMonth?: number): Range {
  const today = calendar.dayOf(nowMs);
  const thisMonth = monthOf(today);
  const until = untilMonth ?? thisMonth;
  if (until > thisMonth) {
    throw new InvalidRangeError(`A history until ${monthLabel(until)} would reach into the future.`, [
      formatDay(firstDayOf(thisMonth)).slice(0, 7),
      'last-month',
    ]);
  }
  const partial = until === thisMonth;
  const firstDay = firstDayOf(until - 11);
  const lastDay = partial ? today - 1 : firstDayOf(until + 1) - 1;
  return {
    ...buildDays({ first: firstDay, last: lastDay }, today, calendar),
    grain: 'month',
    partial,
  };
}

/** Returns the last month that a range's words touch (`2026-03`, `march`, `last-month`, a date), for `history … until`. */
export function resolveMonth(text: string, nowMs: number, calendar: Calendar): number {
  const today = calendar.dayOf(nowMs);
  // The running month counts even on its first day, when it has no whole day yet.
  if (canonicalRangeText(text) === 'this-month') return monthOf(today);
  const range = resolveRange(text, nowMs, calendar);
  return monthOf(Math.max(range.firstDay, range.lastDay));
}

/** Returns the shortest text of the same range (`last 7 days` → `7d`); undefined if the text is no range, or leaves open which. */
export function canonicalRangeText(text: string): string | undefined {
  const words = readRangeText(text);
  return !words || words instanceof Unclear ? undefined : formatRangeWords(words);
}

/** Tells whether a range is short enough to be drawn by the hour, whatever day it is asked on. */
export function isByHours(text: string): boolean {
  const words = readRangeText(text);
  if (words?.kind === 'last') return words.unit === 'minute' || (words.unit === 'hour' && words.count <= 24);
  if (words?.kind === 'at')
    return isMoment(words.point) || isOneDay(words.point) || formatRangeWords(words) === 'this-hour';
  return words?.kind === 'clock';
}

function getWords(asked: string, nowMs: number, calendar: Calendar): RangeWords {
  const words = readRangeText(asked);
  if (!words) throw unknownRange(asked);
  if (!(words instanceof Unclear)) return words;
  const choices = new Set(words.meanings.map(formatRangeWords));
  const possible = [...choices].filter((choice) => canResolve(choice, nowMs, calendar));
  throw new InvalidRangeError(words.message, possible.length > 0 ? possible : ['today', 'yesterday', '7d']);
}

/** Tells whether a choice is a possible range today: `31 Nov` and future hours are not. */
function canResolve(text: string, nowMs: number, calendar: Calendar): boolean {
  try {
    resolveRange(text, nowMs, calendar);
    return true;
  } catch (error) {
    if (error instanceof InvalidRangeError) return false;
    throw error;
  }
}

/** Text that stands for the span of equal length just before the range. */
export const PREVIOUS = 'previous';

/** The running range that belongs to an earlier one: `vs last-month` alone asks about this month. */
const COUNTERPARTS: Readonly<Record<string, string>> = {
  yesterday: 'today',
  'last-week': 'this-week',
  'last-month': 'this-month',
  'last-quarter': 'this-quarter',
  'last-year': 'this-year',
};

/** Returns the range that is meant if only the one to compare it with is named; undefined: the report's default. */
export function counterpartOf(versus: string): string | undefined {
  return Object.hasOwn(COUNTERPARTS, versus) ? COUNTERPARTS[versus] : undefined;
}

/** Finds the range before a running one that has no whole day yet: `this-month vs previous` on the 1st. */
function beforeRunning(range: Range): string | undefined {
  const found =
    range.toMs <= range.fromMs && Object.entries(COUNTERPARTS).find(([, running]) => running === range.text);
  return found ? found[0] : undefined;
}

/** How much earlier the other range is: `today vs same day last week`. */
const EARLIER = {
  'day-before': { days: 1 },
  'week-before': { weeks: 1 },
  'month-before': { months: 1 },
  'quarter-before': { months: 3 },
  'year-before': { years: 1 },
} as const;
type Earlier = keyof typeof EARLIER;

const OPENER = /^(?:vs\.?|versus|against|compared (?:to|with)|relative to)$/i;
const PREVIOUS_WORDS =
  /^(?:(?:the )?(?:previous|prior|preceding)(?: (?:period|span|range|one))?|(?:the )?(?:period|span|range|time) before)$/i;
const EARLIER_WORDS = /^(?:the |a )?(day|week|month|year) (?:before|earlier)$/i;
const SAME_WORDS =
  /^(?:the )?same (?:time|day|days|hour|hours|period|span|week|month|weekday) (?:(yesterday)|last (week|month|year)|(?:the |a )?(day|week|month|year) (?:before|earlier|ago))$/i;

/**
 * Reads the second range that begins at `words[at]` with `vs`, `versus`, `against` or `compared to`; undefined if none does. Its text
 * is for `resolveVersus`: that of a range, `previous`, or how much earlier (`week-before`).
 */
export function readVersusAt(words: readonly string[], at = 0): RangeReading | undefined {
  const opening = [2, 1].find(
    (count) => at + count <= words.length && OPENER.test(words.slice(at, at + count).join(' ')),
  );
  if (opening === undefined) return undefined;
  const from = at + opening;
  for (let used = Math.min(6, words.length - from); used > 0; used--) {
    const text = words.slice(from, from + used).join(' ');
    const range = readEarlier(text);
    if (range) return { kind: 'range', range, used: opening + used, weak: false };
  }
  const second = readRangeAt(words, from);
  if (second) return { ...second, used: opening + second.used };
  // The words after `vs` may be a client's name, so this reading is weak.
  return { kind: 'range', range: PREVIOUS, used: opening, weak: from < words.length };
}

function readEarlier(text: string): string | undefined {
  if (PREVIOUS_WORDS.test(text)) return PREVIOUS;
  if (Object.hasOwn(EARLIER, text)) return text;
  const same = SAME_WORDS.exec(text);
  const unit = (EARLIER_WORDS.exec(text)?.[1] ?? (same?.[1] ? 'day' : (same?.[2] ?? same?.[3])))?.toLowerCase();
  return unit && `${unit}-before`;
}

/**
 * Resolves the range that another is compared with. A running range is compared with an equal part of the earlier one: today until
 * now with yesterday until the same time, this week until yesterday with the same weekdays. `byWeeks`: days are shown side by side,
 * so the earlier range lies whole weeks before. If the running range has no whole day yet, `previous` and `week-before` mean the
 * calendar range before it: last month for this month. Throws InvalidRangeError as `resolveRange` does.
 */
export function resolveVersus(
  text: string,
  range: Range,
  nowMs: number,
  calendar: Calendar,
  { firstDay, byWeeks = false }: { firstDay?: number | undefined; byWeeks?: boolean } = {},
): Range {
  const isRelative = text === PREVIOUS || Object.hasOwn(EARLIER, text);
  const named = isRelative ? beforeRunning(range) : text;
  if (named === undefined) {
    if (text === PREVIOUS) return resolvePrevious(range, nowMs, calendar, byWeeks);
    return shift(range, EARLIER[text as Earlier], nowMs, calendar);
  }
  const second = resolveSecond(named, nowMs, calendar, { firstDay });
  const isCut = range.partial && !range.timed && !second.partial && !second.timed;
  return (isCut && daysOf(second) === daysOf(range)) || isSameWeekSoFar(range, second)
    ? shift(range, { days: range.firstDay - second.firstDay }, nowMs, calendar)
    : second;
}

/**
 * Returns ranges that tell something of a running week, month, quarter or year on its first day, when it has no whole day yet: today
 * so far, and instead of the period before the same part of its first day. Undefined for other ranges and days. Throws
 * InvalidRangeError as `resolveRange` does.
 */
export function resolveFirstDay(
  { range, versus }: { range?: string | undefined; versus?: string | undefined },
  nowMs: number,
  calendar: Calendar,
): { unit: string; today: { range: string; versus?: string } } | undefined {
  const asked = range ?? counterpartOf(versus ?? '');
  const running = resolveRange(asked, nowMs, calendar);
  const [, unit] = /^this-(.+)$/.exec(running.text) ?? [];
  if (running.toMs > running.fromMs || unit === undefined) return undefined;
  if (versus === undefined) return { unit, today: { range: 'today' } };
  const [second, before] = [
    resolveVersus(versus, running, nowMs, calendar),
    resolveRange(`last-${unit}`, nowMs, calendar),
  ];
  const isBefore = second.fromMs === before.fromMs && second.toMs === before.toMs;
  return { unit, today: { range: 'today', versus: isBefore ? `${unit}-before` : versus } };
}

function resolveSecond(...asked: Parameters<typeof resolveRange>): Range {
  try {
    return resolveRange(...asked);
  } catch (error) {
    throw error instanceof InvalidRangeError
      ? new InvalidRangeError(error.message, error.suggestions, 'versus')
      : error;
  }
}

/**
 * Tells whether this week until yesterday is compared with another whole week. That week's mean would include a weekend that this
 * week has not had yet.
 */
function isSameWeekSoFar(range: Range, second: Range): boolean {
  if (range.text !== 'this-week' || second.timed || daysOf(second) !== 7) return false;
  return daysOf(range) > 0 && range.firstDay > second.firstDay && (range.firstDay - second.firstDay) % 7 === 0;
}

function daysOf({ firstDay, lastDay }: Range): number {
  return lastDay - firstDay + 1;
}

/** Returns the length to divide sums by: whole days, or the part of days that a timed or running range has covered until now. */
export function lengthInDays(range: Range, nowMs: number): number {
  if (!range.timed && !range.partial) return Math.max(0, daysOf(range));
  return Math.max(0, Math.min(range.toMs, endOfNow(range, nowMs)) - range.fromMs) / DAY_MS;
}

function resolvePrevious(range: Range, nowMs: number, calendar: Calendar, byWeeks: boolean): Range {
  const days = byWeeks ? Math.ceil(daysOf(range) / 7) * 7 : daysOf(range);
  if (range.timed) {
    const length = Math.min(range.toMs, endOfNow(range, nowMs)) - range.fromMs;
    return buildSpan(range.fromMs - length, range.fromMs, nowMs, calendar);
  }
  return shift(range, { days: Math.max(days, 0) }, nowMs, calendar);
}

/** Returns the end of a running range: the last whole minute. */
function endOfNow({ fromMs }: Range, nowMs: number): number {
  return Math.max(fromMs + MINUTE_MS, Math.floor(nowMs / MINUTE_MS) * MINUTE_MS);
}

/** Moves both ends earlier by the calendar; a running range ends now. */
function shift(range: Range, by: Temporal.DurationLike, nowMs: number, calendar: Calendar): Range {
  const earlier = (ms: number) =>
    Temporal.Instant.fromEpochMilliseconds(ms).toZonedDateTimeISO(calendar.zone).subtract(by).epochMilliseconds;
  const toMs = range.partial ? endOfNow(range, nowMs) : range.toMs;
  if (range.timed || range.partial) return buildSpan(earlier(range.fromMs), earlier(toMs), nowMs, calendar);
  const [first, end] = [calendar.dayOf(earlier(range.fromMs)), calendar.dayOf(earlier(range.toMs))];
  return buildDays({ first, last: end - 1 }, calendar.dayOf(nowMs), calendar);
}
