import { type Calendar, formatDay } from '../domain/calendar.ts';
import type { ClientName } from '../domain/definition.ts';
import type { Filter, StoredFilter } from '../domain/filter.ts';
import type { RankingReport, SeriesReport } from '../domain/report.ts';
import type { SourceHealth } from '../domain/source-health.ts';
import type { Span, UsageReader } from '../domain/usage.ts';
import { getClientNames } from '../report/client-names.ts';
import { toIds } from '../report/inquiry.ts';
import { isNamed } from '../report/totals.ts';
import { listKnownDaysAgo, listWeeksAgo } from './digest-days.ts';
import { findMostMoved } from './hour-cause.ts';

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
