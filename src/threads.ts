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
 * Calls to a thread that answers them by `answerCalls`. Where the thread ends, what it was asked fails, and so does
 * everything asked of it later. It keeps the process alive only while a call waits.
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

/** Answers the calls to the thread that this runs in. Errors keep their `code`. */
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
 * Lets the thread that answers Slack go first where cores are few: called by threads that store, read and draw. Linux
 * takes this per thread; elsewhere it would slow the whole process down.
 */
export function lowerThreadPriority(): void {
  if (process.platform === 'linux') setPriority(5);
}
