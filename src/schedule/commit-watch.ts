import type { Clock } from '../delivery/clock.ts';
import { type Logger, OutageLog } from '../log.ts';

export interface CommitWatchOptions {
  /** A text that changes with every commit. */
  findMark(): Promise<string>;
  onCommit(): void;
  clock: Clock;
  log: Logger;
}

/** Look twice a second: a look costs one read of four indexes, and an alert should come within seconds of another process's commit. */
const LOOK_EVERY_MS = 500;

/** Notices what other processes commit, by a cheap look twice a second. */
export class CommitWatch {
  readonly #options: CommitWatchOptions;
  readonly #outage: OutageLog;
  readonly #stopped = new AbortController();
  #mark: string | undefined;
  #loop: Promise<void> | undefined;

  constructor(options: CommitWatchOptions) {
    this.#options = options;
    this.#outage = new OutageLog(options.log, {
      failing: 'commits of other processes cannot be looked for; trying until they can',
      working: 'commits of other processes are noticed again',
    });
  }

  start(): void {
    this.#loop ??= this.#run();
  }

  async stop(): Promise<void> {
    this.#stopped.abort();
    await this.#loop;
  }

  /** One look; calls `onCommit` where anything was committed since the one before. Never throws. */
  async look(): Promise<void> {
    try {
      const mark = await this.#options.findMark();
      this.#outage.recover();
      if (mark === this.#mark) return;
      this.#mark = mark;
      this.#options.onCommit();
    } catch (error) {
      this.#outage.fail(String(error));
    }
  }

  async #run(): Promise<void> {
    const { signal } = this.#stopped;
    while (!signal.aborted) {
      await this.look();
      await this.#options.clock.sleep(LOOK_EVERY_MS, signal);
    }
  }
}
