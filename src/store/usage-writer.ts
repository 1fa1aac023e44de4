import { sql } from 'kysely';
import { type Calendar, monthOf } from '../domain/calendar.ts';
import type { IngestResult, Rejection, UsageEvent } from '../domain/event.ts';
import { HeadroomError } from '../errors.ts';
import { type CommitGround, createGroundReader } from './commit-ground.ts';
import type { Db, DialectName } from './database.ts';
import { type Assign, EventBatchBuilder, keepRows } from './event-batch.ts';
import { CONFLICT, createPostgresIdentity, type EventIdentity, isAbsent, NEW } from './event-identity.ts';
import { KEY_WORDS, toWords } from './event-key.ts';
import { foldInbox } from './fold.ts';
import { MemoryIdentity } from './memory-identity.ts';
import { reassign } from './recount.ts';
import { removeExpired } from './retention.ts';
import { type RezoneOutcome, rezone } from './rezone.ts';
import { type Batch, decodeSegment, encodeSegment } from './segment.ts';
import { getOrCreateSetting } from './setting-repository.ts';
import { addToTotals, closeMonths } from './totals.ts';
import { ValueDictionary, type Vocabulary } from './value-dictionary.ts';
import { ValuePlaces } from './value-places.ts';

const MAX_AHEAD_MS = 5 * 60_000;

/** Commits wait unfolded up to so many events or commits; a reader sums them on the fly, in a few milliseconds. */
const FOLD_EVENTS = 100_000;
const FOLD_COMMITS = 1_000;

/** Enough that a disk without room for the next commit shows. */
const PROBE_BYTES = 16 * 1024;

export interface Append {
  source: { id: number; name: string };
  events: readonly UsageEvent[];
  /** Place of each event in its request; absent: its place in `events`. */
  indexes?: readonly number[];
  receivedMs: number;
}

export interface AppendOptions {
  importId?: number;
  /** Events older than raw events are kept are taken too. */
  allowOld?: boolean;
  /** Runs in the transaction that stores the events, with their results: what must be true together with them. */
  also?: (db: Db, results: readonly IngestResult[]) => Promise<void>;
}

export interface UsageWriterOptions {
  dialect: DialectName;
  calendar: Calendar;
  rawRetentionDays: number;
  totalsRetentionMonths?: number | undefined;
  /** Values of a dimension that a day's totals list by name. */
  dimensionCap?: number;
  /** The rules as they stand in this transaction, in which they have this version. */
  rules: (db: Db, version: number) => Promise<Assign>;
}

/**
 * The one way usage gets into the store. `append` commits events as one row of columns per call, whole or not at all;
 * `fold` moves committed events into raw segments by day and adds them to the totals, in one transaction, so that events
 * and totals agree at every instant, crashes included: totals + what is unfolded = everything that was ever answered for.
 */
export class UsageWriter {
  readonly #db: Db;
  readonly #options: UsageWriterOptions;
  readonly #identity: EventIdentity;
  readonly #dictionary = new ValueDictionary();
  readonly #places: ValuePlaces;
  readonly #readGround = createGroundReader();
  #seed: number | undefined;
  #renames: string | undefined;
  #unfoldedEvents = 0;
  #unfoldedCommits = 0;
  /** Appends and folds of one process take turns: they share the caches above. */
  #turn: Promise<unknown> = Promise.resolve();

  constructor(db: Db, options: UsageWriterOptions) {
    this.#db = db;
    this.#options = options;
    this.#identity = options.dialect === 'postgres' ? createPostgresIdentity() : new MemoryIdentity();
    this.#places = new ValuePlaces(options.dimensionCap ?? DIMENSION_CAP);
  }

  /** All of it is on disk when this resolves, or none of it if it rejects. One result per request, in order. */
  append(requests: readonly Append[], options: AppendOptions = {}): Promise<IngestResult[]> {
    return this.#inTurn(() => this.#append(requests, options));
  }

  /** Commits what an append would, and takes it away in the same transaction. Rejects where an append would fail too. */
  async probe(): Promise<void> {
    await this.#db.transaction().execute(async (trx) => {
      const { seq } = await trx
        .insertInto('inbox')
        .values({
          received_ms: 0,
          first_day: 0,
          last_day: 0,
          events: 0,
          import_id: null,
          keys: new Uint8Array(),
          body: new Uint8Array(PROBE_BYTES),
        })
        .returning('seq')
        .executeTakeFirstOrThrow();
      await trx.deleteFrom('inbox').where('seq', '=', seq).execute();
    });
  }

  /** Whether enough has been committed since the last fold. */
  get foldIsDue(): boolean {
    return this.#unfoldedEvents >= FOLD_EVENTS || this.#unfoldedCommits >= FOLD_COMMITS;
  }

  /** Folds what is committed; answers the number of events folded (0: nothing was left). */
  fold(): Promise<number> {
    return this.#inTurn(() => this.#fold());
  }

  async foldAll(): Promise<void> {
    while ((await this.fold()) > 0);
  }

  /** Removes what is past its time (raw events, ids, hourly totals, daily ones where that is set), and closes months. */
  retain(nowMs: number): Promise<void> {
    return this.#inTurn(() => this.#retain(nowMs));
  }

  /** Takes an import out of the totals and forgets its ids; as far as its raw events are kept. Answers their number. */
  undoImport(importId: number): Promise<number> {
    return this.#inTurn(async () => {
      while ((await this.#fold()) > 0);
      return this.#rewrite(importId, async () => undefined);
    });
  }

  /**
   * Applies today's rules to the raw events of `fromDay` and later, and moves the totals with them. Answers the number of
   * events looked at.
   */
  recount(fromDay: number): Promise<number> {
    return this.#inTurn(async () => {
      while ((await this.#fold()) > 0);
      return this.#rewrite(
        undefined,
        async (trx, day, batch) => {
          if (day < fromDay) return batch;
          const { rulesVersion } = await this.#readGround(trx);
          return reassign(trx, day, batch, await this.#options.rules(trx, rulesVersion), this.#dictionary);
        },
        fromDay,
      );
    });
  }

  /**
   * Counts in the days of another zone from now on (rezone.ts), all in one transaction. This writer belongs to the old
   * zone and takes nothing any more.
   */
  rezone(to: Calendar): Promise<RezoneOutcome> {
    return this.#inTurn(async () => {
      while ((await this.#fold()) > 0);
      const { calendar: from, dialect } = this.#options;
      return this.#changeTotals(async (trx) => {
        if (dialect === 'postgres') {
          // As long as it takes: no instance is running that could wait.
          await sql`set local idle_in_transaction_session_timeout = 0`.execute(trx);
          await sql`lock table inbox in exclusive mode`.execute(trx);
          // Days move by one at most; an id is rather remembered a day longer than a day too short.
          await sql`update event_id set day = day + 1`.execute(trx);
        }
        return rezone(trx, { from, to, places: new ValuePlaces(this.#options.dimensionCap ?? DIMENSION_CAP) });
      });
    });
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#turn.then(work, work);
    this.#turn = turn.catch(() => {});
    return turn;
  }

  async #append(requests: readonly Append[], options: AppendOptions): Promise<IngestResult[]> {
    this.#seed ??=
      Number(await getOrCreateSetting(this.#db, 'id_seed', () => String(Math.floor(Math.random() * 0x100000000)))) | 0;
    const learned = new Map<Vocabulary, ReadonlyMap<string, number>>();
    try {
      const { results, seq, events } = await this.#db
        .transaction()
        .execute((trx) => this.#commit(trx, requests, options, learned));
      if (seq !== undefined) this.#identity.settle(seq);
      else this.#identity.release();
      for (const [vocabulary, found] of learned) this.#dictionary.remember(vocabulary, found);
      this.#unfoldedEvents += events;
      this.#unfoldedCommits += events > 0 ? 1 : 0;
      return results;
    } catch (error) {
      this.#identity.release();
      throw error;
    }
  }

  async #commit(
    trx: Db,
    requests: readonly Append[],
    options: AppendOptions,
    learned: Map<Vocabulary, ReadonlyMap<string, number>>,
  ): Promise<{ results: IngestResult[]; seq: number | undefined; events: number }> {
    const capacity = requests.reduce((sum, request) => sum + request.events.length, 0);
    const ground = await this.#readGround(trx);
    this.#follow(ground);
    const assign = await this.#options.rules(trx, ground.rulesVersion);
    const builder = new EventBatchBuilder(capacity, this.#dictionary, this.#options.calendar, assign, this.#seed!);
    const results: IngestResult[] = [];
    const requestOf = new Uint32Array(capacity);
    const days = requests.map((request) => this.#options.calendar.dayOf(request.receivedMs));
    for (const [index, request] of requests.entries()) {
      const result: IngestResult = { accepted: 0, duplicates: 0, conflicts: 0, rejected: [], withoutId: 0, late: 0 };
      results.push(result);
      const oldestMs = options.allowOld ? Number.NEGATIVE_INFINITY : this.#oldestMs(request.receivedMs);
      for (const [place, event] of request.events.entries()) {
        const error = this.#refuse(event, request.receivedMs, oldestMs);
        if (error) {
          result.rejected.push(toRejection(request.indexes?.[place] ?? place, event, error));
          continue;
        }
        requestOf[builder.length] = index;
        builder.add(event, request.source, request.receivedMs);
      }
    }
    for (const [vocabulary, texts] of builder.missing()) {
      learned.set(vocabulary, await this.#dictionary.resolve(trx, vocabulary, texts));
    }
    builder.finish(learned);

    const verdicts = await this.#identity.claim(
      trx,
      builder.keys.subarray(0, builder.length * KEY_WORDS),
      builder.days.subarray(0, builder.length),
      ground.lastSeq,
    );
    const taken = new Uint32Array(builder.length);
    let count = 0;
    let firstDay = Number.POSITIVE_INFINITY;
    let lastDay = Number.NEGATIVE_INFINITY;
    let receivedMs = 0;
    const time = builder.batch.columns.time!;
    for (let row = 0; row < builder.length; row += 1) {
      const result = results[requestOf[row]!]!;
      if (verdicts[row] !== NEW) {
        result.duplicates += 1;
        if (verdicts[row] === CONFLICT) result.conflicts += 1;
        continue;
      }
      taken[count] = row;
      count += 1;
      result.accepted += 1;
      result.lastEventMs = Math.max(result.lastEventMs ?? 0, time[row]!);
      if (isAbsent(builder.keys, row * KEY_WORDS)) result.withoutId! += 1;
      if (builder.days[row]! < days[requestOf[row]!]!) result.late! += 1;
      firstDay = Math.min(firstDay, builder.days[row]!);
      lastDay = Math.max(lastDay, builder.days[row]!);
      receivedMs = Math.max(receivedMs, builder.batch.columns.received![row]!);
    }
    await options.also?.(trx, results);
    if (count === 0) return { results, seq: undefined, events: 0 };
    const { batch, keys } = keepRows(builder.batch, builder.keys, taken.subarray(0, count));
    const { seq } = await trx
      .insertInto('inbox')
      .values({
        received_ms: receivedMs,
        first_day: firstDay,
        last_day: lastDay,
        events: count,
        import_id: options.importId ?? null,
        keys,
        body: encodeSegment(batch),
      })
      .returning('seq')
      .executeTakeFirstOrThrow();
    return { results, seq, events: count };
  }

  /**
   * A value that was forgotten must not be found by its old text any more, and no event may be put into a day of a zone
   * that days are no longer counted in; whichever process changed that.
   */
  #follow({ zone, renames }: CommitGround): void {
    if (zone !== undefined && zone !== this.#options.calendar.zone) {
      throw new HeadroomError('config', `Days are counted in ${zone} since this process started: start it again.`);
    }
    if (renames !== this.#renames) this.#dictionary.forget();
    this.#renames = renames;
  }

  /** Events of days before the one that raw events are kept from are refused: their ids are no longer remembered. */
  #oldestMs(receivedMs: number): number {
    const { calendar, rawRetentionDays } = this.#options;
    return calendar.startOfDay(calendar.dayOf(receivedMs) - rawRetentionDays);
  }

  #refuse(event: UsageEvent, receivedMs: number, oldestMs: number): string | undefined {
    if (event.timeMs === undefined) return undefined;
    if (event.timeMs > receivedMs + MAX_AHEAD_MS) {
      return `time: ${new Date(event.timeMs).toISOString()} is more than 5 minutes ahead of this server (${new Date(receivedMs).toISOString()}); check the sender's clock`;
    }
    if (event.timeMs < oldestMs) {
      return `time: ${new Date(event.timeMs).toISOString()} is older than raw events are kept (${this.#options.rawRetentionDays} days); bring old usage in with "headroom import"`;
    }
    return undefined;
  }

  /** One process at a time changes totals: the lock goes with the transaction (SQLite has one writer anyway). */
  async #changeTotals<T>(change: (trx: Db) => Promise<T>): Promise<T> {
    try {
      return await this.#db.transaction().execute(async (trx) => {
        if (this.#options.dialect === 'postgres') await sql`select pg_advisory_xact_lock(${TOTALS_LOCK})`.execute(trx);
        return change(trx);
      });
    } catch (error) {
      this.#places.forget();
      throw error;
    }
  }

  async #fold(): Promise<number> {
    const folded = await this.#changeTotals(async (trx) => {
      this.#follow(await this.#readGround(trx));
      return foldInbox(trx, this.#options.calendar, this.#places);
    });
    // Nothing left: whatever this process counted, another has folded it.
    this.#unfoldedEvents = folded.events === 0 ? 0 : Math.max(0, this.#unfoldedEvents - folded.events);
    this.#unfoldedCommits = folded.commits === 0 ? 0 : Math.max(0, this.#unfoldedCommits - folded.commits);
    return folded.events;
  }

  /**
   * Replaces raw segments (of an import, or from a day on) by what `change` makes of them, and the totals with them, one
   * day per transaction. Undefined: the events are taken back.
   */
  async #rewrite(
    importId: number | undefined,
    change: (trx: Db, day: number, batch: Batch) => Promise<Batch | undefined>,
    fromDay = FIRST_DAY,
  ): Promise<number> {
    const { calendar } = this.#options;
    let query = this.#db.selectFrom('event_segment').select(['id', 'day']).where('day', '>=', fromDay);
    if (importId !== undefined) query = query.where('import_id', '=', importId);
    let events = 0;
    for (const { id, day } of await query.orderBy('day').execute()) {
      events += await this.#changeTotals(async (trx) => {
        const row = await trx
          .selectFrom('event_segment')
          .select(['keys', 'body'])
          .where('id', '=', id)
          .executeTakeFirst();
        if (!row) return 0;
        const batch = decodeSegment(row.body);
        const changed = await change(trx, day, batch);
        if (changed === batch) return batch.length;
        await addToTotals(trx, day, batch, calendar, this.#places, -1);
        if (changed) {
          await addToTotals(trx, day, changed, calendar, this.#places);
          await trx
            .updateTable('event_segment')
            .set({ body: encodeSegment(changed) })
            .where('id', '=', id)
            .execute();
        } else {
          await this.#identity.remove(trx, toWords(row.keys));
          await trx.deleteFrom('event_segment').where('id', '=', id).execute();
        }
        return batch.length;
      });
    }
    return events;
  }

  async #retain(nowMs: number): Promise<void> {
    const { calendar, rawRetentionDays, totalsRetentionMonths } = this.#options;
    // Under the lock, else two instances would close a month twice, or a fold elsewhere would miss that it is closed.
    await this.#changeTotals(async (trx) => {
      const retention = { rawDays: rawRetentionDays, totalsMonths: totalsRetentionMonths };
      const { rawRemoved, rawDay } = await removeExpired(trx, nowMs, calendar, retention);
      if (rawRemoved) await this.#identity.prune(trx, rawDay);
      await closeMonths(trx, monthOf(calendar.dayOf(nowMs)));
    });
  }
}

const DIMENSION_CAP = 2000;

/** Before any day that is ever stored. */
const FIRST_DAY = -1_000_000;

/** Any number that no other advisory lock of ours has. */
const TOTALS_LOCK = 0x4845_4144;

function toRejection(index: number, event: UsageEvent, error: string): Rejection {
  return event.id === undefined ? { index, error } : { index, id: event.id, error };
}
