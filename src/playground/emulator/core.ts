import { randomBytes } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import type { FileStore } from './files.ts';
import { sendJson } from './http.ts';
import type { Manifest } from './manifest.ts';
import type { SocketMode } from './socket-mode.ts';
import { TEAM_ID, type WorkspaceState } from './state.ts';
import type { Delivery, EnvelopeType, Ephemeral, JsonObject, Message, Retry } from './types.ts';

/** Credentials of the installed app. They are made up and the same in every emulator. */
export const CREDENTIALS: Readonly<Record<'botToken' | 'appToken' | 'signingSecret' | 'verificationToken', string>> = {
  botToken: 'xoxb-emulated-headroom-bot-token',
  appToken: 'xapp-emulated-headroom-app-token',
  signingSecret: 'emulated-headroom-signing-secret',
  verificationToken: 'emulated-verification-token',
};

/** The parts of one emulated workspace, shared by the Web API, the people and the transports. */
export interface Core {
  /** `http://127.0.0.1:port`, known once the server listens. */
  url: string;
  /** Sends to an app that has no Socket Mode connection; returns undefined if the app has no URL. Set by tests only. */
  overHttp: ((type: EnvelopeType, payload: JsonObject, retry?: Retry) => Promise<Delivery> | undefined) | undefined;
  readonly manifest: Manifest;
  readonly state: WorkspaceState;
  /** Set by tests only. */
  readonly faults: Faults | undefined;
  readonly files: FileStore;
  readonly triggers: Map<string, Trigger>;
  /** Response URLs by path. */
  readonly responseUrls: Map<string, ResponseUrl>;
  readonly sockets: SocketMode;
}

/** Thrown to answer `{"ok": false, "error": code, …extra}`. */
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

/** Notes a problem, and returns the error that answers the call. */
export function refusal(
  { state }: Pick<Core, 'state'>,
  [kind, where, detail]: Readonly<Parameters<WorkspaceState['problem']>>,
  code: string,
  extra?: JsonObject,
): ApiError {
  state.problem(kind, where, detail);
  return new ApiError(code, extra);
}

/** A permission to open one view within three seconds of a click or command. */
export interface Trigger {
  user: string;
  at: number;
  used: boolean;
}

const TRIGGER_LIFE_MS = 3000;

export function createTrigger({ triggers, state }: Core, user: string): string {
  const id = `${triggers.size + 1}.${Math.floor(state.now())}.${randomBytes(16).toString('hex')}`;
  triggers.set(id, { user, at: state.now(), used: false });
  return id;
}

/** Uses up a trigger and returns the person who caused it. Throws Slack's errors for unknown, used and expired triggers. */
export function takeTrigger(core: Core, id: string, where: string): string {
  const refuse = (code: string) => refusal(core, ['trigger', where, code], code);
  const trigger = core.triggers.get(id);
  if (!trigger) throw refuse('invalid_trigger_id');
  if (trigger.used) throw refuse('exchanged_trigger_id');
  if (core.state.now() - trigger.at > TRIGGER_LIFE_MS) throw refuse('expired_trigger_id');
  trigger.used = true;
  return trigger.user;
}

export interface ResponseUrl {
  user: string;
  channel: string;
  /** The message that the person acted on; undefined for a slash command. */
  source?: Message | Ephemeral | undefined;
  at: number;
  uses: number;
  /** Messages posted through it so far. The interaction's result shows them. */
  messages: (Message | Ephemeral)[];
}

/** Creates a response_url at the workspace's address. */
export function createResponseUrl(core: Core, kind: 'commands' | 'actions', fields: ResponseUrl): string {
  const path = `/${kind}/${TEAM_ID}/${core.responseUrls.size + 1}/${randomBytes(12).toString('hex')}`;
  core.responseUrls.set(path, fields);
  return core.url + path;
}

export interface Answer {
  status: number;
  body: JsonObject;
  headers?: Record<string, string>;
}

/** A request to Slack. `method`: a Web API method, `upload` (the bytes of a file) or `response_url`. */
export interface Call {
  method: string;
  args: JsonObject;
  response: ServerResponse;
}

/** Failures of Slack that tests bring about. The demo has none. */
export interface Faults {
  /** True while Slack is down: Socket Mode connections are refused. */
  readonly isOut: boolean;
  /** Block types that this workspace does not know yet: Slack releases new ones to some workspaces before others. */
  readonly unknownBlocks: ReadonlySet<string>;
  /** Calls `finish` once the scan of a file may end; perhaps later, perhaps never. */
  scan(finish: () => void): void;
  /** Answers a call, or makes it fail. `run` does the work. */
  answer(state: WorkspaceState, call: Call, run: () => Answer): Promise<void>;
}

/** Answers a call, unless a fault prevents it. `run` does the work. */
export async function answer(
  { faults, state }: { faults: Faults | undefined; state: WorkspaceState },
  call: Call,
  run: () => Answer,
): Promise<void> {
  if (faults) return faults.answer(state, call, run);
  const { status, body, headers } = run();
  sendJson(call.response, status, body, headers);
}
