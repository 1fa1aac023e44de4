import { statSync } from 'node:fs';
import { statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import {
  type Compilable,
  CompiledQuery,
  type DatabaseConnection,
  type DeleteResult,
  type Dialect,
  type Driver,
  type Insertable,
  type InsertQueryBuilder,
  type InsertResult,
  Kysely,
  type QueryResult,
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
  sql,
  type TransactionSettings,
  type UpdateResult,
} from 'kysely';
import { HeadroomError } from '../errors.ts';
import { createPostgresDialect, PostgresConnection } from './postgres-dialect.ts';
import type { Database } from './schema.ts';
import { executeHere, openSqlite, type SqliteExecutor } from './sqlite.ts';
import { openSqliteThread } from './sqlite-thread.ts';

export type DialectName = 'sqlite' | 'postgres';

export type Db = Kysely<Database>;

/** Parses `sqlite:path` or `postgres://…`. Throws a config error for anything else. */
export function parseDatabaseUrl(
  url: string,
): { dialect: 'sqlite'; path: string } | { dialect: 'postgres'; url: string } {
  if (/^postgres(ql)?:\/\//.test(url)) return { dialect: 'postgres', url };
  const sqlite = /^sqlite:(?:\/\/)?(.+)$/.exec(url);
  if (sqlite) return { dialect: 'sqlite', path: sqlite[1]! };
  throw new HeadroomError(
    'config',
    `DATABASE_URL must be sqlite:PATH or postgres://…, not ${JSON.stringify(url.split(':')[0])}…`,
  );
}

export function dialectOf(url: string): DialectName {
  return parseDatabaseUrl(url).dialect;
}

/**
 * Opens a connection (SQLite) or a pool of at most `connections` (PostgreSQL), without migrating. `thread`: run SQLite's
 * statements in a thread of their own, for the process that answers Slack. `readonly`: SQLite's file stays as it is.
 * `cacheMiB`: size of SQLite's page cache.
 */
export function openDatabase(
  url: string,
  options: { thread?: boolean; connections?: number; readonly?: boolean; cacheMiB?: number } = {},
): Db {
  const target = parseDatabaseUrl(url);
  if (target.dialect === 'sqlite') {
    const { path } = target;
    return new Kysely<Database>({
      dialect: createSqliteDialect(() =>
        options.thread ? openSqliteThread(path) : executeHere(openSqlite(path, options)),
      ),
    });
  }
  return new Kysely<Database>({
    // Imported where there is one: every start on SQLite, of each thread, would load it in vain.
    dialect: createPostgresDialect(async () =>
      (await import('./postgres-pool.ts')).openPool(target.url, options.connections ?? 4),
    ),
  });
}

/** Returns the free space of the disk that holds a SQLite database; undefined for PostgreSQL or a database in memory. */
export async function getFreeBytes(url: string): Promise<number | undefined> {
  const target = parseDatabaseUrl(url);
  if (target.dialect === 'postgres' || target.path === ':memory:') return undefined;
  const { bavail, bsize } = await statfs(dirname(target.path));
  return bavail * bsize;
}

/** Returns the bytes that the database takes on disk: SQLite's file with its log, PostgreSQL's own figure. */
export async function getDatabaseBytes(db: Db, url: string): Promise<number> {
  const target = parseDatabaseUrl(url);
  if (target.dialect === 'postgres') {
    const { rows } = await sql<{ bytes: number }>`select pg_database_size(current_database()) as bytes`.execute(db);
    return rows[0]?.bytes ?? 0;
  }
  const sizes = [target.path, `${target.path}-wal`].map((path) => statSync(path, { throwIfNoEntry: false })?.size ?? 0);
  return sizes[0]! + sizes[1]!;
}

/** Empties the page cache of a SQLite connection. Does nothing on PostgreSQL. */
export async function dropPages(db: Db, url: string): Promise<void> {
  if (dialectOf(url) === 'sqlite') await sql`pragma shrink_memory`.execute(db);
}

/** Does all of the work or none: in the caller's transaction if `db` is one, otherwise in a new one. */
export function transact<T>(db: Db, work: (trx: Db) => Promise<T>): Promise<T> {
  return db.isTransaction ? work(db) : db.transaction().execute(work);
}

/** Inserts a row, unless its key is taken. Returns whether it was inserted. */
export async function insertNew<T extends keyof Database>(
  query: InsertQueryBuilder<Database, T, InsertResult>,
): Promise<boolean> {
  const inserted = await query.onConflict((conflict) => conflict.doNothing()).executeTakeFirstOrThrow();
  return inserted.numInsertedOrUpdatedRows === 1n;
}

/** Inserts a row, or changes the one that has its key. */
export async function upsert<T extends keyof Database>(
  db: Db,
  table: T,
  key: Partial<Insertable<Database[T]>>,
  row: Partial<Insertable<Database[T]>>,
): Promise<void> {
  await db
    .insertInto(table)
    .values({ ...key, ...row } as never)
    .onConflict((conflict) => conflict.columns(Object.keys(key) as never).doUpdateSet(row as never))
    .execute();
}

/** Executes an update or delete. Returns whether it found any row. */
export async function didChange(query: { execute(): Promise<(UpdateResult | DeleteResult)[]> }): Promise<boolean> {
  const [changed] = await query.execute();
  return changed !== undefined && ('numUpdatedRows' in changed ? changed.numUpdatedRows : changed.numDeletedRows) > 0n;
}

/**
 * Executes a statement of a transaction. PostgreSQL does not wait for its answer, so that it travels together with those after
 * it; if it fails, the next statement that is awaited, or the commit, fails with its error.
 */
export async function send<R>(
  trx: Db,
  query: CompiledQuery<R> | Compilable<R>,
): Promise<{ answer: Promise<QueryResult<R>> }> {
  const compiled = 'compile' in query ? query.compile() : query;
  return trx.getExecutor().provideConnection(async (connection) => {
    if (connection instanceof PostgresConnection) return { answer: connection.send<R>(compiled) };
    return { answer: Promise.resolve(await connection.executeQuery<R>(compiled)) };
  });
}

/**
 * Compiles a query once per dialect, at its first use, and lets PostgreSQL prepare it: in small transactions, compiling and
 * parsing take most of the time. Parameters replace those that it was built with, in the order of the placeholders.
 */
export function compileOnce<R>(
  build: (db: Db) => CompiledQuery<R>,
): (db: Db, ...parameters: unknown[]) => CompiledQuery<R> {
  const queries = new Map<unknown, CompiledQuery<R>>();
  return (db, ...parameters) => {
    const query = queries.getOrInsertComputed(db.getExecutor().adapter.constructor, () => build(db));
    return parameters.length > 0 ? { ...query, parameters } : query;
  };
}

/**
 * Makes a Kysely dialect over an executor. It differs from Kysely's own in two ways. Transactions that may write begin IMMEDIATE:
 * a deferred one that reads and then writes fails at once if another process wrote in between. And migrations run in one
 * transaction (SQLite rolls DDL back): several processes may start together, and a failed migration leaves nothing behind.
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
      // SQLite rolls back by itself, on a full disk for example. Ignore that: the caller throws the error that caused it.
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
