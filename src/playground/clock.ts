import type { Clock } from '../delivery/clock.ts';

/** The demo's clock. It starts at `startMs` (default: now) and runs at normal speed. It can be moved ahead; `reset` takes it back. */
export class DemoClock implements Clock {
  #aheadMs: number;
  readonly #startAheadMs: number;
  readonly #sleepers = new Set<{ dueMs: number; wake: () => void }>();

  constructor(startMs = Date.now()) {
    this.#aheadMs = startMs - Date.now();
    this.#startAheadMs = this.#aheadMs;
  }

  /** Epoch ms. An arrow function, so that it can be passed on without its object. */
  readonly now = (): number => Date.now() + this.#aheadMs;

  /** Moves the clock ahead to an instant and wakes the sleepers due by then. An instant in the past changes nothing. */
  moveTo(ms: number): void {
    this.#aheadMs = Math.max(this.#aheadMs, ms - Date.now());
    for (const sleeper of [...this.#sleepers]) if (sleeper.dueMs <= this.now()) sleeper.wake();
  }

  /** Undoes all moves, for a new world. */
  reset(): void {
    this.#aheadMs = this.#startAheadMs;
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    if (signal?.aborted) return Promise.resolve();
    const timer = setTimeout(() => sleeper.wake(), ms);
    const sleeper = {
      dueMs: this.now() + ms,
      wake: () => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', sleeper.wake);
        this.#sleepers.delete(sleeper);
        resolve();
      },
    };
    signal?.addEventListener('abort', sleeper.wake);
    this.#sleepers.add(sleeper);
    return promise;
  }
}
