import type { Core } from '../../src/playground/emulator/core.ts';
import { type Delivery, type Retry, replay } from '../../src/playground/emulator/delivery.ts';
import { CHANNEL_TYPE, deliverEvent, sendEvent } from '../../src/playground/emulator/events.ts';
import { getChannel, getUser } from '../../src/playground/emulator/interact.ts';
import { BOT_USER_ID, TEAM_ID } from '../../src/playground/emulator/seed.ts';
import type { SayOptions } from '../../src/playground/emulator/speaking.ts';
import type { JsonObject, Message } from '../../src/playground/emulator/types.ts';
import {
  startEmulator as start,
  type EmulatorOptions as WorkspaceOptions,
} from '../../src/playground/emulator/workspace.ts';
import { SlackFaults } from './slack-faults.ts';

export type { Interaction } from '../../src/playground/emulator/interact.ts';
export type * from '../../src/playground/emulator/types.ts';

export type EmulatorOptions = Omit<WorkspaceOptions, 'faults'>;
export type Emulator = Awaited<ReturnType<typeof startEmulator>>;

/** An emulated workspace with faults on demand, in which all that Slack tells of can happen. */
export async function startEmulator(options: EmulatorOptions = {}) {
  const faults = new SlackFaults();
  const slack = await start({ ...options, faults });
  faults.onOutage = () => slack.disconnectSockets('drop');
  return Object.assign(slack, { faults }, createHappenings(slack.core, slack.say));
}

function createHappenings(core: Core, say: (options: SayOptions) => Promise<Message>) {
  const { state } = core;
  return {
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
    /** Puts a person or the bot (`bot`) out of a channel. The bot hears of it, itself included. */
    async remove(who: string, channelRef: string): Promise<void> {
      const user = getUser(core, who === 'bot' ? BOT_USER_ID : who).id;
      const { id: channel, kind, members } = getChannel(core, channelRef);
      members.delete(user);
      state.changed();
      const place = { channel, channel_type: kind === 'private' ? 'G' : 'C', team: TEAM_ID };
      await sendEvent(core, { type: 'member_left_channel', user, ...place });
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
