import { fileURLToPath } from 'node:url';
import { createActing } from './acting.ts';
import type { Faults } from './answer.ts';
import { createAsking } from './asking.ts';
import { createControl } from './control.ts';
import { type Core, CREDENTIALS } from './core.ts';
import { FileStore } from './files.ts';
import { getChannel, getUser } from './interact.ts';
import { readManifest } from './manifest.ts';
import { BOT_ID, BOT_USER_ID, TEAM_ID } from './seed.ts';
import { type Handler, listen } from './server.ts';
import { SocketMode } from './socket-mode.ts';
import { createSpeaking } from './speaking.ts';
import { WorkspaceState } from './state.ts';
import type { Change, WorkspaceSeed } from './types.ts';
import { waitFor } from './wait-for.ts';

export type { Interaction } from './interact.ts';
export type * from './types.ts';

const MANIFEST_PATH = fileURLToPath(new URL('../../../app-manifest.yml', import.meta.url));

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
  /** Bad days, for tests. */
  faults?: Faults;
  /** Answers requests for other paths (the playground's pages); true when it did. */
  pages?: Handler;
}

export type Emulator = Awaited<ReturnType<typeof startEmulator>>;

/**
 * A Slack workspace with the app of the manifest installed, on a port of 127.0.0.1. Bolt and the Web API client work
 * against it unchanged. Its limits and errors follow Slack's documentation; what is known from issue threads only is
 * marked where it is done.
 */
export async function startEmulator(options: EmulatorOptions = {}) {
  const manifest = readManifest(options.manifest ?? MANIFEST_PATH);
  const state = new WorkspaceState(options.seed ?? {}, manifest.name, options.now ?? Date.now);
  const sockets = new SocketMode(state, () => core.url);
  const { faults } = options;
  const core: Core = {
    url: '',
    eventsUrl: undefined,
    manifest,
    state,
    faults,
    files: new FileStore(state, faults, options.fileDelayMs ?? 0, () => core.url),
    triggers: new Map(),
    responseUrls: new Map(),
    sockets,
  };
  const handlers: Handler[] = options.pages ? [options.pages] : [];
  const server = await listen(core, options.port ?? 0, handlers);
  let stopped: Promise<void> | undefined;
  const acts = { ...createAsking(core), ...createActing(core), ...createSpeaking(core) };
  handlers.unshift(createControl(core, acts));
  return {
    ...acts,
    ...createSights(core),
    ...CREDENTIALS,
    /** Differs from one workspace to the next at the same address. */
    id: crypto.randomUUID(),
    /** `http://127.0.0.1:port`; the Web API is at `apiUrl`. */
    url: core.url,
    /** For SLACK_API_URL and `clientOptions.slackApiUrl`. */
    apiUrl: `${core.url}/api/`,
    botUserId: BOT_USER_ID,
    botId: BOT_ID,
    teamId: TEAM_ID,
    manifest,
    workspace: state,
    /** Its parts, for what tests do to it. */
    core,
    /** Where signed requests go while no Socket Mode connection is open. */
    get eventsUrl(): string | undefined {
      return core.eventsUrl;
    },
    set eventsUrl(url: string | undefined) {
      core.eventsUrl = url;
    },
    /** Open Socket Mode connections; while there are any, everything goes over them. */
    get connected(): number {
      return sockets.connected;
    },
    /** Socket Mode: asks for a reconnection, or cuts the connections. */
    disconnectSockets: (reason: Parameters<SocketMode['disconnect']>[0] = 'refresh_requested') =>
      sockets.disconnect(reason),
    /** Ends everything; may be called twice. */
    stop(): Promise<void> {
      stopped ??= new Promise((resolve) => {
        core.files.stop();
        sockets.stop();
        server.close(() => resolve());
        server.closeAllConnections();
      });
      return stopped;
    },
  };
}

/** What can be seen in a workspace. Users and channels are named by id or name. */
function createSights(core: Core) {
  const { state } = core;
  const messagesOf = (channel: string) => state.channelMessages(getChannel(core, channel).id);
  return {
    calls: state.calls,
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
    /** The visible modal. */
    modal: (user: string) => state.views.get(state.modals.get(getUser(core, user).id)?.at(-1) ?? ''),
    home: (user: string) => state.views.get(state.homes.get(getUser(core, user).id) ?? ''),
    file: (id: string) => state.files.get(id),
    waitFor: <T>(predicate: () => T | undefined | false | null, what: string, timeoutMs?: number) =>
      waitFor(state, predicate, what, timeoutMs),
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
  };
}
