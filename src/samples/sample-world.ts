import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseDeclaration } from '../definition/parse.ts';
import { type Calendar, createCalendar, HOUR_MS } from '../domain/calendar.ts';
import type { Definitions } from '../domain/definition.ts';
import type { Reporter } from '../domain/report.ts';
import type { SourceHealth } from '../domain/source-health.ts';
import type { Span, UsageReader } from '../domain/usage.ts';
import { getAdapter } from '../ingest/adapters.ts';
import { Intake } from '../ingest/intake.ts';
import { type Block, fitMessage, type Message } from '../messages/text.ts';
import { createReporter } from '../report/reporter.ts';
import { applyDeclaration, getDefinitions } from '../store/configuration-repository.ts';
import { listCorrections } from '../store/correction-repository.ts';
import { type Db, dialectOf, openDatabase } from '../store/database.ts';
import { migrate } from '../store/migrate.ts';
import { listSourceHealth, upsertSource } from '../store/source-repository.ts';
import { StoredUsage } from '../usage/reader.ts';

export interface SampleWorld {
  db: Db;
  calendar: Calendar;
  usage: UsageReader;
  definitions(): Promise<Definitions>;
  sources(): Promise<readonly SourceHealth[]>;
  reporter: Reporter;
  nowMs: number;
}

const EVENTS_A_REQUEST = 1000;

/** Creates a temporary database with three weeks of sample usage (none without `names`) for the time of `work`. */
export async function withSampleWorld<T>(
  names: SampleNames | undefined,
  work: (world: SampleWorld) => Promise<T>,
): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'headroom-samples-'));
  const databaseUrl = `sqlite:${join(folder, 'samples.db')}`;
  const db = openDatabase(databaseUrl);
  try {
    await migrate(db);
    const calendar = createCalendar(SAMPLE_ZONE);
    if (names) await fill(db, databaseUrl, calendar, names);
    const usage = new StoredUsage(db, dialectOf(databaseUrl), calendar);
    const [definitions, sources] = [() => getDefinitions(db), () => listSourceHealth(db)];
    const corrections = (span: Span) => listCorrections(db, { span });
    const reporter = createReporter({ usage, calendar, definitions, sources, corrections });
    return await work({ db, calendar, usage, definitions, sources, reporter, nowMs: SAMPLE_NOW });
  } finally {
    await db.destroy();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function fill(db: Db, databaseUrl: string, calendar: Calendar, names: SampleNames): Promise<void> {
  const events = listSampleEvents(names);
  const firstMs = Number(events[0]!.time);
  const declaration = parseDeclaration(declareSamples(names));
  await applyDeclaration(db, { declaration, today: calendar.dayOf(firstMs), actor: 'sample', nowMs: firstMs });
  const gateway = { name: 'gateway', adapter: 'native', options: {}, tokenHash: 'none' };
  const source = await upsertSource(db, gateway, firstMs);
  const intake = new Intake({ databaseUrl, zone: calendar.zone, rawRetentionDays: 30, maxBodyBytes: 1024 * 1024 });
  try {
    for (let from = 0; from < events.length; from += EVENTS_A_REQUEST) {
      const { events: parsed } = getAdapter('native').parse({
        body: Buffer.from(JSON.stringify(events.slice(from, from + EVENTS_A_REQUEST))),
        contentType: 'application/json',
        headers: {},
        receivedMs: SAMPLE_NOW,
        options: {},
      });
      await intake.append({ source, events: parsed, receivedMs: SAMPLE_NOW });
    }
    await intake.usage.foldAll();
  } finally {
    await intake.close();
  }
}

/** Names in samples: usual ones, or those of a test. */
export interface SampleNames {
  clients: readonly string[];
  routes: readonly string[];
  users: readonly string[];
  scopes: readonly string[];
  /** Names of the three pools and the limit in each scope; alerts and changes use further ones. */
  pools: readonly [string, string, string, string, ...string[]];
}

export const USUAL_NAMES: SampleNames = {
  clients: ['Acme CRM', 'Warehouse Export', 'billing-sync', 'mobile-ios', 'partner-portal', '名前の長いクライアント'],
  routes: ['/v1/orders', '/v1/orders/{id}', '/v1/customers', '/v1/invoices/{id}/lines'],
  users: ['ann@example.com', 'ben@example.com', 'cho@example.com'],
  scopes: ['crm', 'erp'],
  pools: ['Daily credits', 'Licences', 'Annual add-on', 'Fair use'],
};

/** Saturday 21 November 2026, 15:05 in Berlin. */
export const SAMPLE_NOW = Date.parse('2026-11-21T14:05:00Z');
export const SAMPLE_ZONE = 'Europe/Berlin';
const HOURS = 21 * 24;

/** Declares pools of several periods, with limits, grants, links and a rate limit: some get used up, some hardly touched. */
function declareSamples({ scopes, pools, clients }: SampleNames): string {
  const [daily, bundle, addon, limit] = pools;
  return JSON.stringify({
    scopes: scopes.map((name, index) => ({
      name,
      title: name,
      rate_limit_per_minute: 5,
      match: [{ module: `module-${index}` }],
      links: { addon: 'https://example.com/add-on', upgrade: 'https://example.com/plans' },
      pools: [
        { name: daily, period: 'rolling-24h', base: 60, priority: 1 },
        {
          ...{ name: bundle, period: 'month', priority: 2 },
          grants: [
            { name: bundle, quantity: 20, each: 5 },
            { name: addon, quantity: 3, each: 0.5 },
          ],
        },
        {
          ...{ name: addon, period: 'once', priority: 3, base: 5000 },
          from: '2026-01-01',
          until: '2026-12-31',
        },
      ],
      limits: [{ name: limit, period: 'day', base: 40 }],
    })),
    clients: [{ id: clients[0], name: clients[0], owner: 'U0123456789', team: 'Sales' }],
  });
}

/** Lists events for the native adapter, at least one in each hour of three weeks, with clients, routes and scopes in turn. */
function listSampleEvents({ clients, routes, users, scopes }: SampleNames): Record<string, unknown>[] {
  const turn = <T>(list: readonly T[], index: number): T => list[index % list.length]!;
  const rounds = Math.max(1, Math.ceil(clients.length / 24));
  return Array.from({ length: HOURS * rounds }, (_, index) => {
    const hour = index % HOURS;
    return {
      time: SAMPLE_NOW - (HOURS - hour) * HOUR_MS + 1,
      client: turn(clients, index),
      route: turn(routes, index),
      method: index % 3 === 0 ? 'POST' : 'GET',
      ...(index % 13 === 0 ? {} : { status: index % 7 === 0 ? 429 : index % 11 === 0 ? 503 : 200 }),
      user: turn(users, index),
      ip: `192.0.2.${index % 200}`,
      module: `module-${index % scopes.length}`,
      function: turn(routes, index + 1),
      duration_ms: 20 + (index % 50),
      count: 1 + (index % 9),
    };
  });
}

/** One message, modal or Home view as it would go to Slack. `name` describes it for people. */
export type Sample = { name: string } & ({ message: Message } | { view: Block });

/** Makes a sample of a message, cut to Slack's limits as when it is sent. */
export function sampleMessage(name: string, message: Message): Sample {
  return { name, message: fitMessage(message) };
}
