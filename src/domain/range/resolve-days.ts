import {
  type Calendar,
  capitalise,
  firstDayOf,
  formatDate,
  formatDay,
  MONTH_NAMES,
  monthOf,
  toDate,
  toDay,
} from '../calendar.ts';
import { type DayPoint, InvalidRangeError, type RangeWord } from '../range.ts';

const FIRST_YEAR = 1970;

/** The text of a range, and when and where it was asked for. */
export interface Asking {
  asked: string;
  nowMs: number;
  today: number;
  calendar: Calendar;
  /** First day of all data. */
  firstDay: number;
}

/** Days, both inclusive; empty if `last < first`. */
export interface Days {
  first: number;
  last: number;
}

/**
 * Returns the days of a word such as `this-month`. Running weeks, months, quarters and years end yesterday; `firstOfAll`: the day on
 * which `all-time` begins.
 */
export function wordDays(word: RangeWord, today: number, firstOfAll: number): Days {
  const monday = mondayOf(today);
  switch (word) {
    case 'this-hour':
      return { first: today, last: today };
    case 'this-week':
      return { first: monday, last: today - 1 };
    case 'last-week':
      return { first: monday - 7, last: monday - 1 };
    case 'last-weekend':
      return { first: monday - 2, last: monday - 1 };
    case 'all-time':
      // On the first day with data there is no whole day yet.
      return { first: Math.min(firstOfAll, today), last: firstOfAll >= today ? today : today - 1 };
    default: {
      const size = word.endsWith('month') ? 1 : word.endsWith('quarter') ? 3 : 12;
      const month = monthOf(today);
      const begin = month - (month % size);
      if (word.startsWith('this')) return { first: firstDayOf(begin), last: today - 1 };
      return { first: firstDayOf(begin - size), last: firstDayOf(begin) - 1 };
    }
  }
}

/** Returns the whole calendar months or quarters before the running one. */
export function monthsBefore(count: number, unit: string, { today, asked }: Asking): Days {
  const month = monthOf(today);
  const running = unit === 'quarter' ? month - (month % 3) : month;
  if (running - count < FIRST_YEAR * 12) throw tooEarly(asked);
  return { first: firstDayOf(running - count), last: firstDayOf(running) - 1 };
}

/** Returns the days of a point; without a year, the latest that begin no later than `until`. */
export function pointDays(point: DayPoint, until: number, asked: string): Days {
  if ('year' in point && point.year !== undefined && point.year < FIRST_YEAR) throw tooEarly(asked);
  switch (point.kind) {
    case 'ago':
      return oneDay(until - point.days);
    case 'date': {
      const day = point.month === undefined ? dayOfMonth(point.day, until, asked) : dateDay(point, until, asked);
      return oneDay(checkWeekday(day, point.weekday, until, asked));
    }
    case 'weekday':
      if (point.week !== undefined) return oneDay(mondayOf(until) - 7 * point.week + point.weekday - 1);
      return oneDay(until - ((weekdayOf(until) - point.weekday + 7) % 7 || 7));
    case 'week-of': {
      const monday = mondayOf(pointDays(point.day, until, asked).first);
      return { first: monday, last: monday + 6 };
    }
    case 'week':
      return weekDays(point, until, asked);
    case 'months': {
      const { size, number, yearsAgo } = point;
      const year = yearsAgo === undefined ? point.year : toDate(until).year - yearsAgo;
      if (number < 1 || number > 12) throw notADate(asked, `there is no month ${number}`);
      let first = (year ?? toDate(until).year) * 12 + (number - 1) * size;
      if (year === undefined && firstDayOf(first) > until) first -= 12;
      return { first: firstDayOf(first), last: firstDayOf(first + size) - 1 };
    }
    case 'word':
      return wordDays(point.word, until, 0);
  }
}

function oneDay(day: number): Days {
  return { first: day, last: day };
}

function weekDays({ week, year }: { week: number; year?: number }, until: number, asked: string): Days {
  const thisYear = toDate(until).year;
  // Not every year has a week 53.
  const years = year === undefined ? Array.from({ length: 9 }, (_, index) => thisYear + 1 - index) : [year];
  for (const each of years) {
    // ISO: the week of 4 January is the first of its year.
    const first = mondayOf(toDay(new Temporal.PlainDate(each, 1, 4))) + (week - 1) * 7;
    if (toDate(first + 3).year === each && (year !== undefined || first <= until)) return { first, last: first + 6 };
  }
  throw notADate(asked, `${year ?? 'no year lately'} has no week ${week}`);
}

function dayOfMonth(day: number, until: number, asked: string): number {
  for (let month = monthOf(until), tries = 0; tries < 12; month--, tries++) {
    const found = firstDayOf(month) + day - 1;
    if (day >= 1 && found < firstDayOf(month + 1) && found <= until) return found;
  }
  throw notADate(asked, `no month has a day ${day}`);
}

function dateDay({ year, month = 1, day }: DayPoint & { kind: 'date' }, until: number, asked: string): number {
  const thisYear = toDate(until).year;
  // 29 February exists at least once in any nine years.
  const years = year === undefined ? Array.from({ length: 9 }, (_, index) => thisYear - index) : [year];
  if (month < 1 || month > 12) throw notADate(asked, `there is no month ${month}`);
  const lengthIn = (each: number) => Temporal.PlainDate.from({ year: each, month, day: 1 }).daysInMonth;
  const longest = Math.max(...years.map(lengthIn));
  if (day < 1 || day > longest) {
    const name = `${capitalise(MONTH_NAMES[month - 1]!)}${year === undefined ? '' : ` ${year}`}`;
    const lastOfMonth = firstDayOf(years[0]! * 12 + month) - 1;
    throw notADate(asked, `${name} has ${longest} days`, lastOfMonth <= until ? [formatDay(lastOfMonth)] : []);
  }
  const found = years
    .filter((each) => day <= lengthIn(each))
    .map((each) => toDay(new Temporal.PlainDate(each, month, day)))
    .find((each) => year !== undefined || each <= until);
  if (found === undefined) throw notADate(asked, 'there was no such day lately');
  return found;
}

/** Returns the day if it is the weekday that was named with it; throws otherwise. */
function checkWeekday(day: number, weekday: number | undefined, until: number, asked: string): number {
  if (weekday === undefined || weekdayOf(day) === weekday) return day;
  const reason = `that day is ${formatDate(day)}`;
  throw notADate(asked, reason, day <= until ? [formatDay(day)] : []);
}

/** 1 = Monday … 7 = Sunday. 1970-01-01 was a Thursday. */
function weekdayOf(day: number): number {
  return ((((day + 3) % 7) + 7) % 7) + 1;
}

function mondayOf(day: number): number {
  return day - (weekdayOf(day) - 1);
}

export function tooEarly(asked: string): InvalidRangeError {
  const told = `The range “${asked}” reaches back to before ${FIRST_YEAR}.`;
  return new InvalidRangeError(told, ['12-months', '90d', '30d']);
}

function notADate(asked: string, reason: string, nearest: readonly string[] = []): InvalidRangeError {
  return new InvalidRangeError(`“${asked}” is not a range: ${reason}.`, [...nearest, 'last-month', '7d']);
}
