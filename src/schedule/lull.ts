import type { UsageReader } from '../domain/usage.ts';

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;

/**
 * The end of the first stretch of `lastsMs` in which the last 24 hours of a meter held less than `bound`; undefined: there was
 * none. For the time in which nobody looked.
 */
export async function findLull(
  usage: UsageReader,
  { meter, bound, lastsMs }: { meter: string; bound: number; lastsMs: number },
  { fromMs, toMs }: { fromMs: number; toMs: number },
): Promise<number | undefined> {
  const beginMs = Math.ceil(fromMs / MINUTE_MS) * MINUTE_MS;
  const steps = await usage.meter({
    meter,
    span: { fromMs: beginMs - DAY_MS, toMs: toMs + MINUTE_MS },
    grain: 'minute',
  });
  let [held, newest, oldest, below] = [0, 0, 0, 0];
  for (let ms = beginMs; ms <= toMs; ms += MINUTE_MS) {
    for (; newest < steps.length && steps[newest]!.startMs <= ms; newest += 1) held += steps[newest]!.credits;
    for (; oldest < newest && steps[oldest]!.startMs <= ms - DAY_MS; oldest += 1) held -= steps[oldest]!.credits;
    below = held < bound ? below + MINUTE_MS : 0;
    if (below >= lastsMs) return ms;
  }
  return undefined;
}
