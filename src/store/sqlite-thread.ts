import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { executeHere, openSqlite, type SqliteExecutor, type SqliteResult } from './sqlite.ts';

type Request = { id: number; sql: string; parameters: readonly unknown[] };
type Answer = {
  id: number;
  result?: SqliteResult;
  error?: { message: string; code?: string };
};

/**
 * A connection in a thread of its own: waiting for another writer's lock or for the disk then never holds up the thread
 * that answers Slack. Errors keep SQLite's `code`. Where the thread ends, what it was asked fails, and so does everything
 * asked of it later: a transaction must not go on in another connection.
 */
export async function openSqliteThread(path: string): Promise<SqliteExecutor> {
  const worker = new Worker(new URL(import.meta.url), {
    workerData: { sqlitePath: path },
  });
  const waiting = new Map<number, PromiseWithResolvers<SqliteResult>>();
  let lastId = 0;
  let ended: Error | undefined;
  let closing = false;
  const opened = Promise.withResolvers<void>();
  const exited = Promise.withResolvers<void>();
  worker.on('message', (answer: Answer) => {
    if (answer.id === 0) {
      if (answer.error) opened.reject(toError(answer.error));
      else opened.resolve();
      return;
    }
    const call = waiting.get(answer.id);
    waiting.delete(answer.id);
    if (answer.error) call?.reject(toError(answer.error));
    else call?.resolve(answer.result!);
    if (waiting.size === 0 && !closing) worker.unref();
  });
  const end = (error: Error): void => {
    ended ??= error;
    opened.reject(ended);
    for (const call of waiting.values()) call.reject(ended);
    waiting.clear();
  };
  worker.on('error', (error) => end(error as Error));
  worker.on('exit', () => {
    end(new Error('the database thread ended'));
    exited.resolve();
  });
  await opened.promise;
  // An idle database must not keep the process alive.
  worker.unref();
  return {
    get ended() {
      return ended !== undefined;
    },
    execute(sql, parameters) {
      if (ended) return Promise.reject(ended);
      const call = Promise.withResolvers<SqliteResult>();
      lastId += 1;
      waiting.set(lastId, call);
      worker.ref();
      worker.postMessage({ id: lastId, sql, parameters } satisfies Request);
      return call.promise;
    },
    async close() {
      closing = true;
      worker.ref();
      worker.postMessage('close');
      await exited.promise;
    },
  };
}

function toError({ message, code }: { message: string; code?: string }): Error {
  return Object.assign(new Error(message), code ? { code } : {});
}

if (!isMainThread && workerData?.sqlitePath) {
  const port = parentPort!;
  try {
    const executor = executeHere(openSqlite(workerData.sqlitePath));
    port.on('message', (request: Request | 'close') => {
      if (request === 'close') {
        void executor.close();
        port.close();
        return;
      }
      try {
        const result = executor.execute(request.sql, request.parameters) as SqliteResult;
        port.postMessage({ id: request.id, result } satisfies Answer);
      } catch (error) {
        const { message, code } = error as Error & { code?: string };
        port.postMessage({
          id: request.id,
          error: { message, ...(code ? { code } : {}) },
        } satisfies Answer);
      }
    });
    port.postMessage({ id: 0 } satisfies Answer);
  } catch (error) {
    port.postMessage({
      id: 0,
      error: { message: (error as Error).message },
    } satisfies Answer);
  }
}
