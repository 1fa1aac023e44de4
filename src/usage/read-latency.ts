import { type Calendar, MINUTE_MS } from '../domain/calendar.ts';
import { REMOVED } from '../domain/dimension.ts';
import type { LatencyAnswer, LatencyQuery, Span } from '../domain/usage.ts';
import { type Batch, type Column, type ColumnName, ReusedColumns } from './batch.ts';
import { DURATION_CUBES } from './cube.ts';
import { Durations } from './durations.ts';
import { Grouping } from './grouping.ts';
import { type Kept, listDays, splitAtDays, startOfStep } from './plan.ts';
import { type RawPart, readUnfolded, type Store, scanFolded } from './raw-events.ts';
import { filterRows, type RowFilter } from './row-filter.ts';
import type { Segment } from './segment.ts';
import type { ReadSnapshot } from './snapshot.ts';
import { WORD } from './totals.ts';
import { textOf } from './values.ts';

/**
 * Computes percentiles of how long calls took, per value and step. Whole days come from totals of durations where these hold the
 * question's dimensions; the rest comes from raw events.
 */
export async function readLatency(
  store: Store,
  { kept, renames, newestMs }: ReadSnapshot,
  query: LatencyQuery,
  rowFilters: readonly RowFilter[],
): Promise<LatencyAnswer> {
  const { db, calendar, texts, loader } = store;
  const { groupBy, grain } = query;
  const keptFromMs = calendar.startOfDay(kept.rawFromDay);
  const span = { fromMs: Math.max(query.span.fromMs, keptFromMs), toMs: query.span.toMs };
  const keys: ColumnName[] = [...(groupBy ? [groupBy] : []), ...(grain === 'all' && groupBy ? [] : ['slot' as const])];
  const grouping = new Grouping(keys, ['requests']);
  const durations = new Durations();
  const reused = new ReusedColumns();
  const firstOf = await findShared(store, renames, query);
  const add = (batch: Batch, took: Column, calls?: Column): void => {
    const groups = grouping.add(batch);
    durations.add(groups, took, grouping.size, calls);
  };
  const addRaw = (part: RawPart): void => {
    const requests = part.read('count', undefined, reused);
    const batch: Batch = { length: part.length, columns: { requests } };
    if (groupBy) batch.columns[groupBy] = replaceBy(firstOf, part.read(groupBy, undefined, reused));
    if (keys.includes('slot')) batch.columns.slot = readSteps(part, query, store);
    const took = part.read('duration', undefined, reused);
    // An event of several calls does not say how long each took.
    for (let row = 0; row < took.length; row += 1) if (requests[row] !== 1) took[row] = 0;
    add(batch, took);
  };
  const addTotals = (segment: Segment, day: number): void => {
    const rows = rowFilters.length > 0 ? filterRows(segment, rowFilters, undefined) : undefined;
    const requests = segment.read('requests', rows, reused);
    const batch: Batch = { length: requests.length, columns: { requests } };
    if (groupBy) batch.columns[groupBy] = replaceBy(firstOf, segment.read(groupBy, rows, reused));
    if (keys.includes('slot'))
      batch.columns.slot = reused.take('slot', requests.length).fill(stepOfDay(day, query, calendar));
    add(batch, readDurations(segment, rows, reused), requests);
  };

  if (span.fromMs < span.toMs) {
    const { cube, days, raw } = planLatency(query, span, kept, calendar);
    if (cube) {
      const [totals] = await loader.loadTotals(db, [{ cube, buckets: days }]);
      for (const { bucket, segment } of totals!) addTotals(segment, bucket);
    }
    for (const part of raw) for await (const folded of scanFolded(store, { span: part, rowFilters })) addRaw(folded);
    for (const unfolded of await readUnfolded(store, { span, rowFilters })) addRaw(unfolded);
  }
  const groups = grouping.listNonZero();
  const cells = grouping.toBatch();
  const ids = groupBy && groupBy !== 'status' ? (cells.columns[groupBy] ?? []) : [];
  const known = await texts.resolve(db, renames, ids);
  const { slot, requests } = cells.columns;
  const rows = Array.from({ length: cells.length }, (_, row) => {
    const latency = durations.latencyOf(groups[row]!);
    return {
      startMs: slot ? slot[row]! * MINUTE_MS : query.span.fromMs,
      key: groupBy ? textOf(groupBy, cells.columns[groupBy]![row]!, known) : '',
      requests: requests![row]!,
      ...(latency ? { latency } : {}),
    };
  });
  // A single row is the total too.
  const latency = rows.length === 1 ? rows[0]!.latency : durations.latencyOf();
  return {
    rows,
    total: { requests: rows.reduce((sum, row) => sum + row.requests, 0), ...(latency ? { latency } : {}) },
    asOfMs: newestMs,
    ...(query.span.fromMs < keptFromMs ? { shortened: { fromMs: Math.min(keptFromMs, query.span.toMs) } } : {}),
  };
}

/** Tells which days to read from which total of durations, and which parts of the span from raw events. */
function planLatency(query: LatencyQuery, span: Span, kept: Kept, calendar: Calendar) {
  const keys = new Set([...(query.groupBy ? [query.groupBy] : []), ...query.filters.map(({ key }) => key)]);
  const cube = DURATION_CUBES.find(
    ({ dimensions: [dimension] }) => keys.size === 0 || (keys.size === 1 && keys.has(dimension!)),
  );
  if (!cube || query.grain === 'hour' || query.grain === 'minute') return { days: [], raw: [span] };
  const fromMs = Math.min(Math.max(span.fromMs, calendar.startOfDay(kept.durationsFromDay)), span.toMs);
  const parts = fromMs < span.toMs ? splitAtDays(fromMs, span.toMs, calendar) : [];
  const days = parts.filter(({ whole }) => whole).flatMap((part) => listDays(part, calendar));
  const before = span.fromMs < fromMs ? [{ fromMs: span.fromMs, toMs: fromMs }] : [];
  return { cube, days, raw: [...before, ...parts.filter(({ whole }) => !whole)] };
}

/** Reads the durations of a total's cells, encoded as in raw events. */
function readDurations(segment: Segment, rows: Uint32Array | undefined, reused: ReusedColumns): Column {
  const took = segment.read('took', rows, reused);
  if (!segment.has('tookHigh')) return took;
  return Float64Array.from(segment.read('tookHigh', rows), (high, row) => high * WORD + took[row]!);
}

/** Maps each value id that shares a name with others to the first of them. Forgotten values share a name too. */
async function findShared(
  { db, texts }: Store,
  renames: string | undefined,
  { groupBy, together = [] }: LatencyQuery,
): Promise<ReadonlyMap<number, number>> {
  const firstOf = new Map<number, number>();
  if (!groupBy || groupBy === 'status') return firstOf;
  for (const names of [...together, ...(renames === undefined ? [] : [[REMOVED]])]) {
    const ids: number[] = [];
    for (const name of names) ids.push(...(await texts.findExact(db, groupBy, name)));
    for (const id of ids.slice(1)) firstOf.set(id, ids[0]!);
  }
  return firstOf;
}

function replaceBy(firstOf: ReadonlyMap<number, number>, ids: Column): Column {
  if (firstOf.size > 0) for (let row = 0; row < ids.length; row += 1) ids[row] = firstOf.get(ids[row]!) ?? ids[row]!;
  return ids;
}

/** Returns the step of each row, in minutes since 1970. */
function readSteps(part: RawPart, query: LatencyQuery, { calendar }: Store): Column {
  const isOne = query.grain !== 'hour' && query.grain !== 'minute';
  const steps = new Uint32Array(part.length);
  if (isOne) return steps.fill(stepOfDay(part.day, query, calendar));
  const time = part.read('time');
  for (let row = 0; row < steps.length; row += 1) steps[row] = startOfStep(time[row]!, query, calendar) / MINUTE_MS;
  return steps;
}

/** Returns the step of a whole day, in minutes since 1970. */
function stepOfDay(day: number, query: LatencyQuery, calendar: Calendar): number {
  return startOfStep(calendar.startOfDay(day), query, calendar) / MINUTE_MS;
}
