import { DIMENSION_PAIRS, DIMENSIONS, type Dimension } from '../domain/dimension.ts';
import type { Thousandths } from '../domain/event.ts';
import { fromBigInt } from '../domain/thousandths.ts';
import { type Batch, CARRY, type Column, type ColumnName, createColumn, type ReusedColumns } from './batch.ts';
import type { Segment } from './segment.ts';

/**
 * One kind of total: the keys it is summed by, and its sums. Its segments are in `total_segment` under `name`, one bucket per day
 * (or per month). `slot` is the start of the hour or minute, in minutes from the start of its day.
 */
export interface Cube {
  name: string;
  grain: 'minute' | 'hour' | 'day' | 'month';
  dimensions: readonly Dimension[];
  keys: readonly ColumnName[];
  measures: readonly ColumnName[];
  /** Sort cells by the first dimension: most questions about many of them are about one client. */
  sorted?: boolean;
  /** Segments are merged up to this many cells; absent: without limit, because no bucket has many. */
  mostCells?: number;
}

const SETS: readonly (readonly Dimension[])[] = [
  [],
  ...DIMENSIONS.map((dimension) => [dimension] as const),
  ...DIMENSION_PAIRS,
];

const SUMS = ['requests', 'credits'] as const;
const BRIEF_SUMS = ['requests', 'ok', 'failed', 'credits'] as const;

function totals(grain: 'hour' | 'day', dimensions: readonly Dimension[]): Cube {
  const keys: ColumnName[] = [...dimensions, 'status'];
  if (grain === 'hour') keys.push('slot');
  return {
    name: [grain, ...dimensions].join('.'),
    grain,
    dimensions,
    keys,
    measures: SUMS,
    sorted: dimensions.length === 2,
  };
}

/** Daily totals with status: of all calls, by each dimension alone, by each kept pair. Most questions are answered from these. */
export const DAY_CUBES: readonly Cube[] = SETS.map((set) => totals('day', set));
/**
 * Daily totals by each dimension alone, with sums of ok and failed instead of status: the most common ranking then reads a third
 * of the cells.
 */
export const BRIEF_CUBES: readonly Cube[] = DIMENSIONS.map((dimension) => ({
  name: `day.${dimension}.brief`,
  grain: 'day',
  dimensions: [dimension],
  keys: [dimension],
  measures: BRIEF_SUMS,
}));
/** Returns the monthly total that belongs to a daily one. */
export function monthCubeOf(cube: Cube): Cube {
  return { ...cube, name: cube.name.replace(/^day/, 'month'), grain: 'month' };
}

/**
 * Hourly totals of all calls and by each dimension alone, for charts of one day, the last 24 hours and what is usual for an hour.
 */
export const HOUR_CUBES: readonly Cube[] = SETS.filter((set) => set.length < 2).map((set) => totals('hour', set));

/**
 * Totals per minute and combination of meters, for rolling pools and peak minutes. `bulk`: calls of events that stand for
 * several.
 */
export const METER_MINUTES: Cube = {
  name: 'minute.meters',
  grain: 'minute',
  dimensions: [],
  keys: ['meters', 'slot'],
  measures: ['singles', 'bulk', 'credits'],
};
/** Totals per day and combination of meters, for all other pools. */
export const METER_DAYS: Cube = { ...METER_MINUTES, name: 'day.meters', grain: 'day', keys: ['meters'] };
/**
 * Counts of single calls by their duration, per day, by client and by route, for percentiles of whole days as long as raw events
 * are kept. Names are not capped. A duration is held as in raw events (microseconds + 1), in two keys; 0: calls without a
 * duration of their own.
 */
export const DURATION_CUBES: readonly Cube[] = (['client', 'route'] as const).map((dimension) => ({
  name: `day.${dimension}.durations`,
  grain: 'day',
  dimensions: [dimension],
  keys: [dimension, 'took', 'tookHigh'],
  measures: ['requests'],
  sorted: true,
  mostCells: 500_000,
}));
/** Calls taken out, per exclusion rule and day. */
export const EXCLUDED_DAYS: Cube = {
  name: 'day.exclusion',
  grain: 'day',
  dimensions: [],
  keys: ['exclusion'],
  measures: ['requests'],
};

/** All totals in buckets of days, and all in buckets of months. */
export const CUBES_OF_DAYS: readonly Cube[] = [
  ...HOUR_CUBES,
  ...DAY_CUBES,
  ...BRIEF_CUBES,
  ...[METER_MINUTES, METER_DAYS, EXCLUDED_DAYS],
  ...DURATION_CUBES,
];
export const CUBES_OF_MONTHS: readonly Cube[] = [...DAY_CUBES, ...BRIEF_CUBES].map(monthCubeOf);

/** Finds the total by exactly these dimensions, in any order. */
export function findCube(cubes: readonly Cube[], dimensions: ReadonlySet<Dimension>): Cube | undefined {
  return cubes.find(
    (cube) => cube.dimensions.length === dimensions.size && cube.dimensions.every((d) => dimensions.has(d)),
  );
}

/** Returns the calls that succeeded (status below 400) and those that failed, per row; calls without status are neither. */
export function outcomeColumns(
  status: Column | undefined,
  requests: Column,
  reused?: ReusedColumns,
): { ok: Column; failed: Column } {
  const take = (name: 'ok' | 'failed') => reused?.take(name, requests.length) ?? createColumn(name, requests.length);
  const ok = take('ok');
  const failed = take('failed');
  if (!status) return { ok: ok.fill(0), failed: failed.fill(0) };
  for (let row = 0; row < requests.length; row += 1) {
    // 1 or 0, from the sign bit: statuses come in any order, so branches on them are mispredicted and several times slower.
    const isFailed = ((399 - status[row]!) >>> 31) & 1;
    const isKnown = (-status[row]! >>> 31) & 1;
    failed[row] = isFailed * requests[row]!;
    ok[row] = (isKnown - isFailed) * requests[row]!;
  }
  return { ok, failed };
}

/** Reads the columns that make up credits. */
export function readCredits(stored: Pick<Segment, 'has'>, read: (name: ColumnName) => Column): Batch['columns'] {
  const credits = read('credits');
  return stored.has('carried') ? { credits, carried: read('carried') } : { credits };
}

/** Returns the exact credits of a row. */
export function creditsAt({ credits, carried }: Batch['columns'], row: number): Thousandths {
  const low = credits?.[row] ?? 0;
  const high = carried?.[row] ?? 0;
  return high === 0 ? low : fromBigInt(BigInt(high) * BigInt(CARRY) + BigInt(low));
}
