import { createHmac } from 'node:crypto';
import { type Core, CREDENTIALS } from '../../src/playground/emulator/core.ts';
import { ACK_LIMIT_MS, judge } from '../../src/playground/emulator/events.ts';
import { asJson } from '../../src/playground/emulator/http.ts';
import type { Delivery, EnvelopeType, JsonObject, Retry } from '../../src/playground/emulator/types.ts';

/** A signed request as it was sent, with all it takes to send it again byte for byte. */
export interface HttpDelivery extends Delivery {
  headers: Record<string, string>;
  body: string;
}

/** Returns `v0=` and the HMAC of `v0:timestamp:body`: https://docs.slack.dev/authentication/verifying-requests-from-slack */
function sign(secret: string, timestamp: string, body: string): string {
  return `v0=${createHmac('sha256', secret).update(`v0:${timestamp}:${body}`).digest('hex')}`;
}

/** Sends a signed request to the app's events URL. Never throws. */
export function sendOverHttp(
  { state }: Core,
  url: string,
  { type, payload, retry }: { type: EnvelopeType; payload: JsonObject; retry: Retry | undefined },
): Promise<HttpDelivery> {
  const { contentType, body } = encode(type, payload);
  const timestamp = String(Math.floor(state.now() / 1000));
  const headers: Record<string, string> = {
    'content-type': contentType,
    'user-agent': 'Slackbot 1.0 (+https://api.slack.com/robots)',
    'x-slack-request-timestamp': timestamp,
    'x-slack-signature': sign(CREDENTIALS.signingSecret, timestamp, body),
    ...(retry ? { 'x-slack-retry-num': String(retry.num), 'x-slack-retry-reason': retry.reason } : {}),
  };
  return transport(url, { type, payload, headers, body });
}

/** Sends the very same bytes and headers again, as an eavesdropper would. */
export async function replay(core: Core, url: string, delivery: HttpDelivery): Promise<HttpDelivery> {
  const again = await transport(url, delivery);
  judge(core, again);
  return again;
}

function encode(type: EnvelopeType, payload: JsonObject): { contentType: string; body: string } {
  if (type === 'events_api') return { contentType: 'application/json', body: JSON.stringify(payload) };
  const fields = type === 'interactive' ? { payload: JSON.stringify(payload) } : (payload as Record<string, string>);
  return { contentType: 'application/x-www-form-urlencoded', body: new URLSearchParams(fields).toString() };
}

async function transport(
  url: string,
  { type, payload, headers, body }: Pick<HttpDelivery, 'type' | 'payload' | 'headers' | 'body'>,
): Promise<HttpDelivery> {
  const start = performance.now();
  const { text, ...answer } = await post(url, headers, body);
  const ack = text === '' ? undefined : asJson(text);
  const ackMs = Math.round(performance.now() - start);
  return { type, payload, headers, body, transport: 'http', ackMs, ack, ...answer };
}

/** Posts on a new connection each time, so that an app that stops need not wait for an idle connection. */
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
