import { type Calendar, DAY_MS, MINUTE_MS } from './calendar.ts';
import { buildDays, daysText } from './range/days.ts';
import { resolveSpan } from './range/times.ts';
import type { Range } from './range.ts';
import { type RangeReading, readRangeAt } from './range-reading.ts';
import { resolveRange } from './ranges.ts';

/** The span of equal length just before the range that it is compared with. */
export const PREVIOUS = 'previous';

/** Running ranges beside those before them: `vs last-month` alone asks about this month. */
const COUNTERPARTS: Readonly<Record<string, string>> = {
  yesterday: 'today',
  'last-week': 'this-week',
  'last-month': 'this-month',
  'last-quarter': 'this-quarter',
  'last-year': 'this-year',
};

/** The range that is meant where only the one to compare it with is named; undefined: the report's default. */
export function counterpartOf(versus: string): string | undefined {
  return Object.hasOwn(COUNTERPARTS, versus) ? COUNTERPARTS[versus] : undefined;
}

/** The same range so much earlier: `today vs same day last week`. */
const EARLIER = {
  'day-before': { days: 1 },
  'week-before': { weeks: 1 },
  'month-before': { months: 1 },
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
 * Returns the second range that begins at `words[at]` with `vs`, `versus`, `against` or `compared to`, undefined where none
 * does. Its text is for `resolveVersus`: a range's, `previous`, or how much earlier (`week-before`).
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
  // Words left behind `vs` may be a client's name: then this is only a weak reading.
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
 * The range that another is compared with. What is still growing is compared with as much of the time before: today until
 * now with yesterday until the same time. `byWeeks`: days are told side by side, so the span before lies whole weeks earlier.
 * Throws InvalidRangeError as `resolveRange` does.
 */
export function resolveVersus(
  text: string,
  range: Range,
  nowMs: number,
  calendar: Calendar,
  { firstDay, byWeeks = false }: { firstDay?: number | undefined; byWeeks?: boolean } = {},
): Range {
  if (text === PREVIOUS) return resolvePrevious(range, nowMs, calendar, byWeeks);
  if (Object.hasOwn(EARLIER, text)) return shift(range, EARLIER[text as Earlier], nowMs, calendar);
  const second = resolveRange(text, nowMs, calendar, { firstDay });
  const isCut = range.partial && !range.timed && !second.partial && !second.timed;
  return isCut && daysOf(second) === daysOf(range)
    ? shift(range, { days: range.firstDay - second.firstDay }, nowMs, calendar)
    : second;
}

function daysOf({ firstDay, lastDay }: Range): number {
  return lastDay - firstDay + 1;
}

/** Days as a number to divide by: whole ones, or the part of them that a timed or running range has covered until now. */
export function lengthInDays(range: Range, nowMs: number): number {
  if (!range.timed && !range.partial) return Math.max(0, daysOf(range));
  return Math.max(0, Math.min(range.toMs, endOfNow(range, nowMs)) - range.fromMs) / DAY_MS;
}

function resolvePrevious(range: Range, nowMs: number, calendar: Calendar, byWeeks: boolean): Range {
  const days = byWeeks ? Math.ceil(daysOf(range) / 7) * 7 : daysOf(range);
  if (range.timed) {
    const length = Math.min(range.toMs, endOfNow(range, nowMs)) - range.fromMs;
    return resolveSpan(range.fromMs - length, range.fromMs, nowMs, calendar);
  }
  return shift(range, { days: Math.max(days, 0) }, nowMs, calendar);
}

/** The whole minutes of a running range. */
function endOfNow({ fromMs }: Range, nowMs: number): number {
  return Math.max(fromMs + MINUTE_MS, Math.floor(nowMs / MINUTE_MS) * MINUTE_MS);
}

/** Both ends so much earlier by the calendar; the end of a running range is now. */
function shift(range: Range, by: Temporal.DurationLike, nowMs: number, calendar: Calendar): Range {
  const earlier = (ms: number) =>
    Temporal.Instant.fromEpochMilliseconds(ms).toZonedDateTimeISO(calendar.zone).subtract(by).epochMilliseconds;
  const toMs = range.partial ? endOfNow(range, nowMs) : range.toMs;
  if (range.timed || range.partial) return resolveSpan(earlier(range.fromMs), earlier(toMs), nowMs, calendar);
  const [first, end] = [calendar.dayOf(earlier(range.fromMs)), calendar.dayOf(earlier(range.toMs))];
  const days = { first, last: end - 1 };
  return buildDays({ ...days, text: daysText(days) }, calendar.dayOf(nowMs), calendar);
}
