import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type Answer, ApiError, answer, type Core, CREDENTIALS, refusal } from './core.ts';
import { CHANNEL_TYPE, toPlural } from './events.ts';
import { parseArguments, readBody, sendJson } from './http.ts';
import { chatMethods } from './methods/chat.ts';
import { conversationMethods } from './methods/conversations.ts';
import { fileMethods } from './methods/files.ts';
import { type Method, readArguments } from './methods/method.ts';
import { peopleMethods } from './methods/people.ts';
import { viewMethods } from './methods/views.ts';
import { serveResponseUrl } from './response-url.ts';
import type { WorkspaceState } from './state.ts';
import type { ChannelKind, JsonObject } from './types.ts';

export type Handler = (request: IncomingMessage, response: ServerResponse, url: URL) => Promise<boolean> | boolean;

/** Starts one server for the Web API, uploads, response URLs, Socket Mode and the `extra` handlers. */
export async function listen(core: Core, port: number, extra: Handler[]): Promise<Server> {
  const server = createServer((request, response) => {
    route(core, request, response, extra).catch((error: unknown) => {
      // The caller hung up while sending: no fault of the emulator.
      if (!request.complete) {
        response.destroy();
        return;
      }
      // A bug in the emulator must be seen: it must not pass for an answer of Slack.
      console.error('emulator:', error);
      if (response.headersSent) response.destroy();
      else sendJson(response, 500, { ok: false, error: 'fatal_error' });
    });
  });
  server.on('upgrade', (request, socket, head) => {
    if (core.faults?.isOut) socket.destroy();
    else core.sockets.accept(request, socket, head);
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', resolve);
  });
  core.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return server;
}

async function route(core: Core, request: IncomingMessage, response: ServerResponse, extra: Handler[]): Promise<void> {
  const url = new URL(request.url ?? '/', core.url);
  if (url.pathname.startsWith('/api/')) {
    // The app compares its clock with this date, so it must be the workspace's: the demo moves both ahead together.
    response.setHeader('date', new Date(core.state.now()).toUTCString());
    return serveWebApi(core, request, response, url);
  }
  if (url.pathname.startsWith('/upload/v1/')) return serveUpload(core, request, response, url.pathname.slice(11));
  const target = core.responseUrls.get(url.pathname);
  if (target && request.method === 'POST') return serveResponseUrl(core, target, request, response);
  for (const handler of extra) if (await handler(request, response, url)) return;
  sendJson(response, 404, { ok: false, error: 'not_found' });
}

/** Takes the bytes of a registered file. */
async function serveUpload(core: Core, request: IncomingMessage, response: ServerResponse, id: string) {
  const bytes = await readBody(request);
  const file = core.state.files.get(id);
  await answer(core, { method: 'upload', args: { file: file?.id, bytes: bytes.length }, response }, () => {
    if (!file || file.completed) return { status: 404, body: { ok: false, error: 'file_not_found' } };
    if (bytes.length !== file.length) {
      core.state.problem('invalid_arguments', 'upload', `${bytes.length} bytes, ${file.length} were announced`);
      return { status: 400, body: { ok: false, error: 'length_mismatch' } };
    }
    Object.assign(file, { bytes, uploaded: true });
    return { status: 200, body: { ok: true, bytes: bytes.length } };
  });
}

const METHODS: Record<string, Method> = {
  ...chatMethods,
  ...conversationMethods,
  ...fileMethods,
  ...peopleMethods,
  ...viewMethods,
};

/** Serves `/api/<method>`, with JSON or form bodies. */
export async function serveWebApi(
  core: Core,
  request: IncomingMessage,
  response: ServerResponse,
  url: URL,
): Promise<void> {
  const name = url.pathname.slice('/api/'.length);
  const body = await readBody(request);
  const args = parseArguments(request.headers['content-type'] ?? '', body, url.searchParams);
  const token = /^Bearer (.+)$/i.exec(request.headers.authorization ?? '')?.[1] ?? (args?.token as string | undefined);
  await answer(core, { method: name, args: args ?? {}, response }, () => run(core, name, args, token));
}

function run(core: Core, name: string, args: JsonObject | undefined, token: string | undefined): Answer {
  const method = Object.hasOwn(METHODS, name) ? METHODS[name] : undefined;
  const headers = { 'x-oauth-scopes': [...core.manifest.scopes].join(',') };
  try {
    if (!method) throw refusal(core, ['unknown_method', name, 'no such method here'], 'unknown_method');
    if (!args) throw new ApiError('invalid_json');
    checkCall(core, name, args, token);
    const answer = method.run(core, readArguments(method, core, name, args));
    return { status: 200, body: { ok: true, ...answer }, headers };
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    return { status: 200, body: { ok: false, error: error.code, ...error.extra }, headers };
  }
}

type Needed = readonly string[] | ((state: WorkspaceState, args: JsonObject) => readonly string[]);

const KINDS: Record<string, ChannelKind> = {
  public_channel: 'public',
  private_channel: 'private',
  im: 'im',
  mpim: 'mpim',
};
const scope = (kind: ChannelKind, action: 'read' | 'history') => `${toPlural(CHANNEL_TYPE[kind])}:${action}`;

/** Returns the scope for the conversation `args.channel`, by its kind: `channels:read`, `groups:read`… */
function scopeOf(action: 'read' | 'history'): Needed {
  return ({ channels }, args) => {
    const channel = channels.get(String(args.channel));
    return channel ? [scope(channel.kind, action)] : [];
  };
}

/** Scopes that a method needs, by its page in docs.slack.dev/reference/methods. Methods that are not listed need none. */
const SCOPES: Record<string, Needed> = {
  'chat.postMessage': ['chat:write'],
  'chat.postEphemeral': ['chat:write'],
  'chat.update': ['chat:write'],
  'chat.delete': ['chat:write'],
  'conversations.info': scopeOf('read'),
  'conversations.join': ['channels:join'],
  'conversations.open': ['im:write'],
  'conversations.history': scopeOf('history'),
  'conversations.replies': scopeOf('history'),
  'users.conversations': (_state, args) =>
    String(args.types ?? 'public_channel')
      .split(',')
      .flatMap((type) => (KINDS[type] ? [scope(KINDS[type], 'read')] : [])),
  'files.getUploadURLExternal': ['files:write'],
  'files.completeUploadExternal': ['files:write'],
  'files.info': ['files:read'],
  'files.delete': ['files:write'],
  'users.info': ['users:read'],
  'users.list': ['users:read'],
  'usergroups.list': ['usergroups:read'],
  'usergroups.users.list': ['usergroups:read'],
};

/**
 * Throws Slack's error for a token of the wrong kind, or for one that lacks a scope. The latter names the missing scopes and
 * those that the token has.
 */
export function checkCall(core: Core, name: string, args: JsonObject, token?: string): void {
  const { appToken, botToken } = CREDENTIALS;
  if (token !== (name === 'apps.connections.open' ? appToken : botToken)) {
    const other = token === appToken || token === botToken;
    const code = !token ? 'not_authed' : other ? 'not_allowed_token_type' : 'invalid_auth';
    throw refusal(core, ['invalid_auth', name, code], code);
  }
  const all = SCOPES[name] ?? [];
  const needed = typeof all === 'function' ? all(core.state, args) : all;
  const missing = needed.filter((scope) => !core.manifest.scopes.has(scope)).join(',');
  if (missing === '') return;
  const provided = [...core.manifest.scopes].join(',');
  throw refusal(core, ['missing_scope', name, missing], 'missing_scope', { needed: missing, provided });
}
