import { type Calendar, firstDayOf, formatDay, monthOf, toDate, toDay } from '../calendar.ts';
import { MONTH_NAMES, WEEKDAY_NAMES } from '../time-names.ts';
import { InvalidRangeError } from './error.ts';
import type { DayPoint, RangeWord } from './words.ts';

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
export function wordDays(word: RangeWord, today: number, firstOfAll: number): Days {
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
export function monthsBefore(count: number, today: number, asked: string, unit: 'month' | 'quarter'): Days {
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

export function tooEarly(asked: string): InvalidRangeError {
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
