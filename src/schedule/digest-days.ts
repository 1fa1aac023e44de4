import { type Calendar, firstDayOf, formatDay, HOUR_MS, monthOf } from '../domain/calendar.ts';
import type { ClientName } from '../domain/definition.ts';
import type { Filter, StoredFilter } from '../domain/filter.ts';
import type { RankingReport, SeriesReport, Totals } from '../domain/report.ts';
import type { SourceHealth } from '../domain/source-health.ts';
import type { Span, UsageReader } from '../domain/usage.ts';
import { getClientNames } from '../report/client-names.ts';
import { formatMonthName } from '../report/format.ts';
import { toIds } from '../report/inquiry.ts';
import { emptyTotals, isNamed } from '../report/totals.ts';
import { findHourCause, findMostMoved, type HourCause, weeksBefore } from './hour-cause.ts';

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
function listKnownDaysAgo({ bars }: SeriesReport): number[] {
  const first = bars.findIndex((bar) => bar.requests > 0);
  return first < 0 ? [] : bars.slice(first, -1).map((_, index) => bars.length - 1 - first - index);
}

/** Returns those of 7, 14, 21 and 28 days ago that are known, the nearest first. */
function listWeeksAgo(daily: SeriesReport): number[] {
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

/** Ranks a dimension in a range, with as many rows as there are. */
export type Rank = (
  dimension: 'client' | 'source',
  range: string,
  filters?: readonly Filter[],
) => Promise<RankingReport>;

const HISTORY_DAYS = 90;
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

/** Clients of the day that made no call in the 90 days before; none while those days hold nothing at all. */
export async function listNewClients(rank: Rank, day: number): Promise<ClientCount[]> {
  const before = `${formatDay(day - HISTORY_DAYS)}..${formatDay(day - 1)}`;
  const [today, history] = [await rank('client', formatDay(day)), await rank('client', before)];
  if (history.totals.requests === 0) return [];
  const known = new Set(history.rows.map(({ name }) => name));
  let candidates = today.rows.filter(({ name }) => !known.has(name) && !name.startsWith('('));
  if (candidates.length > 0 && history.others.count > 0) {
    // More clients than one ranking holds: ask for these alone.
    const patterns = candidates.flatMap(({ name, ids }) => ids ?? [name]);
    const seen = await rank('client', before, [{ key: 'client', patterns, not: false }]);
    const old = new Set(seen.rows.filter(({ requests }) => requests > 0).map(({ name }) => name));
    candidates = candidates.filter(({ name }) => !old.has(name));
  }
  return candidates.map(({ name, requests }) => ({ name, requests }));
}

/** Clients that called on this weekday in each of the two weeks before, and not on the day; `requests` a week before. */
export async function listSilentClients(rank: Rank, daily: SeriesReport, day: number): Promise<ClientCount[]> {
  if (!listWeeksAgo(daily).includes(14)) return [];
  const namesOf = async (daysAgo: number) => {
    const { rows, others } = await rank('client', formatDay(day - daysAgo));
    return { rows, names: new Set(rows.map(({ name }) => name)), isCut: others.count > 0 };
  };
  const [today, last, before] = [await namesOf(0), await namesOf(7), await namesOf(14)];
  // Of more clients than one ranking holds, nobody can be said to be missing.
  if (today.isCut) return [];
  return last.rows
    .filter(({ name }) => before.names.has(name) && !today.names.has(name) && isNamed(name))
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
  const today = await rank('client', formatDay(day));
  const sums = new Map<string, { usual: number; ids: readonly string[] }>();
  for (const daysAgo of weeks)
    for (const { name, ids = [name], requests } of (await rank('client', formatDay(day - daysAgo))).rows) {
      const known = sums.getOrInsertComputed(name, () => ({ usual: 0, ids }));
      known.usual += requests / weeks.length;
    }
  const now = new Map(today.rows.map((row) => [row.name, row]));
  const moved = [...new Set([...sums.keys(), ...now.keys()])]
    .filter(isNamed)
    .map((name) => ({
      name,
      ids: now.get(name)?.ids ?? sums.get(name)?.ids ?? [name],
      requests: now.get(name)?.requests ?? 0,
      usual: Math.round(sums.get(name)?.usual ?? 0),
    }))
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
          hour: toSpan(day),
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
  const weeks = listWeeksAgo(daily);
  const alike = weeks.length > 0 ? weeks : listKnownDaysAgo(daily);
  if (alike.length === 0) return [];
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
