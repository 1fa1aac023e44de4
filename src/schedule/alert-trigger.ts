import { type Clock, RoundLoop } from '../delivery/clock.ts';
import { type Logger, OutageLog } from '../log.ts';

export interface AlertTriggerOptions {
  /** Returns a text that changes with every commit, whichever process made it. */
  findMark(): Promise<string>;
  /** Evaluates alerts; false: another instance evaluates now. */
  evaluate(nowMs: number): Promise<boolean>;
  clock: Clock;
  log: Logger;
}

/** Look twice a second: a look costs one read of four indexes, and an alert should come within seconds of another process's commit. */
const LOOK_MS = 500;
/** Evaluate 0.1 s after a commit, so that commits close together share one; after an evaluation, pause 0.4 s. */
const GATHER_MS = 100;
const PAUSE_MS = 400;

/** Evaluates alerts after commits, of this process (`wake`) or another: one evaluation at a time, and one that began after the last commit. */
export class AlertTrigger {
  readonly #options: AlertTriggerOptions;
  readonly #outage: OutageLog;
  readonly #loop: RoundLoop;
  #mark: string | undefined;

  constructor(options: AlertTriggerOptions) {
    this.#options = options;
    this.#loop = new RoundLoop({
      ...{ clock: options.clock, round: (stopped) => this.#runRound(stopped), longestMs: LOOK_MS },
    });
    this.#outage = new OutageLog(options.log, {
      failing: 'alerts could not be evaluated; trying until they can',
      working: 'alerts are evaluated again',
    });
  }

  start(): void {
    this.#loop.start();
  }

  /** This process committed: looks at once. */
  wake(): void {
    this.#loop.wake();
  }

  stop(): Promise<void> {
    return this.#loop.stop();
  }

  async #runRound(stopped: AbortSignal): Promise<number | undefined> {
    const { findMark, evaluate, clock } = this.#options;
    try {
      if ((await findMark()) === this.#mark) {
        this.#outage.recover();
        return undefined;
      }
      await clock.sleep(GATHER_MS, stopped);
      // A commit from here on changes the mark again.
      const mark = await findMark();
      if (await evaluate(clock.now())) this.#mark = mark;
      this.#outage.recover();
      await clock.sleep(PAUSE_MS, stopped);
      return clock.now();
    } catch (error) {
      this.#outage.fail(String(error));
      return undefined;
    }
  }
}
