import { ApiError, type Core, CREDENTIALS } from './core.ts';
import { isObject } from './elements.ts';
import { CHANNEL_TYPE, sendEvent } from './events.ts';
import {
  findTarget,
  getChannel,
  getUser,
  type Interaction,
  interact,
  interactionBase,
  requirePresence,
  toNamed,
} from './interact.ts';
import { escapeMessage, escapeText, toMessageObject } from './post.ts';
import { say } from './response-url.ts';
import { APP_ID, BOT_USER_ID, TEAM_DOMAIN, TEAM_ID, waitFor } from './state.ts';
import type { Message, View } from './types.ts';
import { toViewObject } from './views.ts';

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

export interface CommandOptions {
  user: string;
  channel: string;
  text: string;
  command?: string;
}

export interface ShortcutOptions {
  user: string;
  callback_id: string;
  message: { channel: string; ts: string };
}

/** Creates the acts that start with the app itself: slash commands and message shortcuts of the manifest. */
export function createAsking(core: Core) {
  return {
    /** Runs a slash command. Its text is escaped if the manifest asks for that. A message in the acknowledgement is shown. */
    async command(options: CommandOptions): Promise<Interaction> {
      const user = getUser(core, options.user);
      const channel = getChannel(core, options.channel);
      requirePresence(channel, user);
      const command = options.command ?? '/usage';
      const declared = core.manifest.commands.get(command);
      if (!declared) throw new Error(`${command} is not in the manifest`);
      const payload = {
        token: CREDENTIALS.verificationToken,
        team_id: TEAM_ID,
        team_domain: TEAM_DOMAIN,
        channel_id: channel.id,
        channel_name: toNamed(channel).name,
        user_id: user.id,
        user_name: user.name,
        command,
        text: declared.shouldEscape ? escapeText(core, options.text) : options.text,
        api_app_id: APP_ID,
        is_enterprise_install: 'false',
      };
      const done = await interact(core, user, payload, { channel }, 'slash_commands');
      const said = typeof done.ack === 'string' ? { text: done.ack } : done.ack;
      if (!isObject(said)) return done;
      try {
        say(core, core.responseUrls.get(new URL(done.responseUrl).pathname)!, said, `${command} acknowledgement`);
      } catch (error) {
        if (!(error instanceof ApiError)) throw error;
      }
      return done;
    },
    /** Runs a message shortcut. */
    shortcut(options: ShortcutOptions): Promise<Interaction> {
      const user = getUser(core, options.user);
      if (!core.manifest.shortcuts.has(options.callback_id))
        throw new Error(`shortcut ${options.callback_id} is not in the manifest`);
      const message = findTarget(core, options.message).message!;
      const channel = getChannel(core, options.message.channel);
      const payload = {
        ...interactionBase('message_action', user),
        callback_id: options.callback_id,
        message_ts: message.ts,
        action_ts: core.state.nextTs(),
        channel: toNamed(channel),
        message: toMessageObject(core, message, true),
      };
      // No `source`: the message is not the app's answer, so its response_url cannot replace it.
      return interact(core, user, payload, { channel });
    },
  };
}
