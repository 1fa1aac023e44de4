import type { Writable } from 'node:stream';
import {
  AbortedTransactionError,
  CompiledQuery,
  type DatabaseConnection,
  type Dialect,
  type Driver,
  type Kysely,
  PostgresAdapter,
  PostgresIntrospector,
  PostgresQueryCompiler,
  type QueryResult,
  type TransactionSettings,
} from 'kysely';
import type pg from 'pg';

/**
 * Makes a Kysely dialect over a pool of pipelining connections, which send statements without waiting for earlier answers.
 * Unlike in Kysely's own dialect, `begin` travels with the statement after it, and statements can be sent without awaiting
 * their answer (`send` in database.ts). A query that is executed again is prepared by the server.
 */
export function createPostgresDialect(open: () => Promise<pg.Pool>): Dialect {
  return {
    createAdapter: () => new PostgresAdapter(),
    createDriver: () => new PoolDriver(open),
    createIntrospector: (db: Kysely<never>) => new PostgresIntrospector(db),
    createQueryCompiler: () => new PostgresQueryCompiler(),
  };
}

class PoolDriver implements Driver {
  readonly #open: () => Promise<pg.Pool>;
  #pool: pg.Pool | undefined;

  constructor(open: () => Promise<pg.Pool>) {
    this.#open = open;
  }

  async init(): Promise<void> {
    this.#pool = await this.#open();
  }

  async acquireConnection(): Promise<PostgresConnection> {
    return new PostgresConnection(await this.#pool!.connect());
  }

  async beginTransaction(connection: PostgresConnection, settings: TransactionSettings): Promise<void> {
    const { isolationLevel, accessMode } = settings;
    const modes = [isolationLevel && `isolation level ${isolationLevel}`, accessMode].filter(Boolean);
    connection.begin(['begin', ...modes].join(' '));
  }

  async commitTransaction(connection: PostgresConnection): Promise<void> {
    await connection.commit();
  }

  async rollbackTransaction(connection: PostgresConnection): Promise<void> {
    await connection.rollBack();
  }

  async releaseConnection(connection: PostgresConnection): Promise<void> {
    connection.release();
  }

  async destroy(): Promise<void> {
    await this.#pool?.end();
  }
}

export class PostgresConnection implements DatabaseConnection {
  readonly #client: pg.PoolClient;
  /** The `begin` that is still to be sent, with the first statement: without one, no transaction is opened. */
  #begin: string | undefined;
  /** Statements sent in this transaction; each resolves to its error, if it failed. */
  #sent: Promise<Error | undefined>[] = [];
  #isLost = false;
  /** True while statements wait in the socket's buffer (`cork`), to leave together in one write. */
  #isHeld = false;
  readonly #stream: Writable;

  constructor(client: pg.PoolClient) {
    this.#client = client;
    this.#stream = (client as unknown as { connection: { stream: Writable } }).connection.stream;
  }

  begin(statement: string): void {
    this.#begin = statement;
    this.#sent = [];
  }

  /**
   * Queues a statement inside a transaction. It goes out with the next statement that is awaited, or with the commit, and if it
   * fails, these fail with its error.
   */
  send<R>(query: CompiledQuery): Promise<QueryResult<R>> {
    if (!this.#isHeld) this.#stream.cork();
    this.#isHeld = true;
    const answer = this.#query<R>(query);
    this.#sent.push(
      answer.then(
        () => undefined,
        (error: Error) => error,
      ),
    );
    return answer;
  }

  async executeQuery<R>(query: CompiledQuery): Promise<QueryResult<R>> {
    try {
      const answer = this.#query<R>(query);
      this.#letGo();
      return await answer;
    } catch (error) {
      throw (await this.#findFailure()) ?? error;
    }
  }

  async commit(): Promise<void> {
    if (this.#isEmpty()) return;
    const answer = this.#client.query('commit');
    this.#letGo();
    const { command } = await answer;
    const failure = await this.#findFailure();
    if (failure) throw failure;
    // PostgreSQL answers ROLLBACK to the commit of a transaction in which a statement failed.
    if (command === 'ROLLBACK') throw new AbortedTransactionError();
  }

  async rollBack(): Promise<void> {
    if (this.#isEmpty()) return;
    // If the connection is lost, so is the transaction. Ignore that: the caller throws the error that caused the rollback.
    const answer = this.#client.query('rollback');
    this.#letGo();
    await answer.catch(() => {
      this.#isLost = true;
    });
  }

  release(): void {
    this.#client.release(this.#isLost);
  }

  // biome-ignore lint/correctness/useYield: streaming is not offered, nothing here asks for it
  async *streamQuery<R>(): AsyncIterableIterator<QueryResult<R>> {
    throw new Error('This PostgreSQL driver does not stream.');
  }

  #letGo(): void {
    if (this.#isHeld) this.#stream.uncork();
    this.#isHeld = false;
  }

  /** Finds the first failure in the transaction: the later ones only say that the transaction is aborted. */
  async #findFailure(): Promise<Error | undefined> {
    return (await Promise.all(this.#sent)).find((failure) => failure);
  }

  #isEmpty(): boolean {
    const isEmpty = this.#begin !== undefined;
    this.#begin = undefined;
    return isEmpty;
  }

  async #query<R>(query: CompiledQuery): Promise<QueryResult<R>> {
    const begin = this.#begin;
    if (begin) {
      this.#begin = undefined;
      this.send(CompiledQuery.raw(begin));
    }
    const name = nameOf(query);
    const { command, rowCount, rows } = await this.#client.query({
      text: query.sql,
      values: [...query.parameters],
      ...(name && { name }),
    });
    const isChange = command === 'INSERT' || command === 'UPDATE' || command === 'DELETE' || command === 'MERGE';
    return { rows, ...(isChange ? { numAffectedRows: BigInt(rowCount ?? 0) } : {}) };
  }
}

const names = new WeakMap<CompiledQuery['queryId'], string | undefined>();
let lastName = 0;

/** Names a query from its second execution on, which makes the server prepare it: one execution is not worth preparing. */
function nameOf({ queryId }: CompiledQuery): string | undefined {
  let name = names.get(queryId);
  if (name === undefined && names.has(queryId)) {
    lastName += 1;
    name = `q${lastName}`;
  }
  names.set(queryId, name);
  return name;
}
