import { MINUTE_MS } from '../domain/calendar.ts';
import { REMOVED } from '../domain/dimension.ts';
import type { LatencyAnswer, LatencyQuery } from '../domain/usage.ts';
import { Durations } from './durations.ts';
import { Grouping } from './grouping.ts';
import { startOfStep } from './plan.ts';
import { type RawPart, type Store, scanRaw } from './raw-events.ts';
import type { ReadSnapshot } from './read-snapshot.ts';
import type { RowFilter } from './row-filter.ts';
import type { Batch, Column, ColumnName } from './segment.ts';
import { textOf } from './values.ts';

/** Percentiles of how long calls took, per value and step, in one pass over the raw events. */
export async function readLatency(
  store: Store,
  { kept, renames, newestMs }: ReadSnapshot,
  query: LatencyQuery,
  rowFilters: readonly RowFilter[],
): Promise<LatencyAnswer> {
  const { db, calendar, texts } = store;
  const { groupBy, grain } = query;
  const keptFromMs = calendar.startOfDay(kept.rawFromDay);
  const span = { fromMs: Math.max(query.span.fromMs, keptFromMs), toMs: query.span.toMs };
  const keys: ColumnName[] = [...(groupBy ? [groupBy] : []), ...(grain === 'all' && groupBy ? [] : ['slot' as const])];
  const grouping = new Grouping(keys, ['requests']);
  const durations = new Durations();
  const firstOf = await findShared(store, renames, query);

  if (span.fromMs < span.toMs) {
    for await (const part of scanRaw(store, { span, rowFilters })) {
      const requests = part.read('count');
      const batch: Batch = { length: part.length, columns: { requests } };
      if (groupBy) batch.columns[groupBy] = replaceBy(firstOf, part.read(groupBy));
      if (keys.includes('slot')) batch.columns.slot = readSteps(part, query, store);
      const groups = grouping.add(batch);
      durations.add(groups, requests, part.read('duration'), grouping.size);
    }
  }
  // Each event stands for at least one call: no group is empty, and they come in the order of their numbers.
  const cells = grouping.toBatch();
  const ids = groupBy && groupBy !== 'status' ? (cells.columns[groupBy] ?? []) : [];
  const known = await texts.resolve(db, renames, ids);
  const { slot, requests } = cells.columns;
  const rows = Array.from({ length: cells.length }, (_, group) => {
    const latency = durations.latencyOf(group);
    return {
      startMs: slot ? slot[group]! * MINUTE_MS : query.span.fromMs,
      key: groupBy ? textOf(groupBy, cells.columns[groupBy]![group]!, known) : '',
      requests: requests![group]!,
      ...(latency ? { latency } : {}),
    };
  });
  // Of a single row it is the same.
  const latency = rows.length === 1 ? rows[0]!.latency : durations.latencyOf();
  return {
    rows,
    total: { requests: rows.reduce((sum, row) => sum + row.requests, 0), ...(latency ? { latency } : {}) },
    asOfMs: newestMs,
    ...(query.span.fromMs < keptFromMs ? { shortened: { fromMs: Math.min(keptFromMs, query.span.toMs) } } : {}),
  };
}

/** The number that stands for each number that shares a name with others; forgotten values share one. */
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

/** The step of each row, in minutes since 1970. */
function readSteps(part: RawPart, query: LatencyQuery, { calendar }: Store): Column {
  const isOne = query.grain !== 'hour' && query.grain !== 'minute';
  const steps = new Uint32Array(part.length);
  if (isOne) return steps.fill(startOfStep(calendar.startOfDay(part.day), query, calendar) / MINUTE_MS);
  const time = part.read('time');
  for (let row = 0; row < steps.length; row += 1) steps[row] = startOfStep(time[row]!, query, calendar) / MINUTE_MS;
  return steps;
}
