import { DIMENSIONS } from '../domain/dimension.ts';
import { SentIds } from './sent-ids.ts';

/** Columns of a raw event that its sender or its receipt gave. Do not reorder them: see COLUMN_NAMES. */
export const EVENT_COLUMNS = [
  ...DIMENSIONS,
  'status',
  'time',
  'received',
  'count',
  'records',
  'credits',
  'duration',
] as const;

/** Append only: a blob holds a name as its place in this list. */
export const COLUMN_NAMES = [
  ...EVENT_COLUMNS,
  'meters',
  'exclusion',
  'slot',
  'requests',
  'singles',
  'bulk',
  // Never stored. `key0` numbers groups in memory (grouping.ts); the others only keep their places.
  'key0',
  'key1',
  'key2',
  'key3',
  'key4',
  // Bits: 1 the event gave its scope, 2 it gave its credits. Otherwise rules gave them, and a recount may change them.
  'own',
  'ok',
  'failed',
  'carried',
  // A duration as two keys of a total: its lower 32 bits, and what is above them.
  'took',
  'tookHigh',
] as const;

export type ColumnName = (typeof COLUMN_NAMES)[number];

/**
 * Whole numbers. Keys (value ids, status, slots) have 32 bits; times and sums are exact up to 2^53 (9 × 10^15 calls). A sum of
 * credits is split in two: `credits` stays below CARRY, and `carried` counts whole CARRYs; it is left out while it is 0
 * throughout.
 */
export type Column = Uint32Array<ArrayBuffer> | Float64Array<ArrayBuffer>;

/** 10^12 credits, in thousandths. The sum of two amounts below it is exact. */
export const CARRY = 1e15;

const WIDE: ReadonlySet<ColumnName> = new Set([
  'time',
  'received',
  'count',
  'records',
  'credits',
  'duration',
  'requests',
  'singles',
  'bulk',
  'ok',
  'failed',
  'carried',
]);

/** A table in memory. A column that is absent is 0 throughout. */
export interface Batch {
  length: number;
  columns: Partial<Record<ColumnName, Column>>;
  /** Ids of raw events, only where they were asked for: they are stored beside the segment and read separately. */
  ids?: SentIds | undefined;
}

export function createColumn(name: ColumnName, length: number): Column {
  return WIDE.has(name) ? new Float64Array(length) : new Uint32Array(length);
}

/** Memory for columns that is used again for each segment: a column is valid until the next one of its name is taken. */
export class ReusedColumns {
  readonly #columns = new Map<ColumnName, Column>();

  /** Returns a column that holds any values. */
  take(name: ColumnName, length: number): Column {
    let column = this.#columns.get(name);
    if (!column || column.length < length) {
      column = createColumn(name, length);
      this.#columns.set(name, column);
    }
    return column.length === length ? column : column.subarray(0, length);
  }
}

/** Copies these rows of a batch, in that order. */
export function gather(batch: Batch, rows: Uint32Array): Batch {
  const picked: Batch = { length: rows.length, columns: {}, ids: batch.ids?.pick(rows) };
  for (const [name, values] of Object.entries(batch.columns) as [ColumnName, Column][]) {
    const column = createColumn(name, rows.length);
    for (let i = 0; i < rows.length; i += 1) column[i] = values[rows[i]!]!;
    picked.columns[name] = column;
  }
  return picked;
}

/** Values within a range of this size are sorted by counting them, which is faster. */
const MOST_COUNTED = 0x10000;

/** Sorts the rows by a key column, ascending. */
export function sortBy(batch: Batch, name: ColumnName): Batch {
  const values = batch.columns[name]?.subarray(0, batch.length);
  if (!values) return batch;
  let least = values[0] ?? 0;
  let most = least;
  for (let row = 1; row < batch.length; row += 1) {
    if (values[row]! < least) least = values[row]!;
    else if (values[row]! > most) most = values[row]!;
  }
  return gather(batch, most - least < MOST_COUNTED ? orderByCounting(values, least, most) : orderBySorting(values));
}

/**
 * Lists row numbers in ascending order of their values; equal values keep their order. The largest value times the number of rows
 * must be below 2^53.
 */
export function orderBySorting(values: Column): Uint32Array<ArrayBuffer> {
  const { length } = values;
  // Pack value and row into one exact double, so that the native sort of numbers does the work.
  const order = new Float64Array(length);
  for (let row = 0; row < length; row += 1) order[row] = values[row]! * length + row;
  order.sort();
  const rows = new Uint32Array(length);
  for (let row = 0; row < length; row += 1) rows[row] = order[row]! % length;
  return rows;
}

function orderByCounting(values: Column, least: number, most: number): Uint32Array<ArrayBuffer> {
  const { length } = values;
  /** Per value, the place in the order that its next row takes. */
  const places = new Uint32Array(most - least + 2);
  for (let row = 0; row < length; row += 1) places[values[row]! - least + 1]! += 1;
  for (let value = 1; value < places.length; value += 1) places[value]! += places[value - 1]!;
  const order = new Uint32Array(length);
  for (let row = 0; row < length; row += 1) {
    const value = values[row]! - least;
    order[places[value]!] = row;
    places[value]! += 1;
  }
  return order;
}

/** Joins the rows of all batches, in their order. */
export function concatenate(batches: readonly Batch[]): Batch {
  if (batches.length === 1) return batches[0]!;
  const length = batches.reduce((sum, batch) => sum + batch.length, 0);
  const names = new Set(batches.flatMap((batch) => Object.keys(batch.columns) as ColumnName[]));
  const all: Batch = { length, columns: {}, ids: SentIds.join(batches) };
  for (const name of names) {
    const column = createColumn(name, length);
    let at = 0;
    for (const batch of batches) {
      const values = batch.columns[name];
      if (values) column.set(values, at);
      at += batch.length;
    }
    all.columns[name] = column;
  }
  return all;
}
