import { HOUR_MS, MINUTE_MS } from '../domain/calendar.ts';
import type { IngestResult } from '../domain/event.ts';
import type { Refusals } from '../domain/source-health.ts';
import { type ErrorCode, HeadroomError } from '../errors.ts';
import { type Db, transact } from '../store/database.ts';
import { addSourceCounts, insertRejectedEvents, type Source } from '../store/source-repository.ts';

const FLUSH_MS = 1000;
/** Wait 5 s after a write that failed. */
const RETRY_MS = 5000;
/** Keep 500 rejected events of a source until they are written: no more than that are stored anyway. */
const MAX_WAITING = 500;

/** Counts of a source that are not written yet, with its newest rejected events. */
interface Waiting extends IngestResult {
  rejectedCount: number;
  limited: number;
  receivedMs: number;
}

const NOTHING = { accepted: 0, duplicates: 0, conflicts: 0, rejectedCount: 0, withoutId: 0, late: 0, limited: 0 };

/**
 * Adds up the counts of each source in memory and writes them once a second: a write per request would cost as much as the events
 * themselves. A crash loses a second of these counts, never an event. Counts that could not be written are added to the next
 * ones, and tried again.
 */
export class SourceTally {
  readonly #db: Db;
  readonly #onError: (error: unknown) => void;
  #waiting = new Map<number, Waiting>();
  readonly #refusals = new Map<string, Refusals>();
  #timer: NodeJS.Timeout | undefined;
  #writing: Promise<void> = Promise.resolve();

  constructor(db: Db, onError: (error: unknown) => void) {
    this.#db = db;
    this.#onError = onError;
  }

  /** Adds the result of a request. `limited`: it was refused because the source was over its limit. */
  add(sourceId: number, result: IngestResult & { limited?: 1 }, receivedMs: number): void {
    const waiting = this.#waiting.getOrInsertComputed(sourceId, () => ({ ...NOTHING, rejected: [], receivedMs }));
    addTo(waiting, result, receivedMs);
    this.#timer ??= setTimeout(() => void this.flush(), FLUSH_MS).unref();
  }

  /** Counts a request to a source that was refused as a whole; only in memory. */
  refuse(source: string, code: ErrorCode): void {
    this.#refusals.set(source, { requests: (this.#refusals.get(source)?.requests ?? 0) + 1, code });
  }

  /** Returns the requests to a source that this process refused; undefined if none. */
  refusals(source: string): Refusals | undefined {
    return this.#refusals.get(source);
  }

  /** Writes the waiting counts; call it before the database is closed. Failures are reported, not thrown. */
  flush(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const waiting = this.#waiting;
    this.#waiting = new Map();
    this.#writing = this.#writing
      .then(() => this.#write(waiting))
      .catch((error) => {
        this.#putBack(waiting);
        this.#onError(error);
      });
    return this.#writing;
  }

  #putBack(unwritten: ReadonlyMap<number, Waiting>): void {
    for (const [sourceId, earlier] of unwritten) {
      const later = this.#waiting.get(sourceId);
      if (later) addTo(earlier, later, later.receivedMs);
      this.#waiting.set(sourceId, earlier);
    }
    this.#timer ??= setTimeout(() => void this.flush(), RETRY_MS).unref();
  }

  async #write(waiting: ReadonlyMap<number, Waiting>): Promise<void> {
    if (waiting.size === 0) return;
    await transact(this.#db, async (trx) => {
      // All instances write in the same order, so that they wait for each other instead of deadlocking.
      for (const [sourceId, sent] of [...waiting].sort(([a], [b]) => a - b)) {
        const { rejected, rejectedCount, withoutId = 0, late = 0, ...counts } = sent;
        await addSourceCounts(trx, sourceId, { ...counts, withoutId, late, rejected: rejectedCount });
        await insertRejectedEvents(trx, sourceId, rejected, sent.receivedMs);
      }
    });
  }
}

function addTo(sent: Waiting, later: IngestResult & Partial<Waiting>, receivedMs: number): void {
  sent.accepted += later.accepted;
  sent.duplicates += later.duplicates;
  sent.conflicts += later.conflicts;
  sent.withoutId! += later.withoutId ?? 0;
  sent.late! += later.late ?? 0;
  sent.limited += later.limited ?? 0;
  sent.receivedMs = Math.max(sent.receivedMs, receivedMs);
  if (later.lastEventMs !== undefined)
    sent.lastEventMs = Math.max(sent.lastEventMs ?? later.lastEventMs, later.lastEventMs);
  if (later.rejected.length > 0) {
    sent.rejectedCount += later.rejectedCount ?? later.rejected.length;
    sent.rejected = [...sent.rejected, ...later.rejected].slice(-MAX_WAITING);
  }
  if (later.unread) sent.unread = sum(sent.unread, later.unread);
}

/** Adds counts by name. A sender may make up any number of names, so only the first 500 are kept. */
function sum(earlier: IngestResult['unread'], later: Readonly<Record<string, number>>): Record<string, number> {
  if (!earlier) return later;
  const summed = new Map(Object.entries(earlier));
  for (const [name, count] of Object.entries(later)) {
    const known = summed.get(name);
    if (known !== undefined || summed.size < MAX_WAITING) summed.set(name, (known ?? 0) + count);
  }
  return Object.fromEntries(summed);
}

const SPANS: Readonly<Record<string, number>> = { s: 1000, min: MINUTE_MS, h: HOUR_MS };
const LIMIT = /^([1-9]\d{0,9})\/(s|min|h)$/;

/** Events that a source may still send, counted as a leaky bucket. */
interface Bucket {
  limit: string;
  /** At most the number of the limit. Below zero, the source has sent too much and must wait. */
  left: number;
  atMs: number;
  /** Events of the last request: the estimate for the next one until it is parsed. */
  usual: number;
}

/** Reads `5000/s`, `60000/min` or `1000000/h`; undefined if the text is not a limit. */
export function readLimit(text: string): { events: number; spanMs: number } | undefined {
  const [, events, unit] = LIMIT.exec(text) ?? [];
  return events === undefined ? undefined : { events: Number(events), spanMs: SPANS[unit!]! };
}

/**
 * Holds each source to the `limit` of its options: events on average, with bursts of as many as the limit names. The events of a
 * request are known only after parsing, so one may go over; the next then waits longer. Each instance counts by itself.
 */
export class SourceLimits {
  readonly #buckets = new Map<number, Bucket>();

  /**
   * Admits a request; call `settle` with the number of its events. Undefined if the source has no limit. Throws `limited` if it
   * has no events left.
   */
  admit({ id, name, options: { limit } }: Source, nowMs: number): { settle(events: number): void } | undefined {
    const rate = typeof limit === 'string' ? readLimit(limit) : undefined;
    if (typeof limit !== 'string' || !rate) return undefined;
    const perMs = rate.events / rate.spanMs;
    const bucket = this.#bucketOf(id, limit, rate.events, nowMs);
    bucket.left = Math.min(rate.events, bucket.left + Math.max(0, nowMs - bucket.atMs) * perMs);
    bucket.atMs = nowMs;
    if (bucket.left < 1) {
      const retryAfterS = Math.max(1, Math.ceil((1 - bucket.left) / perMs / 1000));
      const message = `Source ${name} is over its limit of ${limit} events; nothing of this was counted. Send it again in ${retryAfterS} s.`;
      throw new HeadroomError('limited', message, { retryAfterS });
    }
    const taken = bucket.usual;
    bucket.left -= taken;
    return {
      settle(events) {
        bucket.left += taken - events;
        if (events > 0) bucket.usual = events;
      },
    };
  }

  #bucketOf(id: number, limit: string, events: number, nowMs: number): Bucket {
    const known = this.#buckets.get(id);
    if (known?.limit === limit) return known;
    const fresh = { limit, left: events, atMs: nowMs, usual: 1 };
    this.#buckets.set(id, fresh);
    return fresh;
  }
}
