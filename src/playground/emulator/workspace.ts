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
import { type CommandOptions, runShortcut, type ShortcutOptions, sendCommand } from './commands.ts';
import { createControl } from './control.ts';
import { type Core, CREDENTIALS, ResponseUrls, readManifest, Triggers } from './core.ts';
import { type Delivery, type Retry, replay } from './delivery.ts';
import { type Emulator, type EmulatorOptions, waitFor } from './emulator.ts';
import { Faults } from './faults.ts';
import { FileStore } from './files.ts';
import { closeModal, getChannel, getUser, type SubmitOptions, submitModal } from './interact.ts';
import { BOT_ID, BOT_USER_ID, TEAM_ID } from './seed.ts';
import { type Handler, listen } from './server.ts';
import { SocketMode } from './socket-mode.ts';
import { WorkspaceState } from './state.ts';
import type { Change, JsonObject } from './types.ts';

export type { Interaction } from './interact.ts';
export type * from './types.ts';
export type { Emulator, EmulatorOptions };

const MANIFEST_PATH = fileURLToPath(new URL('../../../app-manifest.yml', import.meta.url));

/**
 * A Slack workspace with the app of the manifest installed, on a port of 127.0.0.1. Bolt and the Web API client work
 * against it unchanged. Its limits and errors follow Slack's documentation; what is known from issue threads only is
 * marked where it is done.
 */
export async function startEmulator(options: EmulatorOptions = {}): Promise<Emulator> {
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
    id: crypto.randomUUID(),
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
    directMessages: (user: string) => [...state.channelMessages(state.openDirect(getUser(core, user).id).id)],
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
