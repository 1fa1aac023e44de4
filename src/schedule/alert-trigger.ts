import type { Clock } from '../delivery/clock.ts';
import { backoffMs } from '../domain/time-units.ts';
import { type Logger, OutageLog } from '../log.ts';

export interface AlertTriggerOptions {
  /** Evaluates alerts; false: another instance evaluates now. */
  evaluate(nowMs: number): Promise<boolean>;
  clock: Clock;
  log: Logger;
}

/** Evaluate 0.1 s after a commit, so that commits close together share one; after an evaluation, pause 0.4 s. */
const GATHER_MS = 100;
const PAUSE_MS = 400;
const RETRY_MS = 250;
const LONGEST_RETRY_MS = 5000;

/** Evaluates alerts after commits: at most one evaluation at a time, and always one that began after the last commit. */
export class AlertTrigger {
  readonly #options: AlertTriggerOptions;
  readonly #outage: OutageLog;
  #pending = false;
  #stopped = new AbortController();
  #running: Promise<void> | undefined;

  constructor(options: AlertTriggerOptions) {
    this.#options = options;
    this.#outage = new OutageLog(options.log, {
      failing: 'alerts could not be evaluated; trying until they can',
      working: 'alerts are evaluated again',
    });
  }

  /** Notes a commit: an evaluation follows. Returns at once, never throws. */
  onCommit(): void {
    this.#pending = true;
    if (this.#stopped.signal.aborted) return;
    this.#running ??= this.#run();
  }

  async stop(): Promise<void> {
    this.#stopped.abort();
    await this.#running;
  }

  async #run(): Promise<void> {
    const { clock, evaluate } = this.#options;
    const { signal } = this.#stopped;
    let failures = 0;
    while (this.#pending && !signal.aborted) {
      await clock.sleep(GATHER_MS, signal);
      this.#pending = false;
      try {
        if (await evaluate(clock.now())) {
          failures = 0;
          this.#outage.recover();
          if (this.#pending) await clock.sleep(PAUSE_MS, signal);
          continue;
        }
      } catch (error) {
        this.#outage.fail(String(error));
        failures += 1;
      }
      this.#pending = true;
      await clock.sleep(backoffMs(failures + 1, { firstMs: RETRY_MS, longestMs: LONGEST_RETRY_MS }), signal);
    }
    // No await since the last look at `pending`: the next commit starts another run.
    this.#running = undefined;
  }
}
