import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import type { UsageReader } from '../domain/usage.ts';

type Method = keyof UsageReader;
type Call = { id: number; method: Method; argument: unknown };
type Answer = { id: number; result?: unknown; error?: string };

const METHODS = Object.keys({
  sum: true,
  meter: true,
  values: true,
  latency: true,
  events: true,
  excluded: true,
  late: true,
  firstMeterDay: true,
  extent: true,
} satisfies Record<Method, true>) as Method[];

/** What questions are asked of, and how the thread that answers them is ended. */
type ThreadedUsage = UsageReader & { stop(): Promise<void> };

/**
 * Stored usage, read in a thread with a connection of its own: a question over raw events holds up neither ingest nor
 * the thread that acknowledges Slack. A thread that ends is replaced at the next question.
 */
export function createThreadedUsage(settings: { databaseUrl: string; zone: string }): ThreadedUsage {
  const waiting = new Map<number, PromiseWithResolvers<unknown>>();
  let worker: Worker | undefined;
  let lastId = 0;

  function call(method: Method, argument: unknown): Promise<unknown> {
    lastId += 1;
    const asked = Promise.withResolvers<unknown>();
    waiting.set(lastId, asked);
    worker ??= startThread();
    worker.postMessage({ id: lastId, method, argument } satisfies Call);
    return asked.promise;
  }

  function startThread(): Worker {
    const started = new Worker(new URL(import.meta.url), { workerData: { reader: settings } });
    started.on('message', ({ id, result, error }: Answer) => {
      const asked = waiting.get(id);
      waiting.delete(id);
      if (error !== undefined) asked?.reject(new Error(error));
      else asked?.resolve(result);
    });
    const lose = (error: Error): void => {
      // A thread that fails also exits: by then what waits may be asked of its successor.
      if (worker !== started) return;
      worker = undefined;
      for (const asked of waiting.values()) asked.reject(error);
      waiting.clear();
    };
    started.on('error', (error) => lose(error as Error));
    started.on('exit', () => lose(new Error('the reading thread ended')));
    started.unref();
    return started;
  }

  const methods = METHODS.map((method) => [method, (argument: unknown) => call(method, argument)] as const);
  return {
    ...(Object.fromEntries(methods) as unknown as UsageReader),
    async stop() {
      await worker?.terminate();
    },
  };
}

if (!isMainThread && workerData?.reader) {
  // Only here, so that the thread which asks does not hold all that answers.
  const [{ createCalendar }, { dialectOf, openDatabase }, { lowerThreadPriority }, { StoredUsage }] = await Promise.all(
    [
      import('../domain/calendar.ts'),
      import('../store/database.ts'),
      import('../thread-priority.ts'),
      import('./reader.ts'),
    ],
  );
  lowerThreadPriority();
  const { databaseUrl, zone } = workerData.reader as { databaseUrl: string; zone: string };
  const usage = new StoredUsage(openDatabase(databaseUrl), dialectOf(databaseUrl), createCalendar(zone));
  parentPort!.on('message', async ({ id, method, argument }: Call) => {
    try {
      const result = await (usage[method] as (argument: unknown) => Promise<unknown>).call(usage, argument);
      parentPort!.postMessage({ id, result } satisfies Answer);
    } catch (error) {
      parentPort!.postMessage({ id, error: (error as Error).message } satisfies Answer);
    }
  });
}
