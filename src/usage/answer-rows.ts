import { MINUTE_MS } from '../domain/calendar.ts';
import { NONE, OTHER, REMOVED } from '../domain/dimension.ts';
import type { Thousandths } from '../domain/event.ts';
import { addCredits, subtractCredits } from '../domain/thousandths.ts';
import type { UsageAnswer, UsageQuery, UsageRow } from '../domain/usage.ts';
import type { Db } from '../store/database.ts';
import { gather } from './batch.ts';
import { creditsAt } from './cube.ts';
import { type Batch, CARRY, type Column } from './segment.ts';
import { OTHER_ID } from './value-places.ts';
import { textOf, type ValueTexts } from './values.ts';

/** Gives value ids their texts, in one snapshot. */
export interface Names {
  db: Db;
  texts: ValueTexts;
  renames: string | undefined;
}

/** Turns cells into rows of an answer, with texts for value ids; of a ranking, only the rows that were asked for. */
export async function toAnswerRows(
  names: Names,
  cells: Batch,
  query: UsageQuery,
): Promise<Pick<UsageAnswer, 'rows' | 'rest'>> {
  const { most, groupBy, grain } = query;
  // Keep all rows once any value was forgotten: forgotten values share a name, and their rows must be added up before a ranking
  // is cut.
  if (!most || groupBy.length !== 1 || grain !== 'all' || names.renames !== undefined)
    return { rows: await toRows(names, cells, query) };
  const candidates = findCandidates(cells, cells.columns[groupBy[0]!]!, most);
  const rows = await toRows(names, gather(cells, candidates), query);
  return cutToMost(rows, most, cells);
}

async function toRows(
  { db, texts: known, renames }: Names,
  cells: Batch,
  { groupBy, span }: UsageQuery,
): Promise<UsageRow[]> {
  const texts = await known.resolveAll(db, renames, cells, groupBy);
  const columns = groupBy.map((key) => ({ key, values: cells.columns[key]! }));
  const { slot, requests, ok, failed, count: values } = cells.columns;
  const rows: UsageRow[] = [];
  const named = new Map<string, UsageRow>();
  // Forgotten values of a dimension share a name, and so a row; everything else is one row per cell.
  const mayShare =
    renames !== undefined &&
    groupBy.some((key, index) => key !== 'status' && hasRemoved(columns[index]!.values, texts));
  for (let cell = 0; cell < cells.length; cell += 1) {
    const count = requests![cell]!;
    const row: UsageRow = {
      startMs: slot ? slot[cell]! * MINUTE_MS : span.fromMs,
      keys: columns.map(({ key, values }) => textOf(key, values[cell]!, texts)),
      requests: count,
      ok: ok![cell]!,
      failed: failed![cell]!,
      none: count - ok![cell]! - failed![cell]!,
      credits: creditsAt(cells.columns, cell),
      ...(values ? { values: values[cell]! } : {}),
    };
    if (mayShare) addTo(named, row);
    else rows.push(row);
  }
  return mayShare ? [...named.values()] : rows;
}

/** Tells whether any of these value ids was removed by `forget`. */
function hasRemoved(ids: Column, texts: ReadonlyMap<number, string>): boolean {
  for (let i = 0; i < ids.length; i += 1) if (texts.get(ids[i]!) === REMOVED) return true;
  return false;
}

function addTo(rows: Map<string, UsageRow>, row: UsageRow): void {
  const name = JSON.stringify([row.startMs, row.keys]);
  const known = rows.get(name);
  if (!known) rows.set(name, row);
  else {
    for (const sum of ['requests', 'ok', 'failed', 'none'] as const) known[sum] += row[sum];
    known.credits = addCredits(known.credits, row.credits);
    if (row.values !== undefined) known.values = (known.values ?? 0) + row.values;
  }
}

type Most = NonNullable<UsageQuery['most']>;

/** Rows for `(none)` and `(other)`, which take no place among the names. */
const UNNAMED = 2;

/**
 * Finds cells that may be in the ranking: by the first measure all others are below its last place, so few texts need be looked
 * up. `(none)` and `(other)` are always included.
 */
function findCandidates(cells: Batch, key: Column, { by, rows }: Most): Uint32Array {
  const values = measureOf(cells.columns, by[0]!);
  const least = findLeast(values, rows + UNNAMED);
  const candidates = new Uint32Array(cells.length);
  let count = 0;
  for (let cell = 0; cell < cells.length; cell += 1) {
    if (values[cell]! < least && key[cell] !== 0 && key[cell] !== OTHER_ID) continue;
    candidates[count] = cell;
    count += 1;
  }
  return candidates.subarray(0, count);
}

/** Returns the values to rank by. Sums beyond 2^53 are rounded, which keeps their order or makes neighbours equal. */
function measureOf({ carried, ...columns }: Batch['columns'], name: Most['by'][number]): Column {
  const values = columns[name]!;
  return name === 'credits' && carried
    ? Float64Array.from(values, (low, cell) => carried[cell]! * CARRY + low)
    : values;
}

/** Returns the value in this place from the top (1: the largest); -Infinity where there are fewer values. */
function findLeast(values: Column, place: number): number {
  if (values.length < place) return -Infinity;
  if (place > FEW) return Float64Array.from(values).sort()[values.length - place]!;
  // The largest values so far, ascending. Nearly every value is below the first of them.
  const largest = new Float64Array(place).fill(-Infinity);
  for (let i = 0; i < values.length; i += 1) {
    const value = values[i]!;
    if (value <= largest[0]!) continue;
    let at = 0;
    while (at + 1 < place && largest[at + 1]! < value) {
      largest[at] = largest[at + 1]!;
      at += 1;
    }
    largest[at] = value;
  }
  return largest[0]!;
}

/** Up to this many places, one pass over the values is faster than a sort. */
const FEW = 32;

/** Keeps the rows that `most` asks for, and sums up all other cells. */
function cutToMost(candidates: readonly UsageRow[], most: Most, cells: Batch): Pick<UsageAnswer, 'rows' | 'rest'> {
  const named: UsageRow[] = [];
  const rows: UsageRow[] = [];
  for (const row of candidates) (row.keys[0] === NONE || row.keys[0] === OTHER ? rows : named).push(row);
  named.sort((a, b) => {
    for (const measure of most.by) if (a[measure] !== b[measure]) return a[measure] > b[measure] ? -1 : 1;
    return a.keys[0]! < b.keys[0]! ? -1 : 1;
  });
  for (let place = 0; place < Math.min(most.rows, named.length); place += 1) rows.push(named[place]!);
  if (rows.length === cells.length) return { rows };
  const { requests, ok, failed } = cells.columns;
  const rest = { requests: add(requests!), ok: add(ok!), failed: add(failed!), credits: addAll(cells), none: 0 };
  for (const row of rows) {
    for (const measure of ['requests', 'ok', 'failed'] as const) rest[measure] -= row[measure];
    rest.credits = subtractCredits(rest.credits, row.credits);
  }
  rest.none = rest.requests - rest.ok - rest.failed;
  return { rows, rest: { ...rest, rows: cells.length - rows.length } };
}

function addAll(cells: Batch): Thousandths {
  let sum: Thousandths = 0;
  for (let cell = 0; cell < cells.length; cell += 1) sum = addCredits(sum, creditsAt(cells.columns, cell));
  return sum;
}

function add(values: Column): number {
  let sum = 0;
  for (let i = 0; i < values.length; i += 1) sum += values[i]!;
  return sum;
}
