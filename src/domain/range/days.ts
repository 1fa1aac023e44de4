import {
  type Calendar,
  firstDayOf,
  formatDay,
  MONTH_NAMES,
  monthOf,
  toDate,
  toDay,
  WEEKDAY_NAMES,
} from '../calendar.ts';
import { daysLabel, type Range } from '../range.ts';
import {
  type DayPoint,
  formatPoint,
  formatRangeWords,
  InvalidRangeError,
  isMoment,
  type RangePoint,
  type RangeWord,
  type RangeWords,
} from './words.ts';

/** Steps of a day are drawn up to this many days, months from there on. */
const YEAR_DAYS = 365;

/** Days inclusive. `text` asks for the same again. */
type AskedDays = Days & { text: string };

/** The whole days that a range's words mean; today only where they name it. */
export function resolveDays(words: RangeWords, asking: Asking): AskedDays {
  const { asked, today, firstDay } = asking;
  const past = (days: Days, text = daysText(days)) => checkPast({ ...days, text }, asking);
  switch (words.kind) {
    case 'word':
      return { ...wordDays(words.word, today, firstDay), text: words.word };
    case 'last': {
      const text = formatRangeWords(words);
      if (words.unit === 'day') return past({ first: today - words.count, last: today - 1 }, text);
      return past(monthsBefore(words.count, today, asked, words.unit === 'quarter' ? 'quarter' : 'month'), text);
    }
    case 'at': {
      const point = toDayPoint(words.point);
      const days = pointDays(point, today, asked);
      const running = runningWord(point, days, today);
      if (point.kind === 'half' && days.first <= today && days.last >= today)
        return { first: days.first, last: today - 1, text: formatPoint(point) };
      return running ? { ...wordDays(running, today, firstDay), text: running } : past(days);
    }
    case 'since':
    case 'after': {
      const days = endedDays(toDayPoint(words.point), asking);
      const first = words.kind === 'since' ? days.first : days.last + 1;
      return past({ first, last: Math.max(first, today - 1) });
    }
    case 'until':
    case 'before': {
      const days = endedDays(toDayPoint(words.point), asking);
      const last = words.kind === 'until' ? days.last : days.first - 1;
      return past({ first: Math.min(firstDay, last), last });
    }
    case 'span':
      return past(spanDays(toDayPoint(words.from), toDayPoint(words.to), asking));
    case 'clock':
      return past(pointDays(words.day, today, asked));
  }
}

/** A range of whole days. */
export function buildDays(days: AskedDays, today: number, calendar: Calendar): Range {
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

/** Beside days, now is today. */
function toDayPoint(point: RangePoint): DayPoint {
  return isMoment(point) ? { kind: 'ago', days: 0 } : point;
}

function spanDays(from: DayPoint, to: DayPoint, asking: Asking): Days {
  const { today, asked } = asking;
  // A year said at the beginning alone holds for the end too, or the end is in the year after.
  if (hasYear(from) && !hasYear(to) && ['date', 'month', 'quarter', 'half', 'week'].includes(to.kind)) {
    const begin = pointDays(from, today, asked);
    const sameYear = pointDays({ ...to, year: from.year } as DayPoint, today, asked);
    to = { ...to, year: sameYear.last >= begin.first ? from.year : from.year + 1 } as DayPoint;
  }
  const { last } = endedDays(to, asking);
  // A beginning without a year is the last one before the end: `dec 20 to jan 5` begins in the year before.
  const until = from.kind === 'ago' || from.kind === 'word' ? today : Math.min(last, today);
  const { first } = pointDays(from, from.kind === 'weekday' ? until + 1 : until, asked);
  if (last < first) {
    throw new InvalidRangeError(
      `The range “${asked}” ends (${formatDay(last)}) before it begins (${formatDay(first)}).`,
      first <= today ? [daysText({ first: last, last: first }), '7d'] : ['7d'],
    );
  }
  return { first, last };
}

function hasYear(point: DayPoint): point is DayPoint & { year: number } {
  return 'year' in point && point.year !== undefined;
}

/** The days of a point; a month, quarter or year that is still running does not name today and ends yesterday. */
function endedDays(point: DayPoint, { today, asked }: Asking): Days {
  const days = pointDays(point, today, asked);
  const isRunning = days.last > days.first && days.first <= today && days.last >= today;
  return isRunning ? { ...days, last: today - 1 } : days;
}

/** A named week, month, quarter or year that is still running is the word for it: it ends yesterday. */
function runningWord(point: DayPoint, days: Days, today: number): RangeWord | undefined {
  if (days.first > today || days.last < today) return undefined;
  const words: Partial<Record<DayPoint['kind'], RangeWord>> = {
    week: 'this-week',
    'week-of': 'this-week',
    month: 'this-month',
    quarter: 'this-quarter',
    year: 'this-year',
  };
  return words[point.kind];
}

function checkPast(days: AskedDays, { today, asked }: Asking): AskedDays {
  if (days.first > today) {
    throw new InvalidRangeError(
      `The range “${asked}” begins on ${formatDay(days.first)}, which is still to come; today is ${formatDay(today)}.`,
      ['today', 'yesterday', '7d'],
    );
  }
  if (days.last > today) {
    const [withToday, without] = [today, Math.max(days.first, today - 1)].map((last) =>
      daysText({ first: days.first, last }),
    );
    throw new InvalidRangeError(
      `The range “${asked}” ends on ${formatDay(days.last)}, which is still to come; today is ${formatDay(today)}.`,
      [...new Set([withToday!, without!, '7d'])],
    );
  }
  if (days.first < 0) throw tooEarly(asked);
  return days;
}

const FIRST_YEAR = 1970;

/** The instant and the way in which a range was asked for. */
export interface Asking {
  asked: string;
  nowMs: number;
  today: number;
  calendar: Calendar;
  /** The first day of all data. */
  firstDay: number;
}

/** Days inclusive; `last < first` is empty. */
export interface Days {
  first: number;
  last: number;
}

/** `2026-11-20`, `2026-11-01..2026-11-20`. */
export function daysText({ first, last }: Days): string {
  return first === last ? formatDay(first) : `${formatDay(first)}..${formatDay(last)}`;
}

/** Days of a word. Running weeks, months, quarters and years end yesterday; `firstOfAll`: the day that all time begins on. */
function wordDays(word: RangeWord, today: number, firstOfAll: number): Days {
  const month = monthOf(today);
  const quarter = month - (month % 3);
  const year = month - (month % 12);
  const monday = today - (weekdayOf(today) - 1);
  switch (word) {
    case 'this-hour':
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
    case 'all-time':
      // On the first day of all there is no whole day yet.
      return { first: Math.min(firstOfAll, today), last: firstOfAll >= today ? today : today - 1 };
  }
}

/** Whole calendar months or quarters before the running one. */
function monthsBefore(count: number, today: number, asked: string, unit: 'month' | 'quarter'): Days {
  const month = monthOf(today);
  const running = unit === 'month' ? month : month - (month % 3);
  const first = running - count * (unit === 'month' ? 1 : 3);
  if (first < FIRST_YEAR * 12) throw tooEarly(asked);
  return { first: firstDayOf(first), last: firstDayOf(running) - 1 };
}

/** The days of a point: the latest that begin no later than `until`, where it names no year. */
export function pointDays(point: DayPoint, until: number, asked: string): Days {
  if ('year' in point && point.year !== undefined && point.year < FIRST_YEAR) throw tooEarly(asked);
  switch (point.kind) {
    case 'ago':
      return oneDay(until - point.days);
    case 'weekday': {
      const monday = until - (weekdayOf(until) - 1);
      if (point.week !== undefined) return oneDay(monday - 7 * point.week + point.weekday - 1);
      return oneDay(until - ((weekdayOf(until) - point.weekday + 7) % 7 || 7));
    }
    case 'date':
      return oneDay(dateDay(point, until, asked));
    case 'day-of-month':
      return oneDay(checkWeekday(dayOfMonth(point.day, until, asked), point.weekday, until, asked));
    case 'week-of': {
      const { first } = pointDays(point.day, until, asked);
      const monday = first - (weekdayOf(first) - 1);
      return { first: monday, last: monday + 6 };
    }
    case 'week':
      return weekDays(point, until, asked);
    case 'month':
      if (point.month < 1 || point.month > 12) throw notADate(asked, `there is no month ${point.month}`);
      return monthDays(point.month - 1, 1, point.year, until);
    case 'quarter':
      return monthDays((point.quarter - 1) * 3, 3, point.year, until);
    case 'half':
      return monthDays((point.half - 1) * 6, 6, point.year, until);
    case 'year':
      return monthDays(0, 12, point.year, until);
    case 'word':
      return wordDays(point.word, until, 0);
  }
}

function oneDay(day: number): Days {
  return { first: day, last: day };
}

function monthDays(monthIndex: number, count: number, year: number | undefined, until: number): Days {
  let first = (year ?? toDate(until).year) * 12 + monthIndex;
  if (year === undefined && firstDayOf(first) > until) first -= 12;
  return { first: firstDayOf(first), last: firstDayOf(first + count) - 1 };
}

function weekDays({ week, year }: { week: number; year?: number }, until: number, asked: string): Days {
  const of = (each: number) => {
    // ISO: the week of 4 January is the first of its year.
    const fourth = toDay(new Temporal.PlainDate(each, 1, 4));
    const first = fourth - (weekdayOf(fourth) - 1) + (week - 1) * 7;
    return { first, last: first + 6, exists: toDate(first + 3).year === each };
  };
  const years = year === undefined ? [1, 0, -1, -2, -3, -4, -5, -6, -7].map((add) => toDate(until).year + add) : [year];
  const found = years.map(of).find(({ first, exists }) => exists && (year !== undefined || first <= until));
  if (!found) throw notADate(asked, `${year ?? 'no year lately'} has no week ${week}`);
  return { first: found.first, last: found.last };
}

function dayOfMonth(day: number, until: number, asked: string): number {
  for (let month = monthOf(until), tries = 0; tries < 12; month--, tries++) {
    const first = firstDayOf(month);
    const found = first + day - 1;
    if (day >= 1 && found < firstDayOf(month + 1) && found <= until) return found;
  }
  throw notADate(asked, `no month has a day ${day}`);
}

function dateDay(
  point: { year?: number; month: number; day: number; weekday?: number },
  until: number,
  asked: string,
): number {
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
    if (point.year === undefined && found > until) continue;
    return checkWeekday(found, point.weekday, until, asked);
  }
  throw notADate(asked, 'there was no such day lately');
}

/** The day, if it is the weekday that was named beside it. */
function checkWeekday(day: number, weekday: number | undefined, until: number, asked: string): number {
  if (weekday === undefined || weekdayOf(day) === weekday) return day;
  const name = title(WEEKDAY_NAMES[weekdayOf(day) - 1]!);
  throw notADate(asked, `${formatDay(day)} is a ${name}`, day <= until ? [formatDay(day)] : []);
}

/** 1 = Monday … 7 = Sunday. 1970-01-01 was a Thursday. */
function weekdayOf(day: number): number {
  return ((((day + 3) % 7) + 7) % 7) + 1;
}

function tooEarly(asked: string): InvalidRangeError {
  return new InvalidRangeError(`The range “${asked}” reaches back to before ${FIRST_YEAR}.`, [
    '12-months',
    '90d',
    '30d',
  ]);
}

function notADate(asked: string, reason: string, nearest: readonly string[] = []): InvalidRangeError {
  return new InvalidRangeError(`“${asked}” is not a range: ${reason}.`, [...nearest, 'last-month', '7d']);
}

function title(word: string): string {
  return word.charAt(0).toUpperCase() + word.slice(1);
}
