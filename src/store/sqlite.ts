import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import Sqlite from 'better-sqlite3';
import {
  CompiledQuery,
  type DatabaseConnection,
  type Dialect,
  type Driver,
  type Kysely,
  type QueryResult,
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
  type TransactionSettings,
} from 'kysely';

/** A statement waits 15 s for another writer before it fails. */
const BUSY_MS = 15_000;

/**
 * Opens the file as every connection here must: WAL, and synchronous=FULL, because an answered event is on disk
 * (better-sqlite3 builds with NORMAL for every open after the one that switched to WAL). Waits 15 s for another writer.
 */
export function openSqlite(path: string, options: { readonly?: boolean } = {}): Sqlite.Database {
  if (path !== ':memory:' && !options.readonly) mkdirSync(dirname(path), { recursive: true });
  const sqlite = new Sqlite(path, {
    readonly: options.readonly ?? false,
    timeout: BUSY_MS,
  });
  if (!options.readonly) switchToWal(sqlite);
  sqlite.pragma('synchronous = FULL');
  sqlite.pragma('foreign_keys = ON');
  sqlite.pragma('cache_size = -16384');
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

/**
 * Kysely over an executor. Differs from Kysely's own dialect in two ways: transactions that may write begin IMMEDIATE (a
 * deferred one that reads and then writes fails at once when another process wrote in between), and migrations run in one
 * transaction (SQLite rolls DDL back), so several processes may start together and a failed migration leaves nothing.
 */
export function createSqliteDialect(open: () => Promise<SqliteExecutor> | SqliteExecutor): Dialect {
  return {
    createAdapter: () => new TransactionalSqliteAdapter(),
    createDriver: () => new ExecutorDriver(open),
    createIntrospector: (db: Kysely<never>) => new SqliteIntrospector(db),
    createQueryCompiler: () => new SqliteQueryCompiler(),
  };
}

class TransactionalSqliteAdapter extends SqliteAdapter {
  override get supportsTransactionalDdl(): boolean {
    return true;
  }
}

class ExecutorDriver implements Driver {
  readonly #open: () => Promise<SqliteExecutor> | SqliteExecutor;
  #executor: SqliteExecutor | undefined;

  constructor(open: () => Promise<SqliteExecutor> | SqliteExecutor) {
    this.#open = open;
  }

  async init(): Promise<void> {
    this.#executor = await this.#open();
  }

  async acquireConnection(): Promise<DatabaseConnection> {
    if (this.#executor?.ended) this.#executor = await this.#open();
    return new ExecutorConnection(this.#executor!);
  }

  async beginTransaction(connection: DatabaseConnection, { accessMode }: TransactionSettings): Promise<void> {
    await connection.executeQuery(CompiledQuery.raw(accessMode === 'read only' ? 'begin' : 'begin immediate'));
  }

  async commitTransaction(connection: DatabaseConnection): Promise<void> {
    await connection.executeQuery(CompiledQuery.raw('commit'));
  }

  async rollbackTransaction(connection: DatabaseConnection): Promise<void> {
    try {
      await connection.executeQuery(CompiledQuery.raw('rollback'));
    } catch (error) {
      // SQLite itself rolls back on a full disk and the like; what made it do so is the error to tell.
      if (!/no transaction is active/.test((error as Error).message)) throw error;
    }
  }

  async releaseConnection(): Promise<void> {}

  async destroy(): Promise<void> {
    await this.#executor?.close();
  }
}

class ExecutorConnection implements DatabaseConnection {
  readonly #executor: SqliteExecutor;

  constructor(executor: SqliteExecutor) {
    this.#executor = executor;
  }

  async executeQuery<R>(query: CompiledQuery): Promise<QueryResult<R>> {
    const { rows, changes, lastInsertRowid } = await this.#executor.execute(query.sql, query.parameters);
    return {
      rows: rows as R[],
      numAffectedRows: BigInt(changes),
      insertId: BigInt(lastInsertRowid),
    };
  }

  // biome-ignore lint/correctness/useYield: streaming is not offered, nothing here asks for it
  async *streamQuery<R>(): AsyncIterableIterator<QueryResult<R>> {
    throw new Error('This SQLite driver does not stream.');
  }
}
