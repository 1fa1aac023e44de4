import type { AlertContent, AlertKind } from '../domain/alert.ts';
import { DAY_MS, formatDay, HOUR_MS, MINUTE_MS } from '../domain/calendar.ts';
import { listReached, type PoolState, type ScopeState } from '../domain/scope-state.ts';
import { largerOf } from '../domain/thousandths.ts';
import { type AmountChange, listAmountChanges, type PoolPlace } from '../report/amount-changes.ts';
import { findLull } from '../report/lulls.ts';
import {
  type Alert,
  endEpisode,
  findOpenEpisode,
  listAlertsOf,
  listOpenEpisodes,
  trackEpisode,
} from '../store/alert-repository.ts';
import { type Db, transact } from '../store/database.ts';
import { getDefinitionsVersion, listDefinitionsSince } from '../store/definition-repository.ts';
import {
  type Claim,
  claimAlert,
  type EvaluationContext,
  formatHoursOf,
  formatWho,
  isMuted,
  subjectOf,
  toEpisodeKey,
  toPeriodKey,
} from './alert-claims.ts';
import { isUrgent, listLater, toLevelWords, toSwitchWords } from './level-words.ts';
import { findSurroundings } from './pool-surroundings.ts';

/** An episode ends after an hour below the lowest threshold: less would tell one busy day several times. */
const EPISODE_ENDS_AFTER_MS = HOUR_MS;
const LOOKED_BACK_MS = 7 * DAY_MS;

/**
 * Raises what the levels of pools and limits call for: each level once per period, the highest alone where several were
 * passed at once; a raised amount arms those again that were not reached when it came into force. `seen` remembers what was
 * looked at last, so that a pool where nothing changed costs no query; an episode may have been changed by another instance.
 */
export async function evaluateLevels(
  context: EvaluationContext,
  states: readonly ScopeState[],
  seen: Map<string, string>,
): Promise<void> {
  const [episodes, version] = await Promise.all([listOpenEpisodes(context.db), getDefinitionsVersion(context.db)]);
  for (const scope of states) {
    for (const pool of [...scope.pools, ...scope.limits]) {
      const about = describe(context, scope, pool);
      const { subject, tellLevel, next } = about;
      const span = pool.periodKind === 'rolling-24h' ? episodes.get(subject) : pool.period.fromMs;
      const sign = [pool.reached.join(), version, span, tellLevel, next, context.targets.join()].join('|');
      if (seen.get(subject) === sign) continue;
      // Nobody may have looked for hours before the first look.
      if (pool.periodKind === 'rolling-24h' && !seen.has(subject)) await endMissedEpisode(context, about);
      await raise(context, about);
      seen.set(subject, sign);
    }
  }
}

/** One pool or limit, with all that its alerts need to know. */
interface About {
  scope: ScopeState;
  pool: PoolState;
  subject: string;
  /** Pools that go on when this one is empty. */
  later: readonly PoolState[];
  /** The period up to today, as a range's words. */
  days: string;
  tellLevel: boolean;
  /** The pool that took over, where that is to be told. */
  next: string | undefined;
}

function describe(context: EvaluationContext, scope: ScopeState, pool: PoolState): About {
  const subject = subjectOf(scope, pool);
  const place = scope.pools.indexOf(pool);
  const isTold = (kind: AlertKind) =>
    context.isOn(kind) && !isMuted(context.mutes, { kind, subject, scope: scope.scope });
  const emptied = place < 0 ? undefined : scope.exhaustions.find((one) => one.pool === pool.name);
  return {
    ...{ scope, pool, subject, days: toDays(context, pool), tellLevel: isTold('level') },
    later: listLater(scope, pool),
    // The level tells it too: at 100% its line says which pool goes on.
    next: isTold('switch') && !(isTold('level') && pool.reached.includes(100)) ? emptied?.next : undefined,
  };
}

/** Writes the alerts that are due for one pool or limit, all or none. */
async function raise(context: EvaluationContext, about: About): Promise<void> {
  const { db, nowMs } = context;
  const periodKey = await findPeriodKey(db, about, nowMs);
  if (periodKey === undefined) return;
  const claims = about.tellLevel ? await listLevelClaims(context, about, periodKey) : [];
  if (about.next !== undefined) claims.push(toSwitch(about, about.next, periodKey));
  if (claims.length === 0) return;
  await transact(db, async (trx) => {
    for (const claim of claims) await claimAlert(trx, claim, context, nowMs);
  });
}

/** Ends an episode that was over while nobody looked, so that what is reached now is told as the next. */
async function endMissedEpisode(context: EvaluationContext, { scope, pool, subject }: About): Promise<void> {
  const { db, nowMs } = context;
  const open = await findOpenEpisode(db, subject);
  if (open === undefined) return;
  const { scopes } = await context.definitions();
  const endMs = await findLull(context, scopes, placeOf(scope, pool), {
    span: { fromMs: Math.max(open.startedMs, nowMs - LOOKED_BACK_MS), toMs: nowMs },
    bound: (Number(pool.amount) * (pool.thresholds[0] ?? 100)) / 100,
    lastsMs: EPISODE_ENDS_AFTER_MS,
  });
  if (endMs !== undefined) await endEpisode(db, subject, endMs);
}

function placeOf(scope: ScopeState, pool: PoolState): PoolPlace {
  return { scope: scope.scope, pool: pool.name, isLimit: scope.limits.includes(pool) };
}

/** Undefined for a rolling pool that is in no episode. */
async function findPeriodKey(db: Db, { pool, subject }: About, nowMs: number): Promise<string | undefined> {
  if (pool.periodKind !== 'rolling-24h') return toPeriodKey(pool.period);
  const episode = await trackEpisode(db, subject, pool.reached.length > 0, nowMs, EPISODE_ENDS_AFTER_MS);
  return episode === undefined ? undefined : toEpisodeKey(episode);
}

async function listLevelClaims(context: EvaluationContext, about: About, periodKey: string): Promise<Claim[]> {
  const { pool, subject } = about;
  if (pool.reached.length === 0) return [];
  const rows = (await listAlertsOf(context.db, subject, periodKey)).filter(({ kind }) => kind === 'level');
  const changes = await listChangesSince(context, about, rows);
  const highest = Math.max(...pool.reached);
  const due = pool.reached
    .map((level) => ({ level, told: rows.filter((row) => row.level === level) }))
    .filter(({ told }) => told.length === 0 || isArmedAgain(told.at(-1)!, changes))
    .sort((a, b) => b.level - a.level)
    .map(
      async ({ level, told: { length: arm } }): Promise<Claim> => ({
        key: `alert:${subject}:${periodKey}:${level}:${arm}`,
        kind: 'level',
        subject,
        period: periodKey,
        level,
        arm,
        amount: Number(pool.amount),
        covered: level < highest,
        content: await toLevelContent(context, about, level),
      }),
    );
  return Promise.all(due);
}

/** The amounts that came into force since the first of these alerts, with what was used of them then. */
async function listChangesSince(
  { db, usage, calendar, nowMs }: EvaluationContext,
  { scope, pool }: About,
  rows: readonly Alert[],
): Promise<AmountChange[]> {
  if (rows.length === 0) return [];
  const span = { fromMs: Math.min(...rows.map(({ atMs }) => atMs)), untilMs: nowMs };
  const versions = await listDefinitionsSince(db, span.fromMs);
  return listAmountChanges({ usage, calendar }, versions, placeOf(scope, pool), span);
}

/** Tells whether an amount above the one that an alert was told of came into force later, and its level was not reached under it. */
function isArmedAgain({ atMs, amount: toldOf, level, content }: Alert, changes: readonly AmountChange[]): boolean {
  const { used: toldUsed = 0 } = content;
  return changes.some((change) => {
    if (change.atMs <= atMs || toldOf === undefined || change.amount <= toldOf) return false;
    // Totals are by the minute: within the alert's own, what it told was used already.
    const used = change.atMs - atMs < MINUTE_MS ? largerOf(change.used, toldUsed) : change.used;
    return listReached(used, change.amount, [level!]).every((reached) => reached !== level);
  });
}

/** Makes the content of a level. Cause and outlook are computed for the highest level alone, since only that is posted. */
async function toLevelContent(context: EvaluationContext, about: About, level: number): Promise<AlertContent> {
  const { scope, pool, later } = about;
  const near = level === Math.max(...pool.reached) ? await findSurroundings(context, scope, pool) : {};
  return {
    kind: 'level',
    ...toLevelWords(scope, pool, level, near),
    mention: isUrgent(pool, level) && later.length === 0,
    scope: scope.scope,
    pool: pool.name,
    level,
    used: pool.used,
    amount: pool.amount,
    links: scope.links,
    who: formatWho(near.burst ? formatHoursOf(context.calendar, near.burst) : about.days, scope.scope, pool.match),
    ...(pool.periodKind === 'rolling-24h' ? {} : { periodEndMs: pool.period.toMs }),
  };
}

/** Dates, since words such as `this-month` leave out today, whose calls passed the level, and mean other days tomorrow. */
function toDays({ calendar, nowMs }: EvaluationContext, { periodKind, period }: PoolState): string {
  if (periodKind === 'rolling-24h') return '24h';
  const [first, last] = [calendar.dayOf(period.fromMs), calendar.dayOf(nowMs)];
  return first === last ? formatDay(last) : `${formatDay(first)}..${formatDay(last)}`;
}

function toSwitch({ scope, pool, subject, days }: About, next: string, periodKey: string): Claim {
  return {
    key: `switch:${subject}:${periodKey}`,
    kind: 'switch',
    subject: `switch of ${subject}`,
    period: periodKey,
    note: { subject, period: periodKey },
    content: {
      kind: 'switch',
      ...toSwitchWords(scope, pool, next),
      mention: false,
      scope: scope.scope,
      pool: pool.name,
      who: formatWho(days, scope.scope),
    },
  };
}
