import type { Calendar } from '../domain/calendar.ts';
import { LEVELS, type PoolState, type ScopeState } from '../domain/scope-state.ts';
import { compareCredits } from '../domain/thousandths.ts';
import { countOf, creditsOf, formatCredits, formatMonthName, formatPercent, joinWords } from './format.ts';
import {
  describeReset,
  describeScopes,
  isOver,
  LEVEL_SIGNS,
  listScopeSentences,
  standLimit,
  toInnerCase,
  worstLevelOf,
} from './scope-words.ts';

/** Scopes whose balance is told in a sentence. */
const MOST_TOLD = 4;

/** The number that a balance begins with. */
type Side = 'left' | 'used';

/**
 * `🔵 Public API has 27,944 of 68,000 left in its monthly plan (58.9% used).`, or `… has used 40,056 of the 68,000 in its
 * monthly plan (58.9%), 27,944 left.` Of several scopes the tightest first.
 */
export function describeBalance(states: readonly ScopeState[], side: Side): string {
  const scopes = listTightest(states);
  const isCalm = scopes.every(({ level }) => level !== 'exhausted') && !states.some(isOver);
  if (scopes.length === 0 || (states.length === 1 && !isCalm)) return describeScopes(states);
  if (states.length === 1) return describeOne(scopes[0]!, side, 'has');
  const isFine = scopes.flatMap(listScopeSentences).every(({ weight }) => weight === 0);
  return `${isFine ? LEVEL_SIGNS.healthy : describeScopes(states)} Credits ${side}: ${listSides(scopes, side)}.`;
}

/** The same of a past instant: `🔵 Public API had 25,715 of 68,000 left in its monthly plan at the end of 31 Oct 2026 …`. */
export function describeBalanceThen(states: readonly ScopeState[], side: Side, when: string): string {
  const scopes = listTightest(states);
  if (scopes.length === 0) return describeScopes(states);
  const over = states.filter(isOver).map(({ title, overage }) => `${title} by ${creditsOf(overage)}`);
  const gone = over.length > 0 ? ` Over the allowance in that month: ${joinWords(over)}.` : '';
  if (states.length === 1) return `${describeOne(scopes[0]!, side, 'had', ` at ${when}`)}${gone}`;
  const worst = LEVELS.findLast((level) => scopes.some((scope) => worstLevelOf(scope) === level))!;
  return `${LEVEL_SIGNS[worst]} Credits ${side} at ${when}: ${listSides(scopes, side)}.${gone}`;
}

/** `Public API resets on 1 Dec; CRM API has no reset: it counts the last 24 hours.` */
export function describeResets(states: readonly ScopeState[], nowMs: number, calendar: Calendar): string {
  const told = states
    .flatMap(({ title, pools, limits }) => {
      const all = pools.length > 0 ? pools : limits;
      const fixed = all.filter(({ periodKind }) => periodKind !== 'rolling-24h');
      const ends = fixed.map(
        (pool) => `${describeReset(pool, nowMs, calendar)}${all.length > 1 ? ` (${pool.name})` : ''}`,
      );
      const atMs = Math.min(...fixed.map(({ period }) => period.toMs));
      if (all.length === 0) return [];
      return [
        { atMs, text: `${title} ${ends.length > 0 ? joinWords(ends) : 'has no reset: it counts the last 24 hours'}` },
      ];
    })
    .toSorted((a, b) => a.atMs - b.atMs);
  return told.length > 0 ? `${told.map(({ text }) => text).join('; ')}.` : describeScopes(states);
}

/** `No: nothing went over its allowance in Nov 2026.` `atMs`: the instant that the states are of. */
export function describeOverage(states: readonly ScopeState[], atMs: number, calendar: Calendar): string {
  const month = formatMonthName(calendar.dayOf(atMs - 1));
  const over = states.filter(isOver).toSorted((a, b) => compareCredits(b.overage, a.overage));
  const limits = states.flatMap((state) =>
    state.limits.filter(({ used, amount }) => used > amount).map((limit) => standLimit(state, limit).text),
  );
  const told = over.map(({ title, overage }) => `${title} went ${creditsOf(overage)} over its allowance`);
  if (told.length > 0) return [`Yes: ${joinWords(told)} in ${month}.`, ...limits].join(' ');
  if (limits.length > 0) return `Yes: ${limits.join(' ')}`;
  const [only] = states;
  return `No: ${states.length === 1 ? `${only!.title} did not go` : 'nothing went'} over its allowance in ${month}.`;
}

type Tightest = ScopeState & { pool: PoolState };

/** Scopes with the fullest of what now counts: the pool that is drawn from, and the limits. Fullest first. */
function listTightest(states: readonly ScopeState[]): Tightest[] {
  return states
    .flatMap((state) => {
      const pools = [...(state.current ? [state.current] : []), ...state.limits];
      return pools.length > 0
        ? [{ ...state, pool: pools.reduce((most, pool) => (pool.percent > most.percent ? pool : most)) }]
        : [];
    })
    .toSorted((a, b) => b.pool.percent - a.pool.percent);
}

function describeOne(state: Tightest, side: Side, has: 'has' | 'had', when = ''): string {
  const { title, current, limits, restCount, restLeft } = state;
  const pool = current ?? state.pool;
  const [used, left, amount] = [pool.used, pool.left, pool.amount].map(formatCredits);
  const name = `its ${pool === current ? toInnerCase(pool.name) : `limit ${pool.name}`}`;
  const percent = formatPercent(pool.percent, pool.thresholds);
  const rest = restCount > 0 ? `, and ${formatCredits(restLeft)} in ${countOf(restCount, 'other pool')}` : '';
  const near = limits
    .filter((limit) => limit.level !== 'healthy' && limit !== pool)
    .map((limit) => ` ${formatCredits(limit.left)} of ${formatCredits(limit.amount)} left in its limit ${limit.name}.`);
  const counts =
    side === 'left'
      ? `${left} of ${amount} left in ${name}${when} (${percent} used)`
      : `used ${used} of the ${amount} in ${name}${when} (${percent}), ${left} left`;
  return `${LEVEL_SIGNS[worstLevelOf(state)]} ${title} ${has} ${counts}${rest}.${near.join('')}`;
}

function listSides(scopes: readonly Tightest[], side: Side): string {
  const shown = scopes.slice(0, MOST_TOLD).map(({ title, pool, pools, current, restCount, restLeft }) => {
    const counts = `${formatCredits(pool[side])} of ${formatCredits(pool.amount)}`;
    // Of a stack, what is used is used of one pool.
    const isPlain = pool === current && (side === 'left' || pools.length === 1);
    if (side === 'used') {
      const share = formatPercent(pool.percent, pool.thresholds);
      return `${title} ${share} (${counts}${isPlain ? '' : `, ${pool.name}`})`;
    }
    const rest =
      pool === current && restCount > 0 ? ` and ${formatCredits(restLeft)} in ${countOf(restCount, 'other pool')}` : '';
    return `${title} ${counts}${isPlain ? '' : ` (${pool.name})`}${rest}`;
  });
  const more = scopes.length > MOST_TOLD ? `, and ${countOf(scopes.length - MOST_TOLD, 'other')}` : '';
  return `${shown.join('; ')}${more}`;
}
