import { fileURLToPath } from 'node:url';
import { createActing } from './acting.ts';
import type { Faults } from './answer.ts';
import { createAsking } from './asking.ts';
import { createControl } from './control.ts';
import { type Core, CREDENTIALS } from './core.ts';
import { FileStore } from './files.ts';
import { getUser } from './interact.ts';
import { readManifest } from './manifest.ts';
import { BOT_USER_ID } from './seed.ts';
import { type Handler, listen } from './server.ts';
import { SocketMode } from './socket-mode.ts';
import { createSpeaking } from './speaking.ts';
import { WorkspaceState } from './state.ts';
import type { WorkspaceSeed } from './types.ts';
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
  /** Slack's bad days, for tests. */
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
    overHttp: undefined,
    manifest,
    state,
    faults,
    files: new FileStore(state, faults, () => core.url),
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
    ...CREDENTIALS,
    /** Differs from one workspace to the next at the same address. */
    id: crypto.randomUUID(),
    /** `http://127.0.0.1:port`; the Web API is at `apiUrl`. */
    url: core.url,
    /** For SLACK_API_URL and `clientOptions.slackApiUrl`. */
    apiUrl: `${core.url}/api/`,
    botUserId: BOT_USER_ID,
    manifest,
    workspace: state,
    /** Its parts, for what tests do to it. */
    core,
    /** Open Socket Mode connections; while there are any, everything goes over them. */
    get connected(): number {
      return sockets.connected;
    },
    /** The visible modal of a user, by id or name. */
    modal: (user: string) => state.views.get(state.modals.get(getUser(core, user).id)?.at(-1) ?? ''),
    home: (user: string) => state.views.get(state.homes.get(getUser(core, user).id) ?? ''),
    waitFor: <T>(predicate: () => T | undefined | false | null, what: string, timeoutMs?: number) =>
      waitFor(state, predicate, what, timeoutMs),
    /** Ends everything; may be called twice. */
    stop(): Promise<void> {
      stopped ??= new Promise((resolve) => {
        sockets.stop();
        server.close(() => resolve());
        server.closeAllConnections();
      });
      return stopped;
    },
  };
}
