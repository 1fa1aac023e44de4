import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runHere } from '../support/command-process.ts';
import { createDatabase, type TestDatabase, WANTED_DIALECTS } from '../support/databases.ts';
import { type Stage, startStage } from './stage.ts';

const NOW = Date.parse('2026-11-28T10:30:00Z');
const DAY_MS = 86_400_000;
const CLIENTS = ['Acme CRM', 'Billing', 'Portal'];
const EVENTS = Array.from({ length: 900 }, (_, index) => ({
  id: `e${index}`,
  time: new Date(NOW - Math.floor(((index * 7919) % 900) * (58 / 900) * DAY_MS) - 1).toISOString(),
  client: CLIENTS[(index * index) % 3],
  status: 200,
  duration_ms: (index * 37) % 400,
}));
/** Lists the events of the days from `from` to `to`. */
const days = (from: string, to: string) => EVENTS.filter(({ time }) => time >= from && time.slice(0, 10) <= to);
const NOVEMBER = days('2026-11-01', '2026-11-27');
const OCTOBER = days('2026-10-01', '2026-10-31');

const USED = CLIENTS.map((name) => ({
  name,
  november: NOVEMBER.filter(({ client }) => client === name).length,
  october: OCTOBER.filter(({ client }) => client === name).length,
}))
  .filter(({ november, october }) => november + october > 0)
  .sort((a, b) => b.november - a.november);
const SLOW = USED.map(({ name }) => {
  const sorted = NOVEMBER.filter(({ client }) => client === name)
    .map((event) => event.duration_ms)
    .sort((a, b) => a - b);
  return { name, p95_ms: sorted[Math.ceil(sorted.length * 0.95) - 1]! };
}).sort((a, b) => b.p95_ms - a.p95_ms);

/** Imports into the source of the bot's token, because ids are unique per source. */
const SOURCE = ['--source', 'default'];

let folder: string;
let target: TestDatabase | undefined;
let stage: Stage;

/** With PostgreSQL, the usage is first counted in SQLite and then moved. */
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'headroom-newcomer-'));
  const content = EVENTS.map((event) => `${JSON.stringify(event)}\n`).join('');
  if (!WANTED_DIALECTS.includes('postgres')) {
    stage = await startStage({ nowMs: NOW, imports: [{ name: 'a.ndjson', content, words: SOURCE }] });
    return;
  }
  target = await createDatabase('postgres', 'empty');
  writeFileSync(join(folder, 'a.ndjson'), content);
  const env = {
    DATABASE_URL: `sqlite:${join(folder, 'headroom.db')}`,
    SECRET_KEY: Buffer.alloc(32, 7).toString('base64'),
  };
  for (const words of [
    ['import', 'a.ndjson', ...SOURCE],
    ['move-to', target.url],
  ])
    expect(await runHere({ words, env, folder, nowMs: NOW })).toMatchObject({ code: 0 });
  stage = await startStage({ nowMs: NOW, databaseUrl: target.url });
});
afterAll(async () => {
  await stage?.stop();
  await target?.remove();
  rmSync(folder, { recursive: true });
});

const readTerminal = async (question: string): Promise<Record<string, string>[]> => {
  const [head, ...rows] = (await stage.cli('ask', question, '--csv')).trim().split(/\r?\n/);
  const columns = head!.split(',');
  return rows.map((row) => Object.fromEntries(row.split(',').map((cell, column) => [columns[column]!, cell])));
};
const query = async (statement: string): Promise<object[]> => JSON.parse(await stage.cli('sql', statement, '--json'));

describe('who used most this month, against last month, and how slow was it', () => {
  it('has the same figures from Slack, from the terminal and from SQL', async () => {
    const used = 'top clients this-month vs last-month';
    const toUsed = (rows: readonly Record<string, string>[]) =>
      rows.map(({ name, requests, requests_before }) => ({
        name,
        november: Number(requests),
        october: Number(requests_before),
      }));
    expect(toUsed(await stage.csv(used))).toEqual(USED);
    expect(toUsed(await readTerminal(used))).toEqual(USED);
    expect(
      await query(`select client_name as name, sum(requests) filter (where day >= '2026-11-01') as november,
        sum(requests) filter (where day < '2026-11-01') as october
        from daily where dimension = 'client' and day between '2026-10-01' and '2026-11-27'
        group by client_name order by november desc`),
    ).toEqual(USED);

    const slow = 'latency clients this-month';
    const toSlow = (rows: readonly Record<string, string>[]) =>
      rows.map(({ name, p95_ms }) => ({ name, p95_ms: Number(p95_ms) }));
    expect(toSlow(await stage.csv(slow))).toEqual(SLOW);
    expect(toSlow(await readTerminal(slow))).toEqual(SLOW);
    expect(
      await query(`with timed as (
        select client_name as name, duration_ms, row_number() over by_client as place,
          count(*) over (partition by client_name) as calls
        from events where day between '2026-11-01' and '2026-11-27' and count = 1 and duration_ms is not null
        window by_client as (partition by client_name order by duration_ms))
        select name, min(duration_ms) as p95_ms from timed where place * 100 >= calls * 95 group by name
        order by p95_ms desc`),
    ).toEqual(SLOW);
  });

  it('is counted on where it was moved to', async () => {
    expect(
      await stage.send([EVENTS[0]!, { ...EVENTS[0]!, id: 'new', time: new Date(NOW - 1000).toISOString() }]),
    ).toMatchObject({ accepted: 1, duplicates: 1 });
  });
});
