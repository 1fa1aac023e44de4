import { fileURLToPath } from 'node:url';
import { createActing } from './acting.ts';
import { createControl } from './control.ts';
import { type Core, CREDENTIALS, type Faults } from './core.ts';
import { FileStore } from './files.ts';
import { getUser } from './interact.ts';
import { readManifest } from './manifest.ts';
import { type Handler, listen } from './server.ts';
import { SocketMode } from './socket-mode.ts';
import { createAsking, createSpeaking } from './speaking.ts';
import { BOT_USER_ID, WorkspaceState, waitFor } from './state.ts';
import type { WorkspaceSeed } from './types.ts';

export type { Interaction } from './interact.ts';
export type * from './types.ts';

const MANIFEST_PATH = fileURLToPath(new URL('../../../app-manifest.yml', import.meta.url));

export interface EmulatorOptions {
  /** Default: 0, which means any free port. */
  port?: number;
  /** Path of the app manifest; default: that of this repository. */
  manifest?: string;
  /** The workspace's clock, epoch ms. It sets timestamps and signatures, and the expiry of triggers and response URLs. */
  now?: () => number;
  seed?: WorkspaceSeed;
  /** Failures of Slack, for tests. */
  faults?: Faults;
  /** Handles requests to other paths, such as the playground's pages. Returns false for paths that it does not know. */
  pages?: Handler;
}

export type Emulator = Awaited<ReturnType<typeof startEmulator>>;

/**
 * Starts an emulated Slack workspace with the app of the manifest installed, on a port of 127.0.0.1. Bolt and the Web API client
 * work with it unchanged. Its limits and errors follow Slack's documentation. Code that follows an issue thread names it.
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
    files: new FileStore(
      state,
      (finish) => (faults ? faults.scan(finish) : finish()),
      () => core.url,
    ),
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
    /** Changes with every start, so that a page notices a new workspace at the same address. */
    id: crypto.randomUUID(),
    /** `http://127.0.0.1:port`. */
    url: core.url,
    /** Address of the Web API, for SLACK_API_URL and `clientOptions.slackApiUrl`. */
    apiUrl: `${core.url}/api/`,
    botUserId: BOT_USER_ID,
    manifest,
    workspace: state,
    /** The parts of the workspace, for tests. */
    core,
    /** Number of open Socket Mode connections. While there are any, all requests to the app use them. */
    get connected(): number {
      return sockets.connected;
    },
    /** Returns the visible modal of a user, given by id or name. */
    modal: (user: string) => state.views.get(state.modals.get(getUser(core, user).id)?.at(-1) ?? ''),
    home: (user: string) => state.views.get(state.homes.get(getUser(core, user).id) ?? ''),
    waitFor: <T>(predicate: () => T | undefined | false | null, what: string, timeoutMs?: number) =>
      waitFor(state, predicate, what, timeoutMs),
    /** Stops the workspace. May be called twice. */
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
