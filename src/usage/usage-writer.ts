import { randomInt } from 'node:crypto';
import { sql } from 'kysely';
import { type Calendar, monthOf } from '../domain/calendar.ts';
import type { IngestResult } from '../domain/event.ts';
import { HeadroomError } from '../errors.ts';
import { getOrCreateSetting } from '../store/configuration-repository.ts';
import type { Db, DialectName } from '../store/database.ts';
import type { Batch } from './batch.ts';
import { type Append, type AppendOptions, storeEvents } from './commit.ts';
import { listMarkedDays, writeDay } from './daily-rows.ts';
import type { Assign } from './event-batch.ts';
import { EventIdentity } from './event-identity.ts';
import { foldInbox } from './fold.ts';
import { reassign } from './recount.ts';
import { removeExpired } from './retention.ts';
import { type RezoneOutcome, rezone } from './rezone.ts';
import { decodeEvents, encodeSegment } from './segment.ts';
import { type CommitSnapshot, lockCommits, readCommitSnapshot } from './snapshot.ts';
import { addToTotals, closeMonths, listScattered, lockDays, lockTotals, mergeDay, shareTotals } from './totals.ts';
import { ValuePlaces } from './value-places.ts';
import { ValueDictionary } from './values.ts';

/** A fold is due at this many events or commits. Until then readers sum them on the fly, in a few milliseconds. */
const FOLD_EVENTS = 100_000;
const FOLD_COMMITS = 1_000;

/**
 * Ids are tidied before a commit: in one step, and one more per this many events of the commit before. That is more often than
 * needed, so ids never pile up, and a sender of few events waits for one step only.
 */
const EVENTS_PER_STEP = 25_000;

/** Bytes that `probe` writes: enough to fail where the disk has no room for a commit. */
const PROBE_BYTES = 16 * 1024;

export interface UsageWriterOptions {
  dialect: DialectName;
  calendar: Calendar;
  rawRetentionDays: number;
  totalsRetentionMonths?: number | undefined;
  /** Limit of values per dimension that a day's totals list by name. */
  dimensionCap?: number;
  /** New ids that gather before they are moved into runs (event-identity.ts). */
  batchedIds?: number;
  /** Returns the rules as this transaction sees them; `version` is theirs. */
  rules: (db: Db, version: number) => Promise<Assign>;
}

/**
 * Writes all usage: there is no other way into the store. `append` commits the events of a call as one row of columns, all or
 * none; `fold` moves committed events into raw segments by day and adds them to the totals, in one transaction. So events and
 * totals agree at every instant, even after a crash: totals + unfolded events = everything that senders got an answer for.
 */
export class UsageWriter {
  readonly #db: Db;
  readonly #options: UsageWriterOptions;
  readonly #identity: EventIdentity;
  readonly #dictionary: ValueDictionary;
  readonly #places: ValuePlaces;
  #seed = 0;
  #isOpen = false;
  #renames: string | null = null;
  /** No ids wait to be moved or merged, as far as is known; checked again after each fold. */
  #isTidy = false;
  /** Events of the last commit. */
  #events = 0;
  #unfoldedEvents = 0;
  #unfoldedCommits = 0;
  /** Two queues: commits of this process run one at a time, and so do changes of totals, because each kind shares caches above. */
  readonly #turns = { commits: Promise.resolve() as Promise<unknown>, totals: Promise.resolve() as Promise<unknown> };

  constructor(db: Db, options: UsageWriterOptions) {
    this.#db = db;
    this.#options = options;
    this.#dictionary = new ValueDictionary(options.dialect);
    this.#identity = new EventIdentity(options.dialect, options.batchedIds);
    this.#places = new ValuePlaces(options.dimensionCap ?? DIMENSION_CAP);
  }

  /**
   * Stores the events of all requests, all or none: they are on disk when this resolves. Returns one result per request, in
   * order. `requests` may be a function: it is called once no other process can commit, so it may read what is stored and take
   * along requests that came meanwhile.
   */
  append(
    requests: readonly Append[] | ((trx: Db) => Promise<readonly Append[]>),
    options: AppendOptions = {},
  ): Promise<IngestResult[]> {
    const ask = typeof requests === 'function' ? requests : async () => requests;
    return this.#inTurn('commits', () => this.#append(ask, options));
  }

  /**
   * Checks that the database can be written: inserts a row and deletes it in the same transaction. Rejects where an append would
   * fail too.
   */
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
          body: new Uint8Array(PROBE_BYTES),
        })
        .returning('seq')
        .executeTakeFirstOrThrow();
      await trx.deleteFrom('inbox').where('seq', '=', seq).execute();
    });
  }

  /** How many folds the events committed since the last one would fill; from 1 on, one is due. */
  get foldsDue(): number {
    return Math.floor(Math.max(this.#unfoldedEvents / FOLD_EVENTS, this.#unfoldedCommits / FOLD_COMMITS));
  }

  /** Loads the remembered ids, so that the first append is as quick as any. */
  open(): Promise<void> {
    return this.#inTurn('commits', () => this.#open());
  }

  /** Folds committed events that no other process is folding. Returns their number; 0: nothing is left. */
  fold(): Promise<number> {
    return this.#inTurn('totals', () => this.#fold());
  }

  /**
   * Folds everything committed before its turn comes. Later commits of other processes are left to the next fold, so this ends
   * however fast they commit.
   */
  foldAll(): Promise<void> {
    return this.#inTurn('totals', () => this.#foldAll());
  }

  /** Removes data past its retention (raw events, ids, hourly totals, and daily ones where that is set), and closes months. */
  retain(nowMs: number): Promise<void> {
    const { calendar, rawRetentionDays: rawDays, totalsRetentionMonths: totalsMonths } = this.#options;
    // Under the lock on all totals: otherwise two instances could close a month twice, or a fold elsewhere could miss that it is
    // closed.
    const change = async (trx: Db): Promise<void> => {
      const rawDay = await removeExpired(trx, nowMs, calendar, { rawDays, totalsMonths });
      await this.#identity.forgetBefore(trx, calendar.startOfDay(rawDay));
      await closeMonths(trx, monthOf(calendar.dayOf(nowMs)));
    };
    return this.#inTurn('totals', () => this.#changeTotals(change));
  }

  /**
   * Writes the rows of `usage_daily` for days whose totals have changed, the newest first, each in its own transaction, for about
   * `forMs`. Merges the segments of those days that are over. Returns true if days are left.
   */
  async writeDailyRows(forMs = Number.POSITIVE_INFINITY): Promise<boolean> {
    const { dialect, calendar } = this.#options;
    const untilMs = performance.now() + forMs;
    const days = await listMarkedDays(this.#db);
    for (const [index, day] of days.entries()) {
      if (index > 0 && performance.now() > untilMs) return true;
      const write = async (trx: Db): Promise<void> => {
        await lockDays(trx, dialect, [day]);
        await writeDay(trx, dialect, calendar, day);
      };
      await this.#inTurn('totals', () => this.#changeTotals(write, shareTotals));
      for (const cube of await listScattered(this.#db, day)) {
        const merge = async (trx: Db): Promise<void> => {
          await lockDays(trx, dialect, [day]);
          await mergeDay(trx, cube, day);
        };
        await this.#inTurn('totals', () => this.#changeTotals(merge, shareTotals));
      }
    }
    return false;
  }

  /** Takes an import out of the totals and forgets its ids, as far as its raw events are kept. Returns the number of its events. */
  undoImport(importId: number): Promise<number> {
    return this.#inTurn('totals', async () => {
      await this.#foldAll();
      const events = await this.#rewrite({ importId }, async () => undefined);
      await this.#db.transaction().execute((trx) => this.#identity.forgetImport(trx, importId));
      return events;
    });
  }

  /**
   * Applies the current rules to the raw events of `fromDay` and later, and corrects the totals. Returns the number of events
   * looked at.
   */
  recount(fromDay: number): Promise<number> {
    return this.#inTurn('totals', async () => {
      await this.#foldAll();
      return this.#rewrite({ fromDay }, async (trx, day, batch) => {
        const { rulesVersion } = await readCommitSnapshot(trx);
        return reassign(trx, day, batch, await this.#options.rules(trx, rulesVersion), this.#dictionary);
      });
    });
  }

  /**
   * Changes to the days of another zone (rezone.ts) in one transaction. This writer belongs to the old zone and refuses events
   * from then on.
   */
  rezone(to: Calendar): Promise<RezoneOutcome> {
    return this.#inTurn('totals', async () => {
      await this.#foldAll();
      const { calendar: from, dialect } = this.#options;
      return this.#changeTotals(async (trx) => {
        if (dialect === 'postgres') {
          // No time limit: no other instance is running that would have to wait.
          await sql`set local idle_in_transaction_session_timeout = 0`.execute(trx);
          await lockCommits(trx, dialect);
        }
        // Fold what came between the last fold and the lock.
        while ((await foldInbox(trx, { dialect, calendar: from, places: this.#places })).events > 0);
        await this.#places.store(trx, dialect);
        const places = new ValuePlaces(this.#options.dimensionCap ?? DIMENSION_CAP);
        return rezone(trx, { dialect, from, to, places });
      });
    });
  }

  #inTurn<T>(kind: 'commits' | 'totals', work: () => Promise<T>): Promise<T> {
    const turn = this.#turns[kind].then(work);
    this.#turns[kind] = turn.catch(() => {});
    return turn;
  }

  async #open(): Promise<void> {
    if (this.#isOpen) return;
    while (await this.#tidyIds());
    this.#isTidy = true;
    this.#seed = Number(await getOrCreateSetting(this.#db, 'id_seed', () => String(randomInt(2 ** 32)))) | 0;
    await this.#db.transaction().execute((trx) => this.#identity.load(trx));
    this.#isOpen = true;
  }

  async #append(ask: (trx: Db) => Promise<readonly Append[]>, options: AppendOptions): Promise<IngestResult[]> {
    await this.#open();
    for (let step = 0; !this.#isTidy && step * EVENTS_PER_STEP <= this.#events; step += 1)
      this.#isTidy = !(await this.#tidyIds());
    const { calendar, rawRetentionDays, rules } = this.#options;
    const dictionary = this.#dictionary;
    const identity = this.#identity;
    try {
      const { results, learned, events } = await this.#db.transaction().execute(async (trx) => {
        const snapshot = await identity.lock(trx);
        this.#follow(snapshot);
        const assign = await rules(trx, snapshot.rulesVersion);
        const fixed = { calendar, rawRetentionDays, seed: this.#seed, dictionary, identity };
        return storeEvents(trx, await ask(trx), { ...options, ...fixed, assign, snapshot });
      });
      await identity.settle();
      dictionary.remember(learned);
      this.#events = events;
      this.#unfoldedEvents += events;
      // Tidy ids even without a fold: a command folds only at its end.
      if (this.#unfoldedEvents >= FOLD_EVENTS) this.#isTidy = false;
      this.#unfoldedCommits += events > 0 ? 1 : 0;
      return results;
    } catch (error) {
      identity.release();
      throw error;
    }
  }

  /**
   * Follows changes by other processes. After a rename it empties the dictionary, so that a forgotten value is not found by its
   * old text. It throws if the report zone has changed, because events would go into days of the old one.
   */
  #follow({ zone, renames }: CommitSnapshot): void {
    if (zone !== null && zone !== this.#options.calendar.zone) {
      throw new HeadroomError('config', `Days are counted in ${zone} since this process started: start it again.`);
    }
    if (renames !== this.#renames) this.#dictionary.forget();
    this.#renames = renames;
  }

  /** Runs a change in one transaction, under a lock on all totals unless `lock` says otherwise. */
  async #changeTotals<T>(change: (trx: Db) => Promise<T>, lock = lockTotals): Promise<T> {
    const { dialect } = this.#options;
    try {
      return await this.#db.transaction().execute(async (trx) => {
        await lock(trx, dialect);
        const changed = await change(trx);
        await this.#places.store(trx, dialect);
        return changed;
      });
    } catch (error) {
      this.#places.forget();
      throw error;
    }
  }

  #tidyIds(): Promise<boolean> {
    return this.#db.transaction().execute((trx) => this.#identity.tidy(trx));
  }

  async #foldAll(): Promise<void> {
    const newest = await this.#db
      .selectFrom('inbox')
      .select((eb) => eb.fn.max<number | null>('seq').as('seq'))
      .executeTakeFirst();
    while ((await this.#fold({ through: newest?.seq ?? 0, wait: true })) > 0);
  }

  async #fold(which: { through?: number; wait?: boolean } = {}): Promise<number> {
    const { dialect, calendar } = this.#options;
    const folded = await this.#changeTotals(async (trx) => {
      this.#follow(await readCommitSnapshot(trx));
      return foldInbox(trx, { dialect, calendar, places: this.#places, ...which });
    }, shareTotals);
    this.#isTidy = false;
    // If nothing was left, another process has folded what this one committed.
    this.#unfoldedEvents = folded.events === 0 ? 0 : Math.max(0, this.#unfoldedEvents - folded.events);
    this.#unfoldedCommits = folded.commits === 0 ? 0 : Math.max(0, this.#unfoldedCommits - folded.commits);
    return folded.events;
  }

  /**
   * Replaces raw segments (of an import, or from a day on) by what `change` returns, and corrects the totals, one segment per
   * transaction. Where `change` returns undefined, the events are taken back. Returns how many events there were at the start.
   *
   * Meanwhile a fold of another process may merge segments: they are gone then, and their events are in a new one with a higher
   * id. So each segment is looked up under the lock, by ascending id: a merged one is still to come, and `change` sees some
   * events a second time. Events that other processes commit meanwhile are left as they are, unless they were merged with older
   * ones. The loop ends because segments are merged only up to a size.
   */
  async #rewrite(
    { importId, fromDay }: { importId?: number; fromDay?: number },
    change: (trx: Db, day: number, batch: Batch) => Promise<Batch | undefined>,
  ): Promise<number> {
    const { calendar } = this.#options;
    const select = (db: Db) => {
      let query = db.selectFrom('event_segment');
      if (importId !== undefined) query = query.where('import_id', '=', importId);
      if (fromDay !== undefined) query = query.where('day', '>=', fromDay);
      return query;
    };
    const { newest, events } = await select(this.#db)
      .select((eb) => [
        eb.fn.max<number | null>('last_seq').as('newest'),
        eb.fn.sum<number | null>('events').as('events'),
      ])
      .executeTakeFirstOrThrow();
    if (newest === null) return 0;
    let last: number | undefined = 0;
    while (last !== undefined) {
      const after: number = last;
      last = await this.#changeTotals(async (trx) => {
        const segment = await select(trx)
          .select(['id', 'day', 'body'])
          .where('id', '>', after)
          .where('first_seq', '<=', newest)
          .orderBy('id')
          .limit(1)
          .executeTakeFirst();
        if (!segment) return undefined;
        const { id, day } = segment;
        const batch = decodeEvents(segment.body);
        const changed = await change(trx, day, batch);
        if (changed === batch) return id;
        await addToTotals(trx, day, batch, calendar, this.#places, -1);
        if (changed) {
          await addToTotals(trx, day, changed, calendar, this.#places);
          await trx
            .updateTable('event_segment')
            .set({ body: encodeSegment(changed) })
            .where('id', '=', id)
            .execute();
        } else await trx.deleteFrom('event_segment').where('id', '=', id).execute();
        return id;
      });
    }
    return Number(events);
  }
}

const DIMENSION_CAP = 2000;
