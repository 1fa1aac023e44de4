import type { Clock } from '../../src/delivery/clock.ts';

/** A clock that moves only when a test moves it. */
export class FakeClock implements Clock {
  #nowMs: number;
  #sleepers = new Set<{ untilMs: number; wake: () => void }>();
  /** True while the process is frozen: its timers do not fire until it wakes. */
  frozen = false;

  constructor(nowMs = Date.parse('2026-11-20T09:00:00Z')) {
    this.#nowMs = nowMs;
  }

  now(): number {
    return this.#nowMs;
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    if (ms <= 0 || signal?.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      const sleeper = { untilMs: this.#nowMs + ms, wake: resolve };
      this.#sleepers.add(sleeper);
      signal?.addEventListener('abort', () => {
        this.#sleepers.delete(sleeper);
        resolve();
      });
    });
  }

  advance(ms: number): void {
    this.set(this.#nowMs + ms);
  }

  set(nowMs: number): void {
    this.#nowMs = nowMs;
    if (this.frozen) return;
    for (const sleeper of this.#sleepers) {
      if (sleeper.untilMs > nowMs) continue;
      this.#sleepers.delete(sleeper);
      sleeper.wake();
    }
  }
}
