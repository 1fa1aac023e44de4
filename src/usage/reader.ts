import { sql } from 'kysely';
import type { Calendar } from '../domain/calendar.ts';
import { REMOVED } from '../domain/dimension.ts';
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
import { type ColumnName, ReusedColumns } from './batch.ts';
import { creditsAt, EXCLUDED_DAYS } from './cube.ts';
import { Grouping } from './grouping.ts';
import { planQuery, splitAtDays } from './plan.ts';
import { type EventPage, RawPart, readNewest, readPages, type Store, scanFolded, scanRaw } from './raw-events.ts';
import { readLatency } from './read-latency.ts';
import { FilterCompiler, filterRows, isIn, pick, type RowFilter, selectCounted } from './row-filter.ts';
import type { Segment } from './segment.ts';
import { type InboxSegment, type RawSegmentRow, SegmentLoader } from './segment-loader.ts';
import { type ReadSnapshot, SnapshotReader } from './snapshot.ts';
import { readMeter, Sum, widen } from './sum.ts';
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
      await this.#inSnapshot(async (db, { kept, renames, newestMs }) => {
        const filters = new FilterCompiler(db, this.#texts);
        const questions = asked.map(({ query, ...answer }) => {
          const plan = planQuery(widen(query), this.#calendar, kept);
          const { shortened } = plan;
          const covered = shortened ? { fromMs: shortened.fromMs, toMs: query.span.toMs } : query.span;
          return { ...answer, query, plan, covered };
        });
        const totals = await this.#loader.loadTotals(
          db,
          questions.flatMap(({ plan }) => plan.totals),
        );
        const inbox = await this.#loader.loadInbox(db, {
          fromMs: Math.min(...questions.map(({ covered }) => covered.fromMs)),
          toMs: Math.max(...questions.map(({ covered }) => covered.toMs)),
        });
        const unfinished: { sum: Sum; query: UsageQuery; finish: () => Promise<void> }[] = [];
        for (const { query, plan, covered, resolve, reject } of questions) {
          const sum = new Sum(query, plan, await filters.compile(query.filters), this.#calendar);
          for (const part of plan.totals)
            for (const { bucket, segment } of totals.shift()!) sum.addTotals(part, bucket, segment);
          for (const part of this.#selectUnfolded(inbox, covered, sum.rowFilters)) sum.addRaw(part);
          const names = { db, texts: this.#texts, renames };
          const finish = () => sum.toAnswer(names, newestMs).then(resolve, reject);
          // Answer questions without raw events first, so that their totals are not held in memory while raw events are read.
          if (plan.raw.length === 0) await finish();
          else unfinished.push({ sum, query, finish });
        }
        await this.#addRaw(db, unfinished);
        for (const { finish } of unfinished) await finish();
      });
    } catch (error) {
      for (const { reject } of asked) reject(error);
    }
  }

  /** Adds folded raw events to all questions; those of the same span and filters share one pass over them. */
  async #addRaw(db: Db, questions: readonly { sum: Sum; query: UsageQuery }[]): Promise<void> {
    const wanted = questions.flatMap(({ sum, query }) => sum.plan.raw.map((span) => ({ span, sum, query })));
    const scans = Map.groupBy(wanted, ({ span, query }) => JSON.stringify([span, query.filters]));
    for (const together of scans.values()) {
      const { span, sum } = together[0]!;
      for await (const part of scanFolded(this.#store(db), { span, rowFilters: sum.rowFilters }))
        for (const question of together) question.sum.addRaw(part);
    }
  }

  /** Returns the unfolded events that lie in a span and pass the filters. */
  *#selectUnfolded(inbox: readonly InboxSegment[], span: Span, rowFilters: readonly RowFilter[]): Generator<RawPart> {
    const [first, last] = [this.#calendar.dayOf(span.fromMs), this.#calendar.dayOf(span.toMs - 1)];
    for (const commit of inbox) {
      if (commit.lastDay < first || commit.firstDay > last) continue;
      const rows = filterRows(commit.segment, rowFilters, selectCounted(commit.segment, span));
      yield new RawPart(commit.firstDay, commit, rows);
    }
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
      const reused = new ReusedColumns();
      // Skip segments whose newest event came on its own day, as most do.
      const isWanted = ({ day, received_ms, import_id }: RawSegmentRow) =>
        import_id === null && dayOf(received_ms) > day;
      for await (const part of scanRaw(this.#store(db), { span, rowFilters: [], isWanted })) {
        if (part.imported) continue;
        const received = part.read('received', undefined, reused);
        const tomorrowMs = startOfDay(part.day + 1);
        const late = pick(part.length, (event) => received[event]! >= tomorrowMs);
        const read = (name: ColumnName) => part.read(name, late.length < part.length ? late : undefined, reused);
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
