import { type Calendar, firstDayOf, MINUTE_MS, monthOf } from '../domain/calendar.ts';
import { DIMENSION_PAIRS, type Dimension, type GroupKey } from '../domain/dimension.ts';
import type { Grain, ShortenedReason, Span, UsageQuery } from '../domain/usage.ts';
import type { Batch, Column } from './batch.ts';
import { BRIEF_CUBES, type Cube, DAY_CUBES, findCube, HOUR_CUBES, monthCubeOf } from './cube.ts';

/** First days from which raw events, hourly totals and totals of durations are complete. */
export interface Kept {
  rawFromDay: number;
  hoursFromDay: number;
  durationsFromDay: number;
  /** Monthly totals exist up to this month. */
  closedMonth: number;
}

/**
 * The parts of a span, with what each is answered from. Together they cover the span, or what is left of it when shortened, once.
 */
export interface Plan {
  totals: { cube: Cube; buckets: number[]; fromMs: number; toMs: number }[];
  raw: { fromMs: number; toMs: number }[];
  shortened?: { fromMs: number; reason: ShortenedReason; nearest: readonly GroupKey[] };
}

/**
 * Divides a question among monthly, daily and hourly totals and raw events. Takes the coarsest total that still tells the
 * answer's steps apart, and raw events where no total holds the combination; shortens the span where those are gone.
 */
export function planQuery(query: UsageQuery, calendar: Calendar, kept: Kept): Plan {
  const { span, grain } = query;
  const plan: Plan = { totals: [], raw: [] };
  if (span.toMs <= span.fromMs) return plan;
  const dimensions = new Set(
    [...query.groupBy, ...query.filters.map((filter) => filter.key)].filter(
      (key): key is Dimension => key !== 'status',
    ),
  );
  const needsStatus = [...query.groupBy, ...query.filters.map((filter) => filter.key)].includes('status');
  const dayCube =
    query.raw || grain === 'minute'
      ? undefined
      : ((needsStatus ? undefined : findCube(BRIEF_CUBES, dimensions)) ?? findCube(DAY_CUBES, dimensions));
  const hourCube = query.raw || grain === 'minute' ? undefined : findCube(HOUR_CUBES, dimensions);

  for (const part of splitAtDays(span.fromMs, span.toMs, calendar)) {
    if (part.whole && dayCube && grain !== 'hour')
      addDays(plan, part, dayCube, grain === 'day' ? Number.NEGATIVE_INFINITY : kept.closedMonth, calendar);
    else if (hourCube && isHour(part.fromMs, calendar) && isHour(part.toMs, calendar))
      addHours(plan, part, hourCube, query, calendar, kept);
    else addRaw(plan, part, query, calendar, kept, reasonFor(part, query, dayCube !== undefined, calendar));
  }
  // Drop what lies before a gap: an answer with a hole in it would look like all of the span.
  const fromMs = plan.shortened?.fromMs ?? span.fromMs;
  return {
    ...plan,
    totals: plan.totals.filter((part) => part.fromMs >= fromMs),
    raw: plan.raw.filter((part) => part.fromMs >= fromMs),
  };
}

/** Tells why a part of a span can only be answered from raw events. */
function reasonFor(part: Part, query: UsageQuery, hasDays: boolean, calendar: Calendar): ShortenedReason {
  if (query.raw) return 'no-total';
  if (query.grain === 'minute' || !isHour(part.fromMs, calendar) || !isHour(part.toMs, calendar)) return 'no-minutes';
  return hasDays && query.grain === 'hour' ? 'no-hours' : 'no-total';
}

interface Part {
  fromMs: number;
  toMs: number;
  /** True if it begins and ends at midnight. */
  whole: boolean;
}

/** Splits a span into its whole days and the parts of days before and after them. */
export function splitAtDays(fromMs: number, toMs: number, calendar: Calendar): Part[] {
  const firstDay = calendar.dayOf(fromMs);
  const firstMidnight = calendar.startOfDay(firstDay) === fromMs ? fromMs : calendar.startOfDay(firstDay + 1);
  const lastMidnight = calendar.startOfDay(calendar.dayOf(toMs));
  if (firstMidnight >= lastMidnight) {
    const whole = firstMidnight === fromMs && lastMidnight === toMs;
    return [{ fromMs, toMs, whole }];
  }
  const parts: Part[] = [];
  if (fromMs < firstMidnight) parts.push({ fromMs, toMs: firstMidnight, whole: false });
  parts.push({ fromMs: firstMidnight, toMs: lastMidnight, whole: true });
  if (lastMidnight < toMs) parts.push({ fromMs: lastMidnight, toMs, whole: false });
  return parts;
}

function isHour(ms: number, calendar: Calendar): boolean {
  return calendar.startOfHour(ms) === ms;
}

function addDays(plan: Plan, part: Part, cube: Cube, closedMonth: number, calendar: Calendar): void {
  const firstDay = calendar.dayOf(part.fromMs);
  const endDay = calendar.dayOf(part.toMs);
  const days: number[] = [];
  const months: number[] = [];
  for (let day = firstDay; day < endDay; ) {
    const month = monthOf(day);
    const nextMonth = firstDayOf(month + 1);
    if (month <= closedMonth && day === firstDayOf(month) && nextMonth <= endDay) {
      months.push(month);
      day = nextMonth;
    } else {
      days.push(day);
      day += 1;
    }
  }
  if (days.length > 0) plan.totals.push({ cube, buckets: days, fromMs: part.fromMs, toMs: part.toMs });
  if (months.length > 0) {
    plan.totals.push({
      cube: monthCubeOf(cube),
      buckets: months,
      fromMs: part.fromMs,
      toMs: part.toMs,
    });
  }
}

function addHours(plan: Plan, part: Part, cube: Cube, query: UsageQuery, calendar: Calendar, kept: Kept): void {
  const keptFromMs = calendar.startOfDay(kept.hoursFromDay);
  if (part.fromMs < keptFromMs) {
    addRaw(plan, { ...part, toMs: Math.min(part.toMs, keptFromMs) }, query, calendar, kept, 'no-hours');
  }
  const fromMs = Math.max(part.fromMs, keptFromMs);
  if (fromMs >= part.toMs) return;
  plan.totals.push({ cube, buckets: listDays({ fromMs, toMs: part.toMs }, calendar), fromMs, toMs: part.toMs });
}

/** Lists the days that a span touches. */
export function listDays({ fromMs, toMs }: Span, { dayOf, startOfDay }: Calendar): number[] {
  const days: number[] = [];
  for (let day = dayOf(fromMs); startOfDay(day) < toMs; day += 1) days.push(day);
  return days;
}

function addRaw(
  plan: Plan,
  part: Part,
  query: UsageQuery,
  calendar: Calendar,
  kept: Kept,
  reason: ShortenedReason,
): void {
  const keptFromMs = calendar.startOfDay(kept.rawFromDay);
  if (part.fromMs < keptFromMs) {
    const fromMs = Math.min(keptFromMs, part.toMs);
    const nearest = part.whole ? findNearest(query) : findNearest(query).slice(0, 1);
    plan.shortened = { fromMs: Math.max(fromMs, plan.shortened?.fromMs ?? 0), reason, nearest };
  }
  const fromMs = Math.max(part.fromMs, keptFromMs);
  if (fromMs < part.toMs) plan.raw.push({ fromMs, toMs: part.toMs });
}

/** Finds keys of the question that daily totals can answer for every day: a kept pair, else the first key alone. */
function findNearest(query: UsageQuery): GroupKey[] {
  const keys = [...new Set([...query.filters.map((filter) => filter.key), ...query.groupBy])].filter(
    (key) => key !== 'status',
  );
  const pair = DIMENSION_PAIRS.find((dimensions) => dimensions.every((dimension) => keys.includes(dimension)));
  return pair ? [...pair] : keys.slice(0, 1);
}

/** Returns the start of the step that holds an instant, epoch ms. */
export function startOfStep(ms: number, { grain, span }: { grain: Grain; span: Span }, calendar: Calendar): number {
  if (grain === 'all') return span.fromMs;
  if (grain === 'minute') return Math.floor(ms / MINUTE_MS) * MINUTE_MS;
  if (grain === 'hour') return calendar.startOfHour(ms);
  const day = calendar.dayOf(ms);
  return calendar.startOfDay(grain === 'day' ? day : firstDayOf(monthOf(day)));
}

/** Returns the start of each cell's step, in minutes since 1970. */
export function stepsOfTotal(cube: Cube, bucket: number, cells: Batch, query: UsageQuery, calendar: Calendar): Column {
  const startMs = calendar.startOfDay(cube.grain === 'month' ? firstDayOf(bucket) : bucket);
  if (cells.columns.slot && (query.grain === 'hour' || query.grain === 'minute')) {
    const steps = new Uint32Array(cells.length);
    for (let row = 0; row < cells.length; row += 1) steps[row] = startMs / MINUTE_MS + cells.columns.slot[row]!;
    return steps;
  }
  return new Uint32Array(cells.length).fill(startOfStep(startMs, query, calendar) / MINUTE_MS);
}

/** Returns the start of each event's step, in minutes since 1970. */
export function stepsOfEvents(time: Column, query: UsageQuery, calendar: Calendar): Column {
  const steps = new Uint32Array(time.length);
  if (query.grain === 'all') return steps.fill(query.span.fromMs / MINUTE_MS);
  for (let row = 0; row < time.length; row += 1) steps[row] = startOfStep(time[row]!, query, calendar) / MINUTE_MS;
  return steps;
}
