import { DEFAULT_THRESHOLDS } from './definition.ts';
import type { Thousandths } from './event.ts';
import type { Level } from './scope-state.ts';

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
