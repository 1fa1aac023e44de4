import type { IncomingMessage, ServerResponse } from 'node:http';
import type { createActing } from './acting.ts';
import type { Core } from './core.ts';
import { isObject } from './elements.ts';
import { asJson, readBody, sendJson, toRecord } from './http.ts';
import type { createAsking, createSpeaking } from './speaking.ts';
import type { StoredFile } from './types.ts';

type Acts = ReturnType<typeof createAsking> & ReturnType<typeof createActing> & ReturnType<typeof createSpeaking>;

/** Acts behind POST `/_control/<name>`. The body has the options of the act as JSON, the answer its result. */
const ACTIONS: Record<string, (acts: Acts, body: never) => unknown> = {
  command: (acts, body) => acts.command(body),
  click: (acts, body) => acts.click(body),
  submit: (acts, body) => acts.submitView(body),
  'close-view': (acts, body) => acts.closeView(body),
  suggest: (acts, body) => acts.suggest(body),
  shortcut: (acts, body) => acts.shortcut(body),
  message: (acts, body) => acts.say(body),
  'open-home': (acts, { user }: { user: string }) => acts.openHome(user),
  invite: (acts, { who, channel }: { who: string; channel: string }) => acts.invite(who, channel),
};

/**
 * Serves `/_control/…`, through which a page acts in the workspace. GET `file/F…` returns an uploaded file. GET `stream` sends a
 * server-sent event whenever something visible changes. POST runs one of `ACTIONS`. Answers this machine only.
 */
export function createControl(core: Core, acts: Acts) {
  return async (request: IncomingMessage, response: ServerResponse, url: URL): Promise<boolean> => {
    if (!url.pathname.startsWith('/_control/')) return false;
    const name = url.pathname.slice('/_control/'.length);
    const refusal = findRefusal(request);
    if (refusal) sendJson(response, refusal.status, { ok: false, error: refusal.error });
    else if (request.method !== 'GET') await act(acts, name, request, response);
    else if (name === 'stream') stream(core, request, response);
    else serveFile(core.state.files.get(name.replace(/^file\//, '')), response);
    return true;
  };
}

/** Refuses requests to another host name, and POSTs without JSON, which a form of another site could send. */
export function findRefusal({ headers, method }: IncomingMessage): { status: number; error: string } | undefined {
  const host = (headers.host ?? '').replace(/:\d+$/, '');
  if (host !== '127.0.0.1' && host !== 'localhost') return { status: 403, error: 'this machine only' };
  const isJson = (headers['content-type'] ?? '').startsWith('application/json');
  return method === 'POST' && !isJson ? { status: 415, error: 'send application/json' } : undefined;
}

async function act(acts: Acts, name: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const body = asJson((await readBody(request)).toString('utf8') || '{}');
  const action = Object.hasOwn(ACTIONS, name) ? ACTIONS[name] : undefined;
  if (!action) return sendJson(response, 404, { ok: false, error: `no action ${name}` });
  try {
    if (!isObject(body)) throw new Error('the body is not a JSON object');
    sendJson(response, 200, { ok: true, result: toRecord(await action(acts, body as never)) ?? null });
  } catch (error) {
    sendJson(response, 400, { ok: false, error: (error as Error).message });
  }
}

function serveFile(file: StoredFile | undefined, response: ServerResponse): void {
  if (!file?.uploaded) {
    sendJson(response, 404, { ok: false, error: 'nothing here' });
    return;
  }
  // The page may show any uploaded file, so its type must come from its content and it must not run scripts, as an SVG could.
  const image = file.mimetype.startsWith('image/') && file.filetype !== 'svg';
  response.writeHead(200, {
    'content-type': image ? file.mimetype : 'application/octet-stream',
    'x-content-type-options': 'nosniff',
    ...(image ? {} : { 'content-disposition': `attachment; filename*=UTF-8''${encodeURIComponent(file.name)}` }),
  });
  response.end(file.bytes);
}

function stream(core: Core, request: IncomingMessage, response: ServerResponse): void {
  response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
  response.write(': connected\n\n');
  const stop = core.state.onChange((change) => change === 'shown' && response.write('event: change\ndata: \n\n'));
  request.on('close', stop);
}
