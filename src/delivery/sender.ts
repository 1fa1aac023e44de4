import { randomUUID } from 'node:crypto';
import { backoffMs } from '../domain/calendar.ts';
import type { NewDelivery } from '../domain/delivery.ts';
import { type Logger, OutageLog } from '../log.ts';
import { type Failure, isThreadRefusal } from '../slack/client/errors.ts';
import type { Destination } from '../slack/client/post.ts';
import { type Db, transact } from '../store/database.ts';
import {
  changeDelivery,
  type Delivery,
  type DeliveryChange,
  expediteDeliveries,
  findNextDeliveryMs,
  GIVE_UP_AFTER_MS,
  insertDelivery,
  leaseDelivery,
  listDueDeliveries,
  markUnclear,
  setBackDeliveries,
} from '../store/delivery-repository.ts';
import { type Clock, RoundLoop } from './clock.ts';

export type Outcome =
  /** `follow`: a delivery that completes the message, such as an edit that adds its picture. */
  | { kind: 'sent'; place: Destination; ts: string; follow?: NewDelivery }
  | { kind: 'replaced'; why: string }
  /** Another instance has leased it: nothing was called. */
  | { kind: 'lost' }
  | { kind: 'failed'; failure: Failure };

/** Sends deliveries to one place: Slack, or the webhook. */
export interface Transport {
  to: 'slack' | 'webhook';
  /** Log lines for the begin and the end of an outage. */
  words: { failing: string; working: string };
  /**
   * Makes one attempt at a leased delivery. It calls `begin` before its call, which commits that the call is about to be made;
   * false: another instance has the delivery.
   */
  attempt(delivery: Delivery, begin: () => Promise<boolean>): Promise<Outcome>;
  /** Finds and deletes copies of messages whose outcome was ever unclear. */
  sweep?(nowMs: number): Promise<void>;
}

export interface SenderOptions {
  db: Db;
  clock: Clock;
  log: Logger;
  transport: Transport;
  /** Lists the admins for `onFailed`. Called before its transaction, which must not wait for Slack. */
  admins?(): Promise<readonly string[]>;
  /** Runs in the transaction that marks a delivery as failed: tells somebody by another delivery, pauses a digest. */
  onFailed?(trx: Db, delivery: Delivery, failure: Failure, nowMs: number, admins: readonly string[]): Promise<void>;
  /** Counts a delivery once its outcome is committed. */
  count?(result: 'sent' | 'failed'): void;
}

/** A live instance renews its leases every 1.5 s; a frozen one blocks a row for at most 5 s. */
const LEASE_MS = 5000;
const RENEW_MS = 1500;
const POLL_MS = 1000;
const SWEEP_MS = 20_000;
const STOP_WITHIN_MS = 8000;
/** Smaller backward steps of the clock are ignored: they delay nothing by more than a second. */
const CLOCK_STEP_MS = 1000;
const MOST_AT_ONCE = 10;
/** Retry pauses grow to 5 minutes if Slack refuses for an unknown reason, or if only a picture is missing. */
const LONG_PAUSE_MS = 5 * 60_000;

/**
 * Sends the deliveries of one transport. Any number of senders can work on one delivery log: a sender leases a row, commits
 * that it is about to call, calls, and writes the outcome only if it still has the lease.
 */
export class Sender {
  readonly #options: SenderOptions;
  #pacing = new Pacing();
  readonly #outage: OutageLog;
  readonly #unread: OutageLog;
  /** Attempts under way, by lane: one at a time per channel, with lanes of their own for alerts. */
  readonly #lanes = new Map<string, Promise<void>>();
  #sweptMs = 0;
  /** Newest time seen. Infinite at the start, since rows of an earlier run may come from a clock that was ahead. */
  #seenMs = Number.POSITIVE_INFINITY;
  readonly #loop: RoundLoop;

  constructor(options: SenderOptions) {
    this.#options = options;
    this.#outage = new OutageLog(options.log, options.transport.words);
    this.#unread = new OutageLog(options.log, {
      failing: 'the delivery log could not be read; trying until it can',
      working: 'the delivery log can be read again',
    });
    this.#loop = new RoundLoop({ clock: options.clock, round: () => this.#runRound(), longestMs: POLL_MS });
  }

  /** Sends from now on until `stop`. */
  start(): void {
    this.#loop.start();
  }

  /** Looks for due deliveries at once; call it after adding one to the log. */
  wake(): void {
    this.#loop.wake();
  }

  /** Starts nothing more and waits at most 8 s for calls under way. The next sender looks up in Slack those that were cut off. */
  async stop(): Promise<void> {
    await this.#loop.stop();
    await Promise.race([
      Promise.all(this.#lanes.values()),
      this.#options.clock.sleep(this.#lanes.size ? STOP_WITHIN_MS : 0),
    ]);
  }

  /** Sends everything that can be sent now. Returns the next instant at which more may be due. For tests and commands. */
  async settle(): Promise<number | undefined> {
    for (;;) {
      const nextMs = await this.#startDue();
      if (this.#lanes.size === 0) return nextMs;
      await Promise.race(this.#lanes.values());
    }
  }

  /** Deletes copies of messages whose outcome was ever unclear. */
  async sweep(): Promise<void> {
    this.#sweptMs = this.#options.clock.now();
    await this.#options.transport.sweep?.(this.#sweptMs);
  }

  async #runRound(): Promise<number | undefined> {
    const { clock, log } = this.#options;
    try {
      const nextMs = await this.#startDue();
      this.#unread.recover();
      const nowMs = clock.now();
      if (nowMs - this.#sweptMs >= SWEEP_MS) {
        this.#sweptMs = nowMs;
        void this.sweep().catch((error) => log.warn({ error: String(error) }, 'looking for copies failed'));
      }
      return nextMs;
    } catch (error) {
      this.#unread.fail(String(error));
      return undefined;
    }
  }

  /** Starts every attempt that may start now. Returns the next instant at which another may. */
  async #startDue(): Promise<number | undefined> {
    const { db, clock, transport } = this.#options;
    const nowMs = clock.now();
    if (nowMs < this.#seenMs - CLOCK_STEP_MS) await this.#followClock(nowMs);
    this.#seenMs = nowMs;
    const free = () => this.#pacing.slots(nowMs, MOST_AT_ONCE) - this.#lanes.size;
    if (this.#pacing.slots(nowMs, 1) === 0) return this.#pacing.heldUntilMs;
    if (free() <= 0) return undefined;
    const due = await listDueDeliveries(db, nowMs, {
      to: transport.to,
      exceptChannels: this.#pacing.heldChannels(nowMs),
      limit: 200,
    });
    const times = [await findNextDeliveryMs(db, nowMs), this.#pacing.nextReleaseMs()];
    for (const delivery of due) {
      if (free() <= 0) break;
      // Alerts do not wait for the rest, nor for the pictures of other alerts.
      const { kind, updates, channel } = delivery;
      const lane = kind !== 'alert' ? channel : `${updates ? 'edits of alerts' : 'alerts'} of ${channel}`;
      if (this.#lanes.has(lane)) continue;
      // Slack limits edits apart from messages: the chart of one alert does not delay the next alert.
      const readyMs = this.#pacing.takePlace(`${updates ? 'edits in ' : ''}${channel}`, kind, nowMs);
      if (readyMs > 0) {
        times.push(readyMs);
        continue;
      }
      this.#lanes.set(lane, this.#deliver(delivery, lane));
    }
    const known = times.filter((ms) => ms !== undefined);
    return known.length ? Math.min(...known) : undefined;
  }

  /** After the clock was set back, makes rows due that would otherwise wait until a time of the old clock. */
  async #followClock(nowMs: number): Promise<void> {
    const dueUntilMs = Number.isFinite(this.#seenMs) ? this.#seenMs : nowMs;
    await setBackDeliveries(this.#options.db, { nowMs, dueUntilMs, leaseUntilMs: nowMs + LEASE_MS });
    this.#pacing = new Pacing();
    this.#sweptMs = Math.min(this.#sweptMs, nowMs);
  }

  async #deliver(read: Delivery, lane: string): Promise<void> {
    const { db, clock, log, transport } = this.#options;
    const id = randomUUID();
    const ended = new AbortController();
    const untilMs = () => clock.now() + LEASE_MS;
    const renew = (change: DeliveryChange = {}) =>
      changeDelivery(db, read.id, id, { leaseUntilMs: untilMs(), ...change });
    try {
      const delivery = await leaseDelivery(db, read, { id, nowMs: clock.now(), untilMs: untilMs() });
      if (!delivery) return;
      void this.#keepLease(renew, ended.signal);
      const begin = () => renew({ state: 'sending', firstCallMs: delivery.firstCallMs ?? clock.now() });
      await this.#record(delivery, id, await transport.attempt(delivery, begin));
    } catch (error) {
      // The database failed: the lease runs out, and the next attempt looks for the message in Slack.
      log.error({ delivery: read.key, error: String(error) }, 'the outcome could not be written');
      this.#pacing.fail(clock.now());
    } finally {
      ended.abort();
      this.#lanes.delete(lane);
      this.wake();
    }
  }

  async #keepLease(renew: () => Promise<boolean>, ended: AbortSignal): Promise<void> {
    for (;;) {
      await this.#options.clock.sleep(RENEW_MS, ended);
      if (ended.aborted || !(await renew().catch(() => true))) return;
    }
  }

  async #record(delivery: Delivery, attemptId: string, outcome: Outcome): Promise<void> {
    const { db, clock, log } = this.#options;
    const { id, key, dueMs } = delivery;
    const nowMs = clock.now();
    if (outcome.kind === 'lost') return;
    if (outcome.kind === 'failed') return this.#recordFailure(delivery, attemptId, outcome.failure, nowMs);
    if (outcome.kind === 'replaced') {
      await changeDelivery(db, id, attemptId, { state: 'replaced', leaseUntilMs: 0, error: outcome.why });
      return;
    }
    await this.#noteAnswer(nowMs);
    const sent = { channel: outcome.place.channel, ts: outcome.ts, ms: nowMs };
    const kept = await transact(db, async (trx) => {
      if (!(await changeDelivery(trx, id, attemptId, { state: 'sent', leaseUntilMs: 0, sent, error: null })))
        return false;
      if (outcome.follow) await insertDelivery(trx, outcome.follow);
      return true;
    });
    // This process was frozen and posted after another had taken the lease: the sweep deletes the copy.
    if (!kept) return delivery.updates ? undefined : markUnclear(db, id);
    this.#options.count?.('sent');
    log.info({ delivery: key, channel: sent.channel, ts: sent.ts, lateMs: nowMs - dueMs }, 'sent');
  }

  async #recordFailure(delivery: Delivery, attemptId: string, failure: Failure, nowMs: number): Promise<void> {
    const { db, log } = this.#options;
    const { error } = failure;
    const end = (on: Db, change: DeliveryChange) =>
      changeDelivery(on, delivery.id, attemptId, { leaseUntilMs: 0, error, ...change });
    let nextMs = nowMs + pauseMs(delivery.attempts);
    // Slack refused even the plain text.
    const refusedContent = failure.reason === 'blocks' || failure.reason === 'picture';
    const away = failure.reason === 'transient' || failure.reason === 'token';
    if (away) {
      this.#pacing.fail(nowMs);
      this.#outage.fail(error);
    } else if (failure.reason !== 'internal') await this.#noteAnswer(nowMs);
    if (failure.reason === 'rate_limited') {
      nextMs = nowMs + (failure.retryAfterMs ?? 1000);
      this.#pacing.limit(delivery.channel, nextMs, failure.workspace ?? false);
    } else if (failure.reason === 'unknown' || (failure.reason === 'internal' && delivery.updates)) {
      nextMs = nowMs + pauseMs(delivery.attempts, LONG_PAUSE_MS);
    } else if (failure.reason === 'thread' && !isThreadRefusal(delivery.error)) {
      nextMs = nowMs;
    }
    const givenUp = failure.reason === 'refused' || refusedContent || nowMs >= delivery.dueMs + GIVE_UP_AFTER_MS;
    // An outage of Slack is logged once, not for each message that waits.
    const level = away && !givenUp ? 'debug' : 'warn';
    log[level]({ delivery: delivery.key, error, attempts: delivery.attempts, givenUp, nextMs }, 'not sent');
    if (!givenUp) {
      // The message may be in Slack all the same.
      const unclear = failure.unclear || delivery.unclear;
      const kept = await end(db, { state: unclear ? 'sending' : 'pending', unclear, nextMs });
      return kept ? undefined : markUnclear(db, delivery.id);
    }
    if (delivery.superseded) return void (await end(db, { state: 'replaced' }));
    const admins = (await this.#options.admins?.().catch(() => [])) ?? [];
    const failed = await transact(db, async (trx) => {
      if (!(await end(trx, { state: 'failed' }))) return false;
      await this.#options.onFailed?.(trx, delivery, failure, nowMs, admins);
      return true;
    });
    if (failed) this.#options.count?.('failed');
  }

  /** Notes that Slack answered: after an outage, deliveries that wait for a retry go out now. */
  async #noteAnswer(nowMs: number): Promise<void> {
    this.#outage.recover();
    if (this.#pacing.succeed()) await expediteDeliveries(this.#options.db, nowMs, nowMs + pauseMs(100));
  }
}

/** Slack takes about one message a second per channel. Source: docs.slack.dev/apis/web-api/rate-limits. */
const SPACING_MS = 1000;
/** Slack tolerates short bursts: two alerts may follow a message at once. */
const ALERT_BURST_MS = 2 * SPACING_MS;
/** Three channels refused at once mean that the whole workspace is limited. */
const WORKSPACE_CHANNELS = 3;
const LONGEST_PAUSE_MS = 15_000;

/**
 * Decides when this instance may call Slack. Each channel is paced by Slack's rate and its Retry-After. While Slack does not
 * answer, only one call at a time tries whether it is back, at most 15 s after the last: even if one fails by chance, another
 * follows within the minute.
 */
class Pacing {
  #holds = new Map<string, number>();
  #spaced = new Map<string, number>();
  #heldUntilMs = 0;
  #failures = 0;

  /** Returns how many calls may be under way: none while held, one while Slack may still be down. */
  slots(nowMs: number, most: number): number {
    if (nowMs < this.#heldUntilMs) return 0;
    return this.#failures > 0 ? 1 : most;
  }

  /** Instant from which on `slots` is above 0. */
  get heldUntilMs(): number {
    return this.#heldUntilMs;
  }

  heldChannels(nowMs: number): string[] {
    for (const [channel, untilMs] of this.#holds) if (untilMs <= nowMs) this.#holds.delete(channel);
    return [...this.#holds.keys()];
  }

  /** Returns when the first Retry-After of a channel ends; undefined if no channel is held. */
  nextReleaseMs(): number | undefined {
    return this.#holds.size ? Math.min(...this.#holds.values()) : undefined;
  }

  /** Reserves a call in the channel now and returns 0, or returns the instant at which one is free. A webhook is not paced. */
  takePlace(channel: string, kind: NewDelivery['kind'], nowMs: number): number {
    if (kind === 'webhook') return 0;
    const spaced = Math.max(this.#spaced.get(channel) ?? 0, nowMs);
    const readyMs = spaced - (kind === 'alert' ? ALERT_BURST_MS : 0);
    if (readyMs > nowMs) return readyMs;
    if (this.#spaced.size > 10_000) this.#spaced.clear();
    this.#spaced.set(channel, spaced + SPACING_MS);
    return 0;
  }

  /** Notes that Slack answered 429 for this channel. */
  limit(channel: string, untilMs: number, workspace: boolean): void {
    this.#holds.set(channel, untilMs);
    if (workspace || this.#holds.size >= WORKSPACE_CHANNELS) this.#heldUntilMs = Math.max(this.#heldUntilMs, untilMs);
  }

  /** Notes that Slack did not answer: holds calls for 1 s, then twice as long each time. */
  fail(nowMs: number): void {
    this.#failures += 1;
    this.#heldUntilMs = nowMs + pauseMs(this.#failures);
  }

  /** Notes that Slack answered. Returns whether that ends an outage (three failures or more). */
  succeed(): boolean {
    const recovered = this.#failures >= 3;
    this.#failures = 0;
    return recovered;
  }
}

/** 1, 2, 4, 8 s and so on up to `longestMs`. */
function pauseMs(failures: number, longestMs = LONGEST_PAUSE_MS): number {
  return backoffMs(failures, { firstMs: 1000, longestMs });
}
