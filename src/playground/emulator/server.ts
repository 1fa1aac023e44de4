import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type Core, CREDENTIALS } from './core.ts';
import { answerFault } from './faults.ts';
import { readBody, sendJson } from './http.ts';
import { serveResponseUrl } from './response-url.ts';
import { serveWebApi } from './web-api.ts';

export type Handler = (request: IncomingMessage, response: ServerResponse, url: URL) => Promise<boolean> | boolean;

/** One server for the Web API, uploads, files, response URLs, Socket Mode and whatever `extra` answers. */
export async function listen(core: Core, port: number, extra: Handler[]): Promise<Server> {
  const server = createServer((request, response) => {
    route(core, request, response, extra).catch((error: unknown) => {
      // A caller that gave up while sending is no defect.
      if (!request.complete) {
        response.destroy();
        return;
      }
      // A defect here must not look like an answer of Slack's.
      console.error('emulator:', error);
      if (response.headersSent) response.destroy();
      else sendJson(response, 500, { ok: false, error: 'fatal_error' });
    });
  });
  server.on('upgrade', (request, socket, head) => {
    if (core.faults.isOut) socket.destroy();
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
    // Slack's clock is the workspace's: what it is compared with was moved along.
    response.setHeader('date', new Date(core.state.now()).toUTCString());
    return serveWebApi(core, request, response, url);
  }
  if (url.pathname.startsWith('/upload/v1/')) return serveUpload(core, request, response, url.pathname.slice(11));
  if (url.pathname.startsWith('/files-pri/')) return serveFile(core, request, response, url.pathname);
  const target = core.responseUrls.get(url.pathname);
  if (target && request.method === 'POST') return serveResponseUrl(core, target, request, response);
  for (const handler of extra) if (await handler(request, response, url)) return;
  sendJson(response, 404, { ok: false, error: 'not_found' });
}

/** Bytes of an announced file: raw, or as the one file of a multipart form. */
async function serveUpload(
  core: Core,
  request: IncomingMessage,
  response: ServerResponse,
  ticket: string,
): Promise<void> {
  const body = await readBody(request);
  const file = core.files.findByTicket(ticket);
  const record = (status: number, answer: object) =>
    core.state.record({
      method: 'upload',
      args: { file: file?.id, bytes: body.length },
      answer: { ...answer },
      status,
    });
  await answerFault(core.faults.take('upload'), response, record, async () => {
    const bytes = await unwrap(request.headers['content-type'] ?? '', body);
    if (!file || file.completed) return { status: 404, body: { ok: false, error: 'file_not_found' } };
    if (bytes.length !== file.length) {
      core.state.problem('invalid_arguments', 'upload', `${bytes.length} bytes, ${file.length} were announced`);
      return { status: 400, body: { ok: false, error: 'length_mismatch' } };
    }
    file.bytes = bytes;
    file.uploaded = true;
    return { status: 200, body: { ok: true, bytes: bytes.length } };
  });
}

async function unwrap(contentType: string, body: Buffer): Promise<Buffer> {
  if (!contentType.startsWith('multipart/form-data')) return body;
  const form = await new Response(new Uint8Array(body), { headers: { 'content-type': contentType } }).formData();
  for (const value of form.values()) if (typeof value !== 'string') return Buffer.from(await value.arrayBuffer());
  return Buffer.alloc(0);
}

/** url_private of a file: for the bot's token only. */
function serveFile(core: Core, request: IncomingMessage, response: ServerResponse, path: string): void {
  const id = /-(F[A-Z0-9]+)\//.exec(path)?.[1] ?? '';
  const file = core.files.find(id);
  const status = request.headers.authorization !== `Bearer ${CREDENTIALS.botToken}` ? 401 : file ? 200 : 404;
  if (status !== 200 || !file) {
    sendJson(response, status, { ok: false });
    return;
  }
  response.writeHead(200, { 'content-type': file.mimetype || 'application/octet-stream' });
  response.end(file.bytes);
}
