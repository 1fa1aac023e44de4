import { setTimeout as delay } from 'node:timers/promises';

/** The time and timers of the process; tests bring their own and never wait. */
export interface Clock {
  /** Epoch ms. */
  now(): number;
  /** Resolves after `ms`, or at once when the signal aborts. Never rejects. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

export const systemClock: Clock = {
  now: () => Date.now(),
  sleep: (ms, signal) => delay(ms, undefined, signal ? { signal } : {}).catch(() => {}),
};

export interface RoundLoopOptions {
  clock: Clock;
  /**
   * Does what can be done now. Returns the instant at which there may be more; undefined: unknown. Must not throw. `stopped`
   * cuts its waiting short.
   */
  round(stopped: AbortSignal): Promise<number | undefined>;
  /** Rows of other processes are noticed within this time. */
  longestMs: number;
}

/** Rests at least this long between rounds, so that an instant that has passed does not make it spin. */
const SHORTEST_MS = 10;

/** Runs rounds one after the other until it is stopped: the next at the instant that the last one named, or when woken. */
export class RoundLoop {
  readonly #options: RoundLoopOptions;
  readonly #stopped = new AbortController();
  #woken = new AbortController();
  #running: Promise<void> | undefined;

  constructor(options: RoundLoopOptions) {
    this.#options = options;
  }

  start(): void {
    this.#running ??= this.#run();
  }

  /** Begins the next round at once, or right after the present one. */
  wake(): void {
    if (!this.#woken.signal.aborted) this.#woken.abort();
  }

  /** Ends after the present round. May be called twice. */
  async stop(): Promise<void> {
    this.#stopped.abort();
    await this.#running;
  }

  async #run(): Promise<void> {
    const { clock, round, longestMs } = this.#options;
    while (!this.#stopped.signal.aborted) {
      this.#woken = new AbortController();
      const nextMs = (await round(this.#stopped.signal)) ?? Number.POSITIVE_INFINITY;
      const waitMs = Math.min(Math.max(nextMs - clock.now(), SHORTEST_MS), longestMs);
      await clock.sleep(waitMs, AbortSignal.any([this.#woken.signal, this.#stopped.signal]));
    }
  }
}
