import { type Calendar, MINUTE_MS } from '../domain/calendar.ts';
import { type GroupKey, NONE, OTHER, REMOVED } from '../domain/dimension.ts';
import type { Thousandths } from '../domain/event.ts';
import { addCredits, subtractCredits } from '../domain/thousandths.ts';
import type { MeterQuery, MeterStep, UsageAnswer, UsageQuery, UsageRow } from '../domain/usage.ts';
import type { Db } from '../store/database.ts';
import { type Batch, CARRY, type Column, type ColumnName, gather, ReusedColumns } from './batch.ts';
import { type Cube, creditsAt, METER_DAYS, METER_MINUTES, outcomeColumns, readCredits } from './cube.ts';
import { METER_SEPARATOR } from './event-batch.ts';
import { DistinctValues, Grouping } from './grouping.ts';
import { type Plan, startOfStep, stepsOfEvents, stepsOfTotal } from './plan.ts';
import type { RawPart, Store } from './raw-events.ts';
import { filterRows, isIn, pick, type RowFilter, selectCounted, selectHours, toMarks } from './row-filter.ts';
import type { Segment } from './segment.ts';
import { OTHER_ID } from './value-places.ts';
import { textOf, type ValueTexts } from './values.ts';

/** Adds up the answer of one question: add everything that its plan names, then ask for the answer. */
export class Sum {
  readonly plan: Plan;
  readonly rowFilters: readonly RowFilter[];
  readonly #asked: UsageQuery;
  /** The question with its `distinct` dimension among the keys. */
  readonly #query: UsageQuery;
  readonly #calendar: Calendar;
  readonly #grouping: Grouping;
  readonly #distinct: DistinctValues | undefined;
  readonly #hasSteps: boolean;
  /** With status among the keys, ok and failed are computed from the summed cells. */
  readonly #isByStatus: boolean;
  readonly #reused = new ReusedColumns();

  constructor(asked: UsageQuery, plan: Plan, rowFilters: readonly RowFilter[], calendar: Calendar) {
    this.plan = plan;
    this.rowFilters = rowFilters;
    this.#asked = asked;
    this.#query = widen(asked);
    this.#calendar = calendar;
    this.#hasSteps = asked.grain !== 'all' || asked.groupBy.length === 0;
    this.#isByStatus = this.#query.groupBy.includes('status');
    this.#grouping = new Grouping(
      this.#hasSteps ? [...asked.groupBy, 'slot'] : asked.groupBy,
      this.#isByStatus ? ['requests', 'credits'] : ['requests', 'ok', 'failed', 'credits'],
    );
    this.#distinct = asked.distinct === undefined ? undefined : new DistinctValues(asked.distinct);
  }

  addTotals({ cube, ...span }: Plan['totals'][number], bucket: number, segment: Segment): void {
    const hours = cube.grain === 'hour' ? selectHours(segment, this.#calendar.startOfDay(bucket), span) : undefined;
    const rows = this.rowFilters.length > 0 || hours ? filterRows(segment, this.rowFilters, hours) : undefined;
    const batch = this.#readTotals(segment, cube, rows);
    this.#add(batch, () => stepsOfTotal(cube, bucket, batch, this.#query, this.#calendar));
  }

  addRaw(part: RawPart): void {
    const read = (name: ColumnName) => part.read(name, undefined, this.#reused);
    const requests = read('count');
    const batch: Batch = { length: part.length, columns: { requests, ...readCredits(part, read) } };
    for (const key of this.#query.groupBy) batch.columns[key] = read(key);
    if (!this.#isByStatus) Object.assign(batch.columns, outcomeColumns(read('status'), requests, this.#reused));
    this.#add(batch, () => stepsOfEvents(read('time'), this.#query, this.#calendar));
  }

  #readTotals(segment: Segment, cube: Cube, rows: Uint32Array | undefined): Batch {
    const read = (name: ColumnName) => segment.read(name, rows, this.#reused);
    const requests = read('requests');
    const batch: Batch = { length: requests.length, columns: { requests, ...readCredits(segment, read) } };
    for (const key of this.#query.groupBy) batch.columns[key] = read(key);
    if (cube.keys.includes('slot')) batch.columns.slot = read('slot');
    if (this.#isByStatus) return batch;
    const outcome = cube.measures.includes('ok')
      ? { ok: read('ok'), failed: read('failed') }
      : outcomeColumns(read('status'), requests, this.#reused);
    Object.assign(batch.columns, outcome);
    return batch;
  }

  #add(batch: Batch, makeSteps: () => Column): void {
    const groups = this.#grouping.add(batch, this.#hasSteps ? { columns: { slot: makeSteps() } } : {});
    this.#distinct?.add(groups, batch);
  }

  /** `newestMs`: when the newest event of all was received. */
  async toAnswer(names: Names, newestMs: number): Promise<UsageAnswer> {
    const { totals, raw, shortened } = this.plan;
    const cells = this.#grouping.toBatch();
    const { columns } = cells;
    if (this.#isByStatus) Object.assign(columns, outcomeColumns(columns.status, columns.requests!));
    if (this.#distinct) columns.count = this.#distinct.count(this.#grouping.listNonZero());
    const isCapped = (key: GroupKey): boolean =>
      key === this.#asked.distinct
        ? this.#distinct!.capped
        : key !== 'status' && columns[key]?.includes(OTHER_ID) === true;
    return {
      ...(await toAnswerRows(names, cells, this.#asked)),
      origin: raw.length === 0 ? 'totals' : totals.length === 0 ? 'raw' : 'both',
      asOfMs: newestMs,
      ...(shortened ? { shortened } : {}),
      capped: this.#query.groupBy.filter(isCapped),
    };
  }
}

/** Adds the `distinct` dimension to the keys, so that its values can be counted. */
export function widen(query: UsageQuery): UsageQuery {
  return query.distinct ? { ...query, groupBy: [...query.groupBy, query.distinct] } : query;
}

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

/** Reads what a meter counted in each step of a span, corrections included, in order of time. */
export async function readMeter(
  { db, texts, calendar, loader }: Store,
  { meter, span, grain }: MeterQuery,
): Promise<MeterStep[]> {
  const combinations = new Set<number>();
  for (const { id, text } of await texts.list(db, 'meters')) {
    if (text.split(METER_SEPARATOR).includes(meter)) combinations.add(id);
  }
  const cube = grain === 'minute' ? METER_MINUTES : METER_DAYS;
  const grouping = new Grouping(['slot'], ['singles', 'bulk', 'credits']);
  const lastDay = calendar.dayOf(span.toMs - 1);
  const query: UsageQuery = { span, grain, groupBy: [], filters: [] };
  const buckets: number[] = [];
  for (let day = calendar.dayOf(span.fromMs); day <= lastDay; day += 1) buckets.push(day);
  const accepted = toMarks(combinations);
  const [days] = await loader.loadTotals(db, [{ cube, buckets }]);
  for (const { bucket, segment } of days!) {
    const rows = segment.select('meters', accepted, false);
    const read = (name: ColumnName) => segment.read(name, rows);
    const batch: Batch = { length: rows.length, columns: readCredits(segment, read) };
    for (const name of ['slot', 'singles', 'bulk'] as const) batch.columns[name] = read(name);
    const steps = stepsOfTotal(cube, bucket, batch, query, calendar);
    const inside = grain === 'day' ? undefined : pick(rows.length, (row) => isIn(span, steps[row]! * MINUTE_MS));
    grouping.add(batch, { columns: { slot: steps }, selected: inside });
  }
  for (const { segment } of await loader.loadInbox(db, span)) {
    const rows = segment.select('meters', accepted, false, selectCounted(segment, span));
    const read = (name: ColumnName) => segment.read(name, rows);
    const count = read('count');
    const singles = Float64Array.from(count, (calls) => (calls === 1 ? 1 : 0));
    const bulk = Float64Array.from(count, (calls) => (calls === 1 ? 0 : calls));
    const slot = stepsOfEvents(read('time'), query, calendar);
    grouping.add({ length: rows.length, columns: { slot, singles, bulk, ...readCredits(segment, read) } });
  }
  for (const correction of await db
    .selectFrom('correction')
    .select(['time_ms', 'credits'])
    .where('meter', '=', meter)
    .where('time_ms', '>=', span.fromMs)
    .where('time_ms', '<', span.toMs)
    .execute()) {
    const slot = Uint32Array.of(startOfStep(correction.time_ms, query, calendar) / MINUTE_MS);
    grouping.add({ length: 1, columns: { slot, credits: Float64Array.of(correction.credits) } });
  }
  const steps = grouping.toBatch();
  const { slot, singles, bulk } = steps.columns;
  const answer: MeterStep[] = [];
  for (let row = 0; row < steps.length; row += 1) {
    answer.push({
      startMs: slot![row]! * MINUTE_MS,
      singles: singles![row]!,
      bulk: bulk![row]!,
      credits: creditsAt(steps.columns, row),
    });
  }
  return answer.sort((a, b) => a.startMs - b.startMs);
}
