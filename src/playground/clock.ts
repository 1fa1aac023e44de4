import type { Clock } from '../delivery/clock.ts';

/** The demo's time: runs like the machine's from an instant of its own (default: now), and can be moved ahead; back only by a reset. */
export class DemoClock implements Clock {
  #aheadMs: number;
  readonly #startAheadMs: number;
  readonly #sleepers = new Set<{ dueMs: number; wake: () => void }>();

  constructor(startMs = Date.now()) {
    this.#aheadMs = startMs - Date.now();
    this.#startAheadMs = this.#aheadMs;
  }

  /** Epoch ms; bound, so that it can be handed over as a function. */
  readonly now = (): number => Date.now() + this.#aheadMs;

  /** Moves on to this instant, and wakes whoever sleeps until then; one that is past already changes nothing. */
  moveTo(ms: number): void {
    this.#aheadMs = Math.max(this.#aheadMs, ms - Date.now());
    for (const sleeper of [...this.#sleepers]) if (sleeper.dueMs <= this.now()) sleeper.wake();
  }

  /** Takes back every move, for a new world. */
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
