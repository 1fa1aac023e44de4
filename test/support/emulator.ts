import type { Core } from '../../src/playground/emulator/core.ts';
import { deliverEvent, sendEvent } from '../../src/playground/emulator/events.ts';
import { getChannel, getUser } from '../../src/playground/emulator/interact.ts';
import { BOT_ID, BOT_USER_ID, TEAM_ID } from '../../src/playground/emulator/seed.ts';
import type { SayOptions } from '../../src/playground/emulator/speaking.ts';
import type { WorkspaceState } from '../../src/playground/emulator/state.ts';
import type { Change, Delivery, JsonObject, Message, Retry } from '../../src/playground/emulator/types.ts';
import { waitFor } from '../../src/playground/emulator/wait-for.ts';
import {
  startEmulator as start,
  type Emulator as Workspace,
  type EmulatorOptions as WorkspaceOptions,
} from '../../src/playground/emulator/workspace.ts';
import { type RecordedCall, SlackFaults } from './slack-faults.ts';
import { type HttpDelivery, replay, sendOverHttp } from './slack-http.ts';

export type { Interaction } from '../../src/playground/emulator/interact.ts';
export type * from '../../src/playground/emulator/types.ts';

export interface EmulatorOptions extends Omit<WorkspaceOptions, 'faults'> {
  /** How long an uploaded file is processed (real milliseconds), default 0. */
  fileDelayMs?: number;
}
export type Emulator = Awaited<ReturnType<typeof startEmulator>>;

/** An emulated workspace with faults on demand, in which all that Slack tells of can happen. */
export async function startEmulator({ fileDelayMs = 0, ...options }: EmulatorOptions = {}) {
  const faults = Object.assign(new SlackFaults(), { fileDelayMs });
  const slack = await start({ ...options, faults });
  const { core } = slack;
  const { sockets } = core;
  faults.onOutage = () => sockets.disconnect('drop');
  const whole = Object.assign(watch(slack), createHappenings(core, slack.say), {
    faults,
    botId: BOT_ID,
    teamId: TEAM_ID,
    /** Where signed requests go while no Socket Mode connection is open. */
    eventsUrl: undefined as string | undefined,
    /** The same bytes and signature again (HTTP mode). */
    replay: (delivery: Delivery) => replay(core, whole.eventsUrl!, delivery as HttpDelivery),
    /** Socket Mode: asks for a reconnection, or cuts the connections. */
    disconnectSockets: (reason: Parameters<typeof sockets.disconnect>[0] = 'refresh_requested') =>
      sockets.disconnect(reason),
  });
  core.overHttp = (type, payload, retry) =>
    whole.eventsUrl === undefined ? undefined : sendOverHttp(core, whole.eventsUrl, { type, payload, retry });
  return whole;
}

/** Adds what can be seen in a workspace. Users and channels are named by id or name. */
export function watch(slack: Workspace) {
  const { core } = slack;
  const { state } = core;
  const { calls } = core.faults as SlackFaults;
  const messagesOf = (channel: string) => state.channelMessages(getChannel(core, channel).id);
  return Object.assign(slack, {
    /** As in the demo; a wait in vain tells the newest messages, calls and problems. */
    waitFor: <T>(predicate: () => T | undefined | false | null, what: string, timeoutMs?: number) =>
      waitFor(state, predicate, what, timeoutMs).catch((error: Error) => {
        error.message += describe(state, calls);
        throw error;
      }),
    calls,
    problems: state.problems,
    messages: (channel: string) => [...messagesOf(channel)],
    /** The parent and its replies, oldest first. */
    thread: (channel: string, ts: string) => messagesOf(channel).filter((one) => one.ts === ts || one.thread_ts === ts),
    /** Private messages that `user` sees, oldest first. */
    ephemerals(user: string, channel?: string) {
      const id = getUser(core, user).id;
      const place = channel === undefined ? undefined : getChannel(core, channel).id;
      return state.ephemerals.filter((one) => one.to === id && (place === undefined || one.channel === place));
    },
    /** Direct messages between `user` and the bot. */
    directMessages: (user: string) => [...state.channelMessages(state.openDirect(getUser(core, user).id).id)],
    file: (id: string) => state.files.get(id),
    /** Returns a function that ends it. */
    on: (_event: 'change', listener: (change: Change) => void) => state.onChange(listener),
    /** Throws with every problem listed. */
    assertNoProblems() {
      if (state.problems.length === 0) return;
      const lines = state.problems.map(({ kind, where, detail }) => `${kind} in ${where}: ${detail}`);
      throw new Error(`${lines.length} problems that Slack would refuse or people would meet:\n${lines.join('\n')}`);
    },
    /** The problems so far, which are forgotten: for a test that causes them. */
    takeProblems: () => state.problems.splice(0),
  });
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
      channel.is_archived = archived;
      state.changed();
      if (archived) channel.members.delete(BOT_USER_ID);
    },
    /** Any event that the manifest subscribes to (else undefined); a whole `event_callback` (for a repeated `event_id`) is sent as it is. */
    event: (event: JsonObject, retry?: Retry): Promise<Delivery | undefined> =>
      event.type === 'event_callback' ? deliverEvent(core, event, retry) : sendEvent(core, event),
  };
}

/** Settings of a bot with a database of its own in this workspace, told of alerts in #oncall. */
export function settingsIn(slack: Emulator, databaseUrl: string): Record<string, string> {
  return {
    SLACK_BOT_TOKEN: slack.botToken,
    SLACK_SIGNING_SECRET: slack.signingSecret,
    SLACK_API_URL: slack.apiUrl,
    DATABASE_URL: databaseUrl,
    SECRET_KEY: Buffer.alloc(32, 7).toString('base64'),
    PORT: '0',
    ALERT_CHANNEL: 'C01ONCALL',
    ONCALL: 'S0123',
  };
}

/** The newest of everything, short: what one wants to see when a wait failed. */
function describe({ messages, ephemerals, problems }: WorkspaceState, calls: readonly RecordedCall[]): string {
  const inChannels = [...messages].map(([channel, said]) => [
    `messages in ${channel}`,
    said.map((one) => `${one.ts} ${one.user}: ${one.text}`),
  ]);
  const parts: Record<string, string[]> = {
    ...Object.fromEntries(inChannels),
    'private messages': ephemerals.map((one) => `${one.channel} only ${one.to}: ${one.text}`),
    calls: calls.map((call) => `${call.method} ${call.status} ${JSON.stringify(call.answer)}`),
    problems: problems.map((one) => `${one.kind} in ${one.where}: ${one.detail}`),
  };
  return Object.entries(parts)
    .map(
      ([name, lines]) =>
        `\n  newest ${name}:${lines
          .slice(-6)
          .map((line) => `\n    ${line.slice(0, 160)}`)
          .join('')}`,
    )
    .join('');
}
