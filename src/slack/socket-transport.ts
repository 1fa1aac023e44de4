import { type App, SocketModeReceiver } from '@slack/bolt';
import { backoffMs } from '../domain/calendar.ts';
import { type Logger, OutageLog } from '../log.ts';
import { clientOptions, toSlackLogger } from './client/web-client.ts';
import type { Incoming } from './dispatch.ts';

/** Socket Mode: receives requests over connections that the bot opens, so it needs no public address. */
export interface SocketTransport {
  /** Connects, and keeps connected until `stop`. */
  start(): void;
  stop(): Promise<void>;
  connected(): boolean;
}

/** Two connections, so that one is open while Slack renews the other: a command sent into a gap fails for its user. */
const CONNECTIONS = 2;
const MAX_PAUSE_MS = 30_000;

export function createSocketTransport(
  take: (incoming: Incoming) => Promise<void>,
  {
    appToken,
    apiUrl,
    log,
    wait,
  }: { appToken: string; apiUrl?: string | undefined; log: Logger; wait(ms: number): Promise<void> },
): SocketTransport {
  let stopped = false;
  const up = new Set<SocketModeReceiver>();
  const outage = new OutageLog(log, {
    failing: 'there is no Socket Mode connection; trying until there is one',
    working: 'Socket Mode is connected again',
  });
  const receivers = Array.from({ length: CONNECTIONS }, () => {
    // `supervise` reconnects: the package would pause 5 s at each renewal, and end the process when Slack refuses one.
    return new SocketModeReceiver({
      appToken,
      autoReconnectEnabled: false,
      // `supervise` logs failures of the connection.
      logger: toSlackLogger(log, 'debug'),
      installerOptions: { clientOptions: clientOptions({ apiUrl, log }) },
    });
  });

  /** Keeps one connection open until stop. Reconnects at once after a renewal, after failures with growing pauses. */
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
      if (!stopped && failures > 1) await wait(backoffMs(failures + 1, { firstMs: 250, longestMs: MAX_PAUSE_MS }));
    }
  }

  // A receiver uses nothing else of an app.
  for (const receiver of receivers) receiver.init({ processEvent: take as App['processEvent'] } as App);
  return {
    start() {
      for (const receiver of receivers) void supervise(receiver);
    },
    async stop() {
      stopped = true;
      await Promise.all(receivers.map((receiver) => disconnect(receiver)));
    },
    connected: () => up.size > 0,
  };
}

/** Disconnects without waiting for ever: the package waits for the server's close frame, which may never come. */
async function disconnect(receiver: SocketModeReceiver): Promise<void> {
  const timer = Promise.withResolvers<void>();
  const timeout = setTimeout(timer.resolve, 1000);
  await Promise.race([receiver.client.disconnect().catch(() => {}), timer.promise]);
  clearTimeout(timeout);
}
