import { type Calendar, DAY_MS, HOUR_MS, MINUTE_MS } from '../domain/calendar.ts';
import { type DrawDown, drawDown, listDrawOrder, type Standing, type UsageStep } from '../domain/draw-down.ts';
import type { Thousandths } from '../domain/event.ts';
import { findPace, formatForecast, LOOK_BACK_DAYS, type Pace } from '../domain/forecast.ts';
import type { PoolState, PresentPace } from '../domain/scope-state.ts';
import { ratioOf, smallerOf, subtractCredits, sumCredits } from '../domain/thousandths.ts';
import type { MeterStep, UsageReader } from '../domain/usage.ts';

interface Deps {
  usage: UsageReader;
  calendar: Calendar;
}

/** A pool of a draw-down, by its index there: where it stands, and its balance. */
export interface WeighedPool {
  index: number;
  standing: Standing;
  state: PoolState;
}

/** Nothing is foretold beyond this. */
const HORIZON_DAYS = 1100;

/**
 * Forecasts when each of these pools will have run empty if use goes on at its usual pace: at the quicker of it, and at the
 * slower (absent if not before the period ends). Without `runOut` for rolling windows, for pools that are empty, and for those
 * that will last; empty where too little is known.
 */
export async function forecastPools(
  deps: Deps,
  meter: string,
  { pools, calendar, knownDay }: DrawDown,
  weighed: readonly WeighedPool[],
  { atMs, firstDay }: { atMs: number; firstDay: number },
): Promise<Pick<PoolState, 'runOut' | 'pace'>[]> {
  const found = weighed.length > 0 ? await loadPace(deps, meter, { atMs, firstDay }) : undefined;
  if (!found) return [];
  // A limit may hold more than its amount.
  const usedOf = ({ state, standing }: WeighedPool) => smallerOf(state.used, standing.amount);
  const used = pools.map((_, index) => weighed.filter((each) => each.index === index).map(usedOf)[0] ?? 0);
  const endMs = Math.max(atMs, ...weighed.map(({ standing }) => (standing.days ? standing.period.toMs : atMs)));
  const foresee = (perDay: (day: number) => number) => {
    const steps = project(perDay, atMs, endMs, calendar);
    return drawDown(pools, steps, { calendar, knownDay, opening: { atMs, used } });
  };
  const [quicker, slower] = [foresee(found.quicker), foresee(found.slower)];
  const pace = { slower: found.slowerPerDay, quicker: found.quickerPerDay };
  return weighed.map((each) => {
    const { index, standing, state } = each;
    const earliestMs = standing.days && state.left > 0 ? findEmpty(quicker, index, standing.period.toMs) : undefined;
    if (earliestMs === undefined) return { pace };
    const latestMs = findEmpty(slower, index, standing.period.toMs);
    const days = {
      earliest: (earliestMs - atMs) / DAY_MS,
      latest: latestMs === undefined ? undefined : (latestMs - atMs) / DAY_MS,
    };
    const arithmetic = formatForecast(found, subtractCredits(standing.amount, state.used), days);
    return { pace, runOut: { earliestMs, latestMs, arithmetic } };
  });
}

/** The usual pace of a meter by the whole days before the present one; undefined where too little is known. */
async function loadPace(
  { usage, calendar }: Deps,
  meter: string,
  { atMs, firstDay }: { atMs: number; firstDay: number },
): Promise<Pace | undefined> {
  const today = calendar.dayOf(atMs);
  const from = Math.max(firstDay, today - LOOK_BACK_DAYS - 1);
  if (today - from < 1) return undefined;
  const span = { fromMs: calendar.startOfDay(from), toMs: calendar.startOfDay(today) };
  const steps = await usage.meter({ meter, span, grain: 'day' });
  const credits = Array.from({ length: today - from }, () => 0);
  for (const step of steps) credits[calendar.dayOf(step.startMs) - from] = Math.max(0, Number(step.credits));
  // A meter's life begins within the day of its first use: the next is its first whole day.
  const whole = credits.findIndex((each) => each > 0) + 1;
  return whole === 0 ? undefined : findPace({ firstDay: from + whole, credits: credits.slice(whole) });
}

/** The rest of today, and a step for each day after it. */
function project(perDay: (day: number) => number, nowMs: number, endMs: number, calendar: Calendar): UsageStep[] {
  const today = calendar.dayOf(nowMs);
  const [startMs, nextMs] = [calendar.startOfDay(today), calendar.startOfDay(today + 1)];
  const rest = Math.round((perDay(today) * (nextMs - nowMs)) / (nextMs - startMs));
  const steps = [{ startMs: nowMs, credits: rest }];
  const lastDay = Math.min(calendar.dayOf(endMs - 1), today + HORIZON_DAYS);
  for (let day = today + 1; day <= lastDay; day += 1)
    steps.push({ startMs: calendar.startOfDay(day), credits: perDay(day) });
  return steps;
}

/** The instant within the day's step at which the pool had given its last, use being spread evenly over the step. */
function findEmpty(
  { pools, calendar, knownDay, usage, drawn, exhaustions }: DrawDown,
  index: number,
  beforeMs: number,
): number | undefined {
  const found = exhaustions.find((exhaustion) => exhaustion.pool === index && exhaustion.atMs < beforeMs);
  if (!found) return undefined;
  const { atMs } = found;
  const step = usage.startsMs.indexOf(atMs);
  const order = listDrawOrder(pools, atMs + 1, calendar, knownDay);
  const until = order.slice(0, order.indexOf(index) + 1);
  const given = sumCredits(until.map((pool) => drawn[pool]![step]!));
  const endMs = calendar.startOfDay(calendar.dayOf(atMs) + 1);
  return Math.round(atMs + (endMs - atMs) * ratioOf(given, usage.credits[step]!));
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
  const emptyMs = findFull(rolling ? steps : [], pool, { perMinute, fromMs: toMs, endMs });
  return { pace: 'the pace of the last hour', emptyMs };
}

/** The minute in which a pool is empty if use goes on at a pace, while what its window holds grows older. */
function findFull(
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
