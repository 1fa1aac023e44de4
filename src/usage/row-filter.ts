import { MINUTE_MS } from '../domain/calendar.ts';
import { type Dimension, NONE, OTHER } from '../domain/dimension.ts';
import { matchesStatus, type StoredFilter, toMatcher } from '../domain/filter.ts';
import type { Span } from '../domain/usage.ts';
import type { Db } from '../store/database.ts';
import type { ColumnName } from './batch.ts';
import { rowsFrom, type Segment } from './segment.ts';
import { OTHER_ID } from './value-places.ts';
import type { ValueTexts } from './values.ts';

/** A filter on a column: values that `accepted` marks with 1 pass; values past its end pass if `beyond`. */
export interface RowFilter {
  column: ColumnName;
  accepted: Uint8Array;
  beyond: boolean;
}

const NOT_EXCLUDED = Uint8Array.of(1);

/** Returns those of `rows` (default: all) that pass every filter. */
export function filterRows(
  segment: Segment,
  rowFilters: readonly RowFilter[],
  rows: Uint32Array | undefined,
): Uint32Array {
  let selected = rows;
  for (const { column, accepted, beyond } of rowFilters) selected = segment.select(column, accepted, beyond, selected);
  return selected ?? rowsFrom(0, segment.length);
}

/** Makes an array with a 1 at each of these numbers. */
export function toMarks(ids: ReadonlySet<number>): Uint8Array {
  let last = 0;
  for (const id of ids) last = Math.max(last, id);
  const marks = new Uint8Array(last + 1);
  for (const id of ids) marks[id] = 1;
  return marks;
}

/** Compiles filters to marks over the value ids of each column; equal filters are compiled once. */
export class FilterCompiler {
  readonly #db: Db;
  readonly #texts: ValueTexts;
  readonly #compiled = new Map<string, Promise<RowFilter>>();

  constructor(db: Db, texts: ValueTexts) {
    this.#db = db;
    this.#texts = texts;
  }

  compile(filters: readonly StoredFilter[]): Promise<RowFilter[]> {
    return Promise.all(
      filters.map((filter) =>
        this.#compiled.getOrInsertComputed(JSON.stringify(filter), () => compile(this.#db, this.#texts, filter)),
      ),
    );
  }
}

async function compile(db: Db, texts: ValueTexts, { key, patterns, not }: StoredFilter): Promise<RowFilter> {
  if (key === 'status') {
    const accepted = Uint8Array.from({ length: 1000 }, (_, status) =>
      patterns.some((pattern) => matchesStatus(pattern, status)) === not ? 0 : 1,
    );
    return { column: key, accepted, beyond: false };
  }
  const marks = toMarks(await findIds(db, texts, key, patterns));
  return { column: key, accepted: not ? marks.map((mark) => 1 - mark) : marks, beyond: not };
}

async function findIds(
  db: Db,
  texts: ValueTexts,
  dimension: Dimension,
  patterns: readonly string[],
): Promise<Set<number>> {
  const ids = new Set<number>();
  for (const pattern of patterns) {
    const matches = toMatcher(pattern);
    if (matches(NONE)) ids.add(0);
    if (matches(OTHER)) ids.add(OTHER_ID);
    for (const id of await texts.find(db, dimension, pattern)) ids.add(id);
  }
  return ids;
}

/** Lists the numbers of the wanted rows. */
export function pick(length: number, wanted: (row: number) => boolean): Uint32Array {
  const rows = new Uint32Array(length);
  let count = 0;
  for (let row = 0; row < length; row += 1) {
    if (wanted(row)) {
      rows[count] = row;
      count += 1;
    }
  }
  return rows.subarray(0, count);
}

export function isIn(span: Span, ms: number): boolean {
  return ms >= span.fromMs && ms < span.toMs;
}

/** Returns those of `rows` (default: all) that no exclusion rule took out. */
export function selectKept(segment: Segment, rows?: Uint32Array): Uint32Array {
  return segment.select('exclusion', NOT_EXCLUDED, false, rows);
}

/** Returns the events of the span that no exclusion rule took out. */
export function selectCounted(segment: Segment, span: Span): Uint32Array {
  const time = segment.read('time');
  return selectKept(
    segment,
    pick(segment.length, (row) => isIn(span, time[row]!)),
  );
}

/** Returns the cells of a day whose hour lies in the span. */
export function selectHours(segment: Segment, dayMs: number, span: Span): Uint32Array {
  const slot = segment.read('slot');
  return pick(segment.length, (row) => isIn(span, dayMs + slot[row]! * MINUTE_MS));
}
