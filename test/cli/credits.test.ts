import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Sqlite from 'better-sqlite3';
import { asyncBufferFromFile, parquetReadObjects } from 'hyparquet';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createCommandLine } from '../support/command-line.ts';

const NOW = Date.UTC(2026, 10, 20, 12);
const folder = mkdtempSync(join(tmpdir(), 'headroom-credits-'));
const run = createCommandLine({ folder, now: () => NOW });
const json = async (...words: string[]) => (await run(...words)).out;

/** 9,100 events near the largest credits of one. Their sum exceeds 2^53 thousandths, and would lose its last digits as a float. */
const EVENTS = Array.from({ length: 9100 }, (_, id) => ({
  ...{ id: String(id), client: 'big', scope: 'crm', time: '2026-11-20T08:00:00Z' },
  credits: id % 2 === 0 ? 999_999_999.999 : 999_999_998.997,
}));
const SUM = '9099999995431.8';
const SHOWN = '9,099,999,995,431.8';

beforeAll(async () => {
  const small = [0.1, 0.2].map((credits, id) => ({ id: `s${id}`, client: 'small', scope: 'crm', credits }));
  const lines = [...EVENTS, ...small.map((event) => ({ ...event, time: '2026-11-20T08:00:00Z' }))];
  writeFileSync(join(folder, 'a.ndjson'), lines.map((event) => `${JSON.stringify(event)}\n`).join(''));
  const pools = `scopes:
  - name: crm
    pools:
      - { name: First, period: month, priority: 1, base: 1000000000000 }
      - { name: Day, period: rolling-24h, priority: 2, base: 0.5 }
`;
  writeFileSync(join(folder, 'pools.yml'), pools);
  expect(await run('pools', 'apply', 'pools.yml')).toMatchObject({ code: 0 });
  expect(await run('import', 'a.ndjson')).toMatchObject({ code: 0 });
});
afterAll(() => rmSync(folder, { recursive: true }));

it('are told to the last digit by every answer', async () => {
  expect(EVENTS.reduce((sum, { credits }) => sum + BigInt(Math.round(credits * 1000)), 0n)).toBe(9099999995431800n);
  const top = await json('ask', 'top clients by credits today', '--json');
  expect(top).toContain(`"credits": ${SUM},`);
  expect(top).toContain('"credits": 9099999995432.1\n');
  expect(top).toContain('"credits": 0.3,');
  expect((await run('ask', 'top clients by credits today')).out).toContain(SHOWN);
  expect((await run('ask', 'top clients by credits today', '--csv')).out).toContain(`,${SUM},`);
  // The rolling pool's use includes all credits that the first pool did not give, overage too.
  const pool = await json('ask', 'pool crm', '--csv');
  expect(pool).toMatch(/^crm,First,pool,1000000000000,1000000000000,0,100,/m);
  expect(pool).toMatch(/^crm,Day,pool,8099999995432.1,0.5,0,/m);
  expect(pool).toContain('Overage,overage,8099999995431.6');
});

it('are told to the last digit by SQL, rows and exports', async () => {
  expect(await json('sql', 'select client, sum(credits) as credits from events group by 1', '--csv')).toBe(
    `client,credits\r\nbig,${SUM}\r\nsmall,0.3\r\n`,
  );
  const daily = "where dimension = 'client' order by value";
  expect(await json('sql', `select value, credits from daily ${daily}`, '--csv')).toBe(
    `value,credits\r\nbig,${SUM}\r\nsmall,0.3\r\n`,
  );
  expect(await json('sql', "select sum(credits) as credits from daily where dimension = 'client'", '--json')).toContain(
    '"credits":"9099999995432.1"',
  );
  expect(await json('export', 'daily', '--format', 'ndjson')).toContain(`"credits":${SUM}}`);
  expect(await json('export', 'daily', '--format', 'csv')).toContain(`,${SUM}\r\n`);
  expect(await run('export', 'daily', '--format', 'parquet', '--out', 'd.parquet')).toMatchObject({ code: 0 });
  const rows = await parquetReadObjects({ file: await asyncBufferFromFile(join(folder, 'd.parquet')) });
  expect(rows.find(({ value }) => value === 'big')!.credits).toBeCloseTo(Number(SUM), 2);
  const db = new Sqlite(join(folder, 'headroom.db'));
  const sum = "select sum(credits_thousandths) from usage_daily where dimension = 'client'";
  expect(db.prepare(sum).safeIntegers().pluck().get()).toBe(9099999995432100n);
  db.close();
});
