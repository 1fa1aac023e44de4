import { afterEach, describe, expect, it } from 'vitest';
import { setUpDatabases, WANTED_DIALECTS } from '../support/databases.ts';
import { typePools } from '../support/pool-text.ts';
import { WORKED_POOLS } from '../support/worked-pools.ts';
import { ADMIN, CHANNEL, type Stage, startStage } from './stage.ts';

const COUNT = 50;
const OCTOBER = Array.from({ length: COUNT }, (_, index) => ({
  id: `october-${index}`,
  time: new Date(Date.UTC(2023, 9, 1) + Math.floor((index * 31 * 86_400_000) / COUNT)).toISOString(),
  client: 'robot',
  module: index % 2 === 0 ? 'erp-sales' : 'erp-stock',
  status: 200,
  count: 125_000 / COUNT,
}));

const ORDERS = {
  'in order': OCTOBER,
  backwards: OCTOBER.toReversed(),
  shuffled: OCTOBER.map((_, index) => OCTOBER[(index * 17) % COUNT]!),
};

const { createUrl } = setUpDatabases('postgres');
let stage: Stage;
afterEach(() => stage.stop());

async function expectOctober(): Promise<void> {
  const seen = await stage.ask('pool integration-service 2023-10-31 table');
  const [head, ...rows] = seen.table;
  const shown = rows.slice(0, 2).map((row) => Object.fromEntries(head!.map((label, at) => [label, row[at]])));
  expect(shown).toMatchObject([
    { Pool: 'Bundled licences', Used: '100,000', Amount: '100,000', Left: '0', Level: 'exhausted' },
    { Pool: 'Annual add-on', Used: '25,000', Amount: '3,000,000', Left: '2,975,000', Level: 'healthy' },
  ]);
  expect(seen.words).toContain('Bundled licences → Annual add-on');
  const crm = await stage.ask('pool crm table');
  expect(crm.words).toContain('50,000 + 10 × 250 Users = 52,500');
  expect(crm.table[1]).toEqual(expect.arrayContaining(['Daily credits', '52,500']));
}

describe('October 2023: 125,000 calls', () => {
  it.each(Object.entries(ORDERS))('sent by HTTP %s', async (_, events) => {
    stage = await startStage({
      nowMs: Date.parse('2023-11-01T00:00:00Z'),
      pools: WORKED_POOLS,
      env: { RAW_RETENTION_DAYS: '60' },
    });
    for (let from = 0; from < COUNT; from += 20) await stage.send(events.slice(from, from + 20));
    await expectOctober();
    stage.slack.assertNoProblems();
  });

  it.each(Object.entries(ORDERS))('imported three years later %s', async (_, events) => {
    const halves = [events.slice(0, 30), events.slice(30)];
    stage = await startStage({
      nowMs: Date.parse('2026-11-21T10:30:00Z'),
      pools: WORKED_POOLS,
      imports: halves.map((half, index) => ({
        name: `half-${index}.ndjson`,
        content: `${half.map((event) => JSON.stringify(event)).join('\n')}\n`,
      })),
    });
    await expectOctober();
  });

  it.runIf(WANTED_DIALECTS.includes('postgres'))('on PostgreSQL', async () => {
    stage = await startStage({
      nowMs: Date.parse('2023-11-01T00:00:00Z'),
      pools: WORKED_POOLS,
      databaseUrl: await createUrl(),
      env: { RAW_RETENTION_DAYS: '60' },
    });
    await stage.send(ORDERS.shuffled);
    await expectOctober();
  });

  it('as Prometheus reads it', async () => {
    stage = await startStage({ nowMs: Date.parse('2023-10-31T23:00:00Z'), pools: WORKED_POOLS });
    await stage.send(ORDERS.shuffled.filter(({ time }) => time > '2023-10-02'));
    const text = await (await fetch(`${stage.app.url}/metrics`)).text();
    const scope = 'scope="integration-service"';
    for (const line of [
      `headroom_pool_amount{${scope},pool="Bundled licences"} 100000`,
      `headroom_pool_used{${scope},pool="Bundled licences"} 100000`,
      `headroom_pool_used{${scope},pool="Annual add-on"} 20000`,
      `headroom_limit_amount{${scope},limit="Fair use"} 10000`,
      'headroom_pool_amount{scope="crm",pool="Daily credits"} 52500',
      `headroom_scope_overage{${scope}} 0`,
    ]) {
      expect(text.split('\n')).toContain(line);
    }
    const read = (name: string) => Number(new RegExp(`^${name.replace(/[{}]/g, '\\$&')} (\\S+)$`, 'm').exec(text)?.[1]);
    expect(read('headroom_slack_up')).toBe(1);
    expect(read('headroom_ingest_waiting_requests')).toBe(0);
    expect(read('headroom_deliveries_waiting')).toBeGreaterThanOrEqual(0);
    expect(read('headroom_deliveries_total{result="failed"}')).toBe(0);
    for (const name of ['headroom_database_bytes', 'process_resident_memory_bytes', 'headroom_ingest_seconds_count'])
      expect(read(name), name).toBeGreaterThan(0);
  });

  it('with pools that an admin types into Slack', async () => {
    stage = await startStage({ nowMs: Date.parse('2023-11-01T00:00:00Z'), env: { RAW_RETENTION_DAYS: '60' } });
    const told = await typePools(stage.slack, { user: ADMIN, channel: CHANNEL, yaml: WORKED_POOLS });
    expect(told).toContain('integration-service: new scope');
    await stage.send(ORDERS.shuffled);
    await expectOctober();
    stage.slack.assertNoProblems();
  });
});
