import { MONTH_NAMES, WEEKDAY_NAMES } from '../time-names.ts';

/**
 * The words of a range, read without knowing what day it is: `last 7 days`, `since monday`, `yesterday 14:00-15:00`.
 * Dates are taken as written, real or not; `resolveRange` turns the words into instants and refuses those that cannot be.
 */
export type RangeWords =
  | { kind: 'word'; word: RangeWord }
  /** The time just gone by: whole calendar days, months and quarters before the running one; minutes and hours up to now. */
  | { kind: 'last'; unit: RangeUnit; count: number }
  /** A stretch of days, or one hour by the moment that it begins at. */
  | { kind: 'at'; point: RangePoint }
  /** From the beginning of one point to the end of another; a moment has no length. */
  | { kind: 'span'; from: RangePoint; to: RangePoint }
  /** From a point on, or (`after`) from its end on. */
  | { kind: 'since' | 'after'; point: RangePoint }
  /** From the beginning of all data to the end of a point, or (`before`) to its beginning. */
  | { kind: 'until' | 'before'; point: RangePoint }
  /** A part of one day, in minutes of the clock: `from` 0 and `to` 1440 where absent. `to` up to `from`: on the day after. */
  | { kind: 'clock'; day: DayPoint; from?: number; to?: number };

export type RangeUnit = 'minute' | 'hour' | 'day' | 'month' | 'quarter';

export const RANGE_WORDS = [
  'today',
  'yesterday',
  'this-hour',
  'this-week',
  'last-week',
  'last-weekend',
  'this-month',
  'last-month',
  'this-quarter',
  'last-quarter',
  'this-year',
  'last-year',
  'all-time',
] as const;
export type RangeWord = (typeof RANGE_WORDS)[number];

/** A day or a longer stretch of days. Without `year`: the latest that is not in the future. */
export type DayPoint =
  /** `weekday` where it was said too: it must be that of the date. */
  | { kind: 'date'; year?: number; month: number; day: number; weekday?: number }
  /** 1 = Monday … 7 = Sunday: the latest one before today, or that of a week by how many weeks ago it is. */
  | { kind: 'weekday'; weekday: number; week?: 0 | 1 }
  /** Of this month, or of the one before where it is still to come. */
  | { kind: 'day-of-month'; day: number; weekday?: number }
  | { kind: 'ago'; days: number }
  /** Monday to Sunday, by its ISO number. */
  | { kind: 'week'; year?: number; week: number }
  /** Monday to Sunday around a day. */
  | { kind: 'week-of'; day: DayPoint }
  | { kind: 'month'; year?: number; month: number }
  | { kind: 'quarter'; year?: number; quarter: number }
  | { kind: 'half'; year?: number; half: number }
  | { kind: 'year'; year: number }
  | { kind: 'word'; word: RangeWord };

/** A stretch of days, or a moment. */
export type RangePoint =
  | DayPoint
  /** Minutes that the clock shows on a day. */
  | { kind: 'moment'; day: DayPoint; clock: number }
  /** Epoch ms of a whole minute. */
  | { kind: 'instant'; ms: number }
  | { kind: 'minutes-ago'; minutes: number }
  | { kind: 'now' };

/** Tells whether a point is a moment, which has no length. */
export function isMoment(point: RangePoint): point is Exclude<RangePoint, DayPoint> {
  return ['moment', 'instant', 'minutes-ago', 'now'].includes(point.kind);
}

/** Tells whether a stretch is one day, whatever day it is. */
export function isOneDay(day: DayPoint): boolean {
  return ['date', 'weekday', 'ago', 'day-of-month'].includes(day.kind);
}

/** The shortest text that reads back as the same: `last-week`, `14d`, `nov-5..nov-12`, `yesterday 14:00-15:00`. */
export function formatRangeWords(words: RangeWords): string {
  switch (words.kind) {
    case 'word':
      return words.word;
    case 'last':
      return `${words.count}${{ minute: 'm', hour: 'h', day: 'd', month: '-months', quarter: '-quarters' }[words.unit]}`;
    case 'at':
      return formatPoint(words.point);
    case 'span':
      return `${formatPoint(words.from)}..${formatPoint(words.to)}`;
    case 'until':
      return isMoment(words.point) ? `..${formatPoint(words.point)}` : open('until', words.point);
    case 'since':
    case 'after':
    case 'before':
      return open(words.kind, words.point);
    case 'clock':
      return formatPartOfDay(formatPoint(words.day), words.from, words.to);
  }
}

/** `yesterday 14:00-15:00`, `today since 09:00`. */
function formatPartOfDay(day: string, from: number | undefined, to: number | undefined): string {
  if (from === undefined) return `${day} until ${formatClockTime(to ?? 0)}`;
  if (to === undefined) return `${day} since ${formatClockTime(from)}`;
  return `${day} ${formatClockTime(from)}-${formatClockTime(to)}`;
}

function open(word: string, point: RangePoint): string {
  return `${word}${isMoment(point) ? ' ' : '-'}${formatPoint(point)}`;
}

export function formatPoint(point: RangePoint): string {
  switch (point.kind) {
    case 'date': {
      const weekday = point.weekday === undefined ? '' : `${WEEKDAY_NAMES[point.weekday - 1]!.slice(0, 3)}-`;
      if (point.year === undefined) return `${weekday}${monthName(point.month)}-${point.day}`;
      return `${weekday}${pad(point.year, 4)}-${pad(point.month)}-${pad(point.day)}`;
    }
    case 'weekday': {
      const week = point.week === undefined ? '' : point.week === 0 ? '-this-week' : '-last-week';
      return `${WEEKDAY_NAMES[point.weekday - 1]!}${week}`;
    }
    case 'day-of-month': {
      const weekday = point.weekday === undefined ? '' : `${WEEKDAY_NAMES[point.weekday - 1]!.slice(0, 3)}-`;
      return `${weekday}${point.day}${ordinalEnding(point.day)}`;
    }
    case 'ago':
      if (point.days === 0) return 'today';
      return point.days === 1 ? 'yesterday' : `${point.days}-days-ago`;
    case 'week-of':
      return `week-of-${formatPoint(point.day)}`;
    case 'week':
      return point.year === undefined ? `week-${point.week}` : `${pad(point.year, 4)}-w${pad(point.week)}`;
    case 'month':
      return point.year === undefined
        ? (MONTH_NAMES[point.month - 1] ?? '')
        : `${pad(point.year, 4)}-${pad(point.month)}`;
    case 'quarter':
      return point.year === undefined ? `q${point.quarter}` : `${pad(point.year, 4)}-q${point.quarter}`;
    case 'half':
      return point.year === undefined ? `h${point.half}` : `${pad(point.year, 4)}-h${point.half}`;
    case 'year':
      return pad(point.year, 4);
    case 'word':
      return point.word;
    case 'moment':
      return `${formatPoint(point.day)} ${formatClockTime(point.clock)}`;
    case 'instant':
      return Temporal.Instant.fromEpochMilliseconds(point.ms).toString({ smallestUnit: 'minute' });
    case 'minutes-ago':
      return `${point.minutes}-minutes-ago`;
    case 'now':
      return 'now';
  }
}

/** `09:05`, `24:00`. */
export function formatClockTime(minutes: number): string {
  return `${pad(Math.floor(minutes / 60))}:${pad(minutes % 60)}`;
}

function monthName(month: number): string {
  return MONTH_NAMES[month - 1]?.slice(0, 3) ?? String(month);
}

function ordinalEnding(day: number): string {
  if (day >= 11 && day <= 13) return 'th';
  return { 1: 'st', 2: 'nd', 3: 'rd' }[day % 10] ?? 'th';
}

function pad(number: number, width = 2): string {
  return String(number).padStart(width, '0');
}
