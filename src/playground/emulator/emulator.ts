import type { ClickOptions, SuggestOptions } from './actions.ts';
import type { SayOptions } from './activity.ts';
import type { CommandOptions, ShortcutOptions } from './commands.ts';
import type { Manifest } from './core.ts';
import type { Delivery, Retry } from './delivery.ts';
import type { Faults } from './faults.ts';
import type { Interaction, SubmitOptions } from './interact.ts';
import type { Handler } from './server.ts';
import type { WorkspaceState } from './state.ts';
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
  /** Differs from one workspace to the next at the same address. */
  readonly id: string;
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

/** See Emulator.waitFor. An error that `predicate` throws counts as "not yet", and is shown when time is up. */
export function waitFor<T>(
  state: WorkspaceState,
  predicate: () => T | undefined | false | null,
  what: string,
  timeoutMs: number,
): Promise<T> {
  const { promise, resolve, reject } = Promise.withResolvers<T>();
  let last: unknown;
  const ask = () => {
    try {
      const value = predicate();
      if (value === undefined || value === null || value === false) return;
      finish();
      resolve(value);
    } catch (error) {
      last = error;
    }
  };
  const off = state.onChange(ask);
  const timer = setTimeout(() => {
    finish();
    reject(new Error(`waited ${timeoutMs} ms in vain until ${what}${describe(state)}`, { cause: last }));
  }, timeoutMs);
  const finish = () => {
    clearTimeout(timer);
    off();
  };
  ask();
  return promise;
}

/** The newest of everything, short: what one wants to see when a wait failed. */
function describe(state: WorkspaceState): string {
  const cut = (text: string) => (text.length > 120 ? `${text.slice(0, 120)}…` : text);
  const messages = [...state.messages.values()]
    .flat()
    .sort((a, b) => Number(a.ts) - Number(b.ts))
    .slice(-5)
    .map((one) => `${one.channel} ${one.ts} ${one.user}: ${cut(one.text)}`);
  const hidden = state.ephemerals.slice(-5).map((one) => `${one.channel} only ${one.to}: ${cut(one.text)}`);
  const calls = state.calls
    .slice(-8)
    .map((call) => `${call.method} ${call.status} ${cut(JSON.stringify(call.answer))}`);
  const problems = state.problems.slice(-5).map((one) => `${one.kind} in ${one.where}: ${cut(one.detail)}`);
  const parts = { messages, 'private messages': hidden, calls, problems };
  return Object.entries(parts)
    .map(([name, lines]) => `\n  newest ${name}: ${lines.length > 0 ? `\n    ${lines.join('\n    ')}` : 'none'}`)
    .join('');
}
