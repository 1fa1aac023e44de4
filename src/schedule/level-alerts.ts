import { type Calendar, formatDay } from '../domain/calendar.ts';
import { listReached } from '../domain/level.ts';
import type { PoolState, ScopeState } from '../domain/report.ts';
import type { UsageReader } from '../domain/usage.ts';
import { type AmountChange, listAmountChanges } from '../report/amount-changes.ts';
import { formatCredits, formatPercent } from '../report/format.ts';
import { isOver } from '../report/scope-words.ts';
import { type Alert, listAlertsOf, listOpenEpisodes, type Mute, trackEpisode } from '../store/alert-repository.ts';
import type { Db } from '../store/database.ts';
import { getDefinitionsVersion, listDefinitionsSince } from '../store/definition-repository.ts';
import { type Claim, claimAlert, isMuted, type Targets } from './alert-claims.ts';
import { formatPools, formatWho } from './alert-commands.ts';
import type { AlertContent, AlertKind } from './alert-content.ts';

/** A rolling pool's episode ends when use has been below the lowest threshold for so long. */
const EPISODE_ENDS_AFTER_MS = 60 * 60_000;
const MINUTE_MS = 60_000;

/** What an evaluation is made under. */
export interface AlertSetting {
  db: Db;
  nowMs: number;
  calendar: Calendar;
  usage: UsageReader;
  targets: Targets;
  mutes: readonly Mute[];
  isOn(kind: AlertKind): boolean;
}

/**
 * Raises what the levels of pools and limits call for: each level once per period, the highest alone where several were
 * passed at once; a raised amount arms those again that were not reached when it came into force. `seen` remembers what was
 * looked at last, so that a pool where nothing changed costs no query; an episode may have been changed by another instance.
 */
export async function evaluateLevels(
  setting: AlertSetting,
  states: readonly ScopeState[],
  seen: Map<string, string>,
): Promise<number> {
  let raised = 0;
  const [episodes, version] = await Promise.all([listOpenEpisodes(setting.db), getDefinitionsVersion(setting.db)]);
  for (const scope of states) {
    for (const pool of [...scope.pools, ...scope.limits]) {
      const about = describe(setting, scope, pool);
      const { subject, tellLevel, next } = about;
      const span = pool.periodKind === 'rolling-24h' ? episodes.get(subject) : pool.period.fromMs;
      const sign = [pool.reached.join(), version, span, tellLevel, next, setting.targets.join()].join('|');
      if (seen.get(subject) === sign) continue;
      raised += await raise(setting, about);
      seen.set(subject, sign);
    }
  }
  return raised;
}

/** What the alerts of one pool or limit are about. */
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

function describe(setting: AlertSetting, scope: ScopeState, pool: PoolState): About {
  const subject = subjectOf(scope, pool);
  const place = scope.pools.indexOf(pool);
  const isTold = (kind: AlertKind) =>
    setting.isOn(kind) && !isMuted(setting.mutes, { kind, subject, scope: scope.scope });
  const emptied = place < 0 ? undefined : scope.exhaustions.find((one) => one.pool === pool.name);
  return {
    ...{ scope, pool, subject, days: toDays(setting, pool), tellLevel: isTold('level') },
    later: listLater(scope, pool),
    next: isTold('switch') ? emptied?.next : undefined,
  };
}

/** Writes the alerts that are due for one pool or limit; how many are told. */
async function raise(setting: AlertSetting, about: About): Promise<number> {
  const { db, nowMs, targets } = setting;
  const periodKey = await findPeriodKey(db, about, nowMs);
  if (periodKey === undefined) return 0;
  const claims = about.tellLevel ? await listLevelClaims(setting, about, periodKey) : [];
  if (about.next !== undefined) claims.push(toSwitch(about, about.next, periodKey));
  if (claims.length === 0) return 0;
  return db.transaction().execute(async (trx) => {
    let count = 0;
    for (const claim of claims) if ((await claimAlert(trx, claim, targets, nowMs)) && !claim.covered) count += 1;
    return count;
  });
}

/** Undefined for a rolling pool that is in no episode. */
async function findPeriodKey(db: Db, { pool, subject }: About, nowMs: number): Promise<string | undefined> {
  if (pool.periodKind !== 'rolling-24h') return toPeriodKey(pool.period);
  const episode = await db
    .transaction()
    .execute((trx) => trackEpisode(trx, subject, pool.reached.length > 0, nowMs, EPISODE_ENDS_AFTER_MS));
  return episode === undefined ? undefined : toEpisodeKey(episode);
}

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

async function listLevelClaims(setting: AlertSetting, about: About, periodKey: string): Promise<Claim[]> {
  const { pool, subject } = about;
  if (pool.reached.length === 0) return [];
  const rows = (await listAlertsOf(setting.db, subject, periodKey)).filter(({ kind }) => kind === 'level');
  const changes = await listChangesSince(setting, about, rows);
  const highest = Math.max(...pool.reached);
  return pool.reached
    .map((level) => ({ level, told: rows.filter((row) => row.level === level) }))
    .filter(({ told }) => told.length === 0 || isArmedAgain(told.at(-1)!, changes))
    .map(({ level, told: { length: arm } }) => ({
      key: `alert:${subject}:${periodKey}:${level}:${arm}`,
      kind: 'level',
      subject,
      period: periodKey,
      level,
      arm,
      amount: pool.amount,
      covered: level < highest,
      content: toLevelContent(about, level),
    }))
    .sort((a, b) => b.level - a.level);
}

/** The amounts that came into force since the first of these alerts, with what was used of them then. */
async function listChangesSince(
  { db, usage, calendar, nowMs }: AlertSetting,
  { scope, pool }: About,
  rows: readonly Alert[],
): Promise<AmountChange[]> {
  if (rows.length === 0) return [];
  const span = { fromMs: Math.min(...rows.map(({ atMs }) => atMs)), untilMs: nowMs };
  const versions = await listDefinitionsSince(db, span.fromMs);
  const place = { scope: scope.scope, pool: pool.name, isLimit: scope.limits.includes(pool) };
  return listAmountChanges({ usage, calendar }, versions, place, span);
}

/** Whether an amount above the one that an alert was told of came into force later, and its level was not reached under it. */
function isArmedAgain({ atMs, amount: toldOf, level, content }: Alert, changes: readonly AmountChange[]): boolean {
  const { used: toldUsed = 0 } = content as AlertContent;
  return changes.some((change) => {
    if (change.atMs <= atMs || toldOf === undefined || change.amount <= toldOf) return false;
    // Totals are by the minute: within the alert's own, what it told was used already.
    const used = change.atMs - atMs < MINUTE_MS ? Math.max(change.used, toldUsed) : change.used;
    return listReached(used, change.amount, [level!]).every((reached) => reached !== level);
  });
}

function toLevelContent({ scope, pool, later, days }: About, level: number): AlertContent {
  const below = pool.thresholds.filter((threshold) => threshold < 100);
  const urgent = level >= 90 || (below.length > 1 && level === below.at(-1));
  return {
    kind: 'level',
    ...toLevelWords(scope, pool, level),
    mention: urgent && later.length === 0,
    scope: scope.scope,
    pool: pool.name,
    level,
    used: pool.used,
    amount: pool.amount,
    links: scope.links,
    who: formatWho(days, scope.scope, pool.match),
    chart: formatPools(scope.scope),
    ...(pool.periodKind === 'rolling-24h' ? {} : { periodEndMs: pool.period.toMs }),
  };
}

/** What is said of a pool or limit at a level, by its present figures. */
export function toLevelWords(scope: ScopeState, pool: PoolState, level: number): Pick<AlertContent, 'title' | 'lines'> {
  const isLimit = scope.limits.includes(pool);
  const full = isLimit ? 'is reached: 100%' : 'is used up: 100%';
  return {
    title: `${pool.name} of ${scope.title} ${level === 100 ? full : `reached ${level}%`}`,
    lines: [
      `${formatCredits(pool.used)} of ${formatCredits(pool.amount)} used (${formatPercent(pool.percent, pool.thresholds)}), ` +
        `${formatCredits(pool.left)} left, ${pool.period.label}`,
      // Overage comes of pools alone.
      ...(!isLimit && isOver(scope) ? [`Overage this month: ${formatCredits(scope.overage)}`] : []),
      isLimit ? describeLimit(level, pool) : describeNext(level, scope, pool),
    ],
  };
}

/** Pools of the stack that go on when this one is empty; none of a limit. */
function listLater({ pools }: ScopeState, pool: PoolState): PoolState[] {
  const place = pools.indexOf(pool);
  return place < 0 ? [] : pools.slice(place + 1).filter(({ left }) => left > 0);
}

/** A limit only counts: what that means, and what changes it. */
function describeLimit(level: number, { periodKind }: PoolState): string {
  const beside = 'A limit counts beside the pools: nothing is drawn from it, nothing is blocked';
  if (level < 100) return `${beside}. Slow down what can wait, or raise its amount (/usage pools edit).`;
  const end =
    periodKind === 'rolling-24h' ? 'older calls leave the window' : periodKind === 'once' ? 'its end' : 'the reset';
  return `${beside}, and further calls are no overage because of it. It stays reached until ${end}, or until its amount is raised (/usage pools edit).`;
}

/** What to do, by what comes after. */
function describeNext(level: number, scope: ScopeState, pool: PoolState): string {
  const [next] = listLater(scope, pool);
  if (next) {
    const left = `${next.name} (${formatCredits(next.left)} left)`;
    return level === 100
      ? `Calls go on from ${left}; nothing is blocked.`
      : `When it is empty, calls go on from ${left}.`;
  }
  if (level === 100)
    return `Further calls count as overage${describeRelief(scope, pool)}: pause what can wait, or add to the pool.`;
  return 'Look who uses it, slow down what can wait, or add to the pool before it is empty.';
}

/** When the stack has something again: as a window moves on, or at the soonest of its resets. */
function describeRelief({ pools }: ScopeState, pool: PoolState): string {
  const giving = pools.filter(({ periodKind, amount }) => periodKind !== 'once' && amount > 0);
  const [soonest] = giving.toSorted((a, b) => reliefMs(a) - reliefMs(b));
  if (!soonest) return pool.periodKind === 'once' ? ', and no pool of this scope begins anew' : ' until the reset';
  const of = soonest === pool ? '' : ` of ${soonest.name}`;
  return soonest.periodKind === 'rolling-24h'
    ? ` until older ones leave the window${of}`
    : ` until the reset${of}${of && ` (${soonest.period.label})`}`;
}

function reliefMs({ periodKind, period }: PoolState): number {
  return periodKind === 'rolling-24h' ? 0 : period.toMs;
}

/** Dates, since words such as `this-month` leave out today, whose calls passed the level, and mean other days tomorrow. */
function toDays({ calendar, nowMs }: AlertSetting, { periodKind, period }: PoolState): string {
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
      chart: formatPools(scope.scope),
    },
  };
}

/** What is said of a pool that is empty and of the `next`, by its present figures. */
export function toSwitchWords(scope: ScopeState, pool: PoolState, next: string): Pick<AlertContent, 'title' | 'lines'> {
  const left = listLater(scope, pool).find(({ name }) => name === next)?.left;
  return {
    title: `${scope.title} now draws from ${next}`,
    lines: [
      `${pool.name} is used up (${formatCredits(pool.amount)}, ${pool.period.label})` +
        (left === undefined ? '' : `; ${next} has ${formatCredits(left)} left`),
    ],
  };
}
