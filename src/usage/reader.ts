import { sql } from 'kysely';
import type { Calendar } from '../domain/calendar.ts';
import { type GroupKey, REMOVED } from '../domain/dimension.ts';
import type { StoredFilter } from '../domain/filter.ts';
import type {
  LatencyAnswer,
  LatencyQuery,
  MeterQuery,
  MeterStep,
  RawEvent,
  Span,
  UsageAnswer,
  UsageQuery,
  UsageReader,
} from '../domain/usage.ts';
import type { Db, DialectName } from '../store/database.ts';
import { toAnswerRows } from './answer-rows.ts';
import { type Cube, creditsAt, EXCLUDED_DAYS, outcomeColumns, readCredits } from './cube.ts';
import { DistinctValues, Grouping } from './grouping.ts';
import { type Plan, planQuery, splitAtDays, stepsOfEvents, stepsOfTotal } from './plan.ts';
import { type EventPage, readNewest, readPages, type Store, scanRaw } from './raw-events.ts';
import { readLatency } from './read-latency.ts';
import { readMeter } from './read-meter.ts';
import { FilterCompiler, filterRows, isIn, pick, type RowFilter, selectCounted, selectHours } from './row-filter.ts';
import type { Batch, Column, ColumnName, Segment } from './segment.ts';
import { type InboxSegment, type RawSegmentRow, SegmentLoader } from './segment-loader.ts';
import { type ReadSnapshot, SnapshotReader } from './snapshot.ts';
import { OTHER_ID } from './value-places.ts';
import { textOf, ValueTexts } from './values.ts';

/** At most this many questions share a snapshot: a server cuts off a transaction that pauses for long. */
const MOST_TOGETHER = 32;

interface Asked {
  query: UsageQuery;
  resolve: (answer: UsageAnswer) => void;
  reject: (error: unknown) => void;
}

/** Stored usage as it was at one instant. */
export interface FrozenUsage {
  usage: UsageReader;
  /** The database as that snapshot sees it. */
  db: Db;
  /** Streams all raw events of a span that count and pass the filters, in the order of days; with their ids if asked for. */
  pages(query: { span: Span; filters: readonly StoredFilter[]; ids: boolean }): AsyncGenerator<EventPage>;
}

type TotalSegments = Awaited<ReturnType<SegmentLoader['loadTotals']>>[number];

/**
 * Answers questions from segments: totals where they hold the combination, raw events otherwise, and always the events that are
 * not folded yet, all in one snapshot.
 */
export class StoredUsage implements UsageReader {
  readonly #db: Db;
  readonly #dialect: DialectName;
  readonly #calendar: Calendar;
  readonly #texts: ValueTexts;
  readonly #loader: SegmentLoader;
  readonly #snapshot = new SnapshotReader();
  readonly #asked: Asked[] = [];
  /** If set, everything is read from this snapshot. */
  #held: { db: Db; snapshot: ReadSnapshot } | undefined;

  constructor(db: Db, dialect: DialectName, calendar: Calendar) {
    this.#db = db;
    this.#dialect = dialect;
    this.#calendar = calendar;
    this.#texts = new ValueTexts();
    this.#loader = new SegmentLoader(calendar);
  }

  /** Runs `work` on one snapshot, however long it takes; writers do not wait for it. */
  freeze<T>(work: (frozen: FrozenUsage) => Promise<T>): Promise<T> {
    return this.#inSnapshot(async (db, snapshot) => {
      // The reader of the rows may pause for long; the connection of a process that hangs is still cut off.
      if (this.#dialect === 'postgres') await sql`set local idle_in_transaction_session_timeout = '15min'`.execute(db);
      const usage = new StoredUsage(db, this.#dialect, this.#calendar);
      usage.#held = { db, snapshot };
      return work({
        usage,
        db,
        async *pages({ span, filters, ids }) {
          const rowFilters = await new FilterCompiler(db, usage.#texts).compile(filters);
          yield* readPages(usage.#store(db), snapshot.renames, { span, rowFilters, ids });
        },
      });
    });
  }

  /** Answers a question. Questions asked together, as a report does, share one snapshot, so that their numbers agree. */
  sum(query: UsageQuery): Promise<UsageAnswer> {
    const { promise, resolve, reject } = Promise.withResolvers<UsageAnswer>();
    this.#asked.push({ query, resolve, reject });
    if (this.#asked.length === 1) setImmediate(() => void this.#answer());
    return promise;
  }

  async #answer(): Promise<void> {
    const asked = this.#asked.splice(0, MOST_TOGETHER);
    if (this.#asked.length > 0) setImmediate(() => void this.#answer());
    try {
      await this.#inSnapshot(async (db, snapshot) => {
        const wide = asked.map(({ query }) => widen(query));
        const plans = wide.map((query) => planQuery(query, this.#calendar, snapshot.kept));
        const totals = await this.#loader.loadTotals(
          db,
          plans.flatMap((plan) => plan.totals),
        );
        const covered = plans.map(({ shortened }, index) => {
          const { span } = asked[index]!.query;
          return shortened ? { fromMs: shortened.fromMs, toMs: span.toMs } : span;
        });
        const inbox = await this.#loader.loadInbox(db, {
          fromMs: Math.min(...covered.map(({ fromMs }) => fromMs)),
          toMs: Math.max(...covered.map(({ toMs }) => toMs)),
        });
        const filters = new FilterCompiler(db, this.#texts);
        for (const [index, { query, resolve, reject }] of asked.entries()) {
          const plan = plans[index]!;
          const found = { totals: totals.splice(0, plan.totals.length), inbox, covered: covered[index]! };
          const questions = { asked: query, query: wide[index]! };
          const rowFilters = await filters.compile(query.filters);
          await this.#sum(db, snapshot, questions, plan, rowFilters, found).then(resolve, reject);
        }
      });
    } catch (error) {
      for (const { reject } of asked) reject(error);
    }
  }

  async #sum(
    db: Db,
    { renames, newestMs }: ReadSnapshot,
    { asked, query }: { asked: UsageQuery; query: UsageQuery },
    plan: Plan,
    rowFilters: readonly RowFilter[],
    found: { totals: TotalSegments[]; inbox: readonly InboxSegment[]; covered: Span },
  ): Promise<UsageAnswer> {
    const keys: ColumnName[] =
      asked.grain === 'all' && asked.groupBy.length > 0 ? [...asked.groupBy] : [...asked.groupBy, 'slot'];
    // With status among the keys, ok and failed are computed from the summed cells.
    const isByStatus = query.groupBy.includes('status');
    const grouping = new Grouping(keys, isByStatus ? ['requests', 'credits'] : ['requests', 'ok', 'failed', 'credits']);
    const distinct = asked.distinct === undefined ? undefined : new DistinctValues(asked.distinct);
    const add = (batch: Batch, makeSteps: () => Column): void => {
      const groups = grouping.add(batch, keys.includes('slot') ? { columns: { slot: makeSteps() } } : {});
      distinct?.add(groups, batch);
    };

    for (const [index, part] of plan.totals.entries()) {
      for (const { bucket, segment } of found.totals[index]!) {
        const hours =
          part.cube.grain === 'hour' ? selectHours(segment, this.#calendar.startOfDay(bucket), part) : undefined;
        const rows = rowFilters.length > 0 || hours ? filterRows(segment, rowFilters, hours) : undefined;
        const batch = readTotals(segment, part.cube, query.groupBy, rows);
        add(batch, () => stepsOfTotal(part.cube, bucket, batch, query, this.#calendar));
      }
    }
    const addRaw = (segment: Segment, span: Span): void => {
      const rows = filterRows(segment, rowFilters, selectCounted(segment, span));
      const requests = segment.read('count', rows);
      const batch: Batch = { length: rows.length, columns: { requests, ...readCredits(segment, rows) } };
      for (const key of query.groupBy) batch.columns[key] = segment.read(key, rows);
      if (!isByStatus) Object.assign(batch.columns, outcomeColumns(segment.read('status', rows), requests));
      add(batch, () => stepsOfEvents(segment.read('time', rows), query, this.#calendar));
    };
    for (const part of plan.raw) {
      for await (const { segment } of this.#loader.loadRaw(db, part)) addRaw(segment, part);
    }
    const { covered } = found;
    const [first, last] = [this.#calendar.dayOf(covered.fromMs), this.#calendar.dayOf(covered.toMs - 1)];
    for (const { segment, firstDay, lastDay } of found.inbox)
      if (lastDay >= first && firstDay <= last) addRaw(segment, covered);

    const cells = grouping.toBatch();
    if (isByStatus) Object.assign(cells.columns, outcomeColumns(cells.columns.status, cells.columns.requests!));
    if (distinct) cells.columns.count = distinct.count(grouping.listNonZero());
    const isCapped = (key: GroupKey): boolean =>
      key === asked.distinct ? distinct!.capped : key !== 'status' && cells.columns[key]?.includes(OTHER_ID) === true;
    return {
      ...(await toAnswerRows({ db, texts: this.#texts, renames }, cells, asked)),
      origin: plan.raw.length === 0 ? 'totals' : plan.totals.length === 0 ? 'raw' : 'both',
      asOfMs: newestMs,
      ...(plan.shortened ? { shortened: plan.shortened } : {}),
      capped: query.groupBy.filter(isCapped),
    };
  }

  meter(query: MeterQuery): Promise<MeterStep[]> {
    return this.#inSnapshot((db) => readMeter(this.#store(db), query));
  }

  async values({
    key,
    span,
    contains,
    limit,
  }: Parameters<UsageReader['values']>[0]): Promise<{ value: string; requests: number }[]> {
    const { rows } = await this.sum({ span, grain: 'all', groupBy: [key], filters: [] });
    const wanted = contains?.toLowerCase();
    return rows
      .filter((row) => !wanted || row.keys[0]!.toLowerCase().includes(wanted))
      .sort((a, b) => b.requests - a.requests || (a.keys[0]! < b.keys[0]! ? -1 : 1))
      .slice(0, limit)
      .map((row) => ({ value: row.keys[0]!, requests: row.requests }));
  }

  latency(query: LatencyQuery): Promise<LatencyAnswer> {
    return this.#inSnapshot(async (db, snapshot) => {
      const rowFilters = await new FilterCompiler(db, this.#texts).compile(query.filters);
      return readLatency(this.#store(db), snapshot, query, rowFilters);
    });
  }

  events({ filters, ...query }: Parameters<UsageReader['events']>[0]): Promise<RawEvent[]> {
    return this.#inSnapshot(async (db, { renames }) => {
      const rowFilters = await new FilterCompiler(db, this.#texts).compile(filters);
      return readNewest(this.#store(db), renames, { ...query, rowFilters });
    });
  }

  late(span: Span): ReturnType<UsageReader['late']> {
    return this.#inSnapshot(async (db, { renames }) => {
      const { dayOf, startOfDay } = this.#calendar;
      const grouping = new Grouping(['scope'], ['requests', 'credits']);
      // Skip segments whose newest event came on its own day, as most do.
      const isWanted = ({ day, received_ms, import_id }: RawSegmentRow) =>
        import_id === null && dayOf(received_ms) > day;
      for await (const part of scanRaw(this.#store(db), { span, rowFilters: [], isWanted })) {
        if (part.imported) continue;
        const received = part.read('received');
        const tomorrowMs = startOfDay(part.day + 1);
        const late = pick(part.length, (event) => received[event]! >= tomorrowMs);
        const read = (name: ColumnName) => part.read(name, late);
        const columns = { scope: read('scope'), requests: read('count'), credits: read('credits') };
        grouping.add({ length: late.length, columns });
      }
      const cells = grouping.toBatch();
      const { scope, requests } = cells.columns;
      const texts = await this.#texts.resolve(db, renames, scope ?? new Uint32Array());
      return Array.from({ length: cells.length }, (_, row) => ({
        scope: textOf('scope', scope![row]!, texts),
        requests: requests![row]!,
        credits: creditsAt(cells.columns, row),
      }));
    });
  }

  excluded(span: Span): Promise<{ rule: string; requests: number }[]> {
    return this.#inSnapshot(async (db, { renames }) => {
      const grouping = new Grouping(['exclusion'], ['requests']);
      const buckets: number[] = [];
      // Totals are daily: for parts of the first and last day, raw events are read.
      const parts = splitAtDays(span.fromMs, span.toMs, this.#calendar);
      for (const part of parts.filter(({ whole }) => whole)) {
        const lastDay = this.#calendar.dayOf(part.toMs - 1);
        for (let day = this.#calendar.dayOf(part.fromMs); day <= lastDay; day += 1) buckets.push(day);
      }
      const add = (segment: Segment, requests: 'requests' | 'count', rows?: Uint32Array): void => {
        grouping.add({
          length: rows ? rows.length : segment.length,
          columns: { exclusion: segment.read('exclusion', rows), requests: segment.read(requests, rows) },
        });
      };
      const [days] = await this.#loader.loadTotals(db, [{ cube: EXCLUDED_DAYS, buckets }]);
      for (const { segment } of days!) add(segment, 'requests');
      const addEvents = (segment: Segment, within: Span): void => {
        const time = segment.read('time');
        const exclusion = segment.read('exclusion');
        add(
          segment,
          'count',
          pick(segment.length, (row) => exclusion[row] !== 0 && isIn(within, time[row]!)),
        );
      };
      for (const part of parts.filter(({ whole }) => !whole))
        for await (const { segment } of this.#loader.loadRaw(db, part)) addEvents(segment, part);
      for (const { segment } of await this.#loader.loadInbox(db, span)) addEvents(segment, span);
      const cells = grouping.toBatch();
      const texts = await this.#texts.resolve(db, renames, cells.columns.exclusion ?? new Uint32Array());
      return Array.from({ length: cells.length }, (_, row) => ({
        rule: texts.get(cells.columns.exclusion![row]!) ?? REMOVED,
        requests: cells.columns.requests![row]!,
      })).sort((a, b) => b.requests - a.requests);
    });
  }

  async firstMeterDay(): Promise<number | undefined> {
    const [{ days }, corrected] = await Promise.all([
      this.#snapshot.readDays(this.#db),
      this.#db
        .selectFrom('correction')
        .select(({ fn }) => fn.min('time_ms').as('ms'))
        .executeTakeFirst(),
    ]);
    const ms = corrected?.ms ?? undefined;
    if (ms === undefined) return days?.first;
    return Math.min(this.#calendar.dayOf(Number(ms)), days?.first ?? Number.POSITIVE_INFINITY);
  }

  async extent(): ReturnType<UsageReader['extent']> {
    const { days, snapshot } = await this.#snapshot.readDays(this.#db);
    if (!days) return undefined;
    return {
      firstDay: days.first,
      lastDay: days.last,
      firstRawDay: Math.max(days.first, snapshot.kept.rawFromDay),
      firstHourDay: Math.max(days.first, snapshot.kept.hoursFromDay),
      asOfMs: snapshot.newestMs,
    };
  }

  #store(db: Db): Store {
    return { db, loader: this.#loader, calendar: this.#calendar, texts: this.#texts };
  }

  /** Runs all statements of an answer in one snapshot: that of the caller's transaction, if there is one. */
  async #inSnapshot<T>(work: (db: Db, snapshot: ReadSnapshot) => Promise<T>): Promise<T> {
    if (this.#held) return work(this.#held.db, this.#held.snapshot);
    if (this.#db.isTransaction) return work(this.#db, await this.#snapshot.readSnapshot(this.#db));
    return this.#db.connection().execute(async (connection) => {
      const begin =
        this.#dialect === 'postgres' ? 'begin transaction isolation level repeatable read read only' : 'begin';
      await sql.raw(begin).execute(connection);
      try {
        return await work(connection, await this.#snapshot.readSnapshot(connection));
      } finally {
        await sql.raw('commit').execute(connection);
      }
    });
  }
}

/** Adds the `distinct` dimension to the keys, so that its values can be counted. */
function widen(query: UsageQuery): UsageQuery {
  return query.distinct ? { ...query, groupBy: [...query.groupBy, query.distinct] } : query;
}

function readTotals(segment: Segment, cube: Cube, groupBy: readonly GroupKey[], rows: Uint32Array | undefined): Batch {
  const requests = segment.read('requests', rows);
  const batch: Batch = { length: requests.length, columns: { requests, ...readCredits(segment, rows) } };
  for (const key of groupBy) batch.columns[key] = segment.read(key, rows);
  if (cube.keys.includes('slot')) batch.columns.slot = segment.read('slot', rows);
  if (groupBy.includes('status')) return batch;
  const outcome = cube.measures.includes('ok')
    ? { ok: segment.read('ok', rows), failed: segment.read('failed', rows) }
    : outcomeColumns(segment.read('status', rows), requests);
  Object.assign(batch.columns, outcome);
  return batch;
}
