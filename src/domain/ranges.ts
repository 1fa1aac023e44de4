import { HeadroomError } from '../errors.ts';
import { type Calendar, firstDayOf, formatDay, monthOf, toDate, toDay } from './calendar.ts';
import { listNearest } from './nearest.ts';
import type { Range } from './range.ts';
import { daysLabel, monthLabel, monthShort, title } from './range-label.ts';
import {
  formatRangeWords,
  MONTH_NAMES,
  RANGE_WORDS,
  type RangePoint,
  type RangeWord,
  type RangeWords,
  readRangeWords,
} from './range-words.ts';

export { formatRange } from './range-label.ts';

/** A text that is no range, or one that cannot be; `suggestions` are texts of ranges that can. */
export class InvalidRangeError extends HeadroomError {
  override readonly name = 'InvalidRangeError';
  readonly suggestions: readonly string[];

  constructor(message: string, suggestions: readonly string[]) {
    super('range', message);
    this.suggestions = suggestions;
  }
}

/** The ranges that menus offer, with their words for people. */
export const RANGE_CHOICES: readonly { text: string; label: string }[] = [
  { text: 'today', label: 'Today so far' },
  { text: '24h', label: 'Last 24 hours' },
  { text: 'yesterday', label: 'Yesterday' },
  { text: '7d', label: 'Previous 7 days' },
  { text: '30d', label: 'Previous 30 days' },
  { text: '90d', label: 'Previous 90 days' },
  { text: 'this-month', label: 'This month to yesterday' },
  { text: 'last-month', label: 'Last month' },
  { text: '3-months', label: 'Previous 3 months' },
  { text: '12-months', label: 'Previous 12 months' },
];

const DEFAULT_RANGE = '7d';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** Daily steps are drawn up to this many days, months from there on. */
const YEAR_DAYS = 365;
const FIRST_YEAR = 1970;

export interface RangeOptions {
  /** Taken where `text` is absent or empty; `7d` if not given. */
  default?: string;
}

/**
 * The days (or hours) that a range's words mean at `nowMs`, in the zone of `calendar`. Half-open; whole days, except
 * that `24h` begins and ends at full hours (its last one is still running). Today is left out unless the words name it.
 * Throws InvalidRangeError for words that are no range and for ranges that cannot be.
 */
export function resolveRange(
  text: string | undefined,
  nowMs: number,
  calendar: Calendar,
  options: RangeOptions = {},
): Range {
  const asked = text?.trim() || options.default || DEFAULT_RANGE;
  const words = readRangeWords(asked);
  if (!words) throw unknownRange(asked);
  if (words.kind === 'word' && words.word === '24h') return resolveLast24Hours(nowMs, calendar);
  const today = calendar.dayOf(nowMs);
  return buildRange(resolveDays(words, today, asked), today, calendar);
}

/**
 * Twelve calendar months ending with `untilMonth` (year × 12 + month − 1). Absent or the running month: the eleven
 * months before this one, and this one to yesterday, marked partial. Throws InvalidRangeError for a month to come.
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
    text: daysText(firstDay, lastDay),
    fromMs: calendar.startOfDay(firstDay),
    toMs: calendar.startOfDay(lastDay + 1),
    firstDay,
    lastDay,
    grain: 'month',
    partial,
    label: `${monthLabel(until - 11)} – ${monthLabel(until)}${partial ? ' to yesterday' : ''}`,
  };
}

/** The last month that a range's words touch (`2026-03`, `march`, `last-month`, a date), for `history … until`. */
export function resolveMonth(text: string, nowMs: number, calendar: Calendar): number {
  const words = readRangeWords(text);
  const today = calendar.dayOf(nowMs);
  // The running month counts even on its first day, when it has no whole day yet.
  if (words?.kind === 'word' && words.word === 'this-month') return monthOf(today);
  const range = resolveRange(text, nowMs, calendar);
  return monthOf(Math.max(range.firstDay, range.lastDay));
}

/** The same range as one word without spaces (`last 7 days` → `7d`); undefined where the text is no range. */
export function canonicalRangeText(text: string): string | undefined {
  const words = readRangeWords(text);
  return words && formatRangeWords(words);
}

/** Days inclusive; `last < first` is empty. `text` asks for the same again. */
interface Days {
  first: number;
  last: number;
  text: string;
}

function resolveDays(words: RangeWords, today: number, asked: string): Days {
  switch (words.kind) {
    case 'word':
      return { ...wordDays(words.word, today), text: words.word };
    case 'days':
      return checkPast({ first: today - words.count, last: today - 1, text: formatRangeWords(words) }, today, asked);
    case 'months': {
      const month = monthOf(today);
      if (month - words.count < FIRST_YEAR * 12) throw tooEarly(asked);
      const first = firstDayOf(month - words.count);
      return checkPast({ first, last: firstDayOf(month) - 1, text: formatRangeWords(words) }, today, asked);
    }
    case 'at': {
      const days = pointDays(words.point, today, asked);
      const running = runningWord(words.point, days, today);
      if (running) return { ...wordDays(running, today), text: running };
      return checkPast({ ...days, text: daysText(days.first, days.last) }, today, asked);
    }
    case 'since': {
      const { first } = pointDays(words.from, today, asked);
      const last = first === today ? today : today - 1;
      return checkPast({ first, last: Math.max(first, last), text: daysText(first, last) }, today, asked);
    }
    case 'span': {
      const { first, last } = spanDays(words.from, words.to, today, asked);
      return checkPast({ first, last, text: daysText(first, last) }, today, asked);
    }
  }
}

function wordDays(word: RangeWord, today: number): { first: number; last: number } {
  const month = monthOf(today);
  const quarter = month - (month % 3);
  const year = month - (month % 12);
  const monday = today - (weekdayOf(today) - 1);
  switch (word) {
    case '24h':
    case 'today':
      return { first: today, last: today };
    case 'yesterday':
      return { first: today - 1, last: today - 1 };
    case 'this-week':
      return { first: monday, last: today - 1 };
    case 'last-week':
      return { first: monday - 7, last: monday - 1 };
    case 'last-weekend':
      return { first: monday - 2, last: monday - 1 };
    case 'this-month':
      return { first: firstDayOf(month), last: today - 1 };
    case 'last-month':
      return { first: firstDayOf(month - 1), last: firstDayOf(month) - 1 };
    case 'this-quarter':
      return { first: firstDayOf(quarter), last: today - 1 };
    case 'last-quarter':
      return { first: firstDayOf(quarter - 3), last: firstDayOf(quarter) - 1 };
    case 'this-year':
      return { first: firstDayOf(year), last: today - 1 };
    case 'last-year':
      return { first: firstDayOf(year - 12), last: firstDayOf(year) - 1 };
  }
}

/** The days of a point: the latest that begin no later than `until`, where it names no year. */
function pointDays(point: RangePoint, until: number, asked: string): { first: number; last: number } {
  if ('year' in point && point.year !== undefined && point.year < FIRST_YEAR) throw tooEarly(asked);
  switch (point.kind) {
    case 'ago':
      return { first: until - point.days, last: until - point.days };
    case 'weekday': {
      const day = until - ((weekdayOf(until) - point.weekday + 7) % 7 || 7);
      return { first: day, last: day };
    }
    case 'date': {
      const day = dateDay(point, until, asked);
      return { first: day, last: day };
    }
    case 'month':
      if (point.month < 1 || point.month > 12) throw notADate(asked, `there is no month ${point.month}`);
      return monthDays(point.month - 1, 1, point.year, until);
    case 'quarter':
      return monthDays((point.quarter - 1) * 3, 3, point.year, until);
    case 'year':
      return monthDays(0, 12, point.year, until);
  }
}

function monthDays(monthIndex: number, count: number, year: number | undefined, until: number) {
  let first = (year ?? toDate(until).year) * 12 + monthIndex;
  if (year === undefined && firstDayOf(first) > until) first -= 12;
  return { first: firstDayOf(first), last: firstDayOf(first + count) - 1 };
}

function dateDay(point: { year?: number; month: number; day: number }, until: number, asked: string): number {
  const thisYear = toDate(until).year;
  // 29 February exists at least once in any nine years.
  const years = point.year === undefined ? Array.from({ length: 9 }, (_, i) => thisYear - i) : [point.year];
  const { month, day } = point;
  if (month < 1 || month > 12) throw notADate(asked, `there is no month ${month}`);
  const longest = Math.max(...years.map((year) => Temporal.PlainDate.from({ year, month, day: 1 }).daysInMonth));
  if (day < 1 || day > longest) {
    const name = `${title(MONTH_NAMES[month - 1]!)}${point.year === undefined ? '' : ` ${point.year}`}`;
    const lastOfMonth = firstDayOf(years[0]! * 12 + month) - 1;
    throw notADate(asked, `${name} has ${longest} days`, lastOfMonth <= until ? [formatDay(lastOfMonth)] : []);
  }
  for (const year of years) {
    if (day > Temporal.PlainDate.from({ year, month, day: 1 }).daysInMonth) continue;
    const found = toDay(new Temporal.PlainDate(year, month, day));
    if (point.year !== undefined || found <= until) return found;
  }
  throw notADate(asked, 'there was no such day lately');
}

function spanDays(from: RangePoint, to: RangePoint, today: number, asked: string): { first: number; last: number } {
  // A year said at the beginning alone holds for the end too, or the end is in the year after.
  if (
    'year' in from &&
    from.year !== undefined &&
    (to.kind === 'date' || to.kind === 'month' || to.kind === 'quarter')
  ) {
    if (to.year === undefined) {
      const begin = pointDays(from, today, asked);
      const sameYear = pointDays({ ...to, year: from.year }, today, asked);
      to = { ...to, year: sameYear.last >= begin.first ? from.year : from.year + 1 };
    }
  }
  const end = pointDays(to, today, asked);
  // A month, quarter or year that is still running does not name today.
  const last = end.last > end.first && end.first <= today && end.last >= today ? today - 1 : end.last;
  // What names no year begins before its end: `dec 20 to jan 5`.
  const until = from.kind === 'ago' ? today : Math.min(last, today);
  const { first } = pointDays(from, from.kind === 'weekday' ? until + 1 : until, asked);
  if (last < first) {
    const swapped = daysText(last, first);
    throw new InvalidRangeError(
      `The range “${asked}” ends (${formatDay(last)}) before it begins (${formatDay(first)}).`,
      first <= today ? [swapped, DEFAULT_RANGE] : [DEFAULT_RANGE],
    );
  }
  return { first, last };
}

/** A named month, quarter or year that is still running is the word for it: it ends yesterday. */
function runningWord(point: RangePoint, days: { first: number; last: number }, today: number): RangeWord | undefined {
  if (days.first > today || days.last < today) return undefined;
  if (point.kind === 'month') return 'this-month';
  if (point.kind === 'quarter') return 'this-quarter';
  return point.kind === 'year' ? 'this-year' : undefined;
}

function checkPast(days: Days, today: number, asked: string): Days {
  if (days.first > today) {
    throw new InvalidRangeError(
      `The range “${asked}” begins on ${formatDay(days.first)}, which is still to come; today is ${formatDay(today)}.`,
      ['today', 'yesterday', DEFAULT_RANGE],
    );
  }
  if (days.last > today) {
    throw new InvalidRangeError(
      `The range “${asked}” ends on ${formatDay(days.last)}, which is still to come; today is ${formatDay(today)}.`,
      [...new Set([daysText(days.first, today), daysText(days.first, Math.max(days.first, today - 1)), DEFAULT_RANGE])],
    );
  }
  if (days.first < 0) throw tooEarly(asked);
  return days;
}

function tooEarly(asked: string): InvalidRangeError {
  return new InvalidRangeError(`The range “${asked}” reaches back to before ${FIRST_YEAR}.`, [
    '12-months',
    '90d',
    '30d',
  ]);
}

function buildRange(days: Days, today: number, calendar: Calendar): Range {
  const { first: firstDay, last: lastDay, text } = days;
  const count = lastDay - firstDay + 1;
  return {
    text,
    fromMs: calendar.startOfDay(firstDay),
    toMs: calendar.startOfDay(lastDay + 1),
    firstDay,
    lastDay,
    grain: count === 1 ? 'hour' : count >= YEAR_DAYS ? 'month' : 'day',
    partial: lastDay === today,
    label: daysLabel(firstDay, lastDay),
  };
}

function resolveLast24Hours(nowMs: number, calendar: Calendar): Range {
  const fromMs = calendar.startOfHour(nowMs - DAY_MS);
  const today = calendar.dayOf(nowMs);
  const toMs = calendar.hoursOf(today).find((hour) => hour > nowMs) ?? calendar.startOfDay(today + 1);
  const local = Temporal.Instant.fromEpochMilliseconds(nowMs).toZonedDateTimeISO(calendar.zone);
  const time = local.toPlainTime().toString({ smallestUnit: 'minute' });
  return {
    text: '24h',
    fromMs,
    toMs,
    firstDay: calendar.dayOf(fromMs),
    lastDay: today,
    grain: 'hour',
    partial: true,
    label: `24 h to ${local.day} ${monthShort(local.month)} ${local.year} ${time}`,
  };
}

/** 1 = Monday … 7 = Sunday. 1970-01-01 was a Thursday. */
function weekdayOf(day: number): number {
  return ((((day + 3) % 7) + 7) % 7) + 1;
}

function daysText(first: number, last: number): string {
  return first === last ? formatDay(first) : `${formatDay(first)}..${formatDay(last)}`;
}

function notADate(asked: string, reason: string, nearest: readonly string[] = []): InvalidRangeError {
  return new InvalidRangeError(`“${asked}” is not a range: ${reason}.`, [...nearest, 'last-month', DEFAULT_RANGE]);
}

function unknownRange(asked: string): InvalidRangeError {
  const shown = asked.length > 60 ? `${asked.slice(0, 60)}…` : asked;
  const suggestions = suggestRanges(asked);
  return new InvalidRangeError(
    `“${shown}” is not a range. Ranges are words such as today, yesterday, 7d or last-month, or dates as 2026-11-01..2026-11-20.`,
    suggestions.length > 0 ? suggestions : ['today', 'yesterday', '7d', '30d', 'last-month'],
  );
}

/** Ranges that a text was probably meant to be, nearest first; empty where it resembles none. */
export function suggestRanges(text: string): string[] {
  const typed = text.trim().toLowerCase();
  const slashes = /^(\d{1,2})[/.](\d{1,2})[/.](\d{4})$/.exec(typed);
  if (slashes) {
    // Day first or month first: both where both can be.
    const [a, b, year] = [Number(slashes[1]), Number(slashes[2]), slashes[3]];
    const readings = [
      [b, a],
      [a, b],
    ].filter(([month, day]) => month! >= 1 && month! <= 12 && day! >= 1 && day! <= 31);
    return [...new Set(readings.map((reading) => [year, ...reading.map((n) => String(n).padStart(2, '0'))].join('-')))];
  }
  const hours = /^(\d{1,4}) ?h(ours?)?$/.exec(typed);
  if (hours) return ['24h', `${Math.max(2, Math.round(Number(hours[1]) / 24))}d`];
  const synonyms: Record<string, string[]> = {
    week: ['7d', 'last-week', 'this-week'],
    month: ['30d', 'last-month', 'this-month'],
    year: ['12-months', 'last-year', 'this-year'],
    quarter: ['3-months', 'last-quarter'],
    day: ['yesterday', 'today'],
    tomorrow: ['today', 'yesterday'],
    hour: ['24h', 'today'],
    all: ['12-months', '90d'],
  };
  if (Object.hasOwn(synonyms, typed)) return synonyms[typed]!;
  const known = [...RANGE_CHOICES.map((choice) => choice.text), ...RANGE_WORDS, ...MONTH_NAMES];
  return listNearest(typed.replace(/[\s_]+/g, '-'), known);
}
