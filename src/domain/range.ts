import { HeadroomError } from '../errors.ts';
import { type Calendar, MONTH_NAMES, MONTHS, monthOf, SHORT_WEEKDAYS, toDate, WEEKDAY_NAMES } from './calendar.ts';
import { listNearest } from './names.ts';
import type { StepGrain } from './usage.ts';

/**
 * The days, hours or minutes that a question is about, resolved against "now" in the report zone. `text` asks for the same again
 * (`7d`, `last-month`, `2026-11-01..2026-11-20`, `2026-11-20 14:00-15:00`).
 */
export interface Range {
  text: string;
  /** Half-open, epoch ms. Equal ends: empty (`this-month` on the 1st). */
  fromMs: number;
  toMs: number;
  /** First and last day that it touches, inclusive; `lastDay < firstDay` if empty. */
  firstDay: number;
  lastDay: number;
  /** Set if it begins or ends within a day. */
  timed?: true;
  /** The grain at which it is drawn. */
  grain: StepGrain;
  /** Its end is in the future, so its numbers still grow. */
  partial: boolean;
  /** For people: `14–20 Nov 2026`, `Fri 20 Nov 2026`, `20 Nov, 14:00–15:00`, `last 3 hours (15:00–18:02)`. */
  label: string;
}

/** `20 Nov 2026`, `14–20 Nov 2026`, `15 Nov – 14 Dec 2026`, `1 Dec 2026 – 31 Jan 2027`; both days inclusive. */
export function formatDays(firstDay: number, lastDay: number): string {
  const [first, last] = [toDate(firstDay), toDate(lastDay)];
  if (firstDay === lastDay) return dateLabel(last);
  if (first.year !== last.year) return `${dateLabel(first)} – ${dateLabel(last)}`;
  if (first.month !== last.month) return `${first.day} ${monthShort(first.month)} – ${dateLabel(last)}`;
  return `${first.day}–${dateLabel(last)}`;
}

/**
 * Formats days like `formatDays`, but one day with its weekday, and whole months by name: `Fri 20 Nov 2026`, `Oct 2026`, `1 Nov 2026:
 * no whole day yet`.
 */
export function daysLabel(first: number, last: number): string {
  const from = toDate(first);
  const to = toDate(last);
  if (last < first) return `${dateLabel(from)}: no whole day yet`;
  if (first === last) return `${SHORT_WEEKDAYS[from.dayOfWeek - 1]} ${dateLabel(from)}`;
  if (from.day === 1 && to.day === to.daysInMonth) {
    if (from.year === to.year && from.month === to.month) return monthLabel(monthOf(first));
    const begin = from.year === to.year ? monthShort(from.month) : monthLabel(monthOf(first));
    return `${begin} – ${monthLabel(monthOf(last))}`;
  }
  return formatDays(first, last);
}

/** `20 Nov, 14:00–15:00`, `20 Nov 22:00 – 21 Nov 06:00`; years only if one is not that of `today`. */
export function timesLabel(fromMs: number, toMs: number, today: number, calendar: Calendar): string {
  const day = calendar.dayOf(fromMs);
  const lastDay = calendar.dayOf(toMs - 1);
  const years = new Set([day, lastDay, today].map((each) => toDate(each).year));
  const dayName = (each: number) => (years.size > 1 ? dateLabel(toDate(each)) : dateLabel(toDate(each)).slice(0, -5));
  const isMidnight = toMs === calendar.startOfDay(lastDay + 1);
  const begin = clockLabel(fromMs, calendar);
  const end = isMidnight ? '24:00' : clockLabel(toMs, calendar);
  if (day === lastDay) return `${dayName(day)}, ${clocksLabel(begin, end)}`;
  return `${dayName(day)} ${begin} – ${dayName(lastDay)} ${end}`;
}

/** `20 Nov, 14:30`. */
export function momentLabel(ms: number, today: number, calendar: Calendar): string {
  const day = calendar.dayOf(ms);
  const name = dateLabel(toDate(day));
  const isThisYear = toDate(day).year === toDate(today).year;
  return `${isThisYear ? name.slice(0, -5) : name}, ${clockLabel(ms, calendar)}`;
}

/** `last 3 hours (15:00–18:02)`, `last 24 hours (20 Nov 15:00 – 21 Nov 15:23)`. */
export function liveLabel(name: string, fromMs: number, nowMs: number, calendar: Calendar): string {
  const [day, today] = [calendar.dayOf(fromMs), calendar.dayOf(nowMs)];
  const [begin, end] = [clockLabel(fromMs, calendar), clockLabel(nowMs, calendar)];
  if (day === today) return `${name} (${clocksLabel(begin, end)})`;
  const names = [day, today].map((each) => dateLabel(toDate(each)).slice(0, -5));
  return `${name} (${names[0]} ${begin} – ${names[1]} ${end})`;
}

function clocksLabel(begin: string, end: string): string {
  return /\s/.test(begin + end) ? `${begin} – ${end}` : `${begin}–${end}`;
}

/** `14:05`; with its offset if the clock shows the time twice: `02:00 UTC+2`. */
function clockLabel(ms: number, calendar: Calendar): string {
  const local = Temporal.Instant.fromEpochMilliseconds(ms).toZonedDateTimeISO(calendar.zone);
  const clock = local.toPlainTime().toString({ smallestUnit: 'minute' });
  const plain = local.toPlainDateTime();
  const [earlier, later] = (['earlier', 'later'] as const).map(
    (disambiguation) => plain.toZonedDateTime(calendar.zone, { disambiguation }).epochMilliseconds,
  );
  if (earlier === later) return clock;
  const [hours, minutes] = local.offset.slice(1).split(':');
  return `${clock} UTC${local.offset[0]}${Number(hours)}${minutes === '00' ? '' : `:${minutes}`}`;
}

function dateLabel(date: Temporal.PlainDate): string {
  return `${date.day} ${monthShort(date.month)} ${date.year}`;
}

/** `Nov 2026` for year × 12 + month − 1. */
export function monthLabel(month: number): string {
  return `${monthShort((month % 12) + 1)} ${Math.floor(month / 12)}`;
}

/** `Nov` for 11. */
function monthShort(month: number): string {
  return MONTHS[month - 1]!;
}

/** Stands for a hyphen inside a word, as in `8-18` or `mon-fri`. A hyphen between spaces is `to`. */
export const HYPHEN = '~';

/**
 * The meaning of a range's words, whatever day it is: `last 7 days`, `since monday`, `yesterday 14:00-15:00`. Dates are taken as
 * written, real or not; `resolveRange` turns words into instants and refuses impossible ones.
 */
export type RangeWords =
  /** The most recent time: whole calendar days, months and quarters before the running one; minutes and hours up to now. */
  | { kind: 'last'; unit: 'minute' | 'hour' | 'day' | 'month' | 'quarter'; count: number }
  /** A stretch of days, or the hour that begins at a moment. */
  | { kind: 'at'; point: RangePoint }
  /** From the beginning of one point to the end of another; a moment has no length. */
  | { kind: 'span'; from: RangePoint; to: RangePoint }
  /** From a point on (`after`: from its end on), or from the first data to its end (`before`: to its beginning). */
  | { kind: 'since' | 'after' | 'until' | 'before'; point: RangePoint }
  /**
   * A part of one day, in minutes of the clock; without `from` since 0, without `to` until 1440. A `to` not after `from` is on the
   * next day.
   */
  | { kind: 'clock'; day: DayPoint; from?: number; to?: number };

/** Named stretches of days, and the running hour. */
export const RANGE_WORDS = [
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
  | { kind: 'ago'; days: number }
  /** `weekday`: said as well, so it must fit the date. Without `month`: of this month, or the one before. */
  | { kind: 'date'; year?: number; month?: number; day: number; weekday?: number }
  /** 1 = Monday … 7 = Sunday: the latest one before today, or that of the week `week` weeks ago. */
  | { kind: 'weekday'; weekday: number; week?: 0 | 1 }
  /** Monday to Sunday, by its ISO number, or the week that holds a day. */
  | { kind: 'week'; year?: number; week: number }
  | { kind: 'week-of'; day: DayPoint }
  /** A month, quarter, half or year by its number from 1; `yearsAgo` instead of `year`: of this year or the last. */
  | { kind: 'months'; size: 1 | 3 | 6 | 12; number: number; year?: number; yearsAgo?: 0 | 1 }
  | { kind: 'word'; word: RangeWord };

/** A stretch of days, or a moment. */
export type RangePoint =
  | DayPoint
  /** Minutes of the clock on a day. */
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
  return ['date', 'weekday', 'ago'].includes(day.kind);
}

export const TODAY: DayPoint = { kind: 'ago', days: 0 };

export function at(point: RangePoint): RangeWords {
  return { kind: 'at', point };
}

export function last(count: number, unit: (RangeWords & { kind: 'last' })['unit']): RangeWords {
  return { kind: 'last', unit, count };
}

/** Returns the last minutes, in hours if they are whole hours: 90 stay 90 minutes, 120 become 2 hours. */
export function lastMinutes(minutes: number): RangeWords {
  return minutes % 60 === 0 ? last(minutes / 60, 'hour') : last(minutes, 'minute');
}

const UNIT_MARKS = { minute: 'm', hour: 'h', day: 'd', month: '-months', quarter: '-quarters' };

/** Returns the shortest text that reads back as the same: `last-week`, `14d`, `nov-5..nov-12`, `yesterday 14:00-15:00`. */
export function formatRangeWords(words: RangeWords): string {
  switch (words.kind) {
    case 'last':
      return `${words.count}${UNIT_MARKS[words.unit]}`;
    case 'at':
      return formatPoint(words.point);
    case 'span':
      return `${formatPoint(words.from)}..${formatPoint(words.to)}`;
    case 'clock': {
      const { day, from, to } = words;
      if (from === undefined) return `${formatPoint(day)} until ${formatClockTime(to ?? 0)}`;
      if (to === undefined) return `${formatPoint(day)} since ${formatClockTime(from)}`;
      return `${formatPoint(day)} ${formatClockTime(from)}-${formatClockTime(to)}`;
    }
    default: {
      const { kind, point } = words;
      if (!isMoment(point)) return `${kind}-${formatPoint(point)}`;
      return kind === 'until' ? `..${formatPoint(point)}` : `${kind} ${formatPoint(point)}`;
    }
  }
}

export function formatPoint(point: RangePoint): string {
  switch (point.kind) {
    case 'ago':
      return ['today', 'yesterday'][point.days] ?? `${point.days}-days-ago`;
    case 'date': {
      const { year, month, day } = point;
      const weekday = point.weekday === undefined ? '' : `${WEEKDAY_NAMES[point.weekday - 1]!.slice(0, 3)}-`;
      if (month === undefined) return `${weekday}${day}${ordinalEnding(day)}`;
      if (year !== undefined) return `${weekday}${pad(year, 4)}-${pad(month)}-${pad(day)}`;
      return `${weekday}${MONTH_NAMES[month - 1]?.slice(0, 3) ?? month}-${day}`;
    }
    case 'weekday':
      return `${WEEKDAY_NAMES[point.weekday - 1]}${{ 0: '-this-week', 1: '-last-week', none: '' }[point.week ?? 'none']}`;
    case 'week':
      return point.year === undefined ? `week-${point.week}` : `${pad(point.year, 4)}-w${pad(point.week)}`;
    case 'week-of':
      return `week-of-${formatPoint(point.day)}`;
    case 'months': {
      const { size, number } = point;
      const year = point.year === undefined ? '' : pad(point.year, 4);
      if (size === 12) return year;
      const part = size === 3 ? `q${number}` : size === 6 ? `h${number}` : year ? pad(number) : MONTH_NAMES[number - 1];
      const relative = point.yearsAgo === 0 ? 'this-year' : point.yearsAgo === 1 ? 'last-year' : '';
      return [year, part, relative].filter(Boolean).join('-');
    }
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

function ordinalEnding(day: number): string {
  return { one: 'st', two: 'nd', few: 'rd', other: 'th', zero: 'th', many: 'th' }[ORDINALS.select(day)];
}

const ORDINALS = new Intl.PluralRules('en', { type: 'ordinal' });

function pad(number: number, width = 2): string {
  return String(number).padStart(width, '0');
}

/** Words that leave open what is meant: the question to ask back, and their possible meanings, likeliest first. */
export class Unclear<Meaning> {
  readonly kind = 'unclear';
  readonly message: string;
  readonly meanings: readonly Meaning[];

  constructor(message: string, meanings: readonly Meaning[]) {
    this.message = message;
    this.meanings = meanings;
  }
}

/** The meaning of a text, or its several possible meanings (`Unclear`); undefined if it has none. */
export type Read<Meaning> = Meaning | Unclear<Meaning> | undefined;

/**
 * Makes a larger meaning from a smaller one, such as a range from a day. For unclear words it is made from each meaning, and the
 * question to ask back stays; undefined if nothing can be made.
 */
export function makeOf<Part, Whole>(read: Read<Part>, make: (part: Part) => Read<Whole>): Read<Whole> {
  if (read === undefined) return undefined;
  if (!(read instanceof Unclear)) return make(read);
  const wholes = read.meanings.flatMap((part) => {
    const whole = make(part);
    return whole instanceof Unclear ? whole.meanings : whole === undefined ? [] : [whole];
  });
  return wholes.length === 0 ? undefined : new Unclear(read.message, wholes);
}

/** Thrown for a text that is no range, or an impossible one; `suggestions` are texts of possible ranges. */
export class InvalidRangeError extends HeadroomError {
  override readonly name = 'InvalidRangeError';
  readonly suggestions: readonly string[];
  /** The range of the question that is wrong. */
  readonly part: 'range' | 'versus';

  constructor(message: string, suggestions: readonly string[], part: 'range' | 'versus' = 'range') {
    super('range', message);
    this.suggestions = suggestions;
    this.part = part;
  }
}

/** Ranges that menus offer, with labels for people. */
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

/** Lists ranges that a text was probably meant to be, nearest first; empty if it resembles none. */
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
