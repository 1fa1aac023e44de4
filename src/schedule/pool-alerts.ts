import { DAY_MS, formatDay, HOUR_MS, MINUTE_MS } from '../domain/calendar.ts';
import { listReached, type PoolState, type ScopeState } from '../domain/scope-state.ts';
import { largerOf } from '../domain/thousandths.ts';
import type { MeterStep } from '../domain/usage.ts';
import { type AmountChange, listAmountChanges, type PoolPlace } from '../report/amount-changes.ts';
import { formatCount, formatCredits } from '../report/format.ts';
import { findLull } from '../report/lulls.ts';
import { describeRunOut, formatPace, toInnerCase } from '../report/scope-words.ts';
import { formatQuestion } from '../slack/command/format-question.ts';
import { type Alert, type Episode, listAlertsOf, listEpisodes, writeEpisode } from '../store/alert-repository.ts';
import { getDefinitionsVersion, listDefinitionsSince } from '../store/configuration-repository.ts';
import {
  type AlertWords,
  type Candidate,
  type EvaluationContext,
  findPool,
  formatHoursOf,
  formatWho,
  LATE_MS,
  listSubjects,
  type PoolSubject,
  readForAnHour,
  toDays,
  type Watch,
} from './alert-claims.ts';
import { describeLeft, findSurroundings, isUrgent, listLater, toLevelWords } from './level-words.ts';

/**
 * Alerts when a pool or limit reaches a level: each level once per period, and only the highest if several were passed at once.
 * A raised amount arms those levels again that were not reached when it came into force. An unchanged pool costs no query.
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

/** Finds the highest level to send, if any: neither it nor a higher one was sent since it was last armed. */
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

/** An episode ends after an hour below the lowest threshold: with less, one busy day would alert several times. */
export const EPISODE_ENDS_AFTER_MS = HOUR_MS;
const LOOKED_BACK_MS = 7 * DAY_MS;

/** Begins and ends the episodes of rolling pools, and lists all pools with their periods. `looked`: subjects seen before. */
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
    // Before the first look, Headroom may have been down for hours.
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

/** Lists the new states of a subject's newest episode: it falls below its threshold, rises again or ends, or the next begins. */
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

/** Finds when an episode ended while Headroom was down, so that a level reached now belongs to the next one. */
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

/** Lists the amounts that came into force since the first of these alerts, with the credits used by then. */
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

/** Tells whether a larger amount came into force after an alert, and its level was not reached at that instant. */
function isArmedAgain(
  { atMs, amount: toldOf, content }: Alert,
  level: number,
  changes: readonly AmountChange[],
): boolean {
  const { used: toldUsed = 0 } = content;
  return changes.some((change) => {
    if (change.atMs <= atMs || toldOf === undefined || change.amount <= toldOf) return false;
    // Totals are per minute: in the minute of the alert, at least what the alert stated was used.
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

/** Says, in the thread of a pool that ran empty, which pool takes over, unless the alert about its level says so already. */
export const SWITCHES: Watch = {
  kind: 'switch',
  list: (context) =>
    context.pools.flatMap(({ scope: state, pool, subject, period }) => {
      const { scope } = state;
      const next = findNext(state, pool);
      if (next === undefined || period === undefined) return [];
      if (pool.reached.includes(100) && context.isTold('level', { subject, scope })) return [];
      const who = formatWho(toDays(context, pool), scope);
      return {
        ...{ key: `switch:${subject}:${period}`, subject: `switch of ${subject}`, period, scope },
        ...{ thread: { subject, period }, tell: () => ({ ...toSwitchWords(state, pool, next), who }) },
      };
    }),
  now(alert, facts) {
    const { scope, pool } = findPool(alert, facts) ?? {};
    const next = scope && findNext(scope, pool!);
    return next !== undefined && scope?.current?.name === next ? toSwitchWords(scope, pool!, next) : undefined;
  },
};

/** Finds the pool that took over from one that ran empty. */
function findNext({ pools, exhaustions }: ScopeState, pool: PoolState): string | undefined {
  return pools.includes(pool) ? exhaustions.find((one) => one.pool === pool.name)?.next : undefined;
}

function toSwitchWords(scope: ScopeState, pool: PoolState, next: string): AlertWords {
  const later = listLater(scope, pool).find(({ name }) => name === next);
  return {
    sign: '🔵',
    title: `${scope.title}: ${toInnerCase(pool.name)} used up (${formatCredits(pool.amount)})`,
    lines: [`Calls now draw from the ${later ? describeLeft(later) : toInnerCase(next)}. Nothing is blocked.`],
    ...{ scope: scope.scope, pool: pool.name },
  };
}

/** Alerts when a pool will be empty before its reset at the usual pace: once per period, in the pool's thread. */
export const RUN_OUTS: Watch = {
  kind: 'run-out',
  list: ({ pools, calendar }) =>
    pools.flatMap(({ scope, pool, subject, period }) => {
      const words = toRunOutWords(scope, pool, calendar.zone);
      if (!words || period === undefined) return [];
      const [key, about] = [`run-out:${subject}:${period}`, `run-out of ${subject}`];
      return { key, subject: about, period, scope: scope.scope, thread: { subject, period }, tell: () => words };
    }),
  now(alert, facts) {
    const found = findPool(alert, facts);
    return found && toRunOutWords(found.scope, found.pool, facts.calendar.zone);
  },
};

function toRunOutWords(scope: ScopeState, pool: PoolState, zone: string): AlertWords | undefined {
  const { runOut, pace, periodKind, level } = pool;
  const [next] = listLater(scope, pool);
  if (!runOut || level === 'exhausted' || periodKind === 'rolling-24h' || !scope.pools.includes(pool)) return undefined;
  return {
    sign: '🟠',
    title: `${scope.title} ${runOut.latestMs === undefined ? 'may' : 'will'} run out of ${toInnerCase(pool.name)} before ${periodKind === 'once' ? 'it ends' : 'the reset'}`,
    lines: [
      `It ${describeRunOut(runOut, zone)} (${zone})${pace ? `, at the usual ${formatPace(pace)} a day` : ''}.`,
      ...(next ? [`Next: the ${describeLeft(next)}.`] : []),
    ],
    ...{ scope: scope.scope, pool: pool.name, chart: formatQuestion({ report: 'pool', scope: scope.scope }) },
  };
}

/** Alerts when a scope's calls in one minute reach its rate limit: once an hour, in the thread of the pool in use. */
export const RATES: Watch = {
  kind: 'rate',
  async list({ usage, calendar, nowMs, states, pools }) {
    const toMs = Math.floor(nowMs / MINUTE_MS) * MINUTE_MS + MINUTE_MS;
    const candidates: Candidate[] = [];
    for (const state of states) {
      const { scope, current, rateLimitPerMinute: limit } = state;
      if (limit === undefined) continue;
      const steps = await usage.meter({ meter: scope, span: { fromMs: toMs - LATE_MS, toMs }, grain: 'minute' });
      const peak = steps.filter(({ singles }) => singles >= limit).sort((a, b) => b.singles - a.singles)[0];
      if (!peak) continue;
      const hour = new Date(Math.floor(peak.startMs / HOUR_MS) * HOUR_MS).toISOString();
      const fromMs = calendar.startOfHour(peak.startMs);
      const day = formatDay(calendar.dayOf(peak.startMs));
      const drawn = pools.find(({ pool }) => pool === current);
      const filters = [{ key: 'scope' as const, patterns: [scope], not: false }];
      candidates.push({
        ...{ key: `rate:${scope}:${hour}`, subject: `rate of ${scope}`, period: hour, scope },
        thread: drawn?.period === undefined ? undefined : { subject: drawn.subject, period: drawn.period },
        tell: () => ({
          ...toRateWords(state, peak, limit),
          who: formatWho(formatHoursOf(calendar, { fromMs, toMs: fromMs + HOUR_MS }), scope),
          chart: formatQuestion({ report: 'day', range: day, filters }),
        }),
      });
    }
    return candidates;
  },
  now: readForAnHour,
};

function toRateWords({ scope, title }: ScopeState, { startMs, singles }: MeterStep, limit: number): AlertWords {
  return {
    sign: '🟠',
    title: `${title} reached its rate limit`,
    lines: [
      [`${formatCount(singles)} calls in the minute of `, { atMs: startMs }, `; ${formatCount(limit)} are allowed.`],
      'Spread calls evenly, cache what repeats, and back off after a 429.',
    ],
    scope,
  };
}
