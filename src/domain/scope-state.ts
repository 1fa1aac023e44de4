import { DEFAULT_THRESHOLDS, type Links, type Match, type PeriodRule } from './definition.ts';
import type { Thousandths } from './event.ts';
import type { Span } from './usage.ts';

/** How close a pool or limit is to its amount, worst last: see `levelOf`. */
export const LEVELS = ['healthy', 'approaching', 'critical', 'exhausted'] as const;
export type Level = (typeof LEVELS)[number];

/**
 * A pool (or limit) at the end of a day or now. used + left = amount while used ≤ amount; more than its amount is used only of
 * a limit, and of a rolling pool that is its scope's last, which holds what its window holds.
 */
export interface PoolState {
  name: string;
  used: Thousandths;
  amount: Thousandths;
  left: Thousandths;
  /** Unrounded; over 100 where `used` is over `amount`. */
  percent: number;
  level: Level;
  thresholds: readonly number[];
  /** Half-open; for `rolling-24h` the last 24 hours. */
  period: Span & { label: string };
  /** `10 × 5,000 Automation Developer + 10 × 5,000 Unattended Robot = 100,000`. */
  arithmetic: string;
  /** Share used ÷ share of period gone; absent for rolling pools and before anything has gone. */
  burnRate?: number;
  /** The instants at which it runs out, epoch ms, at the quicker and the slower of the usual daily rates; absent: not before the reset. */
  runOut?: {
    earliestMs: number;
    latestMs: number | undefined;
    arithmetic: string;
  };
  /**
   * Usual credits a day, at the slower and the quicker of the last four weeks: without `runOut` the pool lasts until its reset
   * at this pace. Absent under three days of use, for past balances, and where forecasts were not asked for.
   */
  pace?: { slower: number; quicker: number };
  drawnNow: boolean;
  periodKind: PeriodRule['kind'];
  /** Percentages reached, ascending, 100 among them. */
  reached: readonly number[];
  /** Of a limit that counts a part of its scope's calls. */
  match?: readonly Match[];
  /** Of a pool that is not healthy and all is drawn from now. */
  present?: PresentPace;
  /** Of a plain state: computes the forecast that it was made without. */
  foresee?: () => Promise<Pick<PoolState, 'runOut' | 'pace'>>;
}

/** The present use, projected: when it empties the pool, and in words. Absent: not before the reset. */
export interface PresentPace {
  pace: 'the pace of the last hour' | 'today’s pace';
  emptyMs: number | undefined;
}

/** A scope with its pools just before an instant: what pool reports, cards and alerts are made from. */
export interface ScopeState {
  scope: string;
  title: string;
  /** In the order of drawing. */
  pools: readonly PoolState[];
  limits: readonly PoolState[];
  /** The pool now drawn from; where none has anything left, the last of the stack. */
  current?: PoolState;
  /** Left in the other pools, and how many have something left. */
  restLeft: Thousandths;
  restCount: number;
  /** Of the last pool that can still be drawn. */
  level: Level;
  /** In the calendar month that holds the instant, up to it. */
  used: Thousandths;
  overage: Thousandths;
  /** Pools that ran empty in their present period, in order of time; `next` goes on (absent: overage). */
  exhaustions: readonly { pool: string; atMs: number; next?: string }[];
  rateLimitPerMinute?: number;
  links: Links;
}

/** A scope as its card shows it: now, and today so far. */
export interface ScopeCard extends ScopeState {
  requestsToday: number;
  /** Whose calls drew the credits of the pool's present period, most first; absent where no team is declared, or nothing was used. */
  teams?: readonly { team: string; sharePercent: number }[];
  peakMinute?: { startMs: number; requests: number; bulkLeftOut: number };
}

/**
 * The percentages that use has reached, ascending, 100 always among the candidates. Compared exactly, and reached is ≥.
 * Of an amount of 0 all are reached once anything is used.
 */
export function listReached(
  used: Thousandths,
  amount: Thousandths,
  thresholds: readonly number[] = DEFAULT_THRESHOLDS,
): number[] {
  return withFull(thresholds).filter((threshold) => isReached(used, amount, threshold));
}

/**
 * `approaching` from the first threshold, `critical` from the last one below 100 where there are two or more, `exhausted`
 * from 100 %.
 */
export function levelOf(
  used: Thousandths,
  amount: Thousandths,
  thresholds: readonly number[] = DEFAULT_THRESHOLDS,
): Level {
  if (isReached(used, amount, 100)) return 'exhausted';
  const below = thresholds.filter((threshold) => threshold < 100);
  if (below.length > 1 && isReached(used, amount, below.at(-1)!)) return 'critical';
  return below.length > 0 && isReached(used, amount, below[0]!) ? 'approaching' : 'healthy';
}

/**
 * A pool's percentage, exact whatever the size of its amount: `41.0`, `74.9`. Rounded to the nearest tenth, but never up to
 * a level (or 100, or the pool's thresholds) that is not reached. An amount of 0 shows 0.0 until anything is used, then 100.0.
 */
export function formatLevelPercent(
  used: Thousandths,
  amount: Thousandths,
  thresholds: readonly number[] = DEFAULT_THRESHOLDS,
): string {
  if (amount <= 0) return used > 0 ? '100.0' : '0.0';
  const tenths = (BigInt(used) * 2000n + BigInt(amount)) / (BigInt(amount) * 2n);
  const overstated = withFull(thresholds).some(
    (threshold) => tenths >= toTenths(threshold) && !isReached(used, amount, threshold),
  );
  const shown = overstated ? (BigInt(used) * 1000n) / BigInt(amount) : tenths;
  return `${shown / 10n}.${shown % 10n}`;
}

function isReached(used: Thousandths, amount: Thousandths, threshold: number): boolean {
  if (amount <= 0) return used > 0;
  return BigInt(used) * 1000n >= toTenths(threshold) * BigInt(amount);
}

/** Thresholds have at most one decimal. */
function toTenths(threshold: number): bigint {
  return BigInt(Math.round(threshold * 10));
}

function withFull(thresholds: readonly number[]): number[] {
  return [...thresholds.filter((threshold) => threshold < 100), 100];
}
