/** Runs of equal values, as in the column that rows are sorted by. Run `i` ends before row `ends[i]`. */
export interface Runs {
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
export function readRuns<T extends Uint32Array | Float64Array>(
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
export function selectRuns({ ends, values }: Runs, passes: (value: number) => boolean): Uint32Array {
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
export function isRun(rows: Uint32Array): boolean {
  return rows.buffer === inOrder.buffer;
}
