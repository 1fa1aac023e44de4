import type { Core } from './core.ts';
import { type Delivery, deliver, type Retry, send } from './delivery.ts';
import { getChannel, getUser, requirePresence } from './interact.ts';
import { escapeMessage, toEventCallback } from './payloads.ts';
import { toMessageObject } from './post.ts';
import { BOT_USER_ID, TEAM_ID } from './seed.ts';
import type { Channel, JsonObject, Message } from './types.ts';
import { toViewObject } from './views.ts';

/**
 * Delivers one event; when that fails it is tried once more, as Slack does nearly at once, unless the app asked for no
 * retry. Answers the last attempt; undefined when the manifest does not subscribe to it.
 */
export async function sendEvent(core: Core, event: JsonObject): Promise<Delivery | undefined> {
  if (!isSubscribed(core, event)) return undefined;
  return deliverEvent(core, toEventCallback(core, event));
}

export async function deliverEvent(core: Core, callback: JsonObject, retry?: Retry): Promise<Delivery> {
  const first = await deliver(core, 'events_api', callback, retry);
  if ((first.status >= 200 && first.status < 300) || first.noRetry || first.transport === 'none' || retry) return first;
  const reason = first.status === 0 ? 'http_timeout' : 'http_error';
  return deliver(core, 'events_api', callback, { num: 1, reason });
}

function isSubscribed(core: Core, event: JsonObject): boolean {
  const type = String(event.type);
  if (type !== 'message') return core.manifest.events.has(type);
  const suffix =
    event.channel_type === 'channel' ? 'channels' : event.channel_type === 'group' ? 'groups' : event.channel_type;
  return core.manifest.events.has(`message.${String(suffix)}`);
}

const CHANNEL_TYPE = { public: 'channel', private: 'group', im: 'im', mpim: 'mpim' } as const;

export interface SayOptions {
  user: string;
  channel: string;
  text: string;
  thread_ts?: string;
}

/** A person writes a message. The bot hears of it where it is a member: as a mention, and as a direct message. */
export async function sayAs(
  core: Core,
  options: SayOptions,
): Promise<{ message: Message; delivery: Delivery | undefined }> {
  const user = getUser(core, options.user);
  const channel = getChannel(core, options.channel);
  requirePresence(channel, user);
  const thread = options.thread_ts ? { thread_ts: options.thread_ts } : {};
  const message = core.state.addMessage({
    channel: channel.id,
    user: user.id,
    text: escapeMessage(core, options.text),
    ...thread,
  });
  if (!channel.members.has(BOT_USER_ID)) return { message, delivery: undefined };
  const shared = {
    ...toMessageObject(core, message),
    channel: channel.id,
    event_ts: message.ts,
    client_msg_id: crypto.randomUUID(),
  };
  let delivery: Delivery | undefined;
  if (channel.kind !== 'im' && options.text.includes(`<@${BOT_USER_ID}`)) {
    delivery = await sendEvent(core, { ...shared, type: 'app_mention' });
  }
  const heard = await sendEvent(core, { ...shared, type: 'message', channel_type: CHANNEL_TYPE[channel.kind] });
  return { message, delivery: heard ?? delivery };
}

/**
 * Slack tells an app of its own posts in direct messages as of anybody's, and of what changed in them (`message_changed`):
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

export async function writeToBot(core: Core, userRef: string, text: string): ReturnType<typeof sayAs> {
  const user = getUser(core, userRef);
  if (!core.manifest.messagesTab) throw new Error('the manifest does not let people write to the app');
  return sayAs(core, { user: user.id, channel: core.state.openDirect(user.id).id, text });
}

/** Someone opens the app's Home tab. Answers the delivery; the view is published afterwards. */
export async function openHomeTab(core: Core, userRef: string): Promise<Delivery | undefined> {
  const user = getUser(core, userRef);
  const view = core.state.views.get(core.state.homes.get(user.id) ?? '');
  return sendEvent(core, {
    type: 'app_home_opened',
    user: user.id,
    channel: core.state.openDirect(user.id).id,
    tab: 'home',
    ...(view ? { view: toViewObject(view) } : {}),
  });
}

/** Adds a person or the bot (`bot`) to a channel; the bot hears of everyone who joins a channel it is in. */
export async function inviteTo(core: Core, who: string, channelRef: string, inviter?: string): Promise<void> {
  const user = getUser(core, who === 'bot' ? BOT_USER_ID : who);
  const channel = getChannel(core, channelRef);
  channel.members.add(user.id);
  core.state.changed({ kind: 'channel', channel: channel.id });
  if (!channel.members.has(BOT_USER_ID)) return;
  const by = inviter ? getUser(core, inviter).id : [...channel.members].find((id) => id !== user.id);
  await sendEvent(core, {
    type: 'member_joined_channel',
    user: user.id,
    channel: channel.id,
    channel_type: channel.kind === 'private' ? 'G' : 'C',
    team: TEAM_ID,
    ...(by ? { inviter: by } : {}),
  });
}

export async function removeFrom(core: Core, who: string, channelRef: string): Promise<void> {
  const user = getUser(core, who === 'bot' ? BOT_USER_ID : who);
  const channel = getChannel(core, channelRef);
  channel.members.delete(user.id);
  core.state.changed({ kind: 'channel', channel: channel.id });
  const event = {
    user: user.id,
    channel: channel.id,
    channel_type: channel.kind === 'private' ? 'G' : 'C',
    team: TEAM_ID,
  };
  await sendEvent(core, { type: 'member_left_channel', ...event });
}

/** Archives a channel, or brings it back. Bots are put out of an archived channel and cannot return by themselves. */
export async function archiveChannel(core: Core, channelRef: string, archived: boolean): Promise<void> {
  const channel: Channel = getChannel(core, channelRef);
  const member = channel.members.has(BOT_USER_ID);
  channel.is_archived = archived;
  core.state.changed({ kind: 'channel', channel: channel.id });
  const prefix = channel.kind === 'private' ? 'group' : 'channel';
  if (member || channel.kind === 'public') {
    const type = `${prefix}_${archived ? 'archive' : 'unarchive'}`;
    await sendEvent(core, { type, channel: channel.id, user: channel.creator });
  }
  if (archived) channel.members.delete(BOT_USER_ID);
}
