import { setPriority } from 'node:os';
import { parentPort, type Worker } from 'node:worker_threads';

interface Call {
  id: number;
  asked: unknown;
}

interface Answer {
  id: number;
  result?: unknown;
  error?: { message: string; code?: string | undefined };
}

/**
 * Calls a thread that answers with `answerCalls`. If the thread ends, waiting and later calls fail. The thread keeps the process
 * alive only while a call waits.
 */
export class ThreadCalls {
  readonly #worker: Worker;
  readonly #waiting = new Map<number, PromiseWithResolvers<unknown>>();
  #lastId = 0;
  #ended: Error | undefined;

  constructor(worker: Worker, name: string) {
    this.#worker = worker;
    worker.on('message', ({ id, result, error }: Answer) => {
      const call = this.#waiting.get(id);
      this.#waiting.delete(id);
      if (error) call?.reject(Object.assign(new Error(error.message), error.code && { code: error.code }));
      else call?.resolve(result);
      if (this.#waiting.size === 0) worker.unref();
    });
    worker.on('error', (error) => this.#lose(error as Error));
    worker.on('exit', () => this.#lose(new Error(`the ${name} thread ended`)));
    worker.unref();
  }

  get ended(): boolean {
    return this.#ended !== undefined;
  }

  call<A>(asked: unknown): Promise<A> {
    if (this.#ended) return Promise.reject(this.#ended);
    const call = Promise.withResolvers<unknown>();
    this.#lastId += 1;
    this.#waiting.set(this.#lastId, call);
    this.#worker.ref();
    this.#worker.postMessage({ id: this.#lastId, asked } satisfies Call);
    return call.promise as Promise<A>;
  }

  async end(): Promise<void> {
    await this.#worker.terminate();
  }

  #lose(error: Error): void {
    this.#ended ??= error;
    for (const call of this.#waiting.values()) call.reject(this.#ended);
    this.#waiting.clear();
  }
}

/** Answers calls in the thread that this runs in. Errors keep their `code`. */
export function answerCalls<A>(answer: (asked: A) => unknown): void {
  parentPort!.on('message', async ({ id, asked }: Call) => {
    try {
      parentPort!.postMessage({ id, result: await answer(asked as A) } satisfies Answer);
    } catch (error) {
      const { message, code } = error as Error & { code?: string };
      parentPort!.postMessage({ id, error: { message, code } } satisfies Answer);
    }
  });
}

/**
 * Lowers the priority of this thread, so that the one that answers Slack goes first if cores are few. Threads that store, read and
 * draw call it. Only on Linux: elsewhere the priority is that of the whole process.
 */
export function lowerThreadPriority(): void {
  if (process.platform === 'linux') setPriority(5);
}
