import { HeadroomError } from '../../errors.ts';
import { MONTH_NAMES, WEEKDAY_NAMES } from '../calendar.ts';
import { listNearest } from '../names.ts';

/** A hyphen inside a word, as in `8-18` or `mon-fri`; one between spaces is `to`. */
export const HYPHEN = '~';

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

type RangeUnit = 'minute' | 'hour' | 'day' | 'month' | 'quarter';

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

/** Words of a range that leave open which is meant. `choices` are texts of ranges, likeliest first. */
export interface Unclear {
  kind: 'unclear';
  message: string;
  choices: readonly string[];
}

export function unclear(message: string, choices: readonly string[]): Unclear {
  return { kind: 'unclear', message, choices: [...new Set(choices)] };
}

export function isUnclear<Other extends { kind: string }>(read: Other | Unclear | undefined): read is Unclear {
  return read?.kind === 'unclear';
}

/** Phrases for a running span: `week to date`, `so far this week`. */
const RUNNING = [
  ['week', 'wtd', 'this-week'],
  ['month', 'mtd', 'this-month'],
  ['quarter', 'qtd', 'this-quarter'],
  ['year', 'ytd', 'this-year'],
] as const;

const ALL =
  'all|all time|all of time|all the time|of all time|ever|forever|since forever|since ever|since beginning|since start|' +
  'since inception|since day one|since beginning of time|from beginning|from start|entire history|whole history|full history';
const TODAY = 'now|right now|so far today|today so far|day so far|day to date|earlier today';

/** Ways to say a range that follow no rule, without `the`. */
export const PHRASES: ReadonlyMap<string, RangeWord> = new Map([
  ...ALL.split('|').map((phrase) => [phrase, 'all-time'] as const),
  ...TODAY.split('|').map((phrase) => [phrase, 'today'] as const),
  ...['this hour', 'current hour', 'hour so far'].map((phrase) => [phrase, 'this-hour'] as const),
  ...RUNNING.flatMap(([unit, short, word]) =>
    [
      short,
      `${unit} to date`,
      `${unit} so far`,
      `this ${unit} so far`,
      `so far this ${unit}`,
      `earlier this ${unit}`,
    ].map((phrase) => [phrase, word] as const),
  ),
]);

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
  { text: '1h', label: 'Last hour' },
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

/** Ranges that a text was probably meant to be, nearest first; empty where it resembles none. */
export function suggestRanges(text: string): string[] {
  const typed = text.trim().toLowerCase();
  const synonyms: Record<string, string[]> = {
    week: ['7d', 'last-week', 'this-week'],
    month: ['30d', 'last-month', 'this-month'],
    year: ['12-months', 'last-year', 'this-year'],
    quarter: ['3-months', 'last-quarter'],
    day: ['yesterday', 'today'],
    hour: ['1h', '24h', 'today'],
    minute: ['15m', '1h'],
  };
  if (Object.hasOwn(synonyms, typed)) return synonyms[typed]!;
  const known = [...RANGE_CHOICES.map((choice) => choice.text), ...RANGE_WORDS, ...MONTH_NAMES];
  return listNearest(typed.replace(/[\s_]+/g, '-'), known);
}

export function unknownRange(asked: string): InvalidRangeError {
  const shown = asked.length > 60 ? `${asked.slice(0, 60)}…` : asked;
  const suggestions = suggestRanges(asked);
  return new InvalidRangeError(
    `“${shown}” is not a range. Ranges are words such as today, 3h, 7d or last-month, or dates such as 2026-11-01..2026-11-20.`,
    suggestions.length > 0 ? suggestions : ['today', 'yesterday', '7d', '30d', 'last-month'],
  );
}
