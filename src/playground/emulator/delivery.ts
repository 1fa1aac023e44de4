import type { Core } from './core.ts';
import type { Delivery, EnvelopeType, JsonObject, Retry } from './types.ts';

/** Slack waits this long for an acknowledgement: https://docs.slack.dev/interactivity/handling-user-interaction */
export const ACK_LIMIT_MS = 3000;

/** Sends a request to the app. A missing, late or failed acknowledgement is a problem. Never throws. */
export async function deliver(core: Core, type: EnvelopeType, payload: JsonObject, retry?: Retry): Promise<Delivery> {
  return judge(core, await send(core, type, payload, retry));
}

/** Sends a request to the app. Unlike `deliver`, it notes no problem if the app is gone or fails. Never throws. */
export async function send(core: Core, type: EnvelopeType, payload: JsonObject, retry?: Retry): Promise<Delivery> {
  const base = { type, payload, noRetry: false };
  if (core.sockets.connected === 0) {
    const nothing = { ...base, transport: 'none' as const, status: 0, ackMs: 0, ack: undefined };
    return (await core.overHttp?.(type, payload, retry)) ?? nothing;
  }
  const start = performance.now();
  const attempt = { attempt: retry?.num ?? 0, reason: retry?.reason ?? '' };
  const ack = await core.sockets.send(type, payload, ACK_LIMIT_MS, attempt);
  const empty = JSON.stringify(ack) === '{}';
  const status = ack === undefined ? 0 : 200;
  const ackMs = Math.round(performance.now() - start);
  return { ...base, transport: 'socket', status, ackMs, ack: empty ? undefined : ack };
}

export function judge(core: Core, delivery: Delivery): Delivery {
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
