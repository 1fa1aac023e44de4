import { type Core, CREDENTIALS } from './core.ts';
import { toMessageObject } from './post.ts';
import { APP_ID, BOT_USER_ID, TEAM_ID } from './state.ts';
import type { Delivery, EnvelopeType, JsonObject, Message, Retry } from './types.ts';

export const CHANNEL_TYPE = { public: 'channel', private: 'group', im: 'im', mpim: 'mpim' } as const;

/** Returns the kind of a conversation as scopes and subscriptions write it: `channels`, `im`. */
export function toPlural(type: string): string {
  return type === 'channel' || type === 'group' ? `${type}s` : type;
}

/**
 * Delivers one event. After a failure it is sent once more, as Slack does nearly at once, unless the app asked for no retry.
 * Returns the last attempt; undefined if the manifest does not subscribe to the event.
 */
export async function sendEvent(core: Core, event: JsonObject): Promise<Delivery | undefined> {
  return isSubscribed(core, event) ? deliverEvent(core, toEventCallback(core, event)) : undefined;
}

export async function deliverEvent(core: Core, callback: JsonObject, retry?: Retry): Promise<Delivery> {
  const first = await deliver(core, 'events_api', callback, retry);
  if ((first.status >= 200 && first.status < 300) || first.noRetry || first.transport === 'none' || retry) return first;
  const reason = first.status === 0 ? 'http_timeout' : 'http_error';
  return deliver(core, 'events_api', callback, { num: 1, reason });
}

function isSubscribed(core: Core, { type, channel_type: kind }: JsonObject): boolean {
  return core.manifest.events.has(type === 'message' ? `message.${toPlural(String(kind))}` : String(type));
}

/** Builds an Events API request around `event`: https://docs.slack.dev/apis/events-api#callback-field */
function toEventCallback(core: Core, event: JsonObject): JsonObject {
  const channel = core.state.channels.get(typeof event.channel === 'string' ? event.channel : '');
  return {
    token: CREDENTIALS.verificationToken,
    team_id: TEAM_ID,
    context_team_id: TEAM_ID,
    context_enterprise_id: null,
    api_app_id: APP_ID,
    type: 'event_callback',
    event_id: core.state.nextId('Ev'),
    event_time: Math.floor(core.state.now() / 1000),
    event_context: `4-${core.state.nextId('X')}`,
    is_ext_shared_channel: channel?.is_ext_shared ?? false,
    authorizations: [
      { enterprise_id: null, team_id: TEAM_ID, user_id: BOT_USER_ID, is_bot: true, is_enterprise_install: false },
    ],
    event: { event_ts: core.state.nextTs(), ...event },
  };
}

/**
 * Sends the app an event about its own direct message, as Slack does for new messages and for changes (`message_changed`):
 * docs.slack.dev/reference/events/message.im and docs.slack.dev/reference/events/message/message_changed.
 */
export function echo(core: Core, message: Message, previous?: Message): void {
  const channel = core.state.channels.get(message.channel);
  if (channel?.kind !== 'im') return;
  const place = { type: 'message', channel: channel.id, channel_type: 'im' };
  const event = previous
    ? {
        ...place,
        subtype: 'message_changed',
        hidden: true,
        ts: core.state.nextTs(),
        message: toMessageObject(core, message),
        previous_message: toMessageObject(core, previous),
      }
    : { ...toMessageObject(core, message), ...place, event_ts: message.ts };
  if (isSubscribed(core, event)) void send(core, 'events_api', toEventCallback(core, event));
}

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
