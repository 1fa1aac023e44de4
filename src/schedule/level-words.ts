import type { AlertSign, Words } from '../domain/alert.ts';
import type { PoolState, ScopeState } from '../domain/scope-state.ts';
import { creditsOf, formatCredits, formatPercent } from '../report/format.ts';
import { isOver, toInnerCase } from '../report/scope-words.ts';
import type { AlertWords } from './alert-claims.ts';
import type { Surroundings } from './pool-surroundings.ts';

/** Words for a pool or limit at a level, by its present figures. */
export function toLevelWords(
  scope: ScopeState,
  pool: PoolState,
  level: number,
  { outlook, cause }: Surroundings = {},
): AlertWords {
  const isLimit = scope.limits.includes(pool);
  const name = isLimit ? `limit ${pool.name}` : toInnerCase(pool.name);
  const counts = `(${formatCredits(pool.used)} of ${formatCredits(pool.amount)})`;
  // Whole percents, which never fall behind the level that was reached.
  const share = formatPercent(Math.max(level, Math.floor(pool.percent)));
  const [next] = listLater(scope, pool);
  if (level === 100) {
    const title = toFullTitle(scope, pool, { isLimit, name, counts });
    const calls = next && `alls now draw from the ${describeLeft(next)}. Nothing is blocked.`;
    return {
      sign: next ? '🔵' : '⛔',
      title,
      // Where nothing is blocked nobody needs to look for the cause.
      lines: next ? [`C${calls}`] : [joinSentences([describeFull(scope, pool, isLimit), ...(cause ? [cause] : [])])],
      brief: next
        ? `${scope.title}: ${name} used up ${counts}; c${calls}`
        : `${title}. ${isLimit ? 'Nothing is blocked.' : 'Calls now count as overage.'}`,
    };
  }
  const before = `${scope.title}: ${share} of ${isLimit ? `the ${name}` : name} used ${counts}`;
  // Where another pool goes on, nobody needs to look for the cause.
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

/** Tells whether a level calls for somebody at once: from 90 on, or the last of several thresholds. */
export function isUrgent({ thresholds }: PoolState, level: number): boolean {
  const below = thresholds.filter((threshold) => threshold < 100);
  return level >= 90 || (below.length > 1 && level === below.at(-1));
}

function toSign(pool: PoolState, level: number): AlertSign {
  return isUrgent(pool, level) ? '🔴' : '🟠';
}

/** Pools of the stack that go on when this one is empty; none of a limit. */
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

/** Says until when calls are overage: until the soonest reset of the stack; a pool of 24 hours gives all the time. */
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
