import type { Logger } from '../log.ts';
import { deleteRequestsBefore, insertRequest } from '../store/conversation-repository.ts';
import type { Db } from '../store/database.ts';

/** Keys are kept three times as long as a signature holds. */
const KEEP_MS = 15 * 60_000;
const CLEAN_MS = 60_000;
/**
 * The database gets this long to say whether a request was seen, since people wait for the acknowledgement: SQLite makes
 * this write wait its turn behind those of ingest, up to a second under load.
 */
const TIMEOUT_MS = 20;

/** Requests, events and forms that this instance or another has taken. */
export interface SeenSet {
  /** True the first time. Where the database does not answer in time, this instance's memory decides alone. */
  insert(key: string): Promise<boolean>;
}

export function createSeenSet(db: Db, log: Logger, now: () => number): SeenSet {
  const recent = new Map<string, number>();
  let cleanedMs = now();
  return {
    async insert(key) {
      if (recent.has(key)) return false;
      const atMs = now();
      recent.set(key, atMs);
      if (atMs - cleanedMs > CLEAN_MS) {
        cleanedMs = atMs;
        for (const [old, ms] of recent) if (ms < atMs - KEEP_MS) recent.delete(old);
        void deleteRequestsBefore(db, atMs - KEEP_MS).catch(() => {});
      }
      const first = insertRequest(db, key, atMs);
      first.catch((error: unknown) => log.error({ error: String(error) }, 'Slack request could not be noted'));
      const { promise: late, resolve } = Promise.withResolvers<boolean>();
      const timer = setTimeout(resolve, TIMEOUT_MS, true);
      return Promise.race([first.catch(() => true), late]).finally(() => clearTimeout(timer));
    },
  };
}
