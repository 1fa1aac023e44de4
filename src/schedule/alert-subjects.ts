import { type Calendar, formatDay, MINUTE_MS } from '../domain/calendar.ts';
import type { Match } from '../domain/definition.ts';
import type { Dimension } from '../domain/dimension.ts';
import type { StoredFilter } from '../domain/filter.ts';
import type { PoolState, ScopeState } from '../domain/scope-state.ts';
import type { Span } from '../domain/usage.ts';
import { formatClock } from '../report/format.ts';
import { formatQuestion } from '../slack/command/format-question.ts';
import type { Episode } from '../store/alert-repository.ts';
import type { AlertFacts, PoolSubject } from './alert-claims.ts';

/** Lists each pool and limit under the name by which it is alerted and muted; a limit named like a pool gets ` (limit)` behind it. */
export function listSubjects(states: readonly ScopeState[], episodes: ReadonlyMap<string, Episode>): PoolSubject[] {
  return states.flatMap((scope) =>
    [...scope.pools, ...scope.limits].map((pool) => {
      const isNamesake = scope.limits.includes(pool) && scope.pools.some(({ name }) => name === pool.name);
      const subject = `${scope.scope}/${pool.name}${isNamesake ? ' (limit)' : ''}`;
      return { scope, pool, subject, period: toPeriod(pool, episodes.get(subject)) };
    }),
  );
}

function toPeriod({ periodKind, period }: PoolState, episode: Episode | undefined): string | undefined {
  if (periodKind !== 'rolling-24h') return new Date(period.fromMs).toISOString();
  return episode?.endedMs === null ? `episode-${episode.number}` : undefined;
}

/** A span counts as over five minutes after its end, because events may arrive late. */
export const LATE_MS = 5 * MINUTE_MS;

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

/** A pool's period up to today, as a range's words: dates, since `this-month` leaves out today, and means other days tomorrow. */
export function toDays(
  { calendar, nowMs }: Pick<AlertFacts, 'calendar' | 'nowMs'>,
  { periodKind, period }: PoolState,
): string {
  if (periodKind === 'rolling-24h') return '24h';
  const [first, last] = [calendar.dayOf(period.fromMs), calendar.dayOf(nowMs)];
  return first === last ? formatDay(last) : `${formatDay(first)}..${formatDay(last)}`;
}

/** Whole hours as a range's words: `2026-11-28 17:00-19:00`. */
export function formatHoursOf({ dayOf, zone }: Calendar, { fromMs, toMs }: Span): string {
  return `${formatDay(dayOf(fromMs))} ${formatClock(fromMs, zone)}-${formatClock(toMs, zone)}`;
}

/** Filters for a scope's calls, or for those that a limit with its own `match` counts. */
export function toScopeFilters(scope: string, match: readonly Match[] = []): StoredFilter[] {
  return [only('scope', [scope]), ...toFilters(match)];
}

/** Entries of a match are alternatives, filters apply together: a match that filters cannot express gets none. */
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
