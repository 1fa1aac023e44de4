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
import type { SqliteExecutor } from './sqlite.ts';

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
