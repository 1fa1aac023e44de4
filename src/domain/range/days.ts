import { type Calendar, firstDayOf, formatDay, MONTH_NAMES, monthOf, toDate, toDay, WEEKDAYS } from '../calendar.ts';
import { daysLabel, type Range, title } from '../range.ts';
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

/** The whole days that a range's words mean; today only where they name it. `text` asks for the same again. */
export function resolveDays(words: RangeWords, asking: Asking): Days & { text: string } {
  const { asked, today, firstDay } = asking;
  const past = (days: Days, text = daysText(days)) => checkPast({ ...days, text }, asking);
  switch (words.kind) {
    case 'last': {
      const text = formatRangeWords(words);
      if (words.unit === 'day') return past({ first: today - words.count, last: today - 1 }, text);
      return past(monthsBefore(words.count * (words.unit === 'quarter' ? 3 : 1), words.unit, asking), text);
    }
    case 'at': {
      const point = toDayPoint(words.point);
      if (point.kind === 'ago' && point.days <= 1) return past(pointDays(point, today, asked), formatPoint(point));
      if (point.kind === 'word') return { ...wordDays(point.word, today, firstDay), text: point.word };
      const days = pointDays(point, today, asked);
      if (days.first > today || days.last < today || days.first === days.last) return past(days);
      // A named week, month, quarter or year that is still running is the word for it: it ends yesterday.
      const unit =
        point.kind === 'months' ? { 1: 'month', 3: 'quarter', 12: 'year', 6: undefined }[point.size] : 'week';
      return { first: days.first, last: today - 1, text: unit ? `this-${unit}` : formatPoint(point) };
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
export function buildDays(
  { first: firstDay, last: lastDay, text }: Days & { text: string },
  today: number,
  calendar: Calendar,
): Range {
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
  if ('year' in from && from.year !== undefined && ['date', 'months', 'week'].includes(to.kind)) {
    const begin = pointDays(from, today, asked);
    const inYear = (year: number) => ({ year, ...to }) as DayPoint;
    const isSame = pointDays(inYear(from.year), today, asked).last >= begin.first;
    to = inYear(isSame ? from.year : from.year + 1);
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

/** The days of a point; a month, quarter or year that is still running does not name today and ends yesterday. */
function endedDays(point: DayPoint, { today, asked }: Asking): Days {
  const days = pointDays(point, today, asked);
  const isRunning = days.last > days.first && days.first <= today && days.last >= today;
  return isRunning ? { ...days, last: today - 1 } : days;
}

function checkPast<Asked extends Days>(days: Asked, { today, asked }: Asking): Asked {
  const toCome = (verb: string, day: number) =>
    `The range “${asked}” ${verb} on ${formatDay(day)}, which is still to come; today is ${formatDay(today)}.`;
  if (days.first > today) throw new InvalidRangeError(toCome('begins', days.first), ['today', 'yesterday', '7d']);
  if (days.last > today) {
    const choices = [today, Math.max(days.first, today - 1)].map((last) => daysText({ first: days.first, last }));
    throw new InvalidRangeError(toCome('ends', days.last), [...new Set([...choices, '7d'])]);
  }
  if (days.first < 0) throw tooEarly(asked);
  return days;
}

/** `2026-11-20`, `2026-11-01..2026-11-20`. */
export function daysText({ first, last }: Days): string {
  return first === last ? formatDay(first) : `${formatDay(first)}..${formatDay(last)}`;
}

/** Days of a word. Running weeks, months, quarters and years end yesterday; `firstOfAll`: the day that all time begins on. */
function wordDays(word: RangeWord, today: number, firstOfAll: number): Days {
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
      // On the first day of all there is no whole day yet.
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

/** Whole calendar months or quarters before the running one. */
function monthsBefore(count: number, unit: string, { today, asked }: Asking): Days {
  const month = monthOf(today);
  const running = unit === 'quarter' ? month - (month % 3) : month;
  if (running - count < FIRST_YEAR * 12) throw tooEarly(asked);
  return { first: firstDayOf(running - count), last: firstDayOf(running) - 1 };
}

/** The days of a point: the latest that begin no later than `until`, where it names no year. */
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
      const { size, number, year } = point;
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
    const name = `${title(MONTH_NAMES[month - 1]!)}${year === undefined ? '' : ` ${year}`}`;
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

/** The day, if it is the weekday that was named beside it. */
function checkWeekday(day: number, weekday: number | undefined, until: number, asked: string): number {
  if (weekday === undefined || weekdayOf(day) === weekday) return day;
  const reason = `${formatDay(day)} is a ${WEEKDAYS[weekdayOf(day) - 1]}`;
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
