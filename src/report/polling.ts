/** Calls that come at regular intervals. */
export interface Polling {
  calls: number;
  /** Median time between calls. */
  everyMs: number;
  /** Standard deviation ÷ mean of the gaps that count. */
  variation: number;
  /** Gaps left out: more than five times the median, as over a night. */
  pauses: number;
}

/** Fewer gaps than this are no evidence. */
const LEAST_GAPS = 20;
/** Quicker than this is a burst, whatever its rhythm. */
const LEAST_EVERY_MS = 1000;
const MOST_VARIATION = 0.2;
const PAUSE = 5;
const MOST_PAUSES = 0.1;

/**
 * Tells whether calls at these times (epoch ms, ascending) look like a machine that asks again and again: a coefficient of
 * variation of the gaps below 0.2, over at least 20 of them, a second or more apart. Undefined otherwise.
 */
export function findPolling(timesMs: readonly number[]): Polling | undefined {
  const gaps = timesMs.slice(1).map((ms, index) => ms - timesMs[index]!);
  const sorted = [...gaps].sort((a, b) => a - b);
  const everyMs = sorted[Math.floor(sorted.length / 2)] ?? 0;
  const steady = gaps.filter((gap) => gap <= everyMs * PAUSE);
  const pauses = gaps.length - steady.length;
  if (everyMs < LEAST_EVERY_MS || steady.length < LEAST_GAPS || pauses > gaps.length * MOST_PAUSES) return undefined;
  const mean = steady.reduce((sum, gap) => sum + gap, 0) / steady.length;
  const variance = steady.reduce((sum, gap) => sum + (gap - mean) ** 2, 0) / steady.length;
  const variation = Math.sqrt(variance) / mean;
  return variation < MOST_VARIATION ? { calls: timesMs.length, everyMs, variation, pauses } : undefined;
}
