import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { App, HTTPReceiver, type Logger, LogLevel, SocketModeReceiver } from '@slack/bolt';
import { WebClient } from '@slack/web-api';
import { type Emulator, type EmulatorOptions, startEmulator } from '../../support/emulator.ts';

/** Silences the clients: these tests cause refusals on purpose. */
const SILENT: Logger = {
  debug() {},
  info() {},
  warn() {},
  error() {},
  setLevel() {},
  getLevel: () => LogLevel.ERROR,
  setName() {},
};

const open: { stop(): Promise<unknown> }[] = [];

/** Stops everything that a test has started, the newest first. Call it in `afterEach`. */
export async function stopAll(): Promise<void> {
  while (open.length > 0) await open.pop()!.stop();
}

export async function start(options: EmulatorOptions = {}): Promise<Emulator> {
  const emulator = await startEmulator(options);
  open.push(emulator);
  return emulator;
}

/** Creates a client that neither retries nor waits, so that every failure is seen. */
export function createClient(emulator: Emulator, token = emulator.botToken): WebClient {
  return new WebClient(token, {
    slackApiUrl: emulator.apiUrl,
    retryConfig: { retries: 0 },
    rejectRateLimitedCalls: true,
    logger: SILENT,
  });
}

/** Returns the error code of a Web API call, or `ok`. */
export async function outcome(call: Promise<unknown>): Promise<string> {
  try {
    await call;
    return 'ok';
  } catch (error) {
    const { data, code } = error as { data?: { error?: string }; code?: string };
    return data?.error ?? code ?? String(error);
  }
}

/** Starts a Bolt app in HTTP mode on a free port, to which the emulator delivers. */
export async function startHttpApp(emulator: Emulator): Promise<App> {
  const receiver: HTTPReceiver = new HTTPReceiver({
    signingSecret: emulator.signingSecret,
    logger: SILENT,
  });
  const app = new App({
    receiver,
    token: emulator.botToken,
    clientOptions: { slackApiUrl: emulator.apiUrl },
    logger: SILENT,
  });
  const server: Server = createServer((request, response) => receiver.requestListener(request, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  emulator.eventsUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}/slack/events`;
  open.push({ stop: () => new Promise((resolve) => server.close(resolve)) });
  return app;
}

/** Starts an app on plain HTTP, without what Bolt does by itself. `answer` returns the status for each request. */
export async function startRawApp(
  emulator: Emulator,
  answer: (request: IncomingMessage, body: string) => number,
): Promise<void> {
  const server = createServer(async (request, response) => {
    const body = Buffer.concat(await request.toArray()).toString();
    response.writeHead(answer(request, body)).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  emulator.eventsUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}/slack/events`;
  open.push({ stop: () => new Promise((resolve) => server.close(resolve)) });
}

/** Starts a Bolt app in Socket Mode and waits until it is connected. */
export async function startSocketApp(emulator: Emulator, prepare: (app: App) => void): Promise<App> {
  const receiver = new SocketModeReceiver({
    appToken: emulator.appToken,
    clientPingTimeout: 200,
    logger: SILENT,
    installerOptions: { clientOptions: { slackApiUrl: emulator.apiUrl } },
  });
  const app = new App({
    receiver,
    token: emulator.botToken,
    clientOptions: { slackApiUrl: emulator.apiUrl },
    logger: SILENT,
  });
  prepare(app);
  await app.start();
  open.push(app);
  return app;
}

/** Makes a PNG file of a size with a header only: no test reads its pixels. */
export function png(width = 8, height = 4): Buffer {
  const header = Buffer.alloc(33);
  header.write('\x89PNG\r\n\x1a\n', 'latin1');
  header.writeUInt32BE(13, 8);
  header.write('IHDR', 12, 'latin1');
  header.writeUInt32BE(width, 16);
  header.writeUInt32BE(height, 20);
  return header;
}
