import type { IncomingMessage, ServerResponse } from 'node:http';
import { isObject } from './elements.ts';
import type { Emulator } from './emulator.ts';
import { asJson, readBody, sendJson, toRecord } from './http.ts';
import type { Change, StoredFile } from './types.ts';

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
    message: (body) => emulator.say(body as never),
    invite: (body) => emulator.invite(getText(body, 'who', 'bot'), getText(body, 'channel')),
  };
}

/**
 * Serves `/_control/…`: what a page needs to show the workspace and act in it. GET `file/F…` and `stream`
 * (server-sent events: one `change` per change); POST as above.
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
      serveGet(emulator, request, response, name);
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

function serveGet(emulator: Emulator, request: IncomingMessage, response: ServerResponse, name: string): void {
  if (name === 'stream') stream(emulator, request, response);
  else serveFile(emulator.workspace.files.get(name.replace(/^file\//, '')), response);
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

function stream(emulator: Emulator, request: IncomingMessage, response: ServerResponse): void {
  response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
  response.write(': connected\n\n');
  const stop = emulator.on('change', (change: Change) => {
    response.write(`event: change\ndata: ${JSON.stringify(change)}\n\n`);
  });
  request.on('close', stop);
}
