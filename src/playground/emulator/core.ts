import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import type { Faults } from './faults.ts';
import type { FileStore } from './files.ts';
import { TEAM_ID } from './seed.ts';
import type { SocketMode } from './socket-mode.ts';
import type { WorkspaceState } from './state.ts';
import type { Ephemeral, JsonObject, Message } from './types.ts';

/** Credentials of the one installed app. They are made up and the same in every emulator. */
export const CREDENTIALS = {
  botToken: 'xoxb-emulated-headroom-bot-token',
  appToken: 'xapp-emulated-headroom-app-token',
  signingSecret: 'emulated-headroom-signing-secret',
  verificationToken: 'emulated-verification-token',
} as const;

/** The parts of one emulated workspace, shared by the Web API, the people and the transports. */
export interface Core {
  /** `http://127.0.0.1:port`, known once the server listens. */
  url: string;
  /** Where signed requests go in HTTP mode. */
  eventsUrl: string | undefined;
  readonly manifest: Manifest;
  readonly state: WorkspaceState;
  readonly faults: Faults;
  readonly files: FileStore;
  readonly triggers: Triggers;
  readonly responseUrls: ResponseUrls;
  readonly sockets: SocketMode;
}

/** An answer `{"ok": false, "error": code, …extra}`. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  readonly code: string;
  readonly extra: JsonObject;

  constructor(code: string, extra: JsonObject = {}) {
    super(code);
    this.code = code;
    this.extra = extra;
  }
}

/** The parts of an app manifest that Slack enforces at run time. */
export interface Manifest {
  name: string;
  /** Bot token scopes granted at installation. */
  scopes: Set<string>;
  /** Slash commands, with whether mentions and links arrive escaped. */
  commands: Map<string, { shouldEscape: boolean }>;
  shortcuts: Map<string, { type: 'message' | 'global'; name: string }>;
  /** Event types delivered to the app. */
  events: Set<string>;
  interactive: boolean;
  homeTab: boolean;
  /** People may write in the app's Messages tab. */
  messagesTab: boolean;
}

interface ManifestFile {
  display_information: { name: string };
  features?: {
    app_home?: { home_tab_enabled?: boolean; messages_tab_enabled?: boolean; messages_tab_read_only_enabled?: boolean };
    slash_commands?: { command: string; should_escape?: boolean }[];
    shortcuts?: { name: string; type: 'message' | 'global'; callback_id: string }[];
  };
  oauth_config?: { scopes?: { bot?: string[] } };
  settings?: { event_subscriptions?: { bot_events?: string[] }; interactivity?: { is_enabled?: boolean } };
}

/** Reads a manifest (YAML or JSON). Its form is checked by a test against Slack's schema, not here. */
export function readManifest(path: string): Manifest {
  const file = parse(readFileSync(path, 'utf8')) as ManifestFile;
  const home = file.features?.app_home;
  return {
    name: file.display_information.name,
    scopes: new Set(file.oauth_config?.scopes?.bot),
    commands: new Map(
      file.features?.slash_commands?.map((entry) => [entry.command, { shouldEscape: entry.should_escape ?? false }]),
    ),
    shortcuts: new Map(
      file.features?.shortcuts?.map((entry) => [entry.callback_id, { type: entry.type, name: entry.name }]),
    ),
    events: new Set(file.settings?.event_subscriptions?.bot_events),
    interactive: file.settings?.interactivity?.is_enabled ?? false,
    homeTab: home?.home_tab_enabled ?? false,
    messagesTab: (home?.messages_tab_enabled ?? false) && !home?.messages_tab_read_only_enabled,
  };
}

export interface ResponseUrl {
  user: string;
  channel: string;
  /** Message that was acted on; none for a slash command. */
  source?: Message | Ephemeral;
  at: number;
  uses: number;
  /** What has been said through it so far; shown in the interaction's result. */
  messages: (Message | Ephemeral)[];
}

export class ResponseUrls {
  readonly #urls = new Map<string, ResponseUrl>();

  /** Path of a new URL, to be put behind the workspace's address. */
  create(fields: Omit<ResponseUrl, 'uses'>, kind: 'commands' | 'actions'): string {
    const path = `/${kind}/${TEAM_ID}/${this.#urls.size + 1}/${randomBytes(12).toString('hex')}`;
    this.#urls.set(path, { ...fields, uses: 0 });
    return path;
  }

  find(path: string): ResponseUrl | undefined {
    return this.#urls.get(path);
  }
}

/** A trigger opens one view, within this time of the click or command. */
const TRIGGER_LIFE_MS = 3000;

/** Triggers of a workspace, and which of them were used. */
export class Triggers {
  readonly #state: WorkspaceState;
  readonly #triggers = new Map<string, { user: string; at: number; used: boolean }>();

  constructor(state: WorkspaceState) {
    this.#state = state;
  }

  create(user: string): string {
    const id = `${this.#triggers.size + 1}.${Math.floor(this.#state.now())}.${randomBytes(16).toString('hex')}`;
    this.#triggers.set(id, { user, at: this.#state.now(), used: false });
    return id;
  }

  /** The person whose action it came from. Throws the three errors that Slack has for a trigger. */
  take(id: unknown, where: string): string {
    const trigger = this.#triggers.get(String(id));
    const code = !trigger
      ? 'invalid_trigger_id'
      : trigger.used
        ? 'exchanged_trigger_id'
        : this.#state.now() - trigger.at > TRIGGER_LIFE_MS
          ? 'expired_trigger_id'
          : undefined;
    if (code || !trigger) {
      this.#state.problem('trigger', where, code ?? '');
      throw new ApiError(code ?? 'invalid_trigger_id');
    }
    trigger.used = true;
    return trigger.user;
  }
}
