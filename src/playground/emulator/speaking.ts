import type { Core } from './core.ts';
import { CHANNEL_TYPE, sendEvent } from './events.ts';
import { getChannel, getUser, requirePresence } from './interact.ts';
import { toMessageObject } from './post.ts';
import { BOT_USER_ID, TEAM_ID } from './seed.ts';
import type { Message, View } from './types.ts';
import { toViewObject } from './views.ts';
import { waitFor } from './wait-for.ts';
import { escapeMessage } from './written.ts';

export interface SayOptions {
  user: string;
  channel: string;
  text: string;
  thread_ts?: string;
}

/** Creates the acts of people that are no interactions: messages, invitations and opening the Home tab. */
export function createSpeaking(core: Core) {
  const { state } = core;
  const findHome = (user: string) => state.views.get(state.homes.get(user) ?? '');

  /** Writes a message. If the bot is a member, it gets the events that it subscribes to: of a mention, and of a direct message. */
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

  return {
    say,
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
    /** Adds a person or the bot (`bot`) to a channel. The bot gets an event about everyone who joins a channel it is in. */
    async invite(who: string, channelRef: string, inviterRef?: string): Promise<void> {
      const user = getUser(core, who === 'bot' ? BOT_USER_ID : who).id;
      const { id: channel, kind, members } = getChannel(core, channelRef);
      members.add(user);
      state.changed();
      const inviter = inviterRef ? getUser(core, inviterRef).id : [...members].find((id) => id !== user);
      if (!members.has(BOT_USER_ID)) return;
      const place = { channel, channel_type: kind === 'private' ? 'G' : 'C', team: TEAM_ID };
      await sendEvent(core, { type: 'member_joined_channel', user, ...place, ...(inviter ? { inviter } : {}) });
    },
  };
}
