import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import Sqlite from 'better-sqlite3';

/** A statement waits 15 s for another writer before it fails. */
const BUSY_MS = 15_000;
/** Holds the pages of totals that questions come back to. */
const CACHE_MIB = 16;

/**
 * Opens the file as every connection here must: WAL, and synchronous=FULL, because an answered event is on disk
 * (better-sqlite3 builds with NORMAL for every open after the one that switched to WAL). Waits 15 s for another writer.
 */
export function openSqlite(path: string, options: { readonly?: boolean; cacheMiB?: number } = {}): Sqlite.Database {
  if (path !== ':memory:' && !options.readonly) mkdirSync(dirname(path), { recursive: true });
  const sqlite = new Sqlite(path, {
    readonly: options.readonly ?? false,
    timeout: BUSY_MS,
  });
  if (!options.readonly) switchToWal(sqlite);
  sqlite.pragma('synchronous = FULL');
  sqlite.pragma('foreign_keys = ON');
  sqlite.pragma(`cache_size = -${(options.cacheMiB ?? CACHE_MIB) * 1024}`);
  return sqlite;
}

/** SQLite refuses this at once, whatever its timeout, while another process writes to a file that is not yet WAL. */
function switchToWal(sqlite: Sqlite.Database): void {
  const untilMs = performance.now() + BUSY_MS;
  const pause = new Int32Array(new SharedArrayBuffer(4));
  for (;;) {
    try {
      sqlite.pragma('journal_mode = WAL');
      return;
    } catch (error) {
      if ((error as { code?: string }).code !== 'SQLITE_BUSY' || performance.now() > untilMs) throw error;
      Atomics.wait(pause, 0, 0, 10);
    }
  }
}

/** Statements run in the calling thread: for worker threads, commands and tests of the store. */
export function executeHere(sqlite: Sqlite.Database): SqliteExecutor {
  const prepared = new Map<string, Sqlite.Statement>();
  return {
    execute(sql, parameters) {
      let statement = prepared.get(sql);
      if (!statement) {
        statement = sqlite.prepare(sql);
        if (prepared.size > 500) prepared.clear();
        prepared.set(sql, statement);
      }
      if (statement.reader)
        return {
          rows: statement.all(parameters),
          changes: 0,
          lastInsertRowid: 0,
        };
      const { changes, lastInsertRowid } = statement.run(parameters);
      return { rows: [], changes, lastInsertRowid: Number(lastInsertRowid) };
    },
    close: () => void sqlite.close(),
  };
}

/** SQLite by itself, for statements over tables that are computed. */
export type QuerySqlite = Sqlite.Database;

/** An empty database in memory; what a statement sorts or groups goes to temporary files when it is much. */
export function openMemory(): QuerySqlite {
  return new Sqlite(':memory:');
}

/** Runs one statement on one SQLite connection, wherever that lives (this thread or another). */
export interface SqliteExecutor {
  execute(sql: string, parameters: readonly unknown[]): Promise<SqliteResult> | SqliteResult;
  close(): Promise<void> | void;
  /** Its connection is gone: another must be opened. */
  readonly ended?: boolean;
}

export interface SqliteResult {
  rows: unknown[];
  changes: number;
  lastInsertRowid: number;
}
