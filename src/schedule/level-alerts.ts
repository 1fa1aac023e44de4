import type { AlertContent } from '../domain/alert.ts';
import { DAY_MS, HOUR_MS, MINUTE_MS } from '../domain/calendar.ts';
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
import { transact } from '../store/database.ts';
import { getDefinitionsVersion, listDefinitionsSince } from '../store/definition-repository.ts';
import { type Claim, claimAlert, type EvaluationContext, isMuted } from './alert-claims.ts';
import { formatHoursOf, formatWho, listSubjects, toDays, toEpisodeKey, toPeriodKey } from './alert-subjects.ts';
import { findSurroundings, isUrgent, listLater, toLevelWords } from './level-words.ts';

/** An episode ends after an hour below the lowest threshold: less would tell one busy day several times. */
const EPISODE_ENDS_AFTER_MS = HOUR_MS;
const LOOKED_BACK_MS = 7 * DAY_MS;

/**
 * Raises what the levels of pools and limits call for: each level once per period, the highest alone where several were
 * passed at once; a raised amount arms those again that were not reached when it came into force. `seen` remembers what was
 * looked at last, so that a pool where nothing changed costs no query; an episode may have been changed by another instance.
 */
export async function raiseLevels(context: EvaluationContext, seen: Map<string, string>): Promise<void> {
  const { db } = context;
  const [episodes, version] = await Promise.all([listOpenEpisodes(db), getDefinitionsVersion(db)]);
  for (const about of listSubjects(context.states)) {
    const { scope, pool, subject } = about;
    const isRolling = pool.periodKind === 'rolling-24h';
    const isTold = context.isOn('level') && !isMuted(context.mutes, { kind: 'level', subject, scope: scope.scope });
    const span = isRolling ? episodes.get(subject) : pool.period.fromMs;
    const sign = [pool.reached.join(), version, span, isTold, context.targets.join()].join('|');
    if (seen.get(subject) === sign) continue;
    // Nobody may have looked for hours before the first look.
    if (isRolling && !seen.has(subject)) await endMissedEpisode(context, about);
    const period = await trackPeriod(context, about);
    const claims = isTold && period !== undefined ? await listClaims(context, about, period) : [];
    // All or none: the highest says what the others would.
    if (claims.length > 0)
      await transact(db, async (trx) => {
        for (const claim of claims) await claimAlert(trx, claim, context);
      });
    seen.set(subject, sign);
  }
}

/** One pool or limit. */
type About = ReturnType<typeof listSubjects>[number];

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

/** Returns the key of a pool's period, of which an episode begins and ends here; undefined for a rolling pool that is in none. */
async function trackPeriod({ db, nowMs }: EvaluationContext, { pool, subject }: About): Promise<string | undefined> {
  if (pool.periodKind !== 'rolling-24h') return toPeriodKey(pool.period);
  const episode = await trackEpisode(db, subject, pool.reached.length > 0, nowMs, EPISODE_ENDS_AFTER_MS);
  return episode === undefined ? undefined : toEpisodeKey(episode);
}

async function listClaims(context: EvaluationContext, about: About, period: string): Promise<Claim[]> {
  const { pool, subject } = about;
  if (pool.reached.length === 0) return [];
  const rows = (await listAlertsOf(context.db, subject, period)).filter(({ kind }) => kind === 'level');
  const changes = await listChangesSince(context, about, rows);
  const highest = Math.max(...pool.reached);
  const due = pool.reached
    .map((level) => ({ level, told: rows.filter((row) => row.level === level) }))
    .filter(({ told }) => told.length === 0 || isArmedAgain(told.at(-1)!, changes))
    .sort((a, b) => b.level - a.level)
    .map(
      async ({ level, told: { length: arm } }): Promise<Claim> => ({
        key: `alert:${subject}:${period}:${level}:${arm}`,
        ...{ subject, period, arm },
        amount: Number(pool.amount),
        covered: level < highest,
        content: await toContent(context, about, level),
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
async function toContent(context: EvaluationContext, { scope, pool }: About, level: number): Promise<AlertContent> {
  const near = level === Math.max(...pool.reached) ? await findSurroundings(context, scope, pool) : {};
  return {
    kind: 'level',
    ...toLevelWords(scope, pool, level, near),
    mention: isUrgent(pool, level) && listLater(scope, pool).length === 0,
    scope: scope.scope,
    pool: pool.name,
    level,
    used: pool.used,
    amount: pool.amount,
    links: scope.links,
    state: scope,
    who: formatWho(
      near.burst ? formatHoursOf(context.calendar, near.burst) : toDays(context, pool),
      scope.scope,
      pool.match,
    ),
    ...(pool.periodKind === 'rolling-24h' ? {} : { periodEndMs: pool.period.toMs }),
  };
}
