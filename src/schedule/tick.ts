import cron, { type ScheduledTask } from 'node-cron';
import { HeadroomError } from '../errors.ts';
import type { Logger } from '../log.ts';
import { findLastAuditId, listAuditSince } from '../store/audit-repository.ts';
import type { Db } from '../store/database.ts';

/**
 * Refuses a process whose own zone is not UTC: there node-cron truncates to the second by local time, and loses every run
 * of the hour that a clock change repeats.
 */
export function assertUtc(zone = new Intl.DateTimeFormat().resolvedOptions().timeZone): void {
  if (zone === 'UTC' || zone === 'Etc/UTC') return;
  throw new HeadroomError(
    'config',
    `This process runs in the zone ${zone}, and the schedule needs UTC: start it with TZ=UTC (npm start does). ` +
      'Reports have a zone of their own, REPORT_TIMEZONE.',
  );
}

/** Work for every minute. All state is in the database, so a tick that is missed or comes twice does no harm. */
export interface TickJob {
  name: string;
  run(nowMs: number): Promise<unknown>;
}

export interface TickOptions {
  jobs: readonly TickJob[];
  now(): number;
  log: Logger;
}

const WATCH_MS = 5000;
/** Smaller clock steps are ignored: they cannot skip a minute. */
const CLOCK_STEP_MS = 1000;

/** Runs the jobs of every minute; node-cron only keeps the time. */
export class Tick {
  readonly #options: TickOptions;
  #task: ScheduledTask | undefined;
  #running: Promise<void> | undefined;
  #again = false;
  #lastMs: number | undefined;
  #seenMs = Number.NEGATIVE_INFINITY;
  #watch: NodeJS.Timeout | undefined;

  constructor(options: TickOptions) {
    this.#options = options;
  }

  /** End of the last tick, for the health check: more than three minutes ago means that the tick is dead. */
  get lastMs(): number | undefined {
    return this.#lastMs;
  }

  /** Ticks now, and at every full minute from now on. */
  start(): void {
    this.#task ??= this.#schedule();
    this.#watch ??= setInterval(() => void this.#followClock(), WATCH_MS);
    void this.runNow();
  }

  #schedule(): ScheduledTask {
    const options = { timezone: 'UTC', noOverlap: true, name: 'tick', suppressMissedWarning: true };
    return cron.schedule('* * * * *', () => this.runNow(), options);
  }

  /** Restarts node-cron when the clock was set back: it waits for the next minute of the old time, which may be an hour away. */
  async #followClock(): Promise<void> {
    const nowMs = this.#options.now();
    const isBack = nowMs < this.#seenMs - CLOCK_STEP_MS;
    this.#seenMs = nowMs;
    if (!isBack) return;
    const task = this.#task;
    this.#task = this.#schedule();
    await task?.destroy();
    await this.runNow();
  }

  /** Ticks now, at the start and after a change of what is due. If a tick is running, one more follows it. */
  runNow(): Promise<void> {
    if (this.#running) {
      this.#again = true;
      return this.#running;
    }
    this.#running = this.#run().finally(() => {
      this.#running = undefined;
    });
    return this.#running;
  }

  async stop(): Promise<void> {
    clearInterval(this.#watch);
    await this.#task?.destroy();
    this.#again = false;
    await this.#running;
  }

  async #run(): Promise<void> {
    const { jobs, log, now } = this.#options;
    do {
      this.#again = false;
      for (const { name, run } of jobs) {
        try {
          await run(now());
        } catch (error) {
          log.error({ job: name, error: String(error) }, 'a job of the tick failed; it is tried again in a minute');
        }
      }
      this.#lastMs = now();
    } while (this.#again);
  }
}

/** Makes a job that does its work at most once per `intervalMs`; work that failed is due again at the next tick. */
export function everySoOften(
  intervalMs: number,
  work: (nowMs: number) => Promise<unknown>,
): (nowMs: number) => Promise<unknown> {
  let doneMs = Number.NEGATIVE_INFINITY;
  return async (nowMs) => {
    if (nowMs - doneMs < intervalMs) return;
    await work(nowMs);
    doneMs = nowMs;
  };
}

/** Logs what people changed since the run before, in Slack or on the command line, through any instance. */
export function createChangeLog(db: Db, log: Logger): () => Promise<void> {
  let last: number | undefined;
  return async () => {
    last ??= await findLastAuditId(db);
    for (const { id, actor, action, detail } of await listAuditSince(db, last)) {
      log.info({ actor, action, detail }, 'changed');
      last = id;
    }
  };
}
