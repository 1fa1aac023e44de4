import { createHash, createHmac, randomUUID } from 'node:crypto';
import { backoffMs } from '../domain/time-units.ts';
import { type Logger, OutageLog } from '../log.ts';
import type { Secret } from '../secret.ts';
import { type Db, transact } from '../store/database.ts';
import {
  beginCall,
  type Delivery,
  findNextDeliveryMs,
  GIVE_UP_AFTER_MS,
  leaseDelivery,
  listDueDeliveries,
  releaseDelivery,
  settleDelivery,
} from '../store/delivery-repository.ts';
import type { Clock } from './clock.ts';
import { RoundLoop } from './round-loop.ts';

export interface WebhookSenderOptions {
  db: Db;
  url: string;
  secret: Secret;
  clock: Clock;
  log: Logger;
  /** The event of a delivery's content, as it is sent; undefined: it is no longer wanted. */
  compose(content: unknown, nowMs: number): Promise<object | undefined>;
  /** In the transaction that gives an event up. */
  onFailed(trx: Db, delivery: Delivery, error: string, nowMs: number): Promise<void>;
}

/** An endpoint that takes longer is tried again. */
const CALL_MS = 15_000;
/** A living sender's call ends before its lease does; a frozen one holds an event no longer than this. */
const LEASE_MS = CALL_MS + 5000;
const POLL_MS = 1000;
const LONGEST_PAUSE_MS = 5 * 60_000;
const MOST_AT_ONCE = 10;

/**
 * Sends the events of the delivery log to one endpoint, each until it is answered 2xx, for 24 hours; those of one
 * conversation in their order. Independent of Slack, so that alerts get through while it is away. An event may arrive twice
 * where its answer was lost, always with the same id.
 */
export class WebhookSender {
  readonly #options: WebhookSenderOptions;
  readonly #outage: OutageLog;
  readonly #running = new Map<number, Promise<void>>();
  readonly #loop: RoundLoop;

  constructor(options: WebhookSenderOptions) {
    this.#options = options;
    this.#loop = new RoundLoop({ clock: options.clock, round: () => this.#runRound(), longestMs: POLL_MS });
    this.#outage = new OutageLog(options.log, {
      failing: 'WEBHOOK_URL takes no events; they wait, and are tried for 24 hours',
      working: 'WEBHOOK_URL takes events again',
    });
  }

  start(): void {
    this.#loop.start();
  }

  /** Something was put into the log: looks at once. */
  wake(): void {
    this.#loop.wake();
  }

  /** Starts nothing more and waits for calls under way. */
  async stop(): Promise<void> {
    await this.#loop.stop();
    await Promise.all(this.#running.values());
  }

  /** Sends all that can be sent at this instant. For tests. */
  async settle(): Promise<void> {
    for (;;) {
      await this.#startDue();
      if (this.#running.size === 0) return;
      await Promise.race(this.#running.values());
    }
  }

  async #runRound(): Promise<number | undefined> {
    try {
      return await this.#startDue();
    } catch (error) {
      this.#options.log.error({ error: String(error) }, 'the delivery log could not be read');
      return undefined;
    }
  }

  async #startDue(): Promise<number | undefined> {
    const { db, clock } = this.#options;
    const nowMs = clock.now();
    for (const delivery of await listDueDeliveries(db, nowMs, { to: 'webhook', limit: MOST_AT_ONCE })) {
      if (this.#running.size >= MOST_AT_ONCE) break;
      if (this.#running.has(delivery.id)) continue;
      const work = this.#deliver(delivery).finally(() => {
        this.#running.delete(delivery.id);
        this.wake();
      });
      this.#running.set(delivery.id, work);
    }
    return findNextDeliveryMs(db, nowMs);
  }

  async #deliver(read: Delivery): Promise<void> {
    const { db, clock, log } = this.#options;
    const attempt = { id: randomUUID(), nowMs: clock.now(), untilMs: clock.now() + LEASE_MS };
    try {
      const delivery = await leaseDelivery(db, read, attempt);
      if (!delivery) return;
      const event = await this.#options.compose(delivery.content, clock.now());
      if (!event) {
        await settleDelivery(db, delivery.id, attempt.id, { state: 'replaced', error: 'no longer wanted' });
        return;
      }
      if (!(await beginCall(db, delivery, attempt.id, attempt))) return;
      const failure = await this.#post(delivery.key, event);
      const nowMs = clock.now();
      if (!failure) {
        this.#outage.recover();
        await settleDelivery(db, delivery.id, attempt.id, { state: 'sent', channel: 'webhook', ts: '', nowMs });
        log.info({ delivery: delivery.key, lateMs: nowMs - delivery.dueMs }, 'sent');
        return;
      }
      await this.#fail(delivery, attempt.id, failure, nowMs);
    } catch (error) {
      log.error({ delivery: read.key, error: String(error) }, 'an event could not be sent');
    }
  }

  async #fail(
    delivery: Delivery,
    attemptId: string,
    { error, retryAfterMs = 0 }: { error: string; retryAfterMs?: number },
    nowMs: number,
  ): Promise<void> {
    const { db, log, onFailed } = this.#options;
    this.#outage.fail(error);
    if (nowMs < delivery.dueMs + GIVE_UP_AFTER_MS) {
      const nextMs =
        nowMs + Math.max(retryAfterMs, backoffMs(delivery.attempts, { firstMs: 1000, longestMs: LONGEST_PAUSE_MS }));
      await releaseDelivery(db, delivery, attemptId, { nextMs, unclear: false, error });
      return;
    }
    log.warn({ delivery: delivery.key, error }, 'not sent');
    await transact(db, async (trx) => {
      if (await settleDelivery(trx, delivery.id, attemptId, { state: 'failed', error }))
        await onFailed(trx, delivery, error, nowMs);
    });
  }

  /** Undefined: it was answered 2xx. */
  async #post(key: string, event: object): Promise<{ error: string; retryAfterMs?: number } | undefined> {
    const { url, secret, clock } = this.#options;
    const body = JSON.stringify(event);
    const headers = { 'content-type': 'application/json', ...signWebhook(toWebhookId(key), body, secret, clock.now()) };
    try {
      // A redirect would take the event to another place than the one that was set.
      const init = { method: 'POST', headers, body, redirect: 'manual', signal: AbortSignal.timeout(CALL_MS) } as const;
      const response = await fetch(url, init);
      await response.body?.cancel();
      if (response.ok) return undefined;
      const seconds = Number(response.headers.get('retry-after'));
      const asked = seconds > 0 ? Math.min(seconds * 1000, GIVE_UP_AFTER_MS) : 0;
      return { error: `HTTP ${response.status}`, retryAfterMs: asked };
    } catch (error) {
      const { message, cause } = error as Error;
      return { error: cause instanceof Error ? cause.message || message : message };
    }
  }
}

/** The same for every attempt at an event, and for no other event. */
export function toWebhookId(key: string): string {
  return `msg_${createHash('sha256').update(key).digest('base64url').slice(0, 27)}`;
}

/** The headers of Standard Webhooks. Source: the Standard Webhooks specification, "Signature scheme". */
export function signWebhook(id: string, body: string, secret: Secret, nowMs: number): Record<string, string> {
  const timestamp = String(Math.floor(nowMs / 1000));
  const key = Buffer.from(secret.reveal().replace(/^whsec_/, ''), 'base64');
  const signature = createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64');
  return { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': `v1,${signature}` };
}
