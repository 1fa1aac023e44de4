import type { Clock } from '../delivery/clock.ts';
import { RoundLoop } from '../delivery/round-loop.ts';
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
  readonly #loop: RoundLoop;
  #mark: string | undefined;

  constructor(options: CommitWatchOptions) {
    this.#options = options;
    this.#loop = new RoundLoop({ clock: options.clock, round: () => this.look(), longestMs: LOOK_EVERY_MS });
    this.#outage = new OutageLog(options.log, {
      failing: 'commits of other processes cannot be looked for; trying until they can',
      working: 'commits of other processes are noticed again',
    });
  }

  start(): void {
    this.#loop.start();
  }

  stop(): Promise<void> {
    return this.#loop.stop();
  }

  /** One look; calls `onCommit` where anything was committed since the one before. Never throws. */
  async look(): Promise<undefined> {
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
}
