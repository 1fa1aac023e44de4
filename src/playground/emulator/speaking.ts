import type { Core } from './core.ts';
import { type Delivery, type Retry, replay } from './delivery.ts';
import { CHANNEL_TYPE, deliverEvent, sendEvent } from './events.ts';
import { getChannel, getUser, requirePresence } from './interact.ts';
import { toMessageObject } from './post.ts';
import { BOT_USER_ID, TEAM_ID } from './seed.ts';
import type { JsonObject, Message, View } from './types.ts';
import { toViewObject } from './views.ts';
import { waitFor } from './wait-for.ts';
import { escapeMessage } from './written.ts';

export interface SayOptions {
  user: string;
  channel: string;
  text: string;
  thread_ts?: string;
}

/** Messages, and what else happens in channels and on the Home tab. */
export function createSpeaking(core: Core) {
  const { state } = core;
  const findHome = (user: string) => state.views.get(state.homes.get(user) ?? '');

  /** Writes any message. The bot hears of it where it is a member: as a mention, and as a direct message. */
  async function say(options: SayOptions): Promise<Message> {
    const user = getUser(core, options.user);
    const channel = getChannel(core, options.channel);
    requirePresence(channel, user);
    const thread = options.thread_ts ? { thread_ts: options.thread_ts } : {};
    const text = escapeMessage(core, options.text);
    const message = state.addMessage({ channel: channel.id, user: user.id, text, ...thread });
    if (!channel.members.has(BOT_USER_ID)) return message;
    const event = {
      ...toMessageObject(core, message),
      channel: channel.id,
      event_ts: message.ts,
      client_msg_id: crypto.randomUUID(),
    };
    if (channel.kind !== 'im' && options.text.includes(`<@${BOT_USER_ID}`))
      await sendEvent(core, { ...event, type: 'app_mention' });
    await sendEvent(core, { ...event, type: 'message', channel_type: CHANNEL_TYPE[channel.kind] });
    return message;
  }

  /** The bot hears of who joins or leaves a channel that it is in, itself included. */
  function membership(type: 'joined' | 'left', user: string, channelRef: string, more: JsonObject = {}) {
    const { id: channel, kind } = getChannel(core, channelRef);
    const channel_type = kind === 'private' ? 'G' : 'C';
    return sendEvent(core, { type: `member_${type}_channel`, user, channel, channel_type, team: TEAM_ID, ...more });
  }

  return {
    say,
    /** Writes `text` after a mention of the bot (unless it has one). */
    mention(options: SayOptions): Promise<Message> {
      const tag = `<@${BOT_USER_ID}>`;
      return say({ ...options, text: options.text.includes(tag) ? options.text : `${tag} ${options.text}`.trim() });
    },
    /** Writes to the app in its Messages tab. */
    async directMessage(userRef: string, text: string): Promise<Message> {
      if (!core.manifest.messagesTab) throw new Error('the manifest does not let people write to the app');
      const user = getUser(core, userRef).id;
      return say({ user, channel: state.openDirect(user).id, text });
    },
    /** Opens the Home tab and waits until the app has published it. */
    async openHome(userRef: string): Promise<View> {
      const user = getUser(core, userRef).id;
      const before = findHome(user);
      await sendEvent(core, {
        type: 'app_home_opened',
        user,
        channel: state.openDirect(user).id,
        tab: 'home',
        ...(before ? { view: toViewObject(before) } : {}),
      });
      const published = () => (findHome(user) === before ? undefined : findHome(user));
      return waitFor(state, published, `the Home tab of ${user} is published`);
    },
    /** Adds a person or the bot (`bot`) to a channel; the bot hears of everyone who joins a channel it is in. */
    async invite(who: string, channelRef: string, inviterRef?: string): Promise<void> {
      const user = getUser(core, who === 'bot' ? BOT_USER_ID : who).id;
      const { members } = getChannel(core, channelRef);
      members.add(user);
      state.changed();
      const inviter = inviterRef ? getUser(core, inviterRef).id : [...members].find((id) => id !== user);
      if (members.has(BOT_USER_ID)) await membership('joined', user, channelRef, inviter ? { inviter } : {});
    },
    async remove(who: string, channelRef: string): Promise<void> {
      const user = getUser(core, who === 'bot' ? BOT_USER_ID : who).id;
      getChannel(core, channelRef).members.delete(user);
      state.changed();
      await membership('left', user, channelRef);
    },
    /** Archives a channel, or brings it back. Bots are put out of an archived channel and cannot return by themselves. */
    async archive(channelRef: string, archived = true): Promise<void> {
      const channel = getChannel(core, channelRef);
      const heard = channel.members.has(BOT_USER_ID) || channel.kind === 'public';
      channel.is_archived = archived;
      state.changed();
      const type = `${CHANNEL_TYPE[channel.kind]}_${archived ? 'archive' : 'unarchive'}`;
      if (heard) await sendEvent(core, { type, channel: channel.id, user: channel.creator });
      if (archived) channel.members.delete(BOT_USER_ID);
    },
    /** Any event that the manifest subscribes to (else undefined); a whole `event_callback` (for a repeated `event_id`) is sent as it is. */
    event: (event: JsonObject, retry?: Retry): Promise<Delivery | undefined> =>
      event.type === 'event_callback' ? deliverEvent(core, event, retry) : sendEvent(core, event),
    /** The same bytes and signature again (HTTP mode). */
    replay: (delivery: Delivery): Promise<Delivery> => replay(core, delivery),
  };
}
