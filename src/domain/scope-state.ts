import { DEFAULT_THRESHOLDS, type Links, type Match, type PeriodRule } from './definition.ts';
import type { Thousandths } from './event.ts';
import type { Span } from './usage.ts';

/** How close a pool or limit is to its amount, worst last: see `levelOf`. */
export const LEVELS = ['healthy', 'approaching', 'critical', 'exhausted'] as const;
export type Level = (typeof LEVELS)[number];

/**
 * A pool (or limit) at the end of a day or now. used + left = amount while used ≤ amount. More than its amount can be used only of a
 * limit, and of a rolling pool that is its scope's last, whose window also holds the overage.
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
  /** Share used ÷ share of period gone; absent for rolling pools and before any of the period has gone. */
  burnRate?: number;
  /** When it runs out, epoch ms, at the quicker and the slower of the usual daily rates; absent: not before the reset. */
  runOut?: {
    earliestMs: number;
    latestMs: number | undefined;
    arithmetic: string;
  };
  /**
   * Usual credits a day, at the slower and the quicker pace of the last four weeks. If there is no `runOut`, the pool lasts until its
   * reset at this pace. Absent for fewer than three days of use, for past balances, and without a forecast.
   */
  pace?: { slower: number; quicker: number };
  drawnNow: boolean;
  periodKind: PeriodRule['kind'];
  /** Thresholds reached, in percent, ascending, with 100 as one of them. */
  reached: readonly number[];
  /** Only for a limit that counts a part of its scope's calls. */
  match?: readonly Match[];
  /** Only for a pool that is not healthy and that all use now draws from. */
  present?: PresentPace;
  /** Only for a plain state: computes the forecast that it was made without. */
  foresee?: () => Promise<Pick<PoolState, 'runOut' | 'pace'>>;
}

/** A projection of present use: when it empties the pool (undefined: not before the reset), and the pace in words. */
export interface PresentPace {
  pace: 'the pace of the last hour' | 'today’s pace';
  emptyMs: number | undefined;
}

/** A scope with its pools just before an instant; pool reports, cards and alerts are made from it. */
export interface ScopeState {
  scope: string;
  title: string;
  /** In the order of drawing. */
  pools: readonly PoolState[];
  limits: readonly PoolState[];
  /** The pool now drawn from; if none has anything left, the last of the stack. */
  current?: PoolState;
  /** Credits left in the other pools, and the number of those that have any. */
  restLeft: Thousandths;
  restCount: number;
  /** Level of the last pool that can still be drawn from. */
  level: Level;
  /** Used in the calendar month of the instant, up to the instant; `overage` likewise. */
  used: Thousandths;
  overage: Thousandths;
  /** Pools that ran empty in their present period, in order of time; `next` is drawn from after it (absent: overage). */
  exhaustions: readonly { pool: string; atMs: number; next?: string }[];
  rateLimitPerMinute?: number;
  links: Links;
}

/** A scope as its card shows it: now, and today so far. */
export interface ScopeCard extends ScopeState {
  requestsToday: number;
  /** Shares of teams in the credits of the pool's present period, most first; absent if no team is declared, or nothing was used. */
  teams?: readonly { team: string; sharePercent: number }[];
  peakMinute?: { startMs: number; requests: number; bulkLeftOut: number };
}

/**
 * Lists the thresholds that use has reached (≥, compared exactly), ascending; 100 is always a threshold. With an amount of 0, all are
 * reached once anything is used.
 */
export function listReached(
  used: Thousandths,
  amount: Thousandths,
  thresholds: readonly number[] = DEFAULT_THRESHOLDS,
): number[] {
  return withFull(thresholds).filter((threshold) => isReached(used, amount, threshold));
}

/**
 * Returns the level: `approaching` from the first threshold, `critical` from the last one below 100 if there are two or more,
 * `exhausted` from 100%.
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
 * Formats a pool's percentage, exact whatever the size of its amount: `41.0`, `74.9`. Rounded to the nearest tenth, but never up to a
 * threshold or 100 that is not reached. An amount of 0 shows 0.0 until anything is used, then 100.0.
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
