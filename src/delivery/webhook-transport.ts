import { createHash, createHmac } from 'node:crypto';
import type { Secret } from '../secret.ts';
import type { Failure } from '../slack/client/errors.ts';
import { type Delivery, GIVE_UP_AFTER_MS } from '../store/delivery-repository.ts';
import type { Clock } from './clock.ts';
import type { Outcome, Transport } from './sender.ts';

export interface WebhookPorts {
  url: string;
  secret: Secret;
  clock: Clock;
  /** Turns a delivery's content into the event to send; undefined: it is no longer wanted. */
  compose(content: unknown, nowMs: number): Promise<object | undefined>;
}

/** A call that takes longer than 15 s counts as failed, and is retried. */
const CALL_MS = 15_000;

/**
 * Posts the events of the delivery log to one endpoint. If an answer is lost, its event may arrive twice, with the same id.
 */
export function createWebhookTransport(ports: WebhookPorts): Transport {
  return {
    to: 'webhook',
    words: {
      failing: 'WEBHOOK_URL takes no events; they wait, and are tried for 24 hours',
      working: 'WEBHOOK_URL takes events again',
    },
    attempt: (delivery, begin) => attemptEvent(ports, delivery, begin),
  };
}

async function attemptEvent(ports: WebhookPorts, delivery: Delivery, begin: () => Promise<boolean>): Promise<Outcome> {
  let event: object | undefined;
  try {
    event = await ports.compose(delivery.content, ports.clock.now());
  } catch (error) {
    return { kind: 'failed', failure: { reason: 'internal', error: String(error), unclear: false } };
  }
  if (!event) return { kind: 'replaced', why: 'no longer wanted' };
  if (!(await begin())) return { kind: 'lost' };
  const failure = await post(ports, delivery.key, event);
  return failure ? { kind: 'failed', failure } : { kind: 'sent', place: { channel: 'webhook' }, ts: '' };
}

/** Posts one event. Returns undefined if the answer is 2xx. */
async function post({ url, secret, clock }: WebhookPorts, key: string, event: object): Promise<Failure | undefined> {
  const body = JSON.stringify(event);
  // Each event has one id, the same for all attempts.
  const id = `msg_${createHash('sha256').update(key).digest('base64url').slice(0, 27)}`;
  const headers = { 'content-type': 'application/json', ...signWebhook(id, body, secret, clock.now()) };
  try {
    // Do not follow redirects: they would take the event to an address that nobody configured.
    const init = { method: 'POST', headers, body, redirect: 'manual', signal: AbortSignal.timeout(CALL_MS) } as const;
    const response = await fetch(url, init);
    await response.body?.cancel();
    return response.ok ? undefined : toFailure(response);
  } catch (error) {
    const { message, cause } = error as Error;
    const text = cause instanceof Error ? cause.message || message : message;
    return { reason: 'transient', error: text, unclear: false };
  }
}

/** Turns an answer that is not 2xx into a failure. All are retried, since the endpoint may be mended within 24 hours. */
function toFailure({ status, headers }: Response): Failure {
  const failure = { error: `HTTP ${status}`, unclear: false };
  const seconds = Number(headers.get('retry-after'));
  if (seconds > 0)
    return {
      ...{ ...failure, reason: 'rate_limited', workspace: true },
      retryAfterMs: Math.min(seconds * 1000, GIVE_UP_AFTER_MS),
    };
  return { ...failure, reason: status >= 500 || status === 429 ? 'transient' : 'unknown' };
}

/** Returns the headers of Standard Webhooks. Source: the Standard Webhooks specification, "Signature scheme". */
export function signWebhook(id: string, body: string, secret: Secret, nowMs: number): Record<string, string> {
  const timestamp = String(Math.floor(nowMs / 1000));
  const key = Buffer.from(secret.reveal().replace(/^whsec_/, ''), 'base64');
  const signature = createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64');
  return { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': `v1,${signature}` };
}
