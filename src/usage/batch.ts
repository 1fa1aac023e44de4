import { type Batch, type Column, type ColumnName, createColumn } from './segment.ts';
import { SentIds } from './sent-ids.ts';

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
