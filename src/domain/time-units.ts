/** Lengths of time in milliseconds. A local day may be an hour shorter or longer: see Calendar. */
export const MINUTE_MS = 60_000;
export const HOUR_MS = 60 * MINUTE_MS;
export const DAY_MS = 24 * HOUR_MS;

/** The pause before another try: `firstMs` after one failure, twice as long after each further one, at most `longestMs`. */
export function backoffMs(failures: number, { firstMs, longestMs }: { firstMs: number; longestMs: number }): number {
  return Math.min(firstMs * 2 ** Math.min(failures - 1, 20), longestMs);
}
