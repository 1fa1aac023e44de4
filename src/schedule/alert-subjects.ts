import type { PoolState, ScopeState } from '../domain/report.ts';
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
