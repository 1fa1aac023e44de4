import { createHmac } from 'node:crypto';
import { type Core, CREDENTIALS } from './core.ts';
import { asJson } from './http.ts';
import type { EnvelopeType } from './socket-mode.ts';
import type { JsonObject } from './types.ts';

/** Slack waits this long for an acknowledgement: https://docs.slack.dev/interactivity/handling-user-interaction */
const ACK_LIMIT_MS = 3000;

/** One request to the app, as it went out; kept so that it can be sent again, byte for byte. */
export interface Delivery {
  type: EnvelopeType;
  transport: 'http' | 'socket' | 'none';
  payload: JsonObject;
  /** The signed HTTP request; empty in Socket Mode. */
  headers: Record<string, string>;
  body: string;
  /** HTTP status; 200 for an acknowledged envelope; 0 when nothing came in time. */
  status: number;
  ackMs: number;
  /** Parsed JSON, or text, of the acknowledgement; undefined when it was empty. */
  ack: unknown;
  /** The app asked for no retry (`X-Slack-No-Retry: 1`). */
  noRetry: boolean;
}

export interface Retry {
  num: number;
  reason: 'http_timeout' | 'http_error' | 'connection_failed' | 'timeout';
}

/** `v0=` and the HMAC of `v0:timestamp:body`: https://docs.slack.dev/authentication/verifying-requests-from-slack */
function sign(secret: string, timestamp: string, body: string): string {
  return `v0=${createHmac('sha256', secret).update(`v0:${timestamp}:${body}`).digest('hex')}`;
}

/** Sends to the app: by Socket Mode when it is connected, else signed to its events URL. Never throws. */
export async function deliver(core: Core, type: EnvelopeType, payload: JsonObject, retry?: Retry): Promise<Delivery> {
  return judge(core, await send(core, type, payload, retry));
}

/** Sends what nobody waits for: where the app is gone meanwhile, that is no problem. Never throws. */
export async function send(core: Core, type: EnvelopeType, payload: JsonObject, retry?: Retry): Promise<Delivery> {
  const { contentType, body } = encode(type, payload);
  const timestamp = String(Math.floor(core.state.now() / 1000));
  const headers: Record<string, string> = {
    'content-type': contentType,
    'user-agent': 'Slackbot 1.0 (+https://api.slack.com/robots)',
    'x-slack-request-timestamp': timestamp,
    'x-slack-signature': sign(CREDENTIALS.signingSecret, timestamp, body),
    ...(retry ? { 'x-slack-retry-num': String(retry.num), 'x-slack-retry-reason': retry.reason } : {}),
  };
  return transport(core, { type, payload, headers, body }, retry);
}

/** Sends the very same bytes and headers again, as an eavesdropper would. HTTP only. */
export async function replay(core: Core, delivery: Delivery): Promise<Delivery> {
  return judge(core, await transport(core, delivery));
}

/** Notes a problem when the acknowledgement is missing, late, or not a success. */
function judge(core: Core, delivery: Delivery): Delivery {
  core.state.changed('delivery');
  if (delivery.status >= 200 && delivery.status < 300) return delivery;
  const late = delivery.ackMs >= ACK_LIMIT_MS;
  const how = delivery.transport === 'none' ? 'the app is not connected' : `status ${delivery.status}`;
  const detail = late ? `no acknowledgement within ${ACK_LIMIT_MS} ms` : how;
  core.state.problem(late ? 'late_ack' : 'unacknowledged', describe(delivery), detail);
  return delivery;
}

function describe({ type, payload }: Delivery): string {
  const event = payload.event as JsonObject | undefined;
  return `${type} ${String(payload.command ?? event?.type ?? payload.type)}`;
}

function encode(type: EnvelopeType, payload: JsonObject): { contentType: string; body: string } {
  if (type === 'events_api') return { contentType: 'application/json', body: JSON.stringify(payload) };
  const fields = type === 'interactive' ? { payload: JSON.stringify(payload) } : (payload as Record<string, string>);
  return { contentType: 'application/x-www-form-urlencoded', body: new URLSearchParams(fields).toString() };
}

type Outgoing = Pick<Delivery, 'type' | 'payload' | 'headers' | 'body'>;

async function transport(core: Core, outgoing: Outgoing, retry?: Retry): Promise<Delivery> {
  const { type, payload, headers, body } = outgoing;
  const base = { type, payload, headers, body, noRetry: false };
  const start = performance.now();
  const elapsed = () => Math.round(performance.now() - start);
  if (core.sockets.connected > 0) {
    const attempt = { attempt: retry?.num ?? 0, reason: retry?.reason ?? '' };
    const ack = await core.sockets.send(type, payload, ACK_LIMIT_MS, attempt);
    const empty = JSON.stringify(ack) === '{}';
    const status = ack === undefined ? 0 : 200;
    return { ...base, transport: 'socket', status, ackMs: elapsed(), ack: empty ? undefined : ack };
  }
  if (!core.eventsUrl) return { ...base, transport: 'none', status: 0, ackMs: 0, ack: undefined };
  const answer = await post(core.eventsUrl, headers, body);
  const ack = answer.text === '' ? undefined : asJson(answer.text);
  return { ...base, transport: 'http', status: answer.status, ackMs: elapsed(), ack, noRetry: answer.noRetry };
}

/** One request on a connection of its own, so that an app that stops is not kept waiting for an idle one. */
async function post(url: string, headers: Record<string, string>, body: string) {
  try {
    const signal = AbortSignal.timeout(ACK_LIMIT_MS);
    const response = await fetch(url, { method: 'POST', headers: { ...headers, connection: 'close' }, body, signal });
    const noRetry = response.headers.get('x-slack-no-retry') === '1';
    return { status: response.status, text: await response.text(), noRetry };
  } catch {
    return { status: 0, text: '', noRetry: false };
  }
}
