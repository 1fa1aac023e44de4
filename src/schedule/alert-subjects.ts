import { type Calendar, formatDay } from '../domain/calendar.ts';
import type { Match } from '../domain/definition.ts';
import type { Dimension } from '../domain/dimension.ts';
import type { StoredFilter } from '../domain/filter.ts';
import type { PoolState, ScopeState } from '../domain/scope-state.ts';
import type { Span } from '../domain/usage.ts';
import { formatClock } from '../report/format.ts';
import { formatQuestion } from '../slack/command/format-question.ts';
import { findOpenEpisode } from '../store/alert-repository.ts';
import type { Db } from '../store/database.ts';

/** `crm/Daily credits`; a limit that is named like a pool is told apart. */
export function subjectOf(scope: ScopeState, pool: PoolState): string {
  const isNamesake = scope.limits.includes(pool) && scope.pools.some(({ name }) => name === pool.name);
  return `${scope.scope}/${pool.name}${isNamesake ? ' (limit)' : ''}`;
}

/** Names a period in keys: its first instant. */
export function toPeriodKey(period: { fromMs: number }): string {
  return new Date(period.fromMs).toISOString();
}

export function toEpisodeKey(number: number): string {
  return `episode-${number}`;
}

/** The period that a pool's alerts are of now; undefined for a rolling pool that is in no episode. */
export async function findPeriod(db: Db, subject: string, pool: PoolState): Promise<string | undefined> {
  if (pool.periodKind !== 'rolling-24h') return toPeriodKey(pool.period);
  const episode = await findOpenEpisode(db, subject);
  return episode === undefined ? undefined : toEpisodeKey(episode.number);
}

/** The command behind “Top clients”: who made a scope's calls in a range, or those that a limit with its own `match` counts. */
export function formatWho(range: string, scope?: string, match?: readonly Match[]): string {
  const filters = scope === undefined ? [] : toScopeFilters(scope, match);
  const client = filters.find(({ key }) => key === 'client')?.patterns;
  // Of a limit for one client it is known who: what it called says more.
  if (client?.length === 1 && !client[0]!.includes('*'))
    return formatQuestion({
      ...{ report: 'client', name: client[0]!, range, filters: filters.filter(({ key }) => key !== 'client') },
    });
  return formatQuestion({ report: 'top', dimension: 'client', range, filters });
}

/** Filters for a scope's calls, or for those that a limit with its own `match` counts. */
export function toScopeFilters(scope: string, match: readonly Match[] = []): StoredFilter[] {
  return [only('scope', [scope]), ...toFilters(match)];
}

/** Whole hours as a range's words: `2026-11-28 17:00-19:00`. */
export function formatHoursOf({ dayOf, zone }: Calendar, { fromMs, toMs }: Span): string {
  return `${formatDay(dayOf(fromMs))} ${formatClock(fromMs, zone)}-${formatClock(toMs, zone)}`;
}

/** The command behind “Chart” of an alert about single hours: a day by the hour, of a scope or of everything. */
export function formatHours(report: 'day' | 'status', day: string, scope?: string): string {
  const filters = scope === undefined ? [] : [only('scope', [scope])];
  return formatQuestion({ report, range: day, filters });
}

export function formatPools(scope: string): string {
  return formatQuestion({ report: 'pool', scope });
}

/** Entries are alternatives, filters apply together: what filters cannot say is left to the whole scope. */
function toFilters(match: readonly Match[]): StoredFilter[] {
  const entries = match.map((entry) => Object.entries(entry) as [Dimension, string][]);
  const keys = new Set(entries.flatMap((entry) => entry.map(([key]) => key)));
  if (entries.length > 1 && (keys.size > 1 || entries.some((entry) => entry.length === 0))) return [];
  return [...keys]
    .filter((key) => key !== 'scope')
    .map((key) =>
      only(key, [...new Set(entries.flatMap((entry) => entry.flatMap(([k, p]) => (k === key ? [p] : []))))]),
    );
}

function only(key: Dimension, patterns: readonly string[]): StoredFilter {
  return { key, patterns, not: false };
}
