import type { IngestResult } from '../domain/event.ts';
import { type Db, transact } from '../store/database.ts';
import { insertRejectedEvents } from '../store/rejected-event-repository.ts';
import { addSourceCounts, type SourceCounts } from '../store/source-repository.ts';

const FLUSH_MS = 1000;
/** After a write that failed. */
const RETRY_MS = 5000;
/** Rejected events waiting to be written, per source; more of one second would push each other out anyway. */
const MAX_WAITING = 500;

/** Counts of a source that have yet to be written, with the newest of its rejected events. */
interface Waiting extends Required<Omit<SourceCounts, 'imported' | 'lastEventMs' | 'unread'>> {
  lastEventMs: number | undefined;
  unread: SourceCounts['unread'];
  rejections: IngestResult['rejected'];
}

const SUMMED = ['accepted', 'duplicates', 'conflicts', 'rejected', 'withoutId', 'late', 'limited'] as const;

/**
 * What each source sent, added up in memory and written once a second: a write per request would cost as much as the
 * events themselves. A crash loses a second of these counts, never an event. What could not be written is written with
 * what comes next, or at the next try.
 */
export class SourceTally {
  readonly #db: Db;
  readonly #onError: (error: unknown) => void;
  #waiting = new Map<number, Waiting>();
  #timer: NodeJS.Timeout | undefined;
  #writing: Promise<void> = Promise.resolve();

  constructor(db: Db, onError: (error: unknown) => void) {
    this.#db = db;
    this.#onError = onError;
  }

  /** `limited`: a request that was not taken because the source was over its limit. */
  add(sourceId: number, result: IngestResult & { limited?: 1 }, receivedMs: number): void {
    const { rejected, withoutId = 0, late = 0, limited = 0, lastEventMs, unread, ...counted } = result;
    const counts: Waiting = {
      ...{ ...counted, rejected: rejected.length, withoutId, late, limited, receivedMs, lastEventMs, unread },
      rejections: rejected.slice(-MAX_WAITING),
    };
    const earlier = this.#waiting.get(sourceId);
    this.#waiting.set(sourceId, earlier ? merge(earlier, counts) : counts);
    this.#timer ??= setTimeout(() => void this.flush(), FLUSH_MS).unref();
  }

  /** Writes what is waiting; call before the database is closed. Failures are reported, not thrown. */
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
      this.#waiting.set(sourceId, later ? merge(earlier, later) : earlier);
    }
    this.#timer ??= setTimeout(() => void this.flush(), RETRY_MS).unref();
  }

  async #write(waiting: ReadonlyMap<number, Waiting>): Promise<void> {
    if (waiting.size === 0) return;
    await transact(this.#db, async (trx) => {
      // In one order for all instances, so that they wait for each other instead of deadlocking.
      for (const [sourceId, counts] of [...waiting].sort(([a], [b]) => a - b)) {
        await addSourceCounts(trx, sourceId, counts);
        await insertRejectedEvents(trx, sourceId, counts.rejections, counts.receivedMs);
      }
    });
  }
}

function merge(earlier: Waiting, later: Waiting): Waiting {
  const merged = {
    ...later,
    receivedMs: Math.max(earlier.receivedMs, later.receivedMs),
    lastEventMs: newest(earlier.lastEventMs, later.lastEventMs),
    unread: sum(earlier.unread, later.unread),
    rejections: [...earlier.rejections, ...later.rejections].slice(-MAX_WAITING),
  };
  for (const name of SUMMED) merged[name] += earlier[name];
  return merged;
}

function newest(one: number | undefined, other: number | undefined): number | undefined {
  return one === undefined || other === undefined ? (one ?? other) : Math.max(one, other);
}

/** A sender may make up any number of names; those that came first stay. */
function sum(earlier: SourceCounts['unread'], later: SourceCounts['unread']): SourceCounts['unread'] {
  if (!earlier || !later) return earlier ?? later;
  const summed = new Map(Object.entries(earlier));
  for (const [name, count] of Object.entries(later)) {
    const known = summed.get(name);
    if (known !== undefined || summed.size < MAX_WAITING) summed.set(name, (known ?? 0) + count);
  }
  return Object.fromEntries(summed);
}
