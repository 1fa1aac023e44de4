import type { Core } from '../../src/playground/emulator/core.ts';
import { deliverEvent, sendEvent } from '../../src/playground/emulator/events.ts';
import { getChannel, getUser } from '../../src/playground/emulator/interact.ts';
import type { SayOptions } from '../../src/playground/emulator/speaking.ts';
import { BOT_ID, BOT_USER_ID, TEAM_ID, type WorkspaceState, waitFor } from '../../src/playground/emulator/state.ts';
import type { Change, Delivery, JsonObject, Message, Retry } from '../../src/playground/emulator/types.ts';
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
  /** Time that Slack takes to process an uploaded file, in real milliseconds; default 0. */
  fileDelayMs?: number;
}
export type Emulator = Awaited<ReturnType<typeof startEmulator>>;

/** Starts an emulated workspace for tests: with faults on demand, and with events that the demo does not need. */
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
    /** Address for signed requests while no Socket Mode connection is open (HTTP mode). */
    eventsUrl: undefined as string | undefined,
    /** Sends the same bytes and signature again (HTTP mode). */
    replay: (delivery: Delivery) => replay(core, whole.eventsUrl!, delivery as HttpDelivery),
    /** Asks the app to reconnect, or cuts its connections (Socket Mode). */
    disconnectSockets: (reason: Parameters<typeof sockets.disconnect>[0] = 'refresh_requested') =>
      sockets.disconnect(reason),
  });
  core.overHttp = (type, payload, retry) =>
    whole.eventsUrl === undefined ? undefined : sendOverHttp(core, whole.eventsUrl, { type, payload, retry });
  return whole;
}

/** Adds functions that read the workspace. Users and channels are given by id or name. */
export function watch(slack: Workspace) {
  const { core } = slack;
  const { state } = core;
  const { calls } = core.faults as SlackFaults;
  const messagesOf = (channel: string) => state.channelMessages(getChannel(core, channel).id);
  return Object.assign(slack, {
    /** Waits as the demo does. If it waits in vain, the error lists the newest messages, calls and problems. */
    waitFor: <T>(predicate: () => T | undefined | false | null, what: string, timeoutMs?: number) =>
      waitFor(state, predicate, what, timeoutMs).catch((error: Error) => {
        error.message += describe(state, calls);
        throw error;
      }),
    calls,
    problems: state.problems,
    messages: (channel: string) => [...messagesOf(channel)],
    /** Lists a parent and its replies, oldest first. */
    thread: (channel: string, ts: string) => messagesOf(channel).filter((one) => one.ts === ts || one.thread_ts === ts),
    /** Lists the private messages that `user` sees, oldest first. */
    ephemerals(user: string, channel?: string) {
      const id = getUser(core, user).id;
      const place = channel === undefined ? undefined : getChannel(core, channel).id;
      return state.ephemerals.filter((one) => one.to === id && (place === undefined || one.channel === place));
    },
    /** Lists the direct messages between `user` and the bot. */
    directMessages: (user: string) => [...state.channelMessages(state.openDirect(getUser(core, user).id).id)],
    file: (id: string) => state.files.get(id),
    /** Listens to changes. Returns a function that stops it. */
    on: (_event: 'change', listener: (change: Change) => void) => state.onChange(listener),
    /** Throws an error that lists all problems, if there are any. */
    assertNoProblems() {
      if (state.problems.length === 0) return;
      const lines = state.problems.map(({ kind, where, detail }) => `${kind} in ${where}: ${detail}`);
      throw new Error(`${lines.length} problems that Slack would refuse or people would meet:\n${lines.join('\n')}`);
    },
    /** Returns the problems so far and forgets them, for a test that causes them on purpose. */
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
    /** Removes a person or the bot (`bot`) from a channel. The bot gets an event, even about itself. */
    async remove(who: string, channelRef: string): Promise<void> {
      const user = getUser(core, who === 'bot' ? BOT_USER_ID : who).id;
      const { id: channel, kind, members } = getChannel(core, channelRef);
      members.delete(user);
      state.changed();
      const place = { channel, channel_type: kind === 'private' ? 'G' : 'C', team: TEAM_ID };
      await sendEvent(core, { type: 'member_left_channel', user, ...place });
    },
    /** Archives a channel, or restores it. Slack removes bots from an archived channel, and they cannot return by themselves. */
    async archive(channelRef: string, archived = true): Promise<void> {
      const channel = getChannel(core, channelRef);
      channel.is_archived = archived;
      state.changed();
      if (archived) channel.members.delete(BOT_USER_ID);
    },
    /**
     * Sends an event; undefined if the manifest does not subscribe to it. A whole `event_callback` is sent as it is, to repeat an
     * `event_id`.
     */
    event: (event: JsonObject, retry?: Retry): Promise<Delivery | undefined> =>
      event.type === 'event_callback' ? deliverEvent(core, event, retry) : sendEvent(core, event),
  };
}

/** Returns the settings of a bot in this workspace, on its own database, with alerts in #oncall. */
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

/** Describes the newest messages, calls and problems in short, for the error of a wait in vain. */
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
