import { type Calendar, MONTHS, monthOf, SHORT_WEEKDAYS, toDate } from './calendar.ts';
import type { StepGrain } from './usage.ts';

/**
 * The days, hours or minutes that a question is about, resolved against "now" in the report zone.
 * `text` asks for the same again (`7d`, `last-month`, `2026-11-01..2026-11-20`, `2026-11-20 14:00-15:00`).
 */
export interface Range {
  text: string;
  /** Half-open, epoch ms. Equal ends: empty (`this-month` on the 1st). */
  fromMs: number;
  toMs: number;
  /** First and last day that it touches, inclusive; `lastDay < firstDay` when empty. */
  firstDay: number;
  lastDay: number;
  /** Begins or ends within a day. */
  timed?: true;
  /** The grain at which it is drawn. */
  grain: StepGrain;
  /** Its end is still to come: still growing. */
  partial: boolean;
  /** For people: `14–20 Nov 2026`, `Fri 20 Nov 2026`, `20 Nov, 14:00–15:00`, `last 3 hours (15:00–18:02)`. */
  label: string;
}

/** `20 Nov 2026`, `14–20 Nov 2026`, `15 Nov – 14 Dec 2026`, `1 Dec 2026 – 31 Jan 2027` for days inclusive. */
export function formatDays(firstDay: number, lastDay: number): string {
  const [first, last] = [toDate(firstDay), toDate(lastDay)];
  if (firstDay === lastDay) return dateLabel(last);
  if (first.year !== last.year) return `${dateLabel(first)} – ${dateLabel(last)}`;
  if (first.month !== last.month) return `${first.day} ${monthShort(first.month)} – ${dateLabel(last)}`;
  return `${first.day}–${dateLabel(last)}`;
}

/** The same with a weekday or whole months where it is these: `Fri 20 Nov 2026`, `Oct 2026`, `1 Nov 2026: no whole day yet`. */
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

/** `20 Nov, 14:00–15:00`, `20 Nov 22:00 – 21 Nov 06:00`; years only where one is not that of `today`. */
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

/** `14:05`; with its offset where the clock shows the same time twice: `02:00 UTC+2`. */
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
