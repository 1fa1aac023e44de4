import { type Calendar, DAY_MS } from '../domain/calendar.ts';
import { amountOf, type Pool } from '../domain/definition.ts';
import { findStanding, type UsageStep } from '../domain/draw-down.ts';
import { largerOf, smallerOf, sumCredits } from '../domain/thousandths.ts';
import type { MeterStep, UsageReader } from '../domain/usage.ts';

/** Minutes of days already asked for, until their sums change. */
const MAX_REMEMBERED_DAYS = 2000;

interface RememberedDay {
  sums: MeterStep;
  minutes: readonly UsageStep[];
}

const remembered = new WeakMap<UsageReader, Map<string, RememberedDay>>();

export interface PoolUsageQuery {
  meter: string;
  /** Pools that the steps will be drawn from. */
  pools: readonly Pool[];
  /** Limits that they will be compared with, each by itself. */
  limits?: readonly Pool[];
  /** First day of interest; the answer begins where the balances of that day begin to be exact. */
  fromDay: number;
  untilMs: number;
  /** First day that holds any usage, corrections included. */
  firstDay: number;
  /** From this day on every day is read by the minute. */
  finelyFromDay?: number;
}

/**
 * Reads what a meter used, as fine as drawing from these pools needs: by the day, and by the minute for days on which the
 * minute decides. Only a rolling pool asks for minutes, and only around days on which it may run empty: as long as the days
 * that a window can touch use less than its amount together, the window gives all of it, whatever the minute.
 */
export async function loadPoolUsage(
  deps: { usage: UsageReader; calendar: Calendar },
  query: PoolUsageQuery,
): Promise<UsageStep[]> {
  const { calendar, usage } = deps;
  const { meter, pools, limits = [], firstDay, untilMs } = query;
  const lastDay = calendar.dayOf(untilMs - 1);
  const rolling = [...pools, ...limits]
    .filter((pool) => pool.period.kind === 'rolling-24h')
    .map((pool) => pool.amounts.map(amountOf).reduce(smallerOf));
  const days = new Map<number, MeterStep>();
  let loadedFrom = lastDay + 1;

  async function loadDays(fromDay: number): Promise<void> {
    if (fromDay >= loadedFrom) return;
    const span = { fromMs: calendar.startOfDay(fromDay), toMs: calendar.startOfDay(loadedFrom) };
    for (const step of await usage.meter({ meter, span, grain: 'day' })) days.set(calendar.dayOf(step.startMs), step);
    loadedFrom = fromDay;
  }
  const used = (day: number) => largerOf(0, days.get(day)?.credits ?? 0);
  // Windows of a day reach into the day before, and past it where a clock change made that one shorter than 24 hours.
  const touched = (day: number) =>
    calendar.startOfDay(day) - calendar.startOfDay(day - 1) < DAY_MS ? [day - 2, day - 1, day] : [day - 1, day];
  const isTight = (day: number) => {
    const sum = sumCredits(touched(day).map(used));
    return rolling.some((amount) => sum > amount);
  };

  // The window of the first day of interest reaches back past it.
  const first = Math.min(query.fromDay, lastDay);
  const reach = rolling.length > 0 ? Math.min(...touched(first)) : first;
  const startFor = (day: number) => findStart(pools, limits, { day, firstDay, calendar });
  let start = startFor(reach);
  await loadDays(Math.max(firstDay, rolling.length > 0 ? start - 9 : start));
  while (start > firstDay && isTight(start)) {
    start = startFor(start - 1);
    if (start - 2 < loadedFrom) await loadDays(Math.max(firstDay, start - 30));
  }

  const fine = new Set<number>();
  if (untilMs < calendar.startOfDay(lastDay + 1)) fine.add(lastDay);
  for (let day = start; day <= lastDay && rolling.length > 0; day += 1)
    if (day === lastDay || isTight(day)) for (const each of touched(day)) fine.add(each);
  for (let day = query.finelyFromDay ?? lastDay + 1; day <= lastDay; day += 1) fine.add(day);
  const minutes = await loadMinutes(
    deps,
    meter,
    days,
    [...fine].filter((day) => day >= start && days.has(day)),
  );

  const steps: UsageStep[] = [];
  for (let day = start; day <= lastDay; day += 1) {
    const whole = days.get(day);
    if (!whole) continue;
    if (fine.has(day)) steps.push(...minutes.get(day)!.filter((step) => step.startMs < untilMs));
    else steps.push({ startMs: whole.startMs, credits: whole.credits });
  }
  return steps;
}

/**
 * The day from which balances of a day on are exact: every pool's and limit's period has begun there, and of a pool that may
 * be drawn from before another also the one that the other's begins in. Where pools with the same priority and different
 * periods take turns, each leads back to the other, as far as anything was used.
 */
function findStart(
  pools: readonly Pool[],
  limits: readonly Pool[],
  { day, firstDay, calendar }: { day: number; firstDay: number; calendar: Calendar },
): number {
  const startOf = (pool: Pool, on: number): number => {
    const fromDay = findStanding(pool, calendar.startOfDay(on + 1), calendar, on)?.days?.fromDay ?? on;
    return Math.max(firstDay, Math.min(on, Math.max(pool.fromDay, fromDay)));
  };
  const priorities = pools.map(({ priority, amounts }) => amounts.map((version) => version.priority ?? priority));
  const starts = pools.map((pool) => startOf(pool, day));
  for (let isSettled = false; !isSettled; ) {
    isSettled = true;
    for (const [earlier, pool] of pools.entries())
      for (const [later, start] of starts.entries()) {
        if (start >= starts[earlier]! || Math.min(...priorities[earlier]!) > Math.max(...priorities[later]!)) continue;
        starts[earlier] = startOf(pool, start);
        isSettled = false;
      }
  }
  return Math.max(firstDay, Math.min(day, ...starts, ...limits.map((limit) => startOf(limit, day))));
}

async function loadMinutes(
  { usage, calendar }: { usage: UsageReader; calendar: Calendar },
  meter: string,
  days: ReadonlyMap<number, MeterStep>,
  wanted: readonly number[],
): Promise<Map<number, readonly UsageStep[]>> {
  let memory = remembered.get(usage);
  if (!memory || memory.size > MAX_REMEMBERED_DAYS) {
    memory = new Map();
    remembered.set(usage, memory);
  }
  const found = new Map<number, readonly UsageStep[]>();
  const missing: number[] = [];
  for (const day of wanted.toSorted((a, b) => a - b)) {
    const known = memory.get(`${day} ${meter}`);
    if (known && isSameSum(known.sums, days.get(day)!)) found.set(day, known.minutes);
    else missing.push(day);
  }
  for (const [fromDay, toDay] of toRuns(missing)) {
    const span = { fromMs: calendar.startOfDay(fromDay), toMs: calendar.startOfDay(toDay) };
    const steps = await usage.meter({ meter, span, grain: 'minute' });
    const byDay = Map.groupBy(steps, (step) => calendar.dayOf(step.startMs));
    for (let day = fromDay; day < toDay; day += 1) {
      const minutes = (byDay.get(day) ?? []).map(({ startMs, credits }) => ({ startMs, credits }));
      memory.set(`${day} ${meter}`, { sums: days.get(day)!, minutes });
      found.set(day, minutes);
    }
  }
  return found;
}

function isSameSum(a: MeterStep, b: MeterStep): boolean {
  return a.credits === b.credits && a.singles === b.singles && a.bulk === b.bulk;
}

/** Neighbouring days as half-open runs. */
function toRuns(days: readonly number[]): [number, number][] {
  const runs: [number, number][] = [];
  for (const day of days) {
    const last = runs.at(-1);
    if (last && last[1] === day) last[1] = day + 1;
    else runs.push([day, day + 1]);
  }
  return runs;
}
