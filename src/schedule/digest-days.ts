import { type Calendar, firstDayOf, monthOf } from '../domain/calendar.ts';
import type { ClientName } from '../domain/definition.ts';
import type { Filter } from '../domain/filter.ts';
import type { SeriesReport, Totals } from '../domain/report.ts';
import { HOUR_MS } from '../domain/time-units.ts';
import type { UsageReader } from '../domain/usage.ts';
import { getClientNames } from '../report/client-names.ts';
import { formatMonthName } from '../report/format.ts';
import { toIds } from '../report/inquiry.ts';
import { emptyTotals } from '../report/totals.ts';
import { findHourCause, type HourCause, weeksBefore } from './hour-cause.ts';

/** A day beside others, by a series of days of which it is the last. */
export interface DayComparison {
  totals: Totals;
  dayBefore: Totals;
  /** Mean of the same weekday of up to four weeks before; absent before the first week is over. */
  weekday?: { requests: number; weeks: number };
  /** Mean of the seven days before. */
  weekAverage: number;
}

/** The sum that a weekly or monthly digest adds: the last seven days, or the month so far. */
export interface SpanSum {
  name: string;
  requests: number;
  perDay: number;
  before?: number;
}

/** Ask for 31 days before the day: they hold the month so far, and the same weekday of four weeks. */
export const DAYS_BEFORE = 31;

const WEEKS = 4;
const NOTHING = emptyTotals();

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

/** Returns how many days ago each earlier day was, from the first day with calls on: days before it prove nothing. */
export function listKnownDaysAgo({ bars }: SeriesReport): number[] {
  const first = bars.findIndex((bar) => bar.requests > 0);
  return first < 0 ? [] : bars.slice(first, -1).map((_, index) => bars.length - 1 - first - index);
}

/** Returns those of 7, 14, 21 and 28 days ago that are known, the nearest first. */
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

function toTotals({ requests, ok, failed, none, credits }: Totals): Totals {
  return { requests, ok, failed, none, credits };
}

const MAX_HOURS = 2;

/** An hour of the day that was far from its usual. */
export interface OddHour {
  startMs: number;
  label: string;
  requests: number;
  usual: number;
  because: HourCause | undefined;
}

/** The hours furthest from the same hour of the weeks before, the furthest first, each with who made most of the difference. */
export async function listOddHours(
  { usage, calendar, clients }: { usage: UsageReader; calendar: Calendar; clients: readonly ClientName[] },
  { bars, usual }: SeriesReport,
  filters: readonly Filter[],
): Promise<OddHour[]> {
  const extent = await usage.extent();
  if (!extent || !usual) return [];
  const odd = bars
    .flatMap(({ startMs, label, requests }, index) => {
      const expected = usual[index];
      return expected?.isOdd ? [{ startMs, label, requests, usual: expected.median }] : [];
    })
    .sort((a, b) => Math.abs(b.requests - b.usual) - Math.abs(a.requests - a.usual))
    .slice(0, MAX_HOURS);
  const all = { fromMs: calendar.startOfDay(extent.firstDay), toMs: calendar.startOfDay(extent.lastDay + 1) };
  const ids = odd.length > 0 ? await toIds(usage, getClientNames(clients), filters, all) : [];
  return Promise.all(
    odd.map(async (hour) => {
      const toSpan = (fromMs: number) => ({ fromMs, toMs: fromMs + HOUR_MS });
      const before = Array.from({ length: WEEKS }, (_, week) => weeksBefore(hour.startMs, week + 1, calendar.zone));
      const because = await findHourCause(
        { usage, clients },
        {
          hour: toSpan(hour.startMs),
          usual: before.filter((ms) => ms >= calendar.startOfDay(extent.firstDay)).map(toSpan),
          measure: 'requests',
          filters: ids,
        },
      );
      return { ...hour, because };
    }),
  );
}
