import { isMainThread, Worker, workerData } from 'node:worker_threads';
import { answerCalls, ThreadCalls } from '../threads.ts';
import { executeHere, openSqlite, type SqliteExecutor, type SqliteResult } from './sqlite.ts';

/** Statements of this thread read few pages: deliveries, alerts, settings. Usage is read on another connection. */
const CACHE_MIB = 2;

type Statement = { sql: string; parameters: readonly unknown[] };

/**
 * A connection in a thread of its own: waiting for another writer's lock or for the disk then never holds up the thread
 * that answers Slack. Once the thread has ended every statement fails: a transaction must not go on in another connection.
 */
export async function openSqliteThread(path: string): Promise<SqliteExecutor> {
  const worker = new Worker(new URL(import.meta.url), { workerData: { sqlitePath: path } });
  const calls = new ThreadCalls(worker, 'database');
  const execute = (sql: string, parameters: readonly unknown[]): Promise<SqliteResult> =>
    calls.call({ sql, parameters } satisfies Statement);
  // It fails here where the file cannot be opened.
  await execute('select 1', []);
  return {
    get ended() {
      return calls.ended;
    },
    execute,
    async close() {
      await calls.call('close').catch(() => {});
      await calls.end();
    },
  };
}

if (!isMainThread && workerData?.sqlitePath) {
  const executor = executeHere(openSqlite(workerData.sqlitePath, { cacheMiB: CACHE_MIB }));
  answerCalls((asked: Statement | 'close') =>
    asked === 'close' ? executor.close() : executor.execute(asked.sql, asked.parameters),
  );
}
