import { type Calendar, DAY_MS, HOUR_MS, MINUTE_MS } from '../domain/calendar.ts';
import { amountOf, type Pool } from '../domain/definition.ts';
import {
  type DrawDown,
  drawDown,
  findStanding,
  listDrawOrder,
  type Standing,
  type UsageStep,
} from '../domain/draw-down.ts';
import type { Thousandths } from '../domain/event.ts';
import { findPace, formatForecast, LOOK_BACK_DAYS, type Pace } from '../domain/forecast.ts';
import type { PoolState, PresentPace } from '../domain/scope-state.ts';
import { largerOf, ratioOf, smallerOf, subtractCredits, sumCredits } from '../domain/thousandths.ts';
import type { MeterStep, UsageReader } from '../domain/usage.ts';

/** Cache of a day's minutes, valid while the day's sums stay the same; emptied when it has more days than this. */
const MAX_REMEMBERED_DAYS = 2000;

interface RememberedDay {
  sums: MeterStep;
  minutes: readonly UsageStep[];
}

const remembered = new WeakMap<UsageReader, Map<string, RememberedDay>>();

interface PoolUsageQuery {
  meter: string;
  /** Pools that the steps will be drawn from. */
  pools: readonly Pool[];
  /** Limits that the same steps will be compared with. */
  limits?: readonly Pool[];
  /** First day whose balances must be exact; the answer begins earlier where they depend on days before. */
  fromDay: number;
  untilMs: number;
  /** First day that holds any usage, corrections included. */
  firstDay: number;
  /** Every day from this one on is read by the minute. */
  finelyFromDay?: number;
}

/**
 * Reads what a meter counted, as fine as drawing from these pools needs: by the day, and by the minute where the minute matters. Only
 * rolling pools need minutes, and only around days on which one may run empty: while all days that a window can touch together use
 * less than its amount, the minute makes no difference.
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
  // A window reaches into the day before, and beyond if a clock change made that day shorter than 24 hours.
  const touched = (day: number) =>
    calendar.startOfDay(day) - calendar.startOfDay(day - 1) < DAY_MS ? [day - 2, day - 1, day] : [day - 1, day];
  const isTight = (day: number) => {
    const sum = sumCredits(touched(day).map(used));
    return rolling.some((amount) => sum > amount);
  };

  // The window of the first day reaches back past that day.
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
 * Finds the day from which usage is needed so that balances of `day` are exact: every pool's and limit's period has begun by then. If
 * a pool may be drawn from before another, its period at the start of the other's must have begun too. Pools with the same priority
 * and different periods may lead back to each other, as far as anything was used.
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

/** Joins neighbouring days into half-open runs. */
function toRuns(days: readonly number[]): [number, number][] {
  const runs: [number, number][] = [];
  for (const day of days) {
    const last = runs.at(-1);
    if (last && last[1] === day) last[1] = day + 1;
    else runs.push([day, day + 1]);
  }
  return runs;
}

interface Deps {
  usage: UsageReader;
  calendar: Calendar;
}

/** A pool of a draw-down, by its index there, with its period and amount at an instant, and its balance. */
export interface WeighedPool {
  index: number;
  standing: Standing;
  state: PoolState;
}

/** Forecasts reach no further than this. */
const HORIZON_DAYS = 1100;

/**
 * Forecasts when each pool runs empty if use continues at its usual pace: at the quicker pace, and at the slower (undefined if not
 * before the period ends). No `runOut` for rolling windows, for empty pools, and for pools that will last. Empty if too little is
 * known.
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
  // A limit may have counted more than its amount.
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

/** Finds the usual pace of a meter from the whole days before today; undefined if too little is known. */
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
  // The day of first use is only partly used: start with the next.
  const whole = credits.findIndex((each) => each > 0) + 1;
  return whole === 0 ? undefined : findPace({ firstDay: from + whole, credits: credits.slice(whole) });
}

/** Projects use: a step for the rest of today, and one for each day after it. */
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

/** Finds the instant at which a pool gives its last credit, if use is spread evenly over the day. */
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

/** Tells whether a pool's period is a day at most: then the last hour says more about it than the last weeks. */
export function isShort({ periodKind }: PoolState): boolean {
  return periodKind === 'day' || periodKind === 'rolling-24h';
}

/**
 * Finds when a pool that gives all that its meter counts is empty, if use continues as now: pools of a day or 24 hours by the last
 * hour, longer ones by today (not in the day's first hour, which tells too little). Undefined if nothing was used.
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

/** Finds the minute in which use at this pace reaches the pool's amount, while old use leaves its window. */
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
