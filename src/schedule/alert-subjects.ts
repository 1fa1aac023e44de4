import { type Calendar, formatDay, MINUTE_MS } from '../domain/calendar.ts';
import type { Match } from '../domain/definition.ts';
import type { Dimension } from '../domain/dimension.ts';
import type { StoredFilter } from '../domain/filter.ts';
import type { PoolState, ScopeState } from '../domain/scope-state.ts';
import type { Span } from '../domain/usage.ts';
import { formatClock } from '../report/format.ts';
import { formatQuestion } from '../slack/command/format-question.ts';
import { type Conversation, findOpenEpisode } from '../store/alert-repository.ts';
import type { Db } from '../store/database.ts';
import type { AlertFacts } from './alert-claims.ts';

/** Returns `crm/Daily credits`, the name under which a pool is alerted and muted; a limit named like a pool gets ` (limit)` behind it. */
export function subjectOf(scope: ScopeState, pool: PoolState): string {
  const isNamesake = scope.limits.includes(pool) && scope.pools.some(({ name }) => name === pool.name);
  return `${scope.scope}/${pool.name}${isNamesake ? ' (limit)' : ''}`;
}

/** Each pool and limit, with its scope and subject. */
export function listSubjects(states: readonly ScopeState[]): { scope: ScopeState; pool: PoolState; subject: string }[] {
  return states.flatMap((scope) =>
    [...scope.pools, ...scope.limits].map((pool) => ({ scope, pool, subject: subjectOf(scope, pool) })),
  );
}

/** Names a period in keys: its first instant. */
export function toPeriodKey(period: { fromMs: number }): string {
  return new Date(period.fromMs).toISOString();
}

export function toEpisodeKey(number: number): string {
  return `episode-${number}`;
}

/** Returns the key of the period in which a pool's alerts come once each; undefined for a rolling pool outside any episode. */
export async function findPeriod(db: Db, subject: string, pool: PoolState): Promise<string | undefined> {
  if (pool.periodKind !== 'rolling-24h') return toPeriodKey(pool.period);
  const episode = await findOpenEpisode(db, subject);
  return episode === undefined ? undefined : toEpisodeKey(episode.number);
}

/** Returns the conversation about a pool now. */
export async function findConversation(db: Db, scope: ScopeState, pool: PoolState): Promise<Conversation | undefined> {
  const subject = subjectOf(scope, pool);
  const period = await findPeriod(db, subject, pool);
  return period === undefined ? undefined : { subject, period };
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
