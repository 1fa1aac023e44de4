import { firstDayOf, monthOf, toDate } from '../domain/calendar.ts';
import type { SeriesReport, Totals } from '../domain/report.ts';
import { formatMonthName } from '../report/format.ts';

/** A day beside others, by a series of days of which it is the last. */
export interface DayComparison {
  totals: Totals;
  dayBefore: Totals;
  /** Mean of the same weekday of up to four weeks before; absent before the first week is over. */
  weekday?: { requests: number; weeks: number };
  /** Mean of the seven days before. */
  weekAverage: number;
}

/** What a weekly or monthly digest adds: the seven days, or the month so far, up to the day. */
export interface SpanSum {
  name: string;
  requests: number;
  perDay: number;
  before?: number;
}

/** So many days before the day are asked for: the month so far, and the same weekday of four weeks. */
export const DAYS_BEFORE = 31;

const WEEKS = 4;
const NOTHING: Totals = { requests: 0, ok: 0, failed: 0, none: 0, credits: 0 };

export function compareDays(daily: SeriesReport): DayComparison {
  const at = (daysAgo: number): Totals => daily.bars.at(-1 - daysAgo) ?? NOTHING;
  const mean = (days: readonly number[]) =>
    Math.round(days.reduce((sum, daysAgo) => sum + at(daysAgo).requests, 0) / days.length);
  const weeks = listWeeksAgo(daily);
  return {
    totals: toTotals(at(0)),
    dayBefore: toTotals(at(1)),
    ...(weeks.length ? { weekday: { requests: mean(weeks), weeks: weeks.length } } : {}),
    weekAverage: mean([1, 2, 3, 4, 5, 6, 7]),
  };
}

/** How many days before the last one the earlier ones are, from the first call on: before it there was nothing to compare with. */
export function listKnownDaysAgo({ bars }: SeriesReport): number[] {
  const first = bars.findIndex((bar) => bar.requests > 0);
  return first < 0 ? [] : bars.slice(first, -1).map((_, index) => bars.length - 1 - first - index);
}

/** The same for the same weekday: 7, 14, 21 and 28, as far as known, the nearest first. */
export function listWeeksAgo(daily: SeriesReport): number[] {
  const known = new Set(listKnownDaysAgo(daily));
  return Array.from({ length: WEEKS }, (_, week) => 7 * (week + 1)).filter((daysAgo) => known.has(daysAgo));
}

export function sumWeek({ bars }: SeriesReport): SpanSum {
  const sum = (fromDaysAgo: number) =>
    bars.slice(-fromDaysAgo - 7, bars.length - fromDaysAgo).reduce((total, bar) => total + bar.requests, 0);
  return { name: 'Last 7 days', requests: sum(0), perDay: Math.round(sum(0) / 7), before: sum(7) };
}

export function sumMonth({ bars }: SeriesReport, day: number): SpanSum {
  const days = day - firstDayOf(monthOf(day)) + 1;
  const requests = bars.slice(-days).reduce((total, bar) => total + bar.requests, 0);
  return { name: formatMonthName(day), requests, perDay: Math.round(requests / days) };
}

/** The month so far and, at the usual pace of each weekday, by its end; undefined on its last day and in a first week. */
export function foreseeMonth(
  daily: SeriesReport,
  day: number,
): { name: string; soFar: number; end: number } | undefined {
  const month = monthOf(day);
  const rest = firstDayOf(month + 1) - 1 - day;
  const known = listKnownDaysAgo(daily).filter((daysAgo) => daysAgo <= 28);
  if (rest <= 0 || known.length < 7) return undefined;
  const usual = Array.from({ length: rest }, (_, index) => {
    const weekday = toDate(day + 1 + index).dayOfWeek;
    const alike = [0, ...known].filter((daysAgo) => toDate(day - daysAgo).dayOfWeek === weekday);
    return alike.reduce((sum, daysAgo) => sum + (daily.bars.at(-1 - daysAgo)?.requests ?? 0), 0) / alike.length;
  });
  const { name, requests } = sumMonth(daily, day);
  return { name, soFar: requests, end: Math.round(usual.reduce((sum, each) => sum + each, requests)) };
}

function toTotals({ requests, ok, failed, none, credits }: Totals): Totals {
  return { requests, ok, failed, none, credits };
}
