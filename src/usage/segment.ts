/**
 * Segments: the form in which usage is stored. A segment is a small table kept as one immutable blob, column by column. Raw
 * events and totals are both segments, and everything done with them (totals, merging, reports) is one operation, grouping with
 * sums (grouping.ts), over typed arrays. SQL keeps the catalogue, the transactions and the retention.
 *
 * Layout of a blob: u8 format; u8 number of columns; u8 the column that its rows are sorted by (+ 1; 0: none); u8 0; u32 rows.
 * Then per column: u8 name, u8 width, 6 × 0, f64 base. Then the values of each column, as unsigned integers of `width` bytes
 * above `base` (width 8: float64, base unused; width 0: all equal to base). Little-endian; each column starts at a multiple of 8.
 * Columns that are 0 throughout are left out.
 */
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
const COLUMN_NAMES = [
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

const FORMAT = 1;
const HEADER_BYTES = 8;
const COLUMN_HEADER_BYTES = 16;
const NAME_NUMBERS = new Map<string, number>(COLUMN_NAMES.map((name, index) => [name, index]));

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

/** Packs a table into a blob. Values may be negative (totals that take something back) but must be whole and within ±2^53. */
export function encodeSegment(batch: Batch, sortedBy?: ColumnName): Uint8Array<ArrayBuffer> {
  const { length } = batch;
  const parts: { name: number; width: number; base: number; values: Column; at: number }[] = [];
  let size = HEADER_BYTES;
  for (const [name, values] of Object.entries(batch.columns) as [ColumnName, Column][]) {
    let min = length > 0 ? values[0]! : 0;
    let max = min;
    for (let i = 1; i < length; i += 1) {
      const value = values[i]!;
      if (value < min) min = value;
      else if (value > max) max = value;
    }
    if (min === 0 && max === 0) continue;
    const span = max - min;
    const width = span === 0 ? 0 : span < 0x100 ? 1 : span < 0x10000 ? 2 : span < 0x100000000 ? 4 : 8;
    parts.push({ name: NAME_NUMBERS.get(name)!, width, base: width === 8 ? 0 : min, values, at: 0 });
    size += COLUMN_HEADER_BYTES;
  }
  for (const part of parts) {
    part.at = size;
    size += Math.ceil((part.width * length) / 8) * 8;
  }
  const bytes = new Uint8Array(size);
  const view = new DataView(bytes.buffer);
  view.setUint8(0, FORMAT);
  view.setUint8(1, parts.length);
  view.setUint8(2, sortedBy === undefined ? 0 : NAME_NUMBERS.get(sortedBy)! + 1);
  view.setUint32(4, length, true);
  let header = HEADER_BYTES;
  for (const { name, width, base, values, at } of parts) {
    view.setUint8(header, name);
    view.setUint8(header + 1, width);
    view.setFloat64(header + 8, base, true);
    header += COLUMN_HEADER_BYTES;
    if (width === 0) continue;
    const stored = storedArray(bytes.buffer, at, length, width);
    for (let i = 0; i < length; i += 1) stored[i] = values[i]! - base;
  }
  return bytes;
}

/** Unpacks a blob; `wanted`: only these columns. Throws for a blob of another format. */
export function decodeSegment(blob: Uint8Array, wanted?: readonly ColumnName[]): Batch {
  const segment = new Segment(blob);
  const batch: Batch = { length: segment.length, columns: {} };
  for (const name of segment.names) {
    if (!wanted || wanted.includes(name)) batch.columns[name] = segment.read(name);
  }
  return batch;
}

/** Columns that every event has. A segment leaves out even these where they are 0 throughout, as for 1970-01-01T00:00Z. */
const ALWAYS_THERE = ['time', 'received', 'count'] as const;

const NO_IDS = new Uint8Array();

/** Unpacks raw events; the columns of ALWAYS_THERE are present whatever their values. Throws for a blob of another format. */
export function decodeEvents(blob: Uint8Array, ids: Uint8Array = NO_IDS): Batch {
  const batch: Batch = { ...decodeSegment(blob), ids: SentIds.decode(ids) };
  for (const name of ALWAYS_THERE) batch.columns[name] ??= createColumn(name, batch.length);
  return batch;
}

interface Packed {
  /** Undefined: every value is `base`. */
  stored: Uint8Array | Uint16Array | Uint32Array | Float64Array | undefined;
  base: number;
}

const ABSENT: Packed = { stored: undefined, base: 0 };

/** Reads a blob in place: a column is unpacked when it is read, and only for the rows asked for. */
export class Segment {
  readonly length: number;
  readonly sizeBytes: number;
  readonly #columns = new Map<ColumnName, Packed>();
  readonly #sortedBy: ColumnName | undefined;

  constructor(blob: Uint8Array) {
    // Typed arrays must be aligned, and a driver's buffer may not be: copy it then.
    const bytes = blob.byteOffset % 8 === 0 ? blob : new Uint8Array(blob);
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    if (view.getUint8(0) !== FORMAT) throw new Error(`Segment of format ${view.getUint8(0)}, expected ${FORMAT}.`);
    const columnCount = view.getUint8(1);
    this.#sortedBy = COLUMN_NAMES[view.getUint8(2) - 1];
    this.length = view.getUint32(4, true);
    this.sizeBytes = bytes.byteLength;
    let at = HEADER_BYTES + columnCount * COLUMN_HEADER_BYTES;
    for (let column = 0; column < columnCount; column += 1) {
      const header = HEADER_BYTES + column * COLUMN_HEADER_BYTES;
      const width = view.getUint8(header + 1);
      const stored =
        width === 0 ? undefined : storedArray(bytes.buffer as ArrayBuffer, bytes.byteOffset + at, this.length, width);
      this.#columns.set(COLUMN_NAMES[view.getUint8(header)]!, { stored, base: view.getFloat64(header + 8, true) });
      at += Math.ceil((width * this.length) / 8) * 8;
    }
  }

  get names(): ColumnName[] {
    return [...this.#columns.keys()];
  }

  /** Tells whether any value of a column may differ from 0. */
  has(name: ColumnName): boolean {
    return this.#columns.has(name);
  }

  /** Returns the values of `rows` (default: all), in that order; all 0 where the column was left out. `reused`: into this memory. */
  read(name: ColumnName, rows?: Uint32Array, reused?: ReusedColumns): Column {
    const { stored, base } = this.#columns.get(name) ?? ABSENT;
    const length = rows ? rows.length : this.length;
    const values = reused?.take(name, length) ?? createColumn(name, length);
    if (!stored) return values.fill(base);
    if (!rows || isRun(rows)) {
      const first = rows?.[0] ?? 0;
      values.set(stored.subarray(first, first + length));
      if (base !== 0) for (let i = 0; i < length; i += 1) values[i]! += base;
    } else for (let i = 0; i < length; i += 1) values[i] = stored[rows[i]!]! + base;
    return values;
  }

  /** Returns those of `rows` (default: all) whose value is marked in `accepted`; values past its end are taken if `beyond`. */
  select(name: ColumnName, accepted: Uint8Array, beyond: boolean, rows?: Uint32Array): Uint32Array {
    const { stored, base } = this.#columns.get(name) ?? ABSENT;
    const passes = (value: number): boolean => (value < accepted.length ? accepted[value] === 1 : beyond);
    if (!stored) {
      if (!passes(base)) return new Uint32Array(0);
      return rows ?? rowsFrom(0, this.length);
    }
    // One value is wanted of the column that rows are sorted by: its rows follow each other.
    if (!rows && !beyond && name === this.#sortedBy && accepted.indexOf(1) === accepted.length - 1) {
      const first = lowerBound(stored, accepted.length - 1 - base);
      const end = lowerBound(stored, accepted.length - base);
      return rowsFrom(first, end);
    }
    const values = this.read(name, rows);
    const selected = new Uint32Array(values.length);
    let count = 0;
    for (let i = 0; i < values.length; i += 1) {
      const value = values[i]!;
      if (value < accepted.length ? accepted[value] === 1 : beyond) {
        selected[count] = rows ? rows[i]! : i;
        count += 1;
      }
    }
    return selected.subarray(0, count);
  }
}

/** Lists the row numbers from `first` up to, but not including, `end`. */
export function rowsFrom(first: number, end: number): Uint32Array<ArrayBuffer> {
  const rows = new Uint32Array(end - first);
  for (let i = 0; i < rows.length; i += 1) rows[i] = first + i;
  return rows;
}

/** Tells whether row numbers are consecutive, as those of one client are in a segment sorted by client. */
function isRun(rows: Uint32Array): boolean {
  const last = rows.length - 1;
  if (last >= 0 && rows[last]! - rows[0]! !== last) return false;
  for (let i = 1; i <= last; i += 1) if (rows[i]! - rows[0]! !== i) return false;
  return true;
}

/** Finds the first place in ascending values that is not below `value`. */
function lowerBound(values: { readonly length: number; readonly [index: number]: number }, value: number): number {
  let low = 0;
  let high = values.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (values[middle]! < value) low = middle + 1;
    else high = middle;
  }
  return low;
}

function storedArray(
  buffer: ArrayBuffer,
  at: number,
  length: number,
  width: number,
): Uint8Array | Uint16Array | Uint32Array | Float64Array {
  if (width === 1) return new Uint8Array(buffer, at, length);
  if (width === 2) return new Uint16Array(buffer, at, length);
  if (width === 4) return new Uint32Array(buffer, at, length);
  return new Float64Array(buffer, at, length);
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
