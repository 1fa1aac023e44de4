import { statSync } from 'node:fs';
import { statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import {
  type Compilable,
  type CompiledQuery,
  type DeleteResult,
  type InsertQueryBuilder,
  type InsertResult,
  Kysely,
  type QueryResult,
  sql,
  type UpdateResult,
} from 'kysely';
import { HeadroomError } from '../errors.ts';
import { createPostgresDialect, PostgresConnection } from './postgres-dialect.ts';
import type { Database } from './schema.ts';
import { executeHere, openSqlite } from './sqlite.ts';
import { createSqliteDialect } from './sqlite-dialect.ts';
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
