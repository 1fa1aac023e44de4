import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { createCalendar } from '../domain/calendar.ts';
import type { UsageReader } from '../domain/usage.ts';
import { dialectOf, openDatabase } from '../store/database.ts';
import { lowerThreadPriority } from '../thread-priority.ts';
import { StoredUsage } from './reader.ts';

type Method = keyof UsageReader;
type Call = { id: number; method: Method; argument: unknown };
type Answer = { id: number; result?: unknown; error?: string };

/**
 * Stored usage, read in a thread with a connection of its own: a question over raw events holds up neither ingest nor
 * the thread that acknowledges Slack. A thread that ends is replaced at the next question.
 */
export class ThreadedUsage implements UsageReader {
  readonly #settings: { databaseUrl: string; zone: string };
  #worker: Worker | undefined;
  readonly #waiting = new Map<number, PromiseWithResolvers<unknown>>();
  #lastId = 0;

  constructor(settings: { databaseUrl: string; zone: string }) {
    this.#settings = settings;
  }

  sum(query: Parameters<UsageReader['sum']>[0]): ReturnType<UsageReader['sum']> {
    return this.#call('sum', query);
  }

  meter(query: Parameters<UsageReader['meter']>[0]): ReturnType<UsageReader['meter']> {
    return this.#call('meter', query);
  }

  values(query: Parameters<UsageReader['values']>[0]): ReturnType<UsageReader['values']> {
    return this.#call('values', query);
  }

  latency(query: Parameters<UsageReader['latency']>[0]): ReturnType<UsageReader['latency']> {
    return this.#call('latency', query);
  }

  events(query: Parameters<UsageReader['events']>[0]): ReturnType<UsageReader['events']> {
    return this.#call('events', query);
  }

  excluded(span: Parameters<UsageReader['excluded']>[0]): ReturnType<UsageReader['excluded']> {
    return this.#call('excluded', span);
  }

  late(span: Parameters<UsageReader['late']>[0]): ReturnType<UsageReader['late']> {
    return this.#call('late', span);
  }

  firstMeterDay(): ReturnType<UsageReader['firstMeterDay']> {
    return this.#call('firstMeterDay', undefined);
  }

  extent(): ReturnType<UsageReader['extent']> {
    return this.#call('extent', undefined);
  }

  async stop(): Promise<void> {
    await this.#worker?.terminate();
  }

  #call<T>(method: Method, argument: unknown): Promise<T> {
    this.#lastId += 1;
    const call = Promise.withResolvers<unknown>();
    this.#waiting.set(this.#lastId, call);
    this.#thread().postMessage({ id: this.#lastId, method, argument } satisfies Call);
    return call.promise as Promise<T>;
  }

  #thread(): Worker {
    if (this.#worker) return this.#worker;
    const worker = new Worker(new URL(import.meta.url), { workerData: { reader: this.#settings } });
    worker.on('message', ({ id, result, error }: Answer) => {
      const call = this.#waiting.get(id);
      this.#waiting.delete(id);
      if (error !== undefined) call?.reject(new Error(error));
      else call?.resolve(result);
    });
    const lose = (error: Error): void => {
      // A thread that fails also exits: by then what waits may be asked of its successor.
      if (this.#worker !== worker) return;
      this.#worker = undefined;
      for (const call of this.#waiting.values()) call.reject(error);
      this.#waiting.clear();
    };
    worker.on('error', (error) => lose(error as Error));
    worker.on('exit', () => lose(new Error('the reading thread ended')));
    worker.unref();
    this.#worker = worker;
    return worker;
  }
}

if (!isMainThread && workerData?.reader) {
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
