import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import Sqlite from 'better-sqlite3';

/** A statement waits 15 s for another writer before it fails. */
const BUSY_MS = 15_000;
/** 16 MiB hold the pages of totals that questions read again and again. */
const CACHE_MIB = 16;

/**
 * Opens a SQLite file in WAL mode with synchronous=FULL, because an event that was answered must be on disk (better-sqlite3
 * builds with NORMAL for every open after the one that switched to WAL). Waits 15 s for another writer.
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

/** Switches to WAL, with retries: while another process writes to a file that is not WAL yet, SQLite ignores its timeout. */
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

/** Makes an executor that runs statements in the calling thread: for worker threads, commands and tests of the store. */
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

/** A plain SQLite connection, for statements over computed tables. */
export type QuerySqlite = Sqlite.Database;

/** Opens an empty database in memory. Large sorts and groups of a statement go to temporary files. */
export function openMemory(): QuerySqlite {
  return new Sqlite(':memory:');
}

/** Runs one statement on one SQLite connection, wherever that lives (this thread or another). */
export interface SqliteExecutor {
  execute(sql: string, parameters: readonly unknown[]): Promise<SqliteResult> | SqliteResult;
  close(): Promise<void> | void;
  /** True once the connection is gone: open another. */
  readonly ended?: boolean;
}

export interface SqliteResult {
  rows: unknown[];
  changes: number;
  lastInsertRowid: number;
}
