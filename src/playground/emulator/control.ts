import type { IncomingMessage, ServerResponse } from 'node:http';
import { isObject } from './elements.ts';
import type { Emulator } from './emulator.ts';
import { toFileObject } from './files.ts';
import { asJson, readBody, sendJson, toRecord } from './http.ts';
import type { Change, Message, StoredFile } from './types.ts';

const LOG_LENGTH = 200;

type Body = Record<string, unknown>;

function getText(body: Body, name: string, standard?: string): string {
  const value = body[name] ?? standard;
  if (typeof value !== 'string') throw new Error(`${name} is missing`);
  return value;
}

/** POST `/_control/<name>`: a JSON body with the options of the method, an answer with what it returned. */
function toActions(emulator: Emulator): Record<string, (body: Body) => unknown> {
  return {
    command: (body) => emulator.command(body as never),
    click: (body) => emulator.click(body as never),
    submit: (body) => emulator.submitView(body as never),
    'close-view': (body) => emulator.closeView(body as never),
    suggest: (body) => emulator.suggest(body as never),
    shortcut: (body) => emulator.shortcut(body as never),
    'open-home': (body) => emulator.openHome(getText(body, 'user')),
    mention: (body) => emulator.mention(body as never),
    message: (body) => emulator.say(body as never),
    direct: (body) => emulator.directMessage(getText(body, 'user'), getText(body, 'text')),
    invite: (body) => emulator.invite(getText(body, 'who', 'bot'), getText(body, 'channel')),
    remove: (body) => emulator.remove(getText(body, 'who', 'bot'), getText(body, 'channel')),
    archive: (body) => emulator.archive(getText(body, 'channel'), body.archived !== false),
    event: (body) => emulator.event(body),
    faults: (body) => setFaults(emulator, body),
  };
}

function setFaults(emulator: Emulator, body: Record<string, unknown>): unknown {
  const { faults } = emulator;
  if (body.clear) faults.clear();
  if (typeof body.outage === 'boolean') faults.outage(body.outage);
  if (typeof body.fileNeverReady === 'boolean') faults.fileNeverReady = body.fileNeverReady;
  if (typeof body.enforceRateLimits === 'boolean') faults.enforceRateLimits = body.enforceRateLimits;
  if (typeof body.method === 'string') faults.fail(body.method, isObject(body.fault) ? body.fault : { status: 500 });
  return { outage: faults.isOut, fileNeverReady: faults.fileNeverReady, enforceRateLimits: faults.enforceRateLimits };
}

/**
 * Serves `/_control/…`: what a page needs to show the workspace and act in it. GET `state?user=U…`, `log`, `file/F…`,
 * `stream` (server-sent events: one `change` per change); POST as above.
 * Only for this machine: another Host, or a POST that is not JSON (which other sites' pages can send), is refused.
 */
export function createControl(emulator: Emulator) {
  const actions = toActions(emulator);
  return async (request: IncomingMessage, response: ServerResponse, url: URL): Promise<boolean> => {
    if (!url.pathname.startsWith('/_control/')) return false;
    const name = url.pathname.slice('/_control/'.length);
    const host = (request.headers.host ?? '').replace(/:\d+$/, '');
    if (host !== '127.0.0.1' && host !== 'localhost') {
      sendJson(response, 403, { ok: false, error: 'this machine only' });
    } else if (request.method === 'GET') {
      serveGet(emulator, request, response, name, url.searchParams);
    } else if (!actions[name]) {
      sendJson(response, 404, { ok: false, error: `no action ${name}` });
    } else if (!(request.headers['content-type'] ?? '').startsWith('application/json')) {
      sendJson(response, 415, { ok: false, error: 'send application/json' });
    } else {
      const body = asJson((await readBody(request)).toString('utf8') || '{}');
      try {
        if (!isObject(body)) throw new Error('the body is not a JSON object');
        sendJson(response, 200, { ok: true, result: toRecord(await actions[name](body as Body)) ?? null });
      } catch (error) {
        sendJson(response, 400, { ok: false, error: error instanceof Error ? error.message : String(error) });
      }
    }
    return true;
  };
}

function serveGet(
  emulator: Emulator,
  request: IncomingMessage,
  response: ServerResponse,
  name: string,
  query: URLSearchParams,
): void {
  if (name === 'stream') stream(emulator, request, response);
  else if (name === 'state') sendJson(response, 200, toState(emulator, query.get('user') ?? undefined));
  else if (name === 'log') sendJson(response, 200, toLog(emulator));
  else serveFile(emulator.workspace.files.get(name.replace(/^file\//, '')), response);
}

/** The newest calls and problems, oldest first. */
function toLog(emulator: Emulator): object {
  return { calls: emulator.calls.slice(-LOG_LENGTH), problems: emulator.problems.slice(-LOG_LENGTH) };
}

function serveFile(file: StoredFile | undefined, response: ServerResponse): void {
  if (!file?.uploaded) {
    sendJson(response, 404, { ok: false, error: 'nothing here' });
    return;
  }
  // A type by content, never by name, and no scripts: the page may show what a bot uploaded.
  const image = file.mimetype.startsWith('image/') && file.filetype !== 'svg';
  response.writeHead(200, {
    'content-type': image ? file.mimetype : 'application/octet-stream',
    'x-content-type-options': 'nosniff',
    ...(image ? {} : { 'content-disposition': `attachment; filename*=UTF-8''${encodeURIComponent(file.name)}` }),
  });
  response.end(file.bytes);
}

/** The workspace as `user` sees it; without one, everything. Messages oldest first, by channel id. */
function toState(emulator: Emulator, user: string | undefined): object {
  const state = emulator.workspace;
  const id = user === undefined ? undefined : state.findUser(user)?.id;
  const channels = [...state.channels.values()].filter(
    (channel) => !id || channel.members.has(id) || (channel.kind === 'public' && !channel.is_archived),
  );
  const seen = new Set(channels.map((channel) => channel.id));
  const messages: Record<string, Message[]> = {};
  for (const [channel, list] of state.messages) if (seen.has(channel)) messages[channel] = list;
  return {
    team: { id: emulator.teamId, bot: emulator.botUserId, connected: emulator.connected },
    commands: [...emulator.manifest.commands.keys()],
    shortcuts: [...emulator.manifest.shortcuts].map(([callback_id, shortcut]) => ({ callback_id, ...shortcut })),
    users: [...state.users.values()],
    userGroups: [...state.userGroups.values()],
    channels: channels.map((channel) => ({ ...channel, members: [...channel.members] })),
    messages,
    ephemerals: state.ephemerals.filter((message) => !id || message.to === id),
    modal: id ? emulator.modal(id) : undefined,
    home: id ? emulator.home(id) : undefined,
    files: [...state.files.values()].map((file) => toFileObject(state, file, emulator.url)),
  };
}

function stream(emulator: Emulator, request: IncomingMessage, response: ServerResponse): void {
  response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
  response.write(': connected\n\n');
  const stop = emulator.on('change', (change: Change) => {
    response.write(`event: change\ndata: ${JSON.stringify(change)}\n\n`);
  });
  request.on('close', stop);
}
