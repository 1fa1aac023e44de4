import { type Calendar, firstDayOf, formatDay, HOUR_MS, monthOf } from '../domain/calendar.ts';
import type { ClientName } from '../domain/definition.ts';
import { OTHER } from '../domain/dimension.ts';
import type { Filter, StoredFilter } from '../domain/filter.ts';
import type { RankingReport, SeriesReport } from '../domain/report.ts';
import type { SourceHealth } from '../domain/source-health.ts';
import type { Span, Totals, UsageReader } from '../domain/usage.ts';
import { getClientNames } from '../report/client-names.ts';
import { formatMonthName } from '../report/format.ts';
import { toIds } from '../report/inquiry.ts';
import { emptyTotals, isNamed } from '../report/totals.ts';
import { USUAL_WEEKS } from '../report/usual.ts';
import { findHourCause, findMostMoved, type HourCause, listUsualHours } from './hour-cause.ts';

/** A day beside the whole days before it, by a series of days of which it is the last. */
export interface DayComparison {
  totals: Totals;
  /** Requests of the day before; absent where that is not known for all of it. */
  dayBefore?: number;
  /** Mean of the same weekday of up to four weeks before; absent before the first week is over. */
  weekday?: number;
  /** Mean of the seven days before, of those that are known; absent where none is. */
  weekAverage?: number;
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

const NOTHING = emptyTotals();

export function compareDays(daily: SeriesReport): DayComparison {
  const known = listDaysAgo(daily);
  const mean = (days: readonly number[]) =>
    Math.round(days.reduce((sum, daysAgo) => sum + requestsOf(daily, daysAgo), 0) / days.length);
  const [weeks, lately] = [listWeeksAgo(daily), known.slice(0, 7)];
  return {
    totals: toTotals(daily.bars.at(-1) ?? NOTHING),
    ...(known.includes(1) ? { dayBefore: requestsOf(daily, 1) } : {}),
    ...(weeks.length ? { weekday: mean(weeks) } : {}),
    ...(lately.length ? { weekAverage: mean(lately) } : {}),
  };
}

function requestsOf({ bars }: SeriesReport, daysAgo: number): number {
  return bars.at(-1 - daysAgo)?.requests ?? 0;
}

/**
 * Returns how many days ago each earlier day was, the nearest first, back to the one after the first call: the day of that call is
 * seldom whole, and days before it prove nothing.
 */
function listDaysAgo({ bars }: SeriesReport): number[] {
  const first = bars.findIndex((bar) => bar.requests > 0);
  return first < 0 ? [] : bars.slice(first + 1, -1).map((_, index) => index + 1);
}

/** Returns those of 7, 14, 21 and 28 days ago that are known, the nearest first. */
function listWeeksAgo(daily: SeriesReport): number[] {
  return listDaysAgo(daily)
    .filter((daysAgo) => daysAgo % 7 === 0)
    .slice(0, USUAL_WEEKS);
}

export function sumWeek(daily: SeriesReport): SpanSum {
  const isKnown = listDaysAgo(daily).length >= 13;
  const week = { name: 'Last 7 days', ...sumDays(daily, 7) };
  return isKnown ? { ...week, before: sumDays(daily, 14).requests - week.requests } : week;
}

export function sumMonth(daily: SeriesReport, day: number): SpanSum {
  return { name: formatMonthName(day), ...sumDays(daily, day - firstDayOf(monthOf(day)) + 1) };
}

/** The sum of the last days, this one included; the mean is of those that are known. */
function sumDays(daily: SeriesReport, days: number): Pick<SpanSum, 'requests' | 'perDay'> {
  const sumLast = (count: number) => daily.bars.slice(-count).reduce((sum, { requests }) => sum + requests, 0);
  const known = Math.min(days, listDaysAgo(daily).length + 1);
  return { requests: sumLast(days), perDay: Math.round(sumLast(known) / known) };
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
      const span = { fromMs: hour.startMs, toMs: hour.startMs + HOUR_MS };
      const because = await findHourCause(
        { usage, clients },
        { span, usual: listUsualHours(span, extent, calendar), measure: 'requests', filters: ids },
      );
      return { ...hour, because };
    }),
  );
}

/** Ranks all names of a dimension in a range. */
export type Rank = (dimension: 'client' | 'source', range: string) => Promise<RankingReport>;

const MAX_MOVERS = 10;
const EXPLAINED = 3;

export interface ClientCount {
  name: string;
  requests: number;
}

/** A client whose requests changed against its mean of the same weekday; `route`: where most of that was. */
export interface Mover extends ClientCount {
  usual: number;
  route?: string;
}

/** The clients of a day: who is not among `rows` made no call, unless the rare are counted together. */
async function loadClients(rank: Rank, day: number) {
  const { rows } = await rank('client', formatDay(day));
  const byName = new Map(rows.map((row) => [row.name, row]));
  return { rows, byName, absent: byName.has(OTHER) ? undefined : 0 };
}

/** Clients that called on this weekday in each of the two weeks before, and not on the day; `requests` a week before. */
export async function listSilentClients(rank: Rank, daily: SeriesReport, day: number): Promise<ClientCount[]> {
  if (!listWeeksAgo(daily).includes(14)) return [];
  const [today, last, before] = [
    await loadClients(rank, day),
    await loadClients(rank, day - 7),
    await loadClients(rank, day - 14),
  ];
  if (today.absent === undefined) return [];
  return last.rows
    .filter(({ name }) => before.byName.has(name) && !today.byName.has(name) && isNamed(name))
    .map(({ name, requests }) => ({ name, requests }));
}

/** The clients whose requests are furthest from their mean of the same weekday; of the first few, the route that explains most. */
export async function listMovers(
  rank: Rank,
  from: { usage: UsageReader; calendar: Calendar; clients: readonly ClientName[] },
  { daily, day, filters }: { daily: SeriesReport; day: number; filters: readonly Filter[] },
): Promise<Mover[]> {
  const weeks = listWeeksAgo(daily);
  if (weeks.length === 0) return [];
  const today = await loadClients(rank, day);
  const before = await Promise.all(weeks.map((daysAgo) => loadClients(rank, day - daysAgo)));
  const names = new Set([today, ...before].flatMap(({ rows }) => rows.map(({ name }) => name)));
  const moved = [...names]
    .filter(isNamed)
    .flatMap((name) => {
      const counts = [today, ...before].map(({ byName, absent }) => byName.get(name)?.requests ?? absent);
      if (!counts.every((count) => count !== undefined)) return [];
      const [requests = 0, ...others] = counts;
      const usual = Math.round(others.reduce((sum, count) => sum + count, 0) / others.length);
      const ids = [today, ...before].flatMap(({ byName }) => byName.get(name)?.ids ?? []);
      return [{ name, ids: ids.length > 0 ? [...new Set(ids)] : [name], requests, usual }];
    })
    .filter(({ requests, usual }) => requests !== usual)
    .sort((a, b) => Math.abs(b.requests - b.usual) - Math.abs(a.requests - a.usual))
    .slice(0, MAX_MOVERS);
  const toSpan = (each: number): Span => ({
    fromMs: from.calendar.startOfDay(each),
    toMs: from.calendar.startOfDay(each + 1),
  });
  const ids = await toIds(from.usage, getClientNames(from.clients), filters, toSpan(day));
  return Promise.all(
    moved.map(async ({ ids: patterns, ...mover }, index) => {
      if (index >= EXPLAINED) return mover;
      const own: StoredFilter = { key: 'client', patterns, not: false };
      const route = await findMostMoved(
        from,
        {
          span: toSpan(day),
          usual: weeks.map((daysAgo) => toSpan(day - daysAgo)),
          ...{ measure: 'requests', filters: [...ids.filter(({ key, not }) => key !== 'client' || not), own] },
        },
        'route',
      );
      return { ...mover, ...(route ? { route: route.name } : {}) };
    }),
  );
}

/** A source that used to send on such a day and sent nothing at all; `sinceMs` where nothing was heard after the day either. */
export interface SilentSource {
  name: string;
  sinceMs?: number;
}

/**
 * Lists sources that sent calls of this digest on at least half of the days that are like this one, and no call at all on it.
 * Days alike are the same weekdays; in the first week, those so far. `rank` counts what the digest counts, `rankAll` everything.
 */
export async function listSilentSources(
  { calendar, sources }: { calendar: Calendar; sources(): Promise<readonly SourceHealth[]> },
  { rank, rankAll }: { rank: Rank; rankAll: Rank },
  daily: SeriesReport,
  day: number,
): Promise<SilentSource[]> {
  const [weeks, known] = [listWeeksAgo(daily), listDaysAgo(daily)];
  // The day on which data began counts here: even a part of a day shows who sends.
  const alike = weeks.length > 0 ? weeks : [...known, known.length + 1];
  const sent = new Set((await rankAll('source', formatDay(day))).rows.map(({ name }) => name));
  const daysOf = new Map<string, number>();
  for (const daysAgo of alike)
    for (const { name } of (await rank('source', formatDay(day - daysAgo))).rows)
      daysOf.set(name, (daysOf.get(name) ?? 0) + 1);
  const endMs = calendar.startOfDay(day + 1);
  return (await sources())
    .filter(({ name }) => !sent.has(name) && (daysOf.get(name) ?? 0) * 2 >= alike.length)
    .map(({ name, lastReceivedMs }) => ({
      name,
      ...(lastReceivedMs !== undefined && lastReceivedMs < endMs ? { sinceMs: lastReceivedMs } : {}),
    }));
}
