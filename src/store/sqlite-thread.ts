import { isMainThread, Worker, workerData } from 'node:worker_threads';
import { answerCalls, ThreadCalls } from '../threads.ts';
import { executeHere, openSqlite, type SqliteExecutor, type SqliteResult } from './sqlite.ts';

/** 2 MiB is enough: this thread reads deliveries, alerts and settings, while usage is read on another connection. */
const CACHE_MIB = 2;

type Statement = { sql: string; parameters: readonly unknown[] };

/**
 * Opens a connection in a thread of its own, so that waiting for another writer's lock or for the disk never delays the thread
 * that answers Slack. Once the thread has ended every statement fails: a transaction must not go on in another connection.
 */
export async function openSqliteThread(path: string): Promise<SqliteExecutor> {
  const worker = new Worker(new URL(import.meta.url), { workerData: { sqlitePath: path } });
  const calls = new ThreadCalls(worker, 'database');
  const execute = (sql: string, parameters: readonly unknown[]): Promise<SqliteResult> =>
    calls.call({ sql, parameters } satisfies Statement);
  // Fails here if the file cannot be opened.
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
