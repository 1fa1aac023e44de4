import type { SocketModeClient } from '@slack/socket-mode';
import { backoffMs } from '../domain/calendar.ts';
import { type Logger, OutageLog } from '../log.ts';
import { clientOptions, toSlackLogger } from './client/web-client.ts';
import type { Incoming } from './dispatch.ts';

/** Socket Mode: how Slack reaches a bot that has no address. */
export interface SocketTransport {
  /** Connects, and keeps connected until `stop`. */
  start(): Promise<void>;
  stop(): Promise<void>;
  connected(): boolean;
}

/** Two connections, so that one stands while Slack renews the other: a command sent into a gap fails for its user. */
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
  let clients: SocketModeClient[] = [];
  const up = new Set<SocketModeClient>();
  const outage = new OutageLog(log, {
    failing: 'there is no Socket Mode connection; trying until there is one',
    working: 'Socket Mode is connected again',
  });

  /** Keeps one connection up until stop: at once after a renewal, then with growing pauses. */
  async function supervise(client: SocketModeClient): Promise<void> {
    let failures = 0;
    while (!stopped) {
      try {
        await client.start();
        up.add(client);
        outage.recover();
        failures = 0;
        const gone = new Promise((resolve) => client.once('disconnected', resolve));
        await gone;
      } catch (error) {
        if (!stopped && up.size === 0) outage.fail(String(error));
      }
      up.delete(client);
      failures += 1;
      if (!stopped && failures > 1) await wait(backoffMs(failures + 1, { firstMs: 250, longestMs: MAX_PAUSE_MS }));
    }
  }

  return {
    async start() {
      // A bot in HTTP mode does without the package.
      const { SocketModeClient } = await import('@slack/socket-mode');
      const options = {
        appToken,
        // Reconnecting is ours: the package pauses 5 s at each renewal, and ends the process when Slack refuses one.
        autoReconnectEnabled: false,
        // What goes wrong with a connection is told by `supervise`, which keeps it up.
        logger: toSlackLogger(log, 'debug'),
        clientOptions: clientOptions({ apiUrl, log }),
      };
      clients = Array.from({ length: CONNECTIONS }, () => new SocketModeClient(options));
      for (const client of clients) {
        client.on('slack_event', take);
        void supervise(client);
      }
    },
    async stop() {
      stopped = true;
      await Promise.all(clients.map((client) => disconnect(client)));
    },
    connected: () => up.size > 0,
  };
}

/** The package waits for the server's farewell, which may never come. */
async function disconnect(client: SocketModeClient): Promise<void> {
  const timer = Promise.withResolvers<void>();
  const timeout = setTimeout(timer.resolve, 1000);
  await Promise.race([client.disconnect().catch(() => {}), timer.promise]);
  clearTimeout(timeout);
}
