import { fileURLToPath } from 'node:url';
import { type ClickOptions, type SuggestOptions, sendAction, suggestOptions } from './actions.ts';
import {
  archiveChannel,
  deliverEvent,
  inviteTo,
  openHomeTab,
  removeFrom,
  type SayOptions,
  sayAs,
  sendEvent,
  writeToBot,
} from './activity.ts';
import { prepareSchema } from './block-schema.ts';
import { type CommandOptions, runShortcut, type ShortcutOptions, sendCommand } from './commands.ts';
import { createControl } from './control.ts';
import { type Core, CREDENTIALS } from './core.ts';
import { type Delivery, type Retry, replay } from './delivery.ts';
import { Faults } from './faults.ts';
import { FileStore } from './files.ts';
import { getChannel, getUser, type Interaction } from './interact.ts';
import { type Manifest, readManifest } from './manifest.ts';
import { closeModal, type SubmitOptions, submitModal } from './modals.ts';
import { ResponseUrls } from './response-url.ts';
import { BOT_ID, BOT_USER_ID, TEAM_ID } from './seed.ts';
import { type Handler, listen } from './server.ts';
import { SocketMode } from './socket-mode.ts';
import { WorkspaceState } from './state.ts';
import type {
  Change,
  Ephemeral,
  JsonObject,
  Message,
  Problem,
  RecordedCall,
  StoredFile,
  View,
  WorkspaceSeed,
} from './types.ts';
import { Triggers } from './views.ts';
import { waitFor } from './wait.ts';

export type { Interaction } from './interact.ts';
export type * from './types.ts';

export interface EmulatorOptions {
  /** 0, the default, takes a free one. */
  port?: number;
  /** Path of the app manifest; default: the one of this repository. */
  manifest?: string;
  /** The workspace's clock, epoch ms: timestamps, signatures, expiry of triggers and response URLs. */
  now?: () => number;
  seed?: WorkspaceSeed;
  /** How long an uploaded file is processed (real milliseconds), default 0. */
  fileDelayMs?: number;
  /** About one message a second per channel, as Slack; off by default. */
  rateLimits?: boolean;
  /** Where signed requests go while no Socket Mode connection is open. Can be set later. */
  eventsUrl?: string;
  /** Answers requests for other paths (the playground's pages); true when it did. */
  pages?: Handler;
}

export interface Emulator {
  /** `http://127.0.0.1:port`; the Web API is at `apiUrl`. */
  readonly url: string;
  /** For SLACK_API_URL and `clientOptions.slackApiUrl`. */
  readonly apiUrl: string;
  readonly botToken: string;
  readonly appToken: string;
  readonly signingSecret: string;
  readonly botUserId: string;
  readonly botId: string;
  readonly teamId: string;
  readonly manifest: Manifest;
  eventsUrl: string | undefined;
  /** Open Socket Mode connections; while there are any, everything goes over them. */
  readonly connected: number;
  readonly workspace: WorkspaceState;

  command(options: CommandOptions): Promise<Interaction>;
  click(options: ClickOptions): Promise<Interaction>;
  submitView(options: SubmitOptions): Promise<Interaction>;
  closeView(options: { user: string; viewId: string; clear?: boolean }): Promise<void>;
  suggest(options: SuggestOptions): Promise<JsonObject[]>;
  shortcut(options: ShortcutOptions): Promise<Interaction>;
  /** Opens the Home tab and waits until the app has published it (3 s). */
  openHome(user: string): Promise<View>;
  /** Writes `text` after a mention of the bot (unless it has one). */
  mention(options: SayOptions): Promise<Message>;
  /** Writes any message. */
  say(options: SayOptions): Promise<Message>;
  /** Writes to the app in its Messages tab. */
  directMessage(user: string, text: string): Promise<Message>;
  /** `bot`, or a user. */
  invite(who: string, channel: string, inviter?: string): Promise<void>;
  remove(who: string, channel: string): Promise<void>;
  archive(channel: string, archived?: boolean): Promise<void>;
  /** Any event that the manifest subscribes to (else undefined); a whole `event_callback` (for a repeated `event_id`) is sent as it is. */
  event(event: JsonObject, retry?: Retry): Promise<Delivery | undefined>;
  /** The same bytes and signature again (HTTP mode). */
  replay(delivery: Delivery): Promise<Delivery>;

  messages(channel: string): Message[];
  /** The parent and its replies, oldest first. */
  thread(channel: string, ts: string): Message[];
  /** Private messages that `user` sees, oldest first. */
  ephemerals(user: string, channel?: string): Ephemeral[];
  /** The visible modal. */
  modal(user: string): View | undefined;
  home(user: string): View | undefined;
  file(id: string): StoredFile | undefined;
  /** Direct messages between `user` and the bot. */
  directMessages(user: string): Message[];

  /**
   * Resolves with the first truthy answer of `predicate`, asked now and after every change. Rejects after `timeoutMs`
   * (5 s), naming `what`, with the newest messages, calls and problems.
   */
  waitFor<T>(predicate: () => T | undefined | false | null, what: string, timeoutMs?: number): Promise<T>;
  /** Returns a function that ends it. */
  on(event: 'change', listener: (change: Change) => void): () => void;
  readonly faults: Faults;
  /** Socket Mode: asks for a reconnection, or cuts the connections. */
  disconnectSockets(reason?: 'refresh_requested' | 'warning' | 'link_disabled' | 'drop'): void;
  readonly calls: RecordedCall[];
  readonly problems: Problem[];
  /** Throws with every problem listed. */
  assertNoProblems(): void;
  /** The problems so far, which are forgotten: for a test that causes them. */
  takeProblems(): Problem[];
  /** Ends everything; may be called twice. */
  stop(): Promise<void>;
}

const MANIFEST_PATH = fileURLToPath(new URL('../../../app-manifest.yml', import.meta.url));

/**
 * A Slack workspace with the app of the manifest installed, on a port of 127.0.0.1. Bolt and the Web API client work
 * against it unchanged. Its limits and errors follow Slack's documentation; what is known from issue threads only is
 * marked where it is done.
 */
export async function startEmulator(options: EmulatorOptions = {}): Promise<Emulator> {
  prepareSchema();
  const manifest = readManifest(options.manifest ?? MANIFEST_PATH);
  const state = new WorkspaceState(options.seed ?? {}, manifest.name, options.now ?? Date.now);
  const sockets = new SocketMode(state, () => core.url);
  const faults = new Faults((on) => on && sockets.disconnect('drop'));
  faults.enforceRateLimits = options.rateLimits ?? false;
  const core: Core = {
    url: '',
    eventsUrl: options.eventsUrl,
    manifest,
    state,
    faults,
    files: new FileStore(state, faults, options.fileDelayMs ?? 0),
    triggers: new Triggers(state),
    responseUrls: new ResponseUrls(),
    sockets,
  };
  const handlers: Handler[] = options.pages ? [options.pages] : [];
  const server = await listen(core, options.port ?? 0, handlers);
  let stopped: Promise<void> | undefined;
  const emulator: Emulator = {
    ...toPeople(core),
    ...toSights(core),
    url: core.url,
    apiUrl: `${core.url}/api/`,
    ...CREDENTIALS,
    botUserId: BOT_USER_ID,
    botId: BOT_ID,
    teamId: TEAM_ID,
    manifest,
    get eventsUrl() {
      return core.eventsUrl;
    },
    set eventsUrl(url) {
      core.eventsUrl = url;
    },
    get connected() {
      return sockets.connected;
    },
    workspace: state,
    faults,
    disconnectSockets: (reason = 'refresh_requested') => sockets.disconnect(reason),
    stop() {
      stopped ??= new Promise((resolve) => {
        core.files.stop();
        sockets.stop();
        server.close(() => resolve());
        server.closeAllConnections();
      });
      return stopped;
    },
  };
  handlers.unshift(createControl(emulator));
  return emulator;
}

function toPeople(core: Core) {
  return {
    command: (options: CommandOptions) => sendCommand(core, options),
    click: (options: ClickOptions) => sendAction(core, options),
    submitView: (options: SubmitOptions) => submitModal(core, options),
    closeView: (options: Parameters<Emulator['closeView']>[0]) => closeModal(core, options),
    suggest: (options: SuggestOptions) => suggestOptions(core, options),
    shortcut: (options: ShortcutOptions) => runShortcut(core, options),
    async openHome(user: string) {
      const id = getUser(core, user).id;
      const before = core.state.views.get(core.state.homes.get(id) ?? '');
      await openHomeTab(core, id);
      const published = () => {
        const view = core.state.views.get(core.state.homes.get(id) ?? '');
        return view !== before ? view : undefined;
      };
      return waitFor(core.state, published, `the Home tab of ${id} is published`, 3000);
    },
    async mention(options: SayOptions) {
      const tag = `<@${BOT_USER_ID}>`;
      const text = options.text.includes(tag) ? options.text : `${tag} ${options.text}`.trim();
      return (await sayAs(core, { ...options, text })).message;
    },
    say: async (options: SayOptions) => (await sayAs(core, options)).message,
    directMessage: async (user: string, text: string) => (await writeToBot(core, user, text)).message,
    invite: (who: string, channel: string, inviter?: string) => inviteTo(core, who, channel, inviter),
    remove: (who: string, channel: string) => removeFrom(core, who, channel),
    archive: (channel: string, archived = true) => archiveChannel(core, channel, archived),
    event: (event: JsonObject, retry?: Retry) =>
      event.type === 'event_callback' ? deliverEvent(core, event, retry) : sendEvent(core, event),
    replay: (delivery: Delivery) => replay(core, delivery),
  };
}

function toSights(core: Core) {
  const { state } = core;
  return {
    calls: state.calls,
    problems: state.problems,
    messages: (channel: string) => [...state.channelMessages(getChannel(core, channel).id)],
    thread: (channel: string, ts: string) =>
      state.channelMessages(getChannel(core, channel).id).filter((one) => one.ts === ts || one.thread_ts === ts),
    ephemerals(user: string, channel?: string) {
      const id = getUser(core, user).id;
      const place = channel === undefined ? undefined : getChannel(core, channel).id;
      return state.ephemerals.filter((one) => one.to === id && (place === undefined || one.channel === place));
    },
    directMessages: (user: string) => [...state.channelMessages(state.openDirect([getUser(core, user).id]).id)],
    modal: (user: string) => state.views.get(state.modals.get(getUser(core, user).id)?.at(-1) ?? ''),
    home: (user: string) => state.views.get(state.homes.get(getUser(core, user).id) ?? ''),
    file: (id: string) => state.files.get(id),
    waitFor: <T>(predicate: () => T | undefined | false | null, what: string, timeoutMs = 5000) =>
      waitFor(state, predicate, what, timeoutMs),
    on: (_event: 'change', listener: (change: Change) => void) => state.onChange(listener),
    assertNoProblems() {
      if (state.problems.length === 0) return;
      const lines = state.problems.map(({ kind, where, detail }) => `${kind} in ${where}: ${detail}`);
      throw new Error(`${lines.length} problems that Slack would refuse or people would meet:\n${lines.join('\n')}`);
    },
    takeProblems: () => state.problems.splice(0),
  };
}
