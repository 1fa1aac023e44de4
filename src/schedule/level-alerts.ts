import { DAY_MS, HOUR_MS, MINUTE_MS } from '../domain/calendar.ts';
import { listReached, type PoolState, type ScopeState } from '../domain/scope-state.ts';
import { largerOf } from '../domain/thousandths.ts';
import { type AmountChange, listAmountChanges, type PoolPlace } from '../report/amount-changes.ts';
import { findLull } from '../report/lulls.ts';
import { type Alert, type Episode, listAlertsOf, listEpisodes, writeEpisode } from '../store/alert-repository.ts';
import { getDefinitionsVersion, listDefinitionsSince } from '../store/definition-repository.ts';
import {
  type AlertWords,
  type Candidate,
  type EvaluationContext,
  findPool,
  formatHoursOf,
  formatWho,
  listSubjects,
  type PoolSubject,
  toDays,
  type Watch,
} from './alert-claims.ts';
import { findSurroundings, isUrgent, listLater, toLevelWords } from './level-words.ts';

/**
 * Tells that a pool or limit reached a level: each once per period, the highest alone where several were passed at once; a raised
 * amount arms those again that were not reached when it came into force. A pool where nothing changed costs no query.
 */
export const LEVELS: Watch = {
  kind: 'level',
  async list(context) {
    const version = await getDefinitionsVersion(context.db);
    const candidates: Candidate[] = [];
    for (const about of context.pools) {
      const { scope, pool, subject, period } = about;
      const isTold = context.isTold('level', { subject, scope: scope.scope });
      const sign = [pool.reached.join(), version, period, isTold].join('|');
      if (context.seen.get(subject) === sign) continue;
      context.seen.set(subject, sign);
      if (!isTold || period === undefined || pool.reached.length === 0) continue;
      const due = await findDue(context, about, period);
      if (due) candidates.push({ ...due, subject, period, scope: scope.scope, amount: Number(pool.amount) });
    }
    return candidates;
  },
  now(alert, facts) {
    const { scope, pool } = findPool(alert, facts) ?? {};
    return pool && pool.reached.length > 0 ? toLevelWords(scope!, pool, Math.max(...pool.reached)) : undefined;
  },
};

/** Finds the highest level that is to be told. One is told where it, or a higher one, was told since it was last armed. */
async function findDue(
  context: EvaluationContext,
  about: PoolSubject,
  period: string,
): Promise<Pick<Candidate, 'key' | 'arm' | 'tell'> | undefined> {
  const { pool, subject } = about;
  const rows = (await listAlertsOf(context.db, subject, period)).filter(({ kind }) => kind === 'level');
  const changes = await listChangesSince(context, about, rows);
  const listTold = (level: number) => rows.filter((row) => row.level! >= level);
  const level = pool.reached.findLast((each) => {
    const last = listTold(each).at(-1);
    return !last || isArmedAgain(last, each, changes);
  });
  if (level === undefined) return undefined;
  const arm = listTold(level).length;
  return { key: `alert:${subject}:${period}:${level}:${arm}`, arm, tell: () => toWords(context, about, level) };
}

/** An episode ends after an hour below the lowest threshold: less would tell one busy day several times. */
export const EPISODE_ENDS_AFTER_MS = HOUR_MS;
const LOOKED_BACK_MS = 7 * DAY_MS;

/** Lists pools with their periods, of which the episodes of rolling ones begin and end here. `looked`: subjects looked at before. */
export async function followEpisodes(
  context: Omit<EvaluationContext, 'pools'>,
  looked: Set<string>,
): Promise<PoolSubject[]> {
  const { db, states, nowMs } = context;
  const episodes = new Map(await listEpisodes(db));
  for (const about of listSubjects(states, episodes)) {
    const { pool, subject } = about;
    if (pool.periodKind !== 'rolling-24h') continue;
    let episode = episodes.get(subject);
    // Nobody may have looked for hours before the first look.
    const missedMs = looked.has(subject) ? undefined : await findMissedEnd(context, about, episode);
    for (const next of listNext(episode, { isReached: pool.reached.length > 0, nowMs, missedMs })) {
      await writeEpisode(db, subject, episode, next);
      episodes.set(subject, next);
      episode = next;
    }
    looked.add(subject);
  }
  return listSubjects(states, episodes);
}

/** Lists what changes of a subject's newest episode: it ends, or is below its threshold from now on or no longer; the next begins. */
function listNext(
  last: Episode | undefined,
  { isReached, nowMs, missedMs }: { isReached: boolean; nowMs: number; missedMs?: number | undefined },
): Episode[] {
  if (!last || last.endedMs !== null)
    return isReached ? [{ number: (last?.number ?? 0) + 1, startedMs: nowMs, belowSinceMs: null, endedMs: null }] : [];
  const { belowSinceMs } = last;
  const isOver = belowSinceMs !== null && nowMs - belowSinceMs >= EPISODE_ENDS_AFTER_MS;
  const endedMs = missedMs ?? (isOver ? belowSinceMs + EPISODE_ENDS_AFTER_MS : null);
  if (endedMs !== null) {
    const ended = { ...last, endedMs };
    return [ended, ...listNext(ended, { isReached, nowMs })];
  }
  const since = isReached ? null : (belowSinceMs ?? nowMs);
  return since === belowSinceMs ? [] : [{ ...last, belowSinceMs: since }];
}

/** Finds when an episode was over while nobody looked, so that what is reached now is told as the next. */
async function findMissedEnd(
  context: Pick<EvaluationContext, 'usage' | 'calendar' | 'definitions' | 'nowMs'>,
  { scope, pool }: PoolSubject,
  episode: Episode | undefined,
): Promise<number | undefined> {
  if (!episode || episode.endedMs !== null) return undefined;
  const { nowMs } = context;
  const { scopes } = await context.definitions();
  return findLull(context, scopes, placeOf(scope, pool), {
    span: { fromMs: Math.max(episode.startedMs, nowMs - LOOKED_BACK_MS), toMs: nowMs },
    bound: (Number(pool.amount) * (pool.thresholds[0] ?? 100)) / 100,
    lastsMs: EPISODE_ENDS_AFTER_MS,
  });
}

function placeOf(scope: ScopeState, pool: PoolState): PoolPlace {
  return { scope: scope.scope, pool: pool.name, isLimit: scope.limits.includes(pool) };
}

/** The amounts that came into force since the first of these alerts, with what was used of them then. */
async function listChangesSince(
  { db, usage, calendar, nowMs }: EvaluationContext,
  { scope, pool }: PoolSubject,
  rows: readonly Alert[],
): Promise<AmountChange[]> {
  if (rows.length === 0) return [];
  const span = { fromMs: Math.min(...rows.map(({ atMs }) => atMs)), untilMs: nowMs };
  const versions = await listDefinitionsSince(db, span.fromMs);
  return listAmountChanges({ usage, calendar }, versions, placeOf(scope, pool), span);
}

/** Tells whether an amount above the one that an alert was told of came into force later, and the level was not reached under it. */
function isArmedAgain(
  { atMs, amount: toldOf, content }: Alert,
  level: number,
  changes: readonly AmountChange[],
): boolean {
  const { used: toldUsed = 0 } = content;
  return changes.some((change) => {
    if (change.atMs <= atMs || toldOf === undefined || change.amount <= toldOf) return false;
    // Totals are by the minute: within the alert's own, what it told was used already.
    const used = change.atMs - atMs < MINUTE_MS ? largerOf(change.used, toldUsed) : change.used;
    return listReached(used, change.amount, [level]).every((reached) => reached !== level);
  });
}

async function toWords(context: EvaluationContext, { scope, pool }: PoolSubject, level: number): Promise<AlertWords> {
  const near = await findSurroundings(context, scope, pool);
  const range = near.burst ? formatHoursOf(context.calendar, near.burst) : toDays(context, pool);
  const { used, amount, periodKind, period } = pool;
  return {
    ...toLevelWords(scope, pool, level, near),
    mention: isUrgent(pool, level) && listLater(scope, pool).length === 0,
    ...{ scope: scope.scope, pool: pool.name, level, used, amount, links: scope.links, state: scope },
    who: formatWho(range, scope.scope, pool.match),
    ...(periodKind === 'rolling-24h' ? {} : { periodEndMs: period.toMs }),
  };
}
