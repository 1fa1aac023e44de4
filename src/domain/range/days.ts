import { type Calendar, formatDay } from '../calendar.ts';
import type { Range } from '../range.ts';
import { daysLabel } from '../range-label.ts';
import { InvalidRangeError } from './error.ts';
import { type Asking, type Days, daysText, monthsBefore, pointDays, tooEarly, wordDays } from './points.ts';
import {
  type DayPoint,
  formatPoint,
  formatRangeWords,
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
