import { type Calendar, DAY_MS, HOUR_MS, MINUTE_MS } from '../domain/calendar.ts';
import type { Thousandths } from '../domain/event.ts';
import type { PoolState, PresentPace } from '../domain/scope-state.ts';
import { ratioOf, sumCredits } from '../domain/thousandths.ts';
import type { MeterStep, UsageReader } from '../domain/usage.ts';

interface Deps {
  usage: UsageReader;
  calendar: Calendar;
}

/** Tells whether a pool lasts a day at most, so that an hour says more about it than a week. */
export function isShort({ periodKind }: PoolState): boolean {
  return periodKind === 'day' || periodKind === 'rolling-24h';
}

/**
 * Finds when a pool that gives all that its meter counts is empty, if use goes on as now: of a day or 24 hours by the last
 * hour, of longer periods by today (not in its first hour: too little to go by). Undefined where nothing was used.
 */
export function findPresentPace(
  deps: Deps,
  meter: string,
  pool: PoolState,
  nowMs: number,
): Promise<PresentPace | undefined> {
  return isShort(pool) ? byLastHour(deps, meter, pool, nowMs) : byToday(deps, meter, pool, nowMs);
}

async function byLastHour(
  { usage }: Deps,
  meter: string,
  pool: PoolState,
  nowMs: number,
): Promise<PresentPace | undefined> {
  const toMs = Math.floor(nowMs / MINUTE_MS) * MINUTE_MS + MINUTE_MS;
  const steps = await usage.meter({ meter, span: { fromMs: toMs - DAY_MS, toMs }, grain: 'minute' });
  const perMinute = ratioOf(sumSince(steps, toMs - HOUR_MS), 60);
  if (perMinute <= 0) return undefined;
  const rolling = pool.periodKind === 'rolling-24h';
  const endMs = rolling ? toMs + DAY_MS : pool.period.toMs;
  const emptyMs = project(rolling ? steps : [], pool, { perMinute, fromMs: toMs, endMs });
  return { pace: 'the pace of the last hour', emptyMs };
}

/** The minute in which a pool is empty if use goes on at a pace, while what its window holds grows older. */
function project(
  steps: readonly MeterStep[],
  { used, amount }: PoolState,
  { perMinute, fromMs, endMs }: { perMinute: number; fromMs: number; endMs: number },
): number | undefined {
  let held = Number(used);
  let oldest = 0;
  for (let ms = fromMs; ms < endMs; ms += MINUTE_MS) {
    for (; oldest < steps.length && steps[oldest]!.startMs <= ms - DAY_MS; oldest += 1)
      held -= Number(steps[oldest]!.credits);
    held += perMinute;
    if (held >= amount) return ms;
  }
  return undefined;
}

async function byToday(
  { usage, calendar }: Deps,
  meter: string,
  { left, period }: PoolState,
  nowMs: number,
): Promise<PresentPace | undefined> {
  const day = calendar.dayOf(nowMs);
  const span = { fromMs: calendar.startOfDay(day), toMs: calendar.startOfDay(day + 1) };
  const goneMs = nowMs - span.fromMs;
  if (goneMs < HOUR_MS) return undefined;
  const used = sumSince(await usage.meter({ meter, span, grain: 'day' }), span.fromMs);
  if (used <= 0) return undefined;
  const emptyMs = Math.round(nowMs + ratioOf(left, used) * goneMs);
  return { pace: 'today’s pace', emptyMs: emptyMs < period.toMs ? emptyMs : undefined };
}

function sumSince(steps: readonly MeterStep[], fromMs: number): Thousandths {
  return sumCredits(steps.filter(({ startMs }) => startMs >= fromMs).map(({ credits }) => credits));
}
