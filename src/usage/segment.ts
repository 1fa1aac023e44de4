/**
 * Segments: the form in which usage is stored. A segment is a small table kept as one immutable blob, column by column. Raw
 * events and totals are both segments, and everything done with them (totals, merging, reports) is one operation, grouping with
 * sums (grouping.ts), over typed arrays. SQL keeps the catalogue, the transactions and the retention.
 *
 * Layout of a blob: u8 format; u8 number of columns; u8 the column that its rows are sorted by (+ 1; 0: none); u8 0; u32 rows.
 * Then per column: u8 name, u8 width, u8 form, u8 0, u32 runs, f64 base. Then the values of each column, little-endian; each
 * column starts at a multiple of 8. Columns that are 0 throughout are left out. Forms:
 * 0. Unsigned integers of `width` bytes above `base` (width 8: float64, base unused; width 0: all equal to base).
 * 1. Runs of equal values: for each the row that it ends before, u32, then for each its value, u32. Format 2.
 * 2. Each is `base` times the row's requests; nothing is stored. Format 2.
 */
import { type Batch, COLUMN_NAMES, type Column, type ColumnName, createColumn, type ReusedColumns } from './batch.ts';
import { SentIds } from './sent-ids.ts';

/** Format 1 has form 0 only. A blob that needs no other is written as such, so that the version before can read it. */
const FORMATS = [1, 2];
const PLAIN = 0;
const RUNS = 1;
const MULTIPLE = 2;
const HEADER_BYTES = 8;
const COLUMN_HEADER_BYTES = 16;
const RUN_BYTES = 8;
const NAME_NUMBERS = new Map<string, number>(COLUMN_NAMES.map((name, index) => [name, index]));

/** Packs a table into a blob. Values may be negative (totals that take something back) but must be whole and within ±2^53. */
export function encodeSegment(batch: Batch, sortedBy?: ColumnName): Uint8Array<ArrayBuffer> {
  const names = Object.keys(batch.columns) as ColumnName[];
  const parts = names.map((name) => packColumn(name, batch, name === sortedBy)).filter((part) => part !== undefined);
  let size = HEADER_BYTES + parts.length * COLUMN_HEADER_BYTES;
  for (const part of parts) size += align(part.bytes);
  const bytes = new Uint8Array(size);
  const view = new DataView(bytes.buffer);
  view.setUint8(0, parts.some(({ form }) => form !== PLAIN) ? 2 : 1);
  view.setUint8(1, parts.length);
  view.setUint8(2, sortedBy === undefined ? 0 : NAME_NUMBERS.get(sortedBy)! + 1);
  view.setUint32(4, batch.length, true);
  let header = HEADER_BYTES;
  let at = HEADER_BYTES + parts.length * COLUMN_HEADER_BYTES;
  for (const { name, width, form, runs, base, bytes: own, write } of parts) {
    view.setUint8(header, NAME_NUMBERS.get(name)!);
    view.setUint8(header + 1, width);
    view.setUint8(header + 2, form);
    view.setUint32(header + 4, runs, true);
    view.setFloat64(header + 8, base, true);
    header += COLUMN_HEADER_BYTES;
    if (own > 0) write(bytes.buffer, at);
    at += align(own);
  }
  return bytes;
}

function align(bytes: number): number {
  return Math.ceil(bytes / 8) * 8;
}

/** A column as a blob holds it. */
interface Part {
  name: ColumnName;
  form: number;
  width: number;
  base: number;
  runs: number;
  bytes: number;
  write: (buffer: ArrayBuffer, at: number) => void;
}

/** Returns undefined for a column that is 0 throughout. */
function packColumn(name: ColumnName, batch: Batch, isSorted: boolean): Part | undefined {
  const { length } = batch;
  const values = batch.columns[name]!;
  const plain = { name, form: PLAIN, width: 0, base: 0, runs: 0, bytes: 0, write: () => {} };
  const factor = name === 'credits' ? findFactor(batch.columns.requests, values, length) : undefined;
  if (factor !== undefined) return { ...plain, form: MULTIPLE, base: factor };
  const runs = isSorted ? findRuns(values, length) : [];
  if (runs.length > 0 && runs.length * RUN_BYTES < length) {
    const write = (buffer: ArrayBuffer, at: number): void => {
      const stored = new Uint32Array(buffer, at, runs.length * 2);
      stored.set(runs);
      for (let run = 0; run < runs.length; run += 1) stored[runs.length + run] = values[runs[run]! - 1]!;
    };
    return { ...plain, form: RUNS, runs: runs.length, bytes: runs.length * RUN_BYTES, write };
  }
  let min = length > 0 ? values[0]! : 0;
  let max = min;
  for (let i = 1; i < length; i += 1) {
    const value = values[i]!;
    if (value < min) min = value;
    else if (value > max) max = value;
  }
  if (min === 0 && max === 0) return undefined;
  const width = widthOf(max - min);
  // Above 0 where that takes no more room: reading is faster without a base to add.
  const base = width === 8 || (min >= 0 && widthOf(max) === width) ? 0 : min;
  const write = (buffer: ArrayBuffer, at: number): void => {
    const stored = storedArray(buffer, at, length, width);
    for (let i = 0; i < length; i += 1) stored[i] = values[i]! - base;
  };
  return { ...plain, width, base, bytes: width * length, write };
}

function widthOf(span: number): number {
  return span === 0 ? 0 : span < 0x100 ? 1 : span < 0x10000 ? 2 : span < 0x100000000 ? 4 : 8;
}

/** Finds the whole number that all of these values are the product of, with the other in their row; undefined if there is none. */
function findFactor(of: Column | undefined, values: Column, length: number): number | undefined {
  if (!of || length === 0) return undefined;
  const factor = values[0]! / of[0]!;
  if (!Number.isInteger(factor) || factor === 0) return undefined;
  for (let i = 0; i < length; i += 1) if (of[i]! * factor !== values[i]) return undefined;
  return factor;
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
  stored?: Uint8Array | Uint16Array | Uint32Array | Float64Array | undefined;
  base: number;
  /** In place of these. */
  runs?: Runs;
  /** In place of these: each value is `base` times the requests of its row. */
  isMultiple?: boolean;
}

const ABSENT: Packed = { base: 0 };

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
    const format = view.getUint8(0);
    if (!FORMATS.includes(format)) throw new Error(`Segment of format ${format}, expected one of ${FORMATS}.`);
    const columnCount = view.getUint8(1);
    this.#sortedBy = COLUMN_NAMES[view.getUint8(2) - 1];
    this.length = view.getUint32(4, true);
    this.sizeBytes = bytes.byteLength;
    const buffer = bytes.buffer as ArrayBuffer;
    let at = HEADER_BYTES + columnCount * COLUMN_HEADER_BYTES;
    for (let column = 0; column < columnCount; column += 1) {
      const header = HEADER_BYTES + column * COLUMN_HEADER_BYTES;
      const width = view.getUint8(header + 1);
      const form = view.getUint8(header + 2);
      const count = view.getUint32(header + 4, true);
      const start = bytes.byteOffset + at;
      const packed: Packed = { base: view.getFloat64(header + 8, true), isMultiple: form === MULTIPLE };
      if (width > 0) packed.stored = storedArray(buffer, start, this.length, width);
      if (form === RUNS) {
        const values = new Uint32Array(buffer, start + count * 4, count);
        packed.runs = { ends: new Uint32Array(buffer, start, count), values };
      }
      this.#columns.set(COLUMN_NAMES[view.getUint8(header)]!, packed);
      at += align(form === RUNS ? count * RUN_BYTES : width * this.length);
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
    const { stored, base, runs, isMultiple } = this.#columns.get(name) ?? ABSENT;
    const length = rows ? rows.length : this.length;
    const values = reused?.take(name, length) ?? createColumn(name, length);
    if (runs) return readRuns(runs, rows, values);
    if (isMultiple) {
      const requests = this.read('requests', rows, reused);
      for (let i = 0; i < length; i += 1) values[i] = requests[i]! * base;
      return values;
    }
    if (!stored) return values.fill(base);
    if (!rows || isRun(rows)) {
      const first = rows?.[0] ?? 0;
      values.set(stored.subarray(first, first + length));
      if (base !== 0) raise(values, base);
    } else for (let i = 0; i < length; i += 1) values[i] = stored[rows[i]!]! + base;
    return values;
  }

  /** Returns those of `rows` (default: all) whose value is marked in `accepted`; values past its end are taken if `beyond`. */
  select(name: ColumnName, accepted: Uint8Array, beyond: boolean, rows?: Uint32Array): Uint32Array {
    const { stored, base, runs, isMultiple } = this.#columns.get(name) ?? ABSENT;
    const passes = (value: number): boolean => (value < accepted.length ? accepted[value] === 1 : beyond);
    if (runs && !rows) return selectRuns(runs, passes);
    if (!stored && !runs && !isMultiple) {
      if (!passes(base)) return new Uint32Array(0);
      return rows ?? rowsFrom(0, this.length);
    }
    // One value is wanted of the column that rows are sorted by: its rows follow each other.
    if (stored && !rows && !beyond && name === this.#sortedBy && accepted.indexOf(1) === accepted.length - 1) {
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

/** Adds `by` to all values; to keys as 32-bit integers, which is many times faster than as floats. */
function raise(values: Column, by: number): void {
  if (values instanceof Float64Array) for (let i = 0; i < values.length; i += 1) values[i]! += by;
  else for (let i = 0; i < values.length; i += 1) values[i] = (values[i]! + (by | 0)) | 0;
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

/** Runs of equal values, as in the column that rows are sorted by. Run `i` ends before row `ends[i]`. */
interface Runs {
  ends: Uint32Array;
  values: Uint32Array;
}

/** Lists the rows before which a run of equal values ends. */
export function findRuns(values: Uint32Array | Float64Array, length: number): number[] {
  const ends: number[] = [];
  for (let i = 1; i <= length; i += 1) if (i === length || values[i] !== values[i - 1]) ends.push(i);
  return ends;
}

/** Writes the values of `rows` (default: all). */
function readRuns<T extends Uint32Array | Float64Array>(
  { ends, values: runValues }: Runs,
  rows: Uint32Array | undefined,
  values: T,
): T {
  if (!rows) {
    for (let run = 0; run < ends.length; run += 1) values.fill(runValues[run]!, ends[run - 1] ?? 0, ends[run]);
    return values;
  }
  let run = 0;
  for (let i = 0; i < rows.length; i += 1) {
    const row = rows[i]!;
    if (run > 0 && row < ends[run - 1]!) run = 0;
    while (row >= ends[run]!) run += 1;
    values[i] = runValues[run]!;
  }
  return values;
}

/** Lists the rows of the runs whose value passes. */
function selectRuns({ ends, values }: Runs, passes: (value: number) => boolean): Uint32Array {
  const wanted: Uint32Array[] = [];
  for (let run = 0; run < ends.length; run += 1)
    if (passes(values[run]!)) wanted.push(rowsFrom(ends[run - 1] ?? 0, ends[run]!));
  if (wanted.length === 1) return wanted[0]!;
  const rows = new Uint32Array(wanted.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const run of wanted) {
    rows.set(run, at);
    at += run.length;
  }
  return rows;
}

/** 0, 1, 2 and so on. Consecutive rows are a part of it, by which `isRun` knows them: do not write to rows. */
let inOrder = new Uint32Array(0);

/** Lists the row numbers from `first` up to, but not including, `end`. */
export function rowsFrom(first: number, end: number): Uint32Array<ArrayBuffer> {
  if (inOrder.length < end) {
    inOrder = new Uint32Array(Math.max(end, inOrder.length * 2));
    for (let row = 0; row < inOrder.length; row += 1) inOrder[row] = row;
  }
  return inOrder.subarray(first, end);
}

/** Tells whether rows come from `rowsFrom`, as those of one client do in a segment sorted by client. */
function isRun(rows: Uint32Array): boolean {
  return rows.buffer === inOrder.buffer;
}

/** Segments of about one size are merged as soon as there are this many, the new one included. */
const TIER = 4;

/**
 * Picks the segments of a bucket (given newest first) to merge with new rows: every tier of about one size that the new rows make
 * full, as long as the result has no more than `maxRows` rows. So a bucket has few segments, and a row is rewritten a logarithmic
 * number of times.
 */
export function takeFullTiers<S>(
  segments: readonly S[],
  rowsOf: (segment: S) => number,
  newRows: number,
  maxRows = Number.POSITIVE_INFINITY,
): S[] {
  let taken = 0;
  let rows = newRows;
  while (taken < segments.length) {
    const larger = segments.findIndex((segment, index) => index >= taken && rowsOf(segment) > rows * TIER);
    const end = larger < 0 ? segments.length : larger;
    const together = segments.slice(taken, end).reduce((sum, segment) => sum + rowsOf(segment), rows);
    if (end - taken < TIER - 1 || together > maxRows) break;
    rows = together;
    taken = end;
  }
  return segments.slice(0, taken);
}
