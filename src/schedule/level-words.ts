import type { AlertSign, Words } from '../domain/alert.ts';
import { capitalise, DAY_MS, HOUR_MS } from '../domain/calendar.ts';
import type { Thousandths } from '../domain/event.ts';
import type { StoredFilter } from '../domain/filter.ts';
import { limitMeter } from '../domain/rules.ts';
import type { PoolState, ScopeState } from '../domain/scope-state.ts';
import { addCredits, ratioOf } from '../domain/thousandths.ts';
import type { Span } from '../domain/usage.ts';
import { getClientNames } from '../report/client-names.ts';
import { creditsOf, formatCredits, formatPercent, formatShare, formatShortDate } from '../report/format.ts';
import { findPresentPace, isShort } from '../report/pool-usage.ts';
import { describeRunOut, isOver, toInnerCase } from '../report/scope-words.ts';
import { findMost, isNamed } from '../report/totals.ts';
import { type AlertWords, type EvaluationContext, toScopeFilters } from './alert-claims.ts';

function namePool(scope: ScopeState, pool: PoolState) {
  const isLimit = scope.limits.includes(pool);
  const name = isLimit ? `limit ${pool.name}` : toInnerCase(pool.name);
  return { isLimit, name, counts: `(${formatCredits(pool.used)} of ${formatCredits(pool.amount)})` };
}

/** `CRM API has used 59.9% of its daily credits (390 of 651)`. */
export function describeUse(scope: ScopeState, pool: PoolState): string {
  const { name, counts } = namePool(scope, pool);
  return `${scope.title} has used ${formatPercent(pool.percent, pool.thresholds)} of its ${name} ${counts}`;
}

/** Writes the alert of a pool or limit at a level, with its present figures. */
export function toLevelWords(
  scope: ScopeState,
  pool: PoolState,
  level: number,
  { outlook, cause }: Surroundings = {},
): AlertWords {
  const { isLimit, name, counts } = namePool(scope, pool);
  // Never less than the level that was reached.
  const share = formatPercent(Math.max(level, pool.percent), pool.thresholds);
  const [next] = listLater(scope, pool);
  if (level === 100) {
    const title = toFullTitle(scope, pool, { isLimit, name, counts });
    const calls = next && `alls now draw from the ${describeLeft(next)}. Nothing is blocked.`;
    return {
      sign: next ? '🔵' : '⛔',
      title,
      // If another pool takes over, nobody needs to look for the cause.
      lines: next ? [`C${calls}`] : [joinSentences([describeFull(scope, pool, isLimit), ...(cause ? [cause] : [])])],
      brief: next
        ? `${scope.title}: ${name} used up ${counts}; c${calls}`
        : `${title}. ${isLimit ? 'Nothing is blocked.' : 'Calls now count as overage.'}`,
    };
  }
  const before = `${scope.title}: ${share} of ${isLimit ? `the ${name}` : name} used ${counts}`;
  // Here too the next pool matters more than the cause.
  const then = next ? `Next: the ${describeLeft(next)}.` : cause;
  const sentences = [...(outlook ? [outlook.sentence] : []), ...(then ? [then] : [])];
  const advice = next
    ? []
    : isLimit
      ? ['A limit only counts: nothing is blocked. Slow down what can wait, or raise the limit.']
      : outlook
        ? []
        : ['See who is using it, slow down what can wait, or raise the pool.'];
  return {
    sign: toSign(pool, level),
    title: `${scope.title} has used ${share} of its ${name} ${counts}`,
    lines: [...(sentences.length > 0 ? [joinSentences(sentences)] : []), ...advice],
    brief: outlook?.clause ? [`${before}, `, ...toParts(outlook.clause)] : before,
  };
}

/** Tells whether a level needs somebody at once: from 90% on, or the last of several thresholds below 100%. */
export function isUrgent({ thresholds }: PoolState, level: number): boolean {
  const below = thresholds.filter((threshold) => threshold < 100);
  return level >= 90 || (below.length > 1 && level === below.at(-1));
}

function toSign(pool: PoolState, level: number): AlertSign {
  return isUrgent(pool, level) ? '🔴' : '🟠';
}

/** Lists pools of the stack that take over when this one is empty; none for a limit. */
export function listLater({ pools }: ScopeState, pool: PoolState): PoolState[] {
  const place = pools.indexOf(pool);
  return place < 0 ? [] : pools.slice(place + 1).filter(({ left }) => left > 0);
}

function toFullTitle(
  { title }: ScopeState,
  { used, amount }: PoolState,
  { isLimit, name, counts }: { isLimit: boolean; name: string; counts: string },
): string {
  if (used > amount) return `${title} is over its ${name} ${counts}`;
  return isLimit ? `${title} has reached its ${name} ${counts}` : `${title} is out of ${name} ${counts}`;
}

/** `annual add-on (5,000 left)`. */
export function describeLeft({ name, left }: PoolState): string {
  return `${toInnerCase(name)} (${formatCredits(left)} left)`;
}

/** Says what being at 100% means, and what to do. */
function describeFull(scope: ScopeState, pool: PoolState, isLimit: boolean): string {
  if (isLimit) {
    const end =
      pool.periodKind === 'rolling-24h'
        ? 'older calls leave the 24-hour window'
        : pool.periodKind === 'once'
          ? 'its end'
          : 'its reset';
    return `A limit only counts: nothing is blocked, and these calls are not overage. It stays reached until ${end}, or until you raise it.`;
  }
  const over = isOver(scope) && pool.used <= pool.amount ? ` (${creditsOf(scope.overage)} this month)` : '';
  return `Calls now count as overage${over}${describeRelief(scope, pool)}. Pause what can wait, or raise the pool.`;
}

/** Says until when calls are overage: until the first pool of the stack resets. A rolling pool frees credits all the time. */
function describeRelief({ pools }: ScopeState, pool: PoolState): string {
  const giving = pools.filter(({ periodKind, amount }) => periodKind !== 'once' && amount > 0);
  const [soonest] = giving.toSorted((a, b) => reliefMs(a) - reliefMs(b));
  if (!soonest) return pool.periodKind === 'once' ? '; no pool of this scope resets' : ' until the reset';
  if (soonest === pool) return soonest.periodKind === 'rolling-24h' ? '' : ' until the reset';
  const of = toInnerCase(soonest.name);
  return soonest.periodKind === 'rolling-24h'
    ? ` until older ones leave the 24-hour window of ${of}`
    : ` until the reset of ${of} (${soonest.period.label})`;
}

function reliefMs({ periodKind, period }: PoolState): number {
  return periodKind === 'rolling-24h' ? 0 : period.toMs;
}

function joinSentences(sentences: readonly Words[]): Words {
  return sentences.flatMap((words, index) => [...(index > 0 ? [' '] : []), ...toParts(words)]);
}

function toParts(words: Words): readonly (string | { atMs: number })[] {
  return typeof words === 'string' ? [words] : words;
}

/** A pool's forecast and main user, if they are known. */
interface Surroundings {
  outlook?: Outlook | undefined;
  /** `Mostly Acme CRM (+196 since 17:00).` */
  cause?: Words | undefined;
}

/** A forecast in words. `clause` says the same after figures; absent if the pool lasts. */
interface Outlook {
  sentence: Words;
  clause?: Words;
}

/** Finds when a pool runs out and who uses it. Never rejects: an alert goes out without what cannot be found. */
export async function findSurroundings(
  context: EvaluationContext,
  scope: ScopeState,
  pool: PoolState,
): Promise<Surroundings & { burst?: Span | undefined }> {
  const orNothing = <T>(found: Promise<T>) => found.catch(() => undefined);
  // While calls draw from another pool, their pace and their clients say nothing about this one.
  const isDrawn = pool === scope.current || pool.left <= 0 || scope.limits.includes(pool);
  const meter = pool.match ? limitMeter(scope.scope, pool.name) : scope.scope;
  const filters = toScopeFilters(scope.scope, pool.match);
  const [outlook, cause] = await Promise.all([
    orNothing(findOutlook(context, meter, pool, isDrawn)),
    isDrawn ? orNothing(findPoolCause(context, filters, pool)) : undefined,
  ]);
  return { outlook, cause: cause?.sentence, burst: cause?.burst };
}

/** A burst uses 10% of the whole amount since the start of this hour, or of the last one within the first half of an hour. */
const BURST = 0.1;
/** From half of the credits on, a client is named as having used most of them. */
const MOSTLY = 0.5;
/** Below a quarter of the period's credits, no client is named. */
const NOTABLE = 0.25;

/** The client that uses a pool most, as a sentence, and the hours of its burst if there is one. */
interface PoolCause {
  sentence?: Words;
  burst?: Span;
}

/**
 * Finds who is using a pool up: the client that made most of a recent burst, or else the client with most of the period. No
 * sentence if many share it.
 */
async function findPoolCause(
  { usage, calendar, definitions, nowMs }: EvaluationContext,
  filters: readonly StoredFilter[],
  { amount, period }: PoolState,
): Promise<PoolCause> {
  const toMs = calendar.startOfHour(nowMs) + HOUR_MS;
  const names = getClientNames((await definitions()).clients);
  const find = async (span: Span) => {
    const { rows } = await usage.sum({ span, grain: 'all', groupBy: ['client'], filters });
    const sums = new Map<string, Thousandths>();
    let all: Thousandths = 0;
    for (const { keys, credits } of rows) {
      const name = names.nameOf(keys[0]!);
      sums.set(name, addCredits(sums.get(name) ?? 0, credits));
      all = addCredits(all, credits);
    }
    const [name, credits] = findMost(sums) ?? ['', 0];
    return { name, credits, all, share: all > 0 && isNamed(name) ? ratioOf(credits, all) : 0 };
  };
  const recent = { fromMs: calendar.startOfHour(nowMs - HOUR_MS / 2), toMs };
  const burst = await find(recent);
  if (ratioOf(burst.all, 1) >= BURST * Number(amount) && burst.share >= MOSTLY) {
    const since = { atMs: recent.fromMs };
    return {
      sentence: [`Mostly ${burst.name} (+${formatCredits(burst.credits)} since `, since, ').'],
      burst: recent,
    };
  }
  const whole = await find({ fromMs: calendar.startOfHour(period.fromMs), toMs });
  const isBurst = ratioOf(burst.all, 1) >= BURST * Number(amount) ? { burst: recent } : {};
  if (whole.share < NOTABLE) return isBurst;
  const share = formatShare(whole.credits, whole.all);
  return { sentence: `${whole.share >= MOSTLY ? 'Mostly' : 'Most by'} ${whole.name} (${share}).`, ...isBurst };
}

/**
 * Forecasts when a pool runs empty: at the present pace, or, for a long period, at the usual pace of the last weeks if that is
 * sooner. Undefined if there is no pace.
 */
async function findOutlook(
  context: EvaluationContext,
  meter: string,
  pool: PoolState,
  isDrawn: boolean,
): Promise<Outlook | undefined> {
  if (pool.left <= 0) return undefined;
  const { calendar, nowMs } = context;
  const present = isDrawn ? await findPresentPace(context, meter, pool, nowMs) : undefined;
  if (isShort(pool)) {
    if (!present) return undefined;
    const { emptyMs, pace } = present;
    if (emptyMs !== undefined) return soon(emptyMs, pace);
    return pool.periodKind === 'rolling-24h'
      ? { sentence: `It will not run out at ${pace}.` }
      : { sentence: ['It lasts until its reset at ', { atMs: pool.period.toMs }, ` at ${pace}.`] };
  }
  const usual = await (pool.foresee?.() ?? pool);
  const emptyMs = present?.emptyMs;
  if (emptyMs !== undefined && emptyMs < (usual?.runOut?.earliestMs ?? Number.POSITIVE_INFINITY)) {
    if (emptyMs - nowMs < DAY_MS / 2) return soon(emptyMs, present!.pace);
    const day = formatShortDate(calendar.dayOf(emptyMs));
    return { sentence: `Runs out around ${day} at ${present!.pace}.`, clause: `runs out around ${day}` };
  }
  if (usual?.runOut) {
    const clause = `${describeRunOut(usual.runOut, calendar.zone)} (${calendar.zone})`;
    return { sentence: `${capitalise(clause)}.`, clause };
  }
  if (!usual?.pace) return undefined;
  const [lasts, lastMs] =
    pool.periodKind === 'once'
      ? ['will not run out before it ends', pool.period.toMs - 1]
      : ['lasts past its reset', pool.period.toMs];
  return { sentence: `At the usual pace it ${lasts} on ${formatShortDate(calendar.dayOf(lastMs))}.` };
}

function soon(atMs: number, pace: string): Outlook {
  return { sentence: ['Runs out around ', { atMs }, ` at ${pace}.`], clause: ['runs out around ', { atMs }] };
}
