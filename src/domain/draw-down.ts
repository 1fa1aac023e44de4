/**
 * Tells which pool each credit is drawn from: a pure function of usage and definitions. Steps are taken in order of their time,
 * whatever the order of arrival. Each draws from the pools in draw order as far as they have something left; what none covers is
 * overage. Conservation: at every step, drawn of all pools + overage = credits.
 */

import { type Calendar, DAY_MS, MINUTE_MS } from './calendar.ts';
import { amountOf, type DaySpan, type Pool, periodOf, versionOn } from './definition.ts';
import type { Thousandths } from './event.ts';
import { addCredits, largerOf, smallerOf, subtractCredits } from './thousandths.ts';
import type { Span } from './usage.ts';

/**
 * Credits used in the minute or day that begins at an instant; in a minute where a rolling pool needs it. Corrections may make it
 * negative.
 */
export interface UsageStep {
  startMs: number;
  credits: Thousandths;
}

/** Steps in order of time, at most one per instant, none below zero. */
export interface NetUsage {
  startsMs: Float64Array;
  credits: Thousandths[];
}

/** A pool that ran empty while being drawn from; `next` is drawn from after it (undefined: overage). Both are indexes in `pools`. */
interface Exhaustion {
  atMs: number;
  pool: number;
  next: number | undefined;
}

export interface DrawDown {
  pools: readonly Pool[];
  calendar: Calendar;
  knownDay: number;
  usage: NetUsage;
  /** For each pool, the credits that each step drew from it. */
  drawn: readonly (readonly Thousandths[])[];
  overage: readonly Thousandths[];
  /**
   * For each pool, the overage that its window holds besides what it gave: only of a rolling pool, while it is the last of the stack.
   */
  over: readonly (readonly Thousandths[])[];
  /** In order of time: the first of each period; for a rolling pool, each after more than an hour without one. */
  exhaustions: readonly Exhaustion[];
}

export interface DrawDownContext {
  calendar: Calendar;
  /** The day of "now". A period that holds it has the latest amount in force by then; a past period has that of its last day. */
  knownDay: number;
  /** The state to start from: what each pool has given in its period so far (rolling pools: nothing), at an instant. */
  opening?: { atMs: number; used: readonly Thousandths[] };
}

/** Draws usage from a scope's pools. Linear in the steps; about 20 ms for a year of minutes. */
export function drawDown(
  pools: readonly Pool[],
  steps: readonly UsageStep[],
  { calendar, knownDay, opening }: DrawDownContext,
): DrawDown {
  const usage = netUsage(steps, calendar);
  const { startsMs, credits } = usage;
  const lanes = pools.map((pool, index) => createLane(pool, index, startsMs.length));
  const overage = createAmounts(startsMs.length);
  const exhaustions: Exhaustion[] = [];
  let order: Lane[] = [];
  let turnMs = Number.NEGATIVE_INFINITY;
  if (opening) {
    ({ order, turnMs } = turn(lanes, opening.atMs, calendar, knownDay));
    for (const lane of order) if (!lane.rolling) lane.used = opening.used[lane.index]!;
  }

  for (let step = 0; step < startsMs.length; step += 1) {
    const ms = startsMs[step]!;
    if (ms >= turnMs) ({ order, turnMs } = turn(lanes, ms, calendar, knownDay));
    let rest = credits[step]!;
    for (const lane of order) {
      if (rest === 0) break;
      if (lane.rolling) expire(lane, startsMs, ms);
      const left = subtractCredits(lane.amount, lane.used);
      if (left <= 0) continue;
      const part = smallerOf(rest, left);
      lane.used = addCredits(lane.used, part);
      lane.drawn[step] = part;
      rest = subtractCredits(rest, part);
      if (part === left) noteExhaustion(lane, step, ms);
    }
    overage[step] = rest;
    const last = order.at(-1);
    // The window of a scope's last pool also holds the overage, as a provider's own counter does.
    if (rest > 0 && last?.rolling) {
      last.over[step] = rest;
      last.used = addCredits(last.used, rest);
    }
  }
  return {
    ...{ pools, calendar, knownDay, usage, overage, exhaustions },
    drawn: lanes.map((lane) => lane.drawn),
    over: lanes.map((lane) => lane.over),
  };

  function noteExhaustion(lane: Lane, step: number, atMs: number): void {
    const since = atMs - lane.exhaustedMs;
    lane.exhaustedMs = atMs;
    if (lane.rolling && since <= 60 * MINUTE_MS) return;
    const later = order.slice(order.indexOf(lane) + 1);
    for (const other of later) if (other.rolling) expire(other, startsMs, startsMs[step]!);
    const next = later.find((other) => other.amount > other.used);
    exhaustions.push({ atMs, pool: lane.index, next: next?.index });
  }
}

function createAmounts(length: number): Thousandths[] {
  return new Array<Thousandths>(length).fill(0);
}

/** The working state of a pool during the walk. */
interface Lane {
  pool: Pool;
  index: number;
  rolling: boolean;
  drawn: Thousandths[];
  over: Thousandths[];
  amount: Thousandths;
  /** Credits drawn in the current period, or held by the current window. */
  used: Thousandths;
  periodFromDay: number;
  /** First step that is still inside the rolling window. */
  oldest: number;
  exhaustedMs: number;
}

function createLane(pool: Pool, index: number, steps: number): Lane {
  return {
    pool,
    index,
    rolling: pool.period.kind === 'rolling-24h',
    drawn: createAmounts(steps),
    over: createAmounts(steps),
    amount: 0,
    used: 0,
    periodFromDay: Number.NaN,
    oldest: 0,
    exhaustedMs: Number.NEGATIVE_INFINITY,
  };
}

/** Removes from a rolling window the steps 24 hours or more before `ms`. */
function expire(lane: Lane, startsMs: Float64Array, ms: number): void {
  while (startsMs[lane.oldest]! <= ms - DAY_MS) {
    const held = addCredits(lane.drawn[lane.oldest]!, lane.over[lane.oldest]!);
    lane.used = subtractCredits(lane.used, held);
    lane.oldest += 1;
  }
}

/** Updates amounts, periods and the draw order for an instant; they stay the same until `turnMs`. */
function turn(
  lanes: readonly Lane[],
  ms: number,
  calendar: Calendar,
  knownDay: number,
): { order: Lane[]; turnMs: number } {
  const day = calendar.dayOf(ms);
  const present: { lane: Lane; place: PoolDay }[] = [];
  let turnDay = Number.POSITIVE_INFINITY;
  for (const lane of lanes) {
    const { pool } = lane;
    const place = poolDayOf(pool, day, knownDay);
    turnDay = Math.min(turnDay, ...listTurns(pool, place).filter((candidate) => candidate > day));
    if (!place) continue;
    lane.amount = place.amount;
    if (!lane.rolling && place.fromDay !== lane.periodFromDay) {
      lane.used = 0;
      lane.periodFromDay = place.fromDay;
    }
    present.push({ lane, place });
  }
  present.sort((a, b) => comparePoolDays(a.place, b.place) || a.lane.index - b.lane.index);
  return {
    order: present.map(({ lane }) => lane),
    turnMs: Number.isFinite(turnDay) ? calendar.startOfDay(turnDay) : turnDay,
  };
}

/** Lists the days on which a pool's amount, period or place in the draw order may change. */
function listTurns(pool: Pool, place: PoolDay | undefined): number[] {
  const { period, fromDay, untilDay, amounts } = pool;
  const turns = [fromDay, ...amounts.map((version) => version.fromDay)];
  if (untilDay !== undefined) turns.push(untilDay + 1);
  if (period.kind === 'once') turns.push(period.fromDay);
  if (place && Number.isFinite(place.toDay)) turns.push(place.toDay);
  return turns;
}

/** A pool on one day: its amount, and what decides its place in the draw order. */
interface PoolDay {
  amount: Thousandths;
  priority: number;
  /**
   * Days of the period, half-open. A rolling window has no end (-Infinity) and so comes first: credits that it does not give now are
   * lost.
   */
  fromDay: number;
  toDay: number;
  /** The `from` day that breaks ties. */
  since: number;
  order: number;
}

function poolDayOf(pool: Pool, day: number, knownDay: number): PoolDay | undefined {
  const { period, untilDay = Number.POSITIVE_INFINITY, amounts } = pool;
  if (day < pool.fromDay || day > untilDay) return undefined;
  const { priority = pool.priority, order = pool.order } = versionOn(amounts, day);
  if (period.kind === 'rolling-24h') {
    const amount = amountOf(versionOn(amounts, Math.min(day, knownDay)));
    const never = { fromDay: Number.NEGATIVE_INFINITY, toDay: Number.NEGATIVE_INFINITY };
    return { amount, priority, ...never, since: pool.fromDay, order };
  }
  const span = periodOf(period, day);
  if (!span) return undefined;
  const lastDay = Math.min(span.toDay - 1, untilDay);
  // A future period has the amount that is declared for it.
  const amount = amountOf(versionOn(amounts, span.fromDay > knownDay ? lastDay : Math.min(lastDay, knownDay)));
  return { amount, priority, ...span, since: period.kind === 'once' ? period.fromDay : pool.fromDay, order };
}

function comparePoolDays(a: PoolDay, b: PoolDay): number {
  return a.priority - b.priority || compare(a.toDay, b.toDay) || a.since - b.since || a.order - b.order;
}

/** Compares numbers, infinite ones too (their difference is NaN). */
function compare(a: number, b: number): number {
  return a === b ? 0 : a < b ? -1 : 1;
}

/**
 * Returns steps in order of time with corrections settled within their day: a minus takes from earlier use of the day, nearest first,
 * and its rest from later use; a day that stays below zero counts as zero.
 */
export function netUsage(steps: readonly UsageStep[], calendar: Calendar): NetUsage {
  const sorted = isAscending(steps) ? steps : mergeSteps(steps);
  const startsMs = new Float64Array(sorted.length);
  const credits = createAmounts(sorted.length);
  let negative = false;
  for (let index = 0; index < sorted.length; index += 1) {
    const step = sorted[index]!;
    startsMs[index] = step.startMs;
    credits[index] = step.credits;
    negative ||= step.credits < 0;
  }
  if (negative) settleCorrections(startsMs, credits, calendar);
  return { startsMs, credits };
}

function isAscending(steps: readonly UsageStep[]): boolean {
  for (let index = 1; index < steps.length; index += 1)
    if (steps[index]!.startMs <= steps[index - 1]!.startMs) return false;
  return true;
}

function mergeSteps(steps: readonly UsageStep[]): UsageStep[] {
  const sums = new Map<number, Thousandths>();
  for (const { startMs, credits } of steps) sums.set(startMs, addCredits(sums.get(startMs) ?? 0, credits));
  return [...sums].map(([startMs, credits]) => ({ startMs, credits })).sort((a, b) => a.startMs - b.startMs);
}

function settleCorrections(startsMs: Float64Array, credits: Thousandths[], calendar: Calendar): void {
  let dayEndMs = Number.NEGATIVE_INFINITY;
  let first = 0;
  let owed: Thousandths = 0;
  for (let index = 0; index < credits.length; index += 1) {
    if (startsMs[index]! >= dayEndMs) {
      dayEndMs = calendar.startOfDay(calendar.dayOf(startsMs[index]!) + 1);
      first = index;
      owed = 0;
    }
    const own = credits[index]!;
    credits[index] = largerOf(0, subtractCredits(own, owed));
    owed = largerOf(0, subtractCredits(owed, own));
    for (let earlier = index - 1; earlier >= first && owed > 0; earlier -= 1) {
      const part = smallerOf(owed, credits[earlier]!);
      credits[earlier] = subtractCredits(credits[earlier]!, part);
      owed = subtractCredits(owed, part);
    }
  }
}

/** Amount and period of a pool or limit just before an instant. A rolling one has the 24 hours to the end of that minute. */
export interface Standing {
  amount: Thousandths;
  period: Span;
  /** Days of the period, half-open; absent for a rolling window. */
  days?: DaySpan;
}

/** Returns undefined if the pool does not exist at that time. Midnight at the end of a day belongs to that day. */
export function findStanding(pool: Pool, atMs: number, calendar: Calendar, knownDay: number): Standing | undefined {
  const place = poolDayOf(pool, calendar.dayOf(atMs - 1), knownDay);
  if (!place) return undefined;
  if (pool.period.kind === 'rolling-24h') {
    const toMs = Math.ceil(atMs / MINUTE_MS) * MINUTE_MS;
    return { amount: place.amount, period: { fromMs: toMs - DAY_MS, toMs } };
  }
  const { fromDay, toDay } = place;
  const period = { fromMs: calendar.startOfDay(fromDay), toMs: calendar.startOfDay(toDay) };
  return { amount: place.amount, period, days: { fromDay, toDay } };
}

/** Lists the indexes of the pools that exist just before an instant, in draw order. */
export function listDrawOrder(pools: readonly Pool[], atMs: number, calendar: Calendar, knownDay: number): number[] {
  const day = calendar.dayOf(atMs - 1);
  return pools
    .flatMap((pool, index) => {
      const place = poolDayOf(pool, day, knownDay);
      return place ? [{ index, place }] : [];
    })
    .sort((a, b) => comparePoolDays(a.place, b.place) || a.index - b.index)
    .map(({ index }) => index);
}

/** Sums values over the steps that begin within a span. */
export function sumWithin(startsMs: Float64Array, values: readonly Thousandths[], { fromMs, toMs }: Span): Thousandths {
  let sum: Thousandths = 0;
  for (let step = findStep(startsMs, fromMs); step < startsMs.length && startsMs[step]! < toMs; step += 1)
    sum = addCredits(sum, values[step]!);
  return sum;
}

/** Finds the first step at or after an instant. */
function findStep(startsMs: Float64Array, ms: number): number {
  let low = 0;
  let high = startsMs.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (startsMs[middle]! < ms) low = middle + 1;
    else high = middle;
  }
  return low;
}
