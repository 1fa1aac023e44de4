import fc from 'fast-check';
import { parseDeclaration } from '../../src/definition/parse.ts';
import { createCalendar } from '../../src/domain/calendar.ts';
import type { Definitions } from '../../src/domain/definition.ts';
import type { UsageEvent } from '../../src/domain/event.ts';
import { Intake } from '../../src/ingest/intake.ts';
import { applyDeclaration, getDefinitions } from '../../src/store/configuration-repository.ts';
import { type Db, dialectOf, openDatabase } from '../../src/store/database.ts';
import { StoredUsage } from '../../src/usage/reader.ts';

export const ZONE = 'Europe/Berlin';
export const NOW = Date.parse('2026-11-21T10:30:00Z');
export const calendar = createCalendar(ZONE);

const POOLS = `
scopes:
  - name: crm
    match: [{ route: "/v1/*" }]
    costs: [{ method: POST, credits: 2.5 }]
    limits: [{ name: Fair use, period: month, base: 1500 }]
    pools:
      - { name: Bundle, period: month, priority: 1, base: 300, valid_from: 2026-10-01 }
      - { name: Add-on, period: once, from: 2026-10-01, until: 2026-12-31, priority: 2, base: 500, valid_from: 2026-10-01 }
clients:
  - { id: "b9c1*", name: Acme CRM }
exclude: [{ kind: internal }]
`;

/** Calls of two months. Some clients share a name, some calls are excluded, some events have a `count`, some have few fields. */
export const CALLS: readonly UsageEvent[] = fc
  .sample(
    fc.record({
      timeMs: fc.integer({ min: Date.parse('2026-10-01T00:00:00Z'), max: NOW - 1 }),
      client: fc.constantFrom('b9c1f0', 'b9c1aa', 'billing', '=SUM(A1)', '名前, "x"'),
      method: fc.option(fc.constantFrom('GET', 'POST'), { nil: undefined }),
      route: fc.constantFrom('/v1/orders', '/v1/orders/{id}', '/v2/users'),
      status: fc.option(fc.constantFrom(200, 200, 204, 404, 429, 429, 503), { nil: undefined }),
      user: fc.option(fc.constantFrom('ann', 'bob'), { nil: undefined }),
      kind: fc.constantFrom('call', 'call', 'call', 'internal'),
      count: fc.constantFrom(1, 1, 1, 1, 7),
      records: fc.option(fc.nat(9), { nil: undefined }),
      durationMs: fc.option(
        fc.nat(900_000).map((micros) => micros / 1000),
        { nil: undefined },
      ),
    }),
    { numRuns: 1500, seed: 7 },
  )
  .map((call, index) => ({ ...call, id: `call-${index}` }) as UsageEvent);

/** The calls that no rule excludes. */
export const COUNTED = CALLS.filter(({ kind }) => kind !== 'internal');

export interface Stage {
  db: Db;
  usage: StoredUsage;
  definitions: Definitions;
  intake: Intake;
  close(): Promise<void>;
}

/** Fills a database with `CALLS`. The newest of them are not folded yet. */
export async function fillStage(url: string): Promise<Stage> {
  const db = openDatabase(url);
  const declaration = parseDeclaration(POOLS, 'pools.yml');
  await applyDeclaration(db, {
    ...{ declaration, today: calendar.dayOf(Date.parse('2026-10-01T12:00:00Z')), actor: 'test' },
    nowMs: Date.parse('2026-10-01T00:00:00Z'),
  });
  const intake = new Intake({ databaseUrl: url, zone: ZONE, rawRetentionDays: 60, maxBodyBytes: 1_000_000 });
  const source = { id: 1, name: 'gateway' };
  await intake.append({ source, events: CALLS.slice(0, 1200), receivedMs: NOW });
  await intake.usage.foldAll();
  await intake.append({ source, events: CALLS.slice(1200), receivedMs: NOW });
  return {
    ...{ db, intake, usage: new StoredUsage(db, dialectOf(url), calendar), definitions: await getDefinitions(db) },
    async close() {
      await intake.close();
      await db.destroy();
    },
  };
}
