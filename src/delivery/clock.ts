import { setTimeout as delay } from 'node:timers/promises';

/** Time and timers of the process; tests pass their own, so that they never wait. */
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
   * Does the work that is due now. Returns the instant at which more may be due; undefined: unknown. Must not throw. The
   * `stopped` signal ends its waits.
   */
  round(stopped: AbortSignal): Promise<number | undefined>;
  /** Longest wait between rounds: rows of other processes are noticed within this time. */
  longestMs: number;
}

/** Wait at least 10 ms between rounds, so that an instant in the past does not make the loop spin. */
const SHORTEST_MS = 10;

/** Runs rounds one after the other until it is stopped. The next begins at the instant that the last one returned, or on `wake`. */
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

  /** Stops after the present round. May be called twice. */
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
