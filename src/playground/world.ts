import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createApp } from '../app.ts';
import { parseConfig } from '../config.ts';
import { createCalendar } from '../domain/calendar.ts';
import { hashToken } from '../ingest/credentials.ts';
import { toIntakeSettings } from '../ingest/intake.ts';
import type { Logger } from '../log.ts';
import type { Secret } from '../secret.ts';
import { listOpenAlerts } from '../store/alert-repository.ts';
import { openDatabase } from '../store/database.ts';
import { migrate } from '../store/migrate.ts';
import { upsertSource } from '../store/source-repository.ts';
import { listSubscriptions } from '../store/subscription-repository.ts';
import { ALERT_CHANNEL, DEMO_WORKSPACE, ONCALL_GROUP } from './cast.ts';
import type { DemoClock } from './clock.ts';
import type { Faults } from './emulator/core.ts';
import type { Handler } from './emulator/server.ts';
import { startEmulator } from './emulator/workspace.ts';
import { writeHistory } from './history.ts';
import { createTraffic, LiveTraffic } from './traffic.ts';

export const DEMO_ZONE = 'Europe/Berlin';

const CONNECTED_WITHIN_MS = 20_000;

export interface WorldOptions {
  clock: DemoClock;
  log: Logger;
  pages: Handler;
  /** Token of the source that the sample traffic comes from, and the READ_TOKEN of `/v1/ask`. */
  token: Secret;
  /** Port of the page, and of the bot; 0 means any free port. */
  pagePort: number;
  /** Or as the setting PORT is written. */
  botPort: number | string;
  faults?: Faults;
}

/**
 * Starts everything that a reset replaces: a workspace, the bot in it, and the traffic sent to the bot. The database is in a
 * temporary folder, which `stop` removes.
 */
export async function startWorld({ clock, log, pages, token, pagePort, botPort, faults }: WorldOptions) {
  const stops: (() => unknown)[] = [];
  const stop = async (): Promise<void> => {
    for (const end of stops.splice(0).reverse()) await end();
  };
  try {
    const folder = mkdtempSync(join(tmpdir(), 'headroom-demo-'));
    stops.push(() => rmSync(folder, { recursive: true, force: true }));
    const emulator = await startEmulator({ port: pagePort, now: clock.now, seed: DEMO_WORKSPACE, pages, faults });
    stops.push(() => emulator.stop());
    const settings = {
      SLACK_BOT_TOKEN: emulator.botToken,
      SLACK_APP_TOKEN: emulator.appToken,
      SLACK_API_URL: emulator.apiUrl,
      DATABASE_URL: `sqlite:${join(folder, 'headroom.db')}`,
      PORT: String(botPort),
      REPORT_TIMEZONE: DEMO_ZONE,
      ALERT_CHANNEL,
      ONCALL: ONCALL_GROUP,
      READ_TOKEN: token.reveal(),
      LOG_LEVEL: 'warn',
    };
    const config = parseConfig(settings, 'slack');
    const db = openDatabase(config.databaseUrl.reveal());
    stops.push(() => db.destroy());
    await migrate(db);

    const nowMs = clock.now();
    const calendar = createCalendar(DEMO_ZONE);
    const traffic = createTraffic(calendar, calendar.dayOf(nowMs));
    const gateway = { name: 'gateway', adapter: 'native', options: {}, tokenHash: hashToken(token.reveal()) };
    const source = await upsertSource(db, gateway, nowMs);
    await writeHistory({ intake: toIntakeSettings(config, DEMO_ZONE), source, nowMs });

    // Writing the history took a while, in which another program may have taken the port.
    const app = createApp({ ...config, port: await findPort(config.port) }, { clock, log });
    await app.start();
    stops.push(() => app.stop());
    await emulator.waitFor(() => emulator.connected > 0, 'the bot is connected', CONNECTED_WITHIN_MS);
    const live = new LiveTraffic({
      traffic,
      clock,
      url: app.url,
      token: token.reveal(),
      fromMs: nowMs,
      onError: (error) => log.warn({ error: String(error) }, 'sample traffic was not taken'),
    });
    stops.push(() => live.stop());
    live.start();
    return {
      emulator,
      app,
      live,
      /** Address of the database, for other commands while the demo runs. */
      databaseUrl: config.databaseUrl.reveal(),
      /** Reads a pool's used credits and amount from the bot's `/metrics`. Rejects if there is no such pool. */
      async readPool({ scope, name }: { scope: string; name: string }) {
        const text = await (await fetch(`${app.url}/metrics`)).text();
        const read = (gauge: string) =>
          new RegExp(`^headroom_pool_${gauge}\\{scope="${scope}",pool="${name}"\\} (\\S+)$`, 'm').exec(text)?.[1];
        const [used, amount] = [Number(read('used')), Number(read('amount'))];
        if (!(amount > 0)) throw new Error(`no pool ${name} of ${scope} at ${app.url}/metrics`);
        return { used, amount };
      },
      /** Returns the level, in percent, of the newest open alert about a pool; 0 if there is none. */
      async findToldLevel({ scope, name }: { scope: string; name: string }): Promise<number> {
        const open = await listOpenAlerts(db);
        return open.find(({ subject }) => subject === `${scope}/${name}`)?.level ?? 0;
      },
      /** Finds the next digest that is due in any channel; undefined if there is none. */
      async findNextDigest(): Promise<{ channel: string; dueMs: number } | undefined> {
        const due = (await listSubscriptions(db)).flatMap(({ paused, channel, nextDueMs: dueMs }) =>
          paused || dueMs === null ? [] : [{ channel, dueMs }],
        );
        return due.sort((a, b) => a.dueMs - b.dueMs)[0];
      },
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Returns `wanted` if the port is free, else 0, which means any free port. */
export async function findPort(wanted: number): Promise<number> {
  return (await isFree(wanted)) ? wanted : 0;
}

function isFree(port: number): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const server = createServer();
  server.once('error', () => resolve(false));
  server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  return promise;
}
