import type { Calendar } from '../domain/calendar.ts';
import type { GroupKey } from '../domain/dimension.ts';
import type { UsageAnswer, UsageQuery } from '../domain/usage.ts';
import { type Names, toAnswerRows } from './answer-rows.ts';
import { type Cube, outcomeColumns, readCredits } from './cube.ts';
import { DistinctValues, Grouping } from './grouping.ts';
import { type Plan, stepsOfEvents, stepsOfTotal } from './plan.ts';
import type { RawPart } from './raw-events.ts';
import { filterRows, type RowFilter, selectHours } from './row-filter.ts';
import { type Batch, type Column, type ColumnName, ReusedColumns, type Segment } from './segment.ts';
import { OTHER_ID } from './value-places.ts';

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
