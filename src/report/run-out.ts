import { type Calendar, DAY_MS } from '../domain/calendar.ts';
import { type DrawDown, drawDown, listDrawOrder, type Standing, type UsageStep } from '../domain/draw-down.ts';
import type { Thousandths } from '../domain/event.ts';
import { findPace, formatForecast, LOOK_BACK_DAYS, type Pace } from '../domain/forecast.ts';
import type { PoolBalance } from '../domain/scope-state.ts';
import { ratioOf, subtractCredits, sumCredits } from '../domain/thousandths.ts';
import type { UsageReader } from '../domain/usage.ts';

/** Nothing is foretold beyond this. */
const HORIZON_DAYS = 1100;

/** The usual pace of a meter by the whole days before the present one; undefined where too little is known. */
export async function loadPace(
  { usage, calendar }: { usage: UsageReader; calendar: Calendar },
  meter: string,
  { atMs, firstDay }: { atMs: number; firstDay: number },
): Promise<Pace | undefined> {
  const today = calendar.dayOf(atMs);
  const from = Math.max(firstDay, today - LOOK_BACK_DAYS);
  if (today - from < 1) return undefined;
  const span = { fromMs: calendar.startOfDay(from), toMs: calendar.startOfDay(today) };
  const steps = await usage.meter({ meter, span, grain: 'day' });
  const credits = Array.from({ length: today - from }, () => 0);
  for (const step of steps) credits[calendar.dayOf(step.startMs) - from] = Math.max(0, Number(step.credits));
  // A meter's life begins with its first use.
  const begin = credits.findIndex((each) => each > 0);
  return begin < 0 ? undefined : findPace({ firstDay: from + begin, credits: credits.slice(begin) });
}

/**
 * Forecasts when each of these pools will have run empty if use goes on at its pace: at the quicker of it, and at the
 * slower (absent if not before the period ends). Undefined for rolling windows, for pools that are empty, and for those
 * that will last.
 */
export function findRunOuts(
  { pools, calendar, knownDay }: DrawDown,
  places: readonly { index: number; standing: Standing; used: Thousandths }[],
  nowMs: number,
  pace: Pace | undefined,
): PoolBalance['runOut'][] {
  if (!pace) return places.map(() => undefined);
  const used = pools.map((_, index) => places.find((place) => place.index === index)?.used ?? 0);
  const endMs = Math.max(nowMs, ...places.map(({ standing }) => (standing.days ? standing.period.toMs : nowMs)));
  const foresee = (perDay: (day: number) => number) => {
    const steps = project(perDay, nowMs, endMs, calendar);
    return drawDown(pools, steps, { calendar, knownDay, opening: { atMs: nowMs, used } });
  };
  const quicker = foresee(pace.quicker);
  const slower = foresee(pace.slower);
  return places.map(({ index, standing, used: already }) => {
    if (!standing.days || already >= standing.amount) return undefined;
    const earliestMs = findEmpty(quicker, index, standing.period.toMs);
    if (earliestMs === undefined) return undefined;
    const latestMs = findEmpty(slower, index, standing.period.toMs);
    const days = {
      earliest: (earliestMs - nowMs) / DAY_MS,
      latest: latestMs === undefined ? undefined : (latestMs - nowMs) / DAY_MS,
    };
    return { earliestMs, latestMs, arithmetic: formatForecast(pace, subtractCredits(standing.amount, already), days) };
  });
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
