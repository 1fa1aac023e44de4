import { type Calendar, DAY_MS, MINUTE_MS } from '../domain/calendar.ts';
import type { Pool, Scope } from '../domain/definition.ts';
import { drawDown } from '../domain/draw-down.ts';
import type { Thousandths } from '../domain/event.ts';
import { limitMeter } from '../domain/rules.ts';
import { addCredits, subtractCredits } from '../domain/thousandths.ts';
import type { Span, UsageReader } from '../domain/usage.ts';
import type { PoolPlace } from './amount-changes.ts';
import { loadPoolUsage } from './pool-usage.ts';

/**
 * Finds the first stretch of `lastsMs` within a span during which the 24-hour window of a rolling pool (or limit) held less than
 * `bound`, and returns its end; undefined: there was none. A pool holds what it gave and, if it is the last of its stack, the
 * overage.
 */
export async function findLull(
  deps: { usage: UsageReader; calendar: Calendar },
  scopes: readonly Scope[],
  place: PoolPlace,
  { span, bound, lastsMs }: { span: Span; bound: number; lastsMs: number },
): Promise<number | undefined> {
  const held = await loadHeld(deps, scopes, place, span);
  const endMs = Math.floor(span.toMs / MINUTE_MS) * MINUTE_MS;
  let sum: Thousandths = 0;
  let [newest, oldest, below] = [0, 0, 0];
  for (let ms = Math.ceil(span.fromMs / MINUTE_MS) * MINUTE_MS; ms <= endMs; ms += MINUTE_MS) {
    for (; newest < held.length && held[newest]!.startMs <= ms; newest += 1)
      sum = addCredits(sum, held[newest]!.credits);
    for (; oldest < newest && held[oldest]!.startMs <= ms - DAY_MS; oldest += 1)
      sum = subtractCredits(sum, held[oldest]!.credits);
    below = sum < bound ? below + MINUTE_MS : 0;
    if (below >= lastsMs) return ms;
  }
  return undefined;
}

/** Loads what entered a pool's window, by the minute, from the day before the span on. */
async function loadHeld(
  deps: { usage: UsageReader; calendar: Calendar },
  scopes: readonly Scope[],
  { scope: name, pool: poolName, isLimit }: PoolPlace,
  { fromMs, toMs }: Span,
): Promise<{ startMs: number; credits: Thousandths }[]> {
  const { calendar, usage } = deps;
  const scope = scopes.find((one) => one.name === name);
  const limit = isLimit ? scope?.limits.find((one) => one.name === poolName) : undefined;
  const pools: readonly Pool[] = isLimit ? [] : (scope?.pools ?? []);
  const fromDay = calendar.dayOf(fromMs - DAY_MS);
  const [meter, knownDay] = [limit?.match ? limitMeter(name, poolName) : name, calendar.dayOf(toMs)];
  const steps = await loadPoolUsage(deps, {
    ...{ meter, pools, fromDay, finelyFromDay: fromDay },
    ...{ untilMs: toMs + MINUTE_MS, firstDay: (await usage.firstMeterDay()) ?? knownDay },
  });
  const { usage: net, drawn, over } = drawDown(pools, steps, { calendar, knownDay });
  const own = pools.flatMap((pool, index) => (pool.name === poolName ? [index] : []));
  return net.credits.map((credits, step) => ({
    startMs: net.startsMs[step]!,
    credits: limit ? credits : own.map((at) => addCredits(drawn[at]![step]!, over[at]![step]!)).reduce(addCredits, 0),
  }));
}
