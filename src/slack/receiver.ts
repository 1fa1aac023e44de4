import type { IncomingMessage, ServerResponse } from 'node:http';
import { type App, HTTPReceiver, type Receiver, SocketModeReceiver } from '@slack/bolt';
import { type Logger, OutageLog } from '../log.ts';
import { clientOptions, toSlackLogger } from './client/web-client.ts';
import type { SlackConfig } from './deps.ts';

export type RequestListener = (request: IncomingMessage, response: ServerResponse) => void;

/** How Slack reaches us. `connected`: in Socket Mode whether a connection stands; in HTTP mode always. */
export interface Line {
  receiver: Receiver;
  /** HTTP mode: serves `/slack/events` on our own server, without checking who calls. */
  requestListener?: RequestListener;
  connected(): boolean;
}

export function createLine(config: SlackConfig, options: { log: Logger; wait(ms: number): Promise<void> }): Line {
  return config.appToken ? createSocketLine(config, config.appToken, options) : createHttpLine(options.log);
}

/** Signatures are checked before (request-guard.ts): Bolt's check knows no requests from the future and no repetition. */
function createHttpLine(log: Logger): Line {
  const receiver = new HTTPReceiver({
    signingSecret: 'checked by the guard before this receiver',
    signatureVerification: false,
    logger: toSlackLogger(log),
  });
  return {
    // The server is ours: Bolt has nothing to start or stop.
    receiver: { init: (app: App) => receiver.init(app), start: async () => {}, stop: async () => {} },
    requestListener: (request, response) => receiver.requestListener(request, response),
    connected: () => true,
  };
}

/** Two connections, so that one stands while Slack renews the other: a command sent into a gap fails for its user. */
const CONNECTIONS = 2;
const MAX_PAUSE_MS = 30_000;

function createSocketLine(
  config: SlackConfig,
  appToken: string,
  { log, wait }: { log: Logger; wait(ms: number): Promise<void> },
): Line {
  let stopped = false;
  const up = new Set<SocketModeReceiver>();
  const outage = new OutageLog(log, {
    failing: 'there is no Socket Mode connection; trying until there is one',
    working: 'Socket Mode is connected again',
  });
  const receivers = Array.from({ length: CONNECTIONS }, () => {
    // Reconnecting is ours: the package pauses 5 s at each renewal, and ends the process when Slack refuses one.
    return new SocketModeReceiver({
      appToken,
      autoReconnectEnabled: false,
      // What goes wrong with a connection is told by `supervise`, which keeps it up.
      logger: toSlackLogger(log, 'debug'),
      installerOptions: { clientOptions: clientOptions({ apiUrl: config.apiUrl, log }) },
    });
  });

  /** Keeps one connection up until stop: at once after a renewal, then with growing pauses. */
  async function supervise(receiver: SocketModeReceiver): Promise<void> {
    let failures = 0;
    while (!stopped) {
      try {
        await receiver.client.start();
        up.add(receiver);
        outage.recover();
        failures = 0;
        const gone = new Promise((resolve) => receiver.client.once('disconnected', resolve));
        await gone;
      } catch (error) {
        if (!stopped && up.size === 0) outage.fail(String(error));
      }
      up.delete(receiver);
      failures += 1;
      if (!stopped && failures > 1) await wait(Math.min(MAX_PAUSE_MS, 250 * 2 ** failures));
    }
  }

  return {
    receiver: {
      init: (app: App) => receivers.forEach((receiver) => void receiver.init(app)),
      start: async () => {
        for (const receiver of receivers) void supervise(receiver);
      },
      stop: async () => {
        stopped = true;
        await Promise.all(receivers.map((receiver) => disconnect(receiver)));
      },
    },
    connected: () => up.size > 0,
  };
}

/** The package waits for the server's farewell, which may never come. */
async function disconnect(receiver: SocketModeReceiver): Promise<void> {
  const timer = Promise.withResolvers<void>();
  const timeout = setTimeout(timer.resolve, 1000);
  await Promise.race([receiver.client.disconnect().catch(() => {}), timer.promise]);
  clearTimeout(timeout);
}
