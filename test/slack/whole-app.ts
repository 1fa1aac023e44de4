import { type App, createApp } from '../../src/app.ts';
import { parseConfig } from '../../src/config.ts';
import { systemClock } from '../../src/delivery/clock.ts';
import { createLogger } from '../../src/log.ts';
import { createDatabase } from '../support/databases.ts';
import { type Emulator, settingsIn, startEmulator } from '../support/emulator.ts';

export interface WholeApp {
  app: App;
  slack: Emulator;
  /** Lines of the log that are errors. */
  errors: Record<string, unknown>[];
  /** Sets the clock of the bot and of Slack, which otherwise stands still. */
  setNow(ms: number): void;
  send(events: readonly object[]): Promise<void>;
  stop(): Promise<void>;
}

/** Names that senders may use. In Slack they must never mention, format, link or run anything. */
export const HOSTILE_NAMES = [
  '<!channel> *x* =HYPERLINK("https://evil.example") 名前 `',
  '<@U01ALICE> & <#C01FINANCE> https://evil.example',
  '@here :tada: _x_ ~y~ "quoted" \\ back',
  '*',
  'x'.repeat(200),
];

const TOKEN = 'walk-0123456789abcdef';

/** Starts the whole bot on a real database, in an emulated workspace. */
export async function startWholeApp(options: { nowMs: number; env?: Record<string, string> }): Promise<WholeApp> {
  const database = await createDatabase('sqlite');
  let nowMs = options.nowMs;
  const slack = await startEmulator({ now: () => nowMs });
  const errors: WholeApp['errors'] = [];
  const log = createLogger('error', { write: (line) => void errors.push(JSON.parse(line)) });
  const config = parseConfig(
    {
      ...settingsIn(slack, database.url),
      INGEST_TOKEN: TOKEN,
      ...options.env,
    },
    'slack',
  );
  const app = createApp(config, { clock: { ...systemClock, now: () => nowMs }, log });
  await app.start();
  slack.eventsUrl = `${app.url}/slack/events`;
  return {
    app,
    slack,
    errors,
    setNow(ms) {
      nowMs = ms;
    },
    async send(events) {
      const response = await fetch(`${app.url}/v1/events`, {
        method: 'POST',
        headers: { authorization: `Bearer ${TOKEN}`, 'content-type': 'application/json' },
        body: JSON.stringify(events),
      });
      if (!response.ok) throw new Error(`${response.status}: ${await response.text()}`);
    },
    async stop() {
      await app.stop();
      await slack.stop();
      await database.remove();
    },
  };
}

const STEP_MS = 3_600_000;

/** Lists traffic up to `nowMs`, with plain and hostile names in every dimension. */
export function listTraffic(nowMs: number, count = 600): object[] {
  const clients = ['Acme CRM', 'billing-sync', 'b9c1f0', ...HOSTILE_NAMES];
  const statuses = [200, 200, 200, 201, 400, 401, 404, 429, 500, 503, undefined];
  return Array.from({ length: count }, (_, index) => ({
    id: `e${nowMs}-${index}`,
    time: new Date(nowMs - index * STEP_MS).toISOString(),
    client: clients[index % clients.length],
    method: ['GET', 'POST', 'DELETE'][index % 3],
    url: `/v1/${['orders', 'customers', 'x*y'][index % 3]}/${index}`,
    status: statuses[index % statuses.length],
    user: HOSTILE_NAMES[index % HOSTILE_NAMES.length]!.slice(0, 50),
    ip: `10.0.0.${index % 7}`,
    module: index % 2 ? 'erp-sync' : undefined,
    function: index % 4 ? 'export' : undefined,
    api_version: `v${index % 3}`,
    scope: index % 5 ? 'crm' : undefined,
    count: 1 + (index % 40),
  }));
}

export const POOLS = `scopes:
  - name: crm
    title: "CRM <!here> *calls*"
    rate_limit_per_minute: 100
    links: { addon: "https://example.com/addon", upgrade: "https://example.com/upgrade" }
    limits: [{ name: Fair use, period: day, base: 100 }]
    pools:
      - { name: Monthly, period: month, priority: 1, base: 9000, grants: [{ name: Users, quantity: 10, each: 25 }] }
      - { name: Add-on, period: once, from: 2026-01-01, until: 2026-12-31, priority: 2, base: 20000 }
`;
