import { sql } from 'kysely';
import { type Calendar, firstDayOf } from '../domain/calendar.ts';
import { type Dimension, type GroupKey, NONE, OTHER, REMOVED } from '../domain/dimension.ts';
import type { Filter } from '../domain/filter.ts';
import { matchesStatus, toMatcher } from '../domain/filter.ts';
import type {
  MeterQuery,
  MeterStep,
  RawEvent,
  Span,
  UsageAnswer,
  UsageQuery,
  UsageReader,
  UsageRow,
} from '../domain/usage.ts';
import { type Cube, EXCLUDED_DAYS, METER_DAYS, METER_MINUTES } from './cube.ts';
import type { Db, DialectName } from './database.ts';
import { METER_SEPARATOR } from './event-batch.ts';
import { Grouping } from './grouping.ts';
import { type Batch, type Column, type ColumnName, decodeSegment } from './segment.ts';
import { findSetting } from './setting-repository.ts';
import { findClosedMonth } from './totals.ts';
import { type Kept, planQuery } from './usage-plan.ts';
import { OTHER_ID } from './value-places.ts';
import { ValueTexts } from './value-texts.ts';

const MINUTE_MS = 60_000;
const CHUNK = 200;
const CACHE_BYTES = 256 * 1024 * 1024;
/** Days before any that Headroom will meet, for an extent without a lower bound. */
const FIRST_DAY = -1_000_000;

/**
 * Answers questions from segments: totals where they hold the combination, raw events else, and always what is committed
 * but not yet folded, all in one snapshot. Decoded totals are kept in memory by their number; segments never change, so
 * they never go stale.
 */
export class StoredUsage implements UsageReader {
  readonly #db: Db;
  readonly #dialect: DialectName;
  readonly #calendar: Calendar;
  readonly #texts: ValueTexts;
  readonly #decoded = new Map<number, { batch: Batch; bytes: number }>();
  #decodedBytes = 0;

  constructor(db: Db, dialect: DialectName, calendar: Calendar) {
    this.#db = db;
    this.#dialect = dialect;
    this.#calendar = calendar;
    this.#texts = new ValueTexts();
  }

  sum(query: UsageQuery): Promise<UsageAnswer> {
    return this.#inSnapshot(async (db) => {
      const kept = await this.#findKept(db);
      const plan = planQuery(query, this.#calendar, kept);
      const select = await this.#compile(db, query.filters);
      const keys: ColumnName[] = [...new Set<ColumnName>([...query.groupBy, 'status', 'slot'])];
      const grouping = new Grouping(keys, ['requests', 'credits']);
      const wanted: ColumnName[] = [
        ...keys.filter((key) => key !== 'slot'),
        ...query.filters.map((filter) => filter.key),
        'time',
        'count',
        'credits',
        'exclusion',
      ];

      for (const part of plan.totals) {
        for (const { bucket, batch } of await this.#loadTotals(db, part.cube, part.buckets)) {
          const steps = this.#stepsOfTotal(part.cube, bucket, batch, query);
          const rows =
            part.cube.grain === 'hour' ? selectHours(batch, this.#calendar.startOfDay(bucket), part) : undefined;
          grouping.add(batch, { columns: { slot: steps }, selected: select(batch, rows) });
        }
      }
      const addRaw = (batch: Batch, spans: readonly Span[]): void => {
        const rows = select(batch, selectCounted(batch, spans));
        grouping.add(batch, {
          columns: { slot: this.#stepsOfEvents(batch, query), requests: batch.columns.count! },
          selected: rows,
        });
      };
      for (const part of plan.raw) for await (const batch of this.#loadRaw(db, part, wanted)) addRaw(batch, [part]);
      const covered = plan.shortened ? { fromMs: plan.shortened.fromMs, toMs: query.span.toMs } : query.span;
      for await (const batch of this.#loadInbox(db, covered, wanted)) addRaw(batch, [covered]);

      return {
        rows: await this.#toRows(db, grouping.toBatch(), query.groupBy),
        origin: plan.raw.length === 0 ? 'totals' : plan.totals.length === 0 ? 'raw' : 'both',
        asOfMs: await this.#findNewestReceipt(db),
        ...(plan.shortened ? { shortened: plan.shortened } : {}),
        capped: this.#findCapped(grouping.toBatch(), query.groupBy),
      };
    });
  }

  meter({ meter, span, grain }: MeterQuery): Promise<MeterStep[]> {
    return this.#inSnapshot(async (db) => {
      const combinations = new Set<number>();
      for (const { id, text } of await this.#texts.list(db, 'meters')) {
        if (text.split(METER_SEPARATOR).includes(meter)) combinations.add(id);
      }
      const cube = grain === 'minute' ? METER_MINUTES : METER_DAYS;
      const grouping = new Grouping(['slot'], ['singles', 'bulk', 'credits']);
      const lastDay = this.#calendar.dayOf(span.toMs - 1);
      const query: UsageQuery = { span, grain, groupBy: [], filters: [] };
      const buckets: number[] = [];
      for (let day = this.#calendar.dayOf(span.fromMs); day <= lastDay; day += 1) buckets.push(day);
      for (const { bucket, batch } of await this.#loadTotals(db, cube, buckets)) {
        const steps = this.#stepsOfTotal(cube, bucket, batch, query);
        const rows = pick(
          batch,
          (row) => combinations.has(batch.columns.meters?.[row] ?? 0) && inSpan(steps[row]! * MINUTE_MS, span, grain),
        );
        grouping.add(batch, { columns: { slot: steps }, selected: rows });
      }
      for await (const batch of this.#loadInbox(db, span, ['time', 'count', 'credits', 'meters', 'exclusion'])) {
        const { count, time } = batch.columns;
        const singles = new Float64Array(batch.length);
        const bulk = new Float64Array(batch.length);
        for (let row = 0; row < batch.length; row += 1) {
          if (count![row] === 1) singles[row] = 1;
          else bulk[row] = count![row]!;
        }
        const rows = pick(
          batch,
          (row) =>
            !batch.columns.exclusion?.[row] &&
            combinations.has(batch.columns.meters?.[row] ?? 0) &&
            time![row]! >= span.fromMs &&
            time![row]! < span.toMs,
        );
        grouping.add(batch, { columns: { slot: this.#stepsOfEvents(batch, query), singles, bulk }, selected: rows });
      }
      for (const correction of await db
        .selectFrom('correction')
        .select(['time_ms', 'credits'])
        .where('meter', '=', meter)
        .where('time_ms', '>=', span.fromMs)
        .where('time_ms', '<', span.toMs)
        .execute()) {
        const slot = Uint32Array.of(this.#stepStart(correction.time_ms, query) / MINUTE_MS);
        grouping.add({ length: 1, columns: { slot, credits: Float64Array.of(correction.credits) } });
      }
      const steps = grouping.toBatch();
      const { slot, singles, bulk, credits } = steps.columns;
      const answer: MeterStep[] = [];
      for (let row = 0; row < steps.length; row += 1) {
        answer.push({
          startMs: slot![row]! * MINUTE_MS,
          singles: singles![row]!,
          bulk: bulk![row]!,
          credits: credits![row]!,
        });
      }
      return answer.sort((a, b) => a.startMs - b.startMs);
    });
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

  events({ span, filters, limit }: Parameters<UsageReader['events']>[0]): Promise<RawEvent[]> {
    return this.#inSnapshot(async (db) => {
      const select = await this.#compile(db, filters);
      const found: { batch: Batch; row: number; timeMs: number }[] = [];
      const collect = (batch: Batch): void => {
        const rows = select(batch, selectCounted(batch, [span]));
        for (let i = 0; i < (rows?.length ?? batch.length); i += 1) {
          const row = rows ? rows[i]! : i;
          found.push({ batch, row, timeMs: batch.columns.time![row]! });
        }
        if (found.length > limit * 4) keepNewest(found, limit);
      };
      for await (const batch of this.#loadRaw(db, span)) collect(batch);
      for await (const batch of this.#loadInbox(db, span)) collect(batch);
      keepNewest(found, limit);
      return this.#toEvents(db, found.reverse());
    });
  }

  excluded(span: Span): Promise<{ rule: string; requests: number }[]> {
    return this.#inSnapshot(async (db) => {
      const grouping = new Grouping(['exclusion'], ['requests']);
      const buckets: number[] = [];
      const lastDay = this.#calendar.dayOf(span.toMs - 1);
      for (let day = this.#calendar.dayOf(span.fromMs); day <= lastDay; day += 1) buckets.push(day);
      for (const { batch } of await this.#loadTotals(db, EXCLUDED_DAYS, buckets)) grouping.add(batch);
      for await (const batch of this.#loadInbox(db, span, ['time', 'count', 'exclusion'])) {
        const { time, count, exclusion } = batch.columns;
        const rows = pick(
          batch,
          (row) => (exclusion?.[row] ?? 0) !== 0 && time![row]! >= span.fromMs && time![row]! < span.toMs,
        );
        grouping.add(batch, { columns: { requests: count! }, selected: rows });
      }
      const cells = grouping.toBatch();
      const texts = await this.#texts.resolve(db, cells.columns.exclusion ?? new Uint32Array());
      return Array.from({ length: cells.length }, (_, row) => ({
        rule: texts.get(cells.columns.exclusion![row]!) ?? REMOVED,
        requests: cells.columns.requests![row]!,
      })).sort((a, b) => b.requests - a.requests);
    });
  }

  extent(): ReturnType<UsageReader['extent']> {
    return this.#inSnapshot(async (db) => {
      const totals = await db
        .selectFrom('total_segment')
        .select((eb) => [eb.fn.min('bucket').as('first'), eb.fn.max('bucket').as('last')])
        .where('cube', '=', 'day')
        .executeTakeFirst();
      const inbox = await db
        .selectFrom('inbox')
        .select((eb) => [eb.fn.min('first_day').as('first'), eb.fn.max('last_day').as('last')])
        .executeTakeFirst();
      const firsts = [totals?.first, inbox?.first].filter((day): day is number => day !== null && day !== undefined);
      const lasts = [totals?.last, inbox?.last].filter((day): day is number => day !== null && day !== undefined);
      if (firsts.length === 0) return undefined;
      const kept = await this.#findKept(db);
      const firstDay = Math.min(...firsts);
      return {
        firstDay,
        lastDay: Math.max(...lasts),
        firstRawDay: Math.max(firstDay, kept.rawFromDay),
        firstHourDay: Math.max(firstDay, kept.hoursFromDay),
        asOfMs: await this.#findNewestReceipt(db),
      };
    });
  }

  /** One consistent view for all statements of an answer. */
  async #inSnapshot<T>(work: (db: Db) => Promise<T>): Promise<T> {
    return this.#db.connection().execute(async (connection) => {
      const begin =
        this.#dialect === 'postgres' ? 'begin transaction isolation level repeatable read read only' : 'begin';
      await sql.raw(begin).execute(connection);
      try {
        return await work(connection);
      } finally {
        await sql.raw('commit').execute(connection);
      }
    });
  }

  async #findKept(db: Db): Promise<Kept> {
    const raw = await findSetting(db, 'raw_from_day');
    const hours = await findSetting(db, 'hours_from_day');
    return {
      rawFromDay: raw ? Number(raw) : FIRST_DAY,
      hoursFromDay: hours ? Number(hours) : FIRST_DAY,
      closedMonth: await findClosedMonth(db),
    };
  }

  async #findNewestReceipt(db: Db): Promise<number> {
    const inbox = await db.selectFrom('inbox').select('received_ms').orderBy('seq', 'desc').limit(1).executeTakeFirst();
    const folded = await db
      .selectFrom('event_segment')
      .select('received_ms')
      .orderBy('received_ms', 'desc')
      .limit(1)
      .executeTakeFirst();
    return Math.max(inbox?.received_ms ?? 0, folded?.received_ms ?? 0);
  }

  async #loadTotals(db: Db, cube: Cube, buckets: readonly number[]): Promise<{ bucket: number; batch: Batch }[]> {
    if (buckets.length === 0) return [];
    const wanted = new Set(buckets);
    const segments = await db
      .selectFrom('total_segment')
      .select(['id', 'bucket'])
      .where('cube', '=', cube.name)
      .where('bucket', '>=', Math.min(...buckets))
      .where('bucket', '<=', Math.max(...buckets))
      .execute();
    const needed = segments.filter((segment) => wanted.has(segment.bucket));
    const missing = needed.filter((segment) => !this.#decoded.has(segment.id)).map((segment) => segment.id);
    const fresh = new Map<number, Batch>();
    for (let at = 0; at < missing.length; at += CHUNK) {
      const rows = await db
        .selectFrom('total_segment')
        .select(['id', 'body'])
        .where('id', 'in', missing.slice(at, at + CHUNK))
        .execute();
      for (const { id, body } of rows) fresh.set(id, decodeSegment(body));
    }
    const loaded = needed.map(({ id, bucket }) => ({ bucket, batch: fresh.get(id) ?? this.#decoded.get(id)!.batch }));
    for (const [id, batch] of fresh) this.#remember(id, batch);
    return loaded;
  }

  #remember(id: number, batch: Batch): void {
    const bytes = Object.values(batch.columns).reduce((sum, column) => sum + column.byteLength, 0) + 200;
    this.#decoded.set(id, { batch, bytes });
    this.#decodedBytes += bytes;
    for (const [oldest, { bytes: freed }] of this.#decoded) {
      if (this.#decodedBytes <= CACHE_BYTES) break;
      this.#decoded.delete(oldest);
      this.#decodedBytes -= freed;
    }
  }

  async *#loadRaw(db: Db, span: Span, wanted?: readonly ColumnName[]): AsyncGenerator<Batch> {
    const ids = await db
      .selectFrom('event_segment')
      .select('id')
      .where('day', '>=', this.#calendar.dayOf(span.fromMs))
      .where('day', '<=', this.#calendar.dayOf(span.toMs - 1))
      .orderBy('day')
      .execute();
    for (let at = 0; at < ids.length; at += 8) {
      const chunk = ids.slice(at, at + 8).map(({ id }) => id);
      const rows = await db.selectFrom('event_segment').select('body').where('id', 'in', chunk).execute();
      for (const { body } of rows) yield decodeSegment(body, wanted);
    }
  }

  async *#loadInbox(db: Db, span: Span, wanted?: readonly ColumnName[]): AsyncGenerator<Batch> {
    const rows = await db
      .selectFrom('inbox')
      .select('body')
      .where('last_day', '>=', this.#calendar.dayOf(span.fromMs))
      .where('first_day', '<=', this.#calendar.dayOf(span.toMs - 1))
      .execute();
    for (const { body } of rows) yield decodeSegment(body, wanted);
  }

  /** Start of each cell's step, in minutes since 1970. */
  #stepsOfTotal(cube: Cube, bucket: number, batch: Batch, query: UsageQuery): Column {
    const day = cube.grain === 'month' ? firstDayOf(bucket) : bucket;
    const startMs = this.#calendar.startOfDay(day);
    if (batch.columns.slot && (query.grain === 'hour' || query.grain === 'minute')) {
      const steps = new Uint32Array(batch.length);
      for (let row = 0; row < batch.length; row += 1) steps[row] = startMs / MINUTE_MS + batch.columns.slot[row]!;
      return steps;
    }
    return new Uint32Array(batch.length).fill(this.#stepStart(startMs, query) / MINUTE_MS);
  }

  #stepsOfEvents(batch: Batch, query: UsageQuery): Column {
    const steps = new Uint32Array(batch.length);
    const { time } = batch.columns;
    if (query.grain === 'all') return steps.fill(query.span.fromMs / MINUTE_MS);
    for (let row = 0; row < batch.length; row += 1) steps[row] = this.#stepStart(time![row]!, query) / MINUTE_MS;
    return steps;
  }

  #stepStart(ms: number, query: UsageQuery): number {
    if (query.grain === 'all') return query.span.fromMs;
    if (query.grain === 'minute') return Math.floor(ms / MINUTE_MS) * MINUTE_MS;
    if (query.grain === 'hour') return this.#calendar.startOfHour(ms);
    const day = this.#calendar.dayOf(ms);
    if (query.grain === 'day') return this.#calendar.startOfDay(day);
    return this.#calendar.startOfDay(startOfMonth(day));
  }

  /** The filters as a choice of rows; undefined: all of them. */
  async #compile(
    db: Db,
    filters: readonly Filter[],
  ): Promise<(batch: Batch, rows?: Uint32Array) => Uint32Array | undefined> {
    if (filters.length === 0) return (_batch, rows) => rows;
    const tests: { column: ColumnName; accepts: (value: number) => boolean }[] = [];
    for (const filter of filters) {
      if (filter.key === 'status') {
        const accepted = new Uint8Array(1000);
        for (let status = 0; status < 1000; status += 1) {
          accepted[status] = filter.patterns.some((pattern) => matchesStatus(pattern, status)) === filter.not ? 0 : 1;
        }
        tests.push({ column: 'status', accepts: (status) => accepted[status] === 1 });
        continue;
      }
      const ids = await this.#findIds(db, filter.key, filter.patterns);
      tests.push({ column: filter.key, accepts: (id) => ids.has(id) !== filter.not });
    }
    return (batch, rows) => {
      let selected = rows;
      for (const { column, accepts } of tests) {
        const values = batch.columns[column];
        const before = selected;
        const count = before ? before.length : batch.length;
        const passed = new Uint32Array(count);
        let size = 0;
        for (let i = 0; i < count; i += 1) {
          const row = before ? before[i]! : i;
          if (accepts(values ? values[row]! : 0)) {
            passed[size] = row;
            size += 1;
          }
        }
        selected = passed.subarray(0, size);
      }
      return selected;
    };
  }

  async #findIds(db: Db, dimension: Dimension, patterns: readonly string[]): Promise<Set<number>> {
    const ids = new Set<number>();
    for (const pattern of patterns) {
      const matches = toMatcher(pattern);
      if (matches(NONE)) ids.add(0);
      if (matches(OTHER)) ids.add(OTHER_ID);
      for (const id of await this.#texts.find(db, dimension, pattern)) ids.add(id);
    }
    return ids;
  }

  async #toRows(db: Db, cells: Batch, groupBy: readonly GroupKey[]): Promise<UsageRow[]> {
    const texts = await this.#texts.resolveAll(db, cells, groupBy);
    const rows = new Map<string, UsageRow>();
    const { slot, status, requests, credits } = cells.columns;
    for (let cell = 0; cell < cells.length; cell += 1) {
      const keys = groupBy.map((key) => textOf(key, cells.columns[key]?.[cell] ?? 0, texts));
      const startMs = (slot?.[cell] ?? 0) * MINUTE_MS;
      const name = JSON.stringify([startMs, keys]);
      let row = rows.get(name);
      if (!row) {
        row = { startMs, keys, requests: 0, ok: 0, failed: 0, none: 0, credits: 0 };
        rows.set(name, row);
      }
      const count = requests![cell]!;
      const code = status?.[cell] ?? 0;
      row.requests += count;
      if (code === 0) row.none += count;
      else if (code < 400) row.ok += count;
      else row.failed += count;
      row.credits += credits![cell]!;
    }
    return [...rows.values()];
  }

  #findCapped(cells: Batch, groupBy: readonly GroupKey[]): GroupKey[] {
    return groupBy.filter((key) => key !== 'status' && cells.columns[key]?.includes(OTHER_ID));
  }

  async #toEvents(db: Db, found: readonly { batch: Batch; row: number }[]): Promise<RawEvent[]> {
    const events: RawEvent[] = [];
    const texts = await this.#texts.resolveMany(
      db,
      found.map(({ batch, row }) => ({ batch, row })),
    );
    for (const { batch, row } of found) {
      const value = (name: ColumnName): number => batch.columns[name]?.[row] ?? 0;
      const text = (name: Dimension): string => (value(name) === 0 ? '' : (texts.get(value(name)) ?? REMOVED));
      events.push({
        client: text('client'),
        route: text('route'),
        user: text('user'),
        ip: text('ip'),
        module: text('module'),
        method: text('method'),
        function: text('function'),
        version: text('version'),
        kind: text('kind'),
        initiator: text('initiator'),
        source: text('source'),
        scope: text('scope'),
        timeMs: value('time'),
        receivedMs: value('received'),
        status: value('status'),
        count: value('count'),
        credits: value('credits'),
      });
    }
    return events;
  }
}

function startOfMonth(day: number): number {
  const date = new Date(day * 86_400_000);
  return day - date.getUTCDate() + 1;
}

function textOf(key: GroupKey, value: number, texts: ReadonlyMap<number, string>): string {
  if (value === 0) return NONE;
  if (key === 'status') return String(value);
  if (value === OTHER_ID) return OTHER;
  return texts.get(value) ?? REMOVED;
}

function pick(batch: Batch, wanted: (row: number) => boolean): Uint32Array {
  const rows = new Uint32Array(batch.length);
  let count = 0;
  for (let row = 0; row < batch.length; row += 1) {
    if (wanted(row)) {
      rows[count] = row;
      count += 1;
    }
  }
  return rows.subarray(0, count);
}

/** Events of the spans that no exclusion rule took out. */
function selectCounted(batch: Batch, spans: readonly Span[]): Uint32Array {
  const { time, exclusion } = batch.columns;
  return pick(
    batch,
    (row) => !exclusion?.[row] && spans.some((span) => time![row]! >= span.fromMs && time![row]! < span.toMs),
  );
}

/** Hours of a day's cells that lie in the span. */
function selectHours(batch: Batch, dayMs: number, span: Span): Uint32Array {
  const { slot } = batch.columns;
  return pick(batch, (row) => {
    const ms = dayMs + (slot?.[row] ?? 0) * MINUTE_MS;
    return ms >= span.fromMs && ms < span.toMs;
  });
}

function inSpan(ms: number, span: Span, grain: 'minute' | 'day'): boolean {
  return grain === 'day' || (ms >= span.fromMs && ms < span.toMs);
}

function keepNewest(found: { timeMs: number }[], limit: number): void {
  found.sort((a, b) => b.timeMs - a.timeMs);
  if (found.length > limit) found.length = limit;
}
