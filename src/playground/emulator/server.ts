import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { answer } from './answer.ts';
import type { Core } from './core.ts';
import { readBody, sendJson } from './http.ts';
import { serveResponseUrl } from './response-url.ts';
import { serveWebApi } from './web-api.ts';

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
