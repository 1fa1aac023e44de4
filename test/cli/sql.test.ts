import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openSqlite } from '../../src/store/sqlite.ts';
import { createCommandLine } from '../support/command-line.ts';

const NOW = Date.UTC(2026, 10, 20, 12);
let folder: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'headroom-sql-'));
  const events = Array.from({ length: 1200 }, (_, index) => ({
    id: String(index),
    time: new Date(NOW - 1000 - index * 60_000).toISOString(),
    client: ['=cmd()', 'billing, "B"', '名前'][index % 3],
    route: '/v1/orders',
    status: index % 5 ? 200 : 429,
  }));
  writeFileSync(join(folder, 'a.ndjson'), events.map((event) => JSON.stringify(event)).join('\n'));
  expect((await run('import', 'a.ndjson')).code).toBe(0);
});
afterAll(() => rmSync(folder, { recursive: true }));

const run = (...words: string[]) => createCommandLine({ folder, now: () => NOW })(...words);

const BY_CLIENT = `select client_name, sum(requests) as requests, sum(credits) / 8 as eighth, max(nullif(1, 1)) as absent
  from daily where dimension = 'client' group by 1 order by 1`;

it('answers as a table, as JSON and as CSV', async () => {
  expect(await run('sql', BY_CLIENT)).toEqual({
    code: 0,
    out: `client_name   requests  eighth  absent
────────────  ────────  ──────  ──────
=cmd()             400      50       –
billing, "B"       400      50       –
名前               400      50       –
(3 rows)
`,
    err: '',
  });
  expect(JSON.parse((await run('sql', BY_CLIENT, '--json')).out)).toEqual(
    ['=cmd()', 'billing, "B"', '名前'].map((client_name) => ({
      client_name,
      requests: 400,
      eighth: 50,
      absent: null,
    })),
  );
  expect((await run('sql', BY_CLIENT, '--csv')).out).toBe(
    'client_name,requests,eighth,absent\r\n\'=cmd(),400,50,\r\n"billing, ""B""",400,50,\r\n名前,400,50,\r\n',
  );
  expect((await run('sql', '-- clients\nselect 1 as one', '--csv')).out).toBe('one\r\n1\r\n');
  for (const [format, none] of [
    ['--json', '[]\n'],
    ['--csv', 'day\r\n'],
  ] as const)
    expect((await run('sql', 'select day from events where 0', format)).out).toBe(none);
});

it('has rows for other tools as soon as a file is imported', () => {
  const db = openSqlite(join(folder, 'headroom.db'), { readonly: true });
  const rows = db.prepare(`select sum(requests) from usage_daily where dimension = 'client'`).pluck().get();
  db.close();
  expect(rows).toBe(1200);
});

it('hands on every row of a long answer', async () => {
  const { out } = await run('sql', 'select time, client from events order by time', '--json');
  const rows = JSON.parse(out);
  expect(rows).toHaveLength(1200);
  expect(rows[0]).toEqual({ time: new Date(NOW - 1000 - 1199 * 60_000).toISOString(), client: '名前' });
});

it.each([
  ['select * from event', /^There is no table event\. Did you mean events\? There are: events, hourly, daily, /],
  [
    'select clint from events',
    /^There is no column clint\. Did you mean client\? Columns of events: time, day, client, /,
  ],
  ['select 1 form events', /^SQLite does not understand "events", after "select 1 form"\. "headroom help sql"/],
  ['select foo(1)', /^SQLite says: no such function: foo\. /],
  ['delete from events', /^Nothing can be written here: begin with SELECT/],
  ['create table a (b)', /^Nothing can be written here/],
  ["attach database 'a.db' as a", /^Nothing can be written here/],
  ['insert into _days values (1, 2) returning day', /^Nothing can be written here/],
  ['select 1; select 2', /^Give one statement at a time/],
  [' -- nothing', /^Write a statement/],
  ["select json('{') from events", /^SQLite says: malformed JSON/],
])('says what is wrong with %s', async (statement, expected) => {
  const { code, out, err } = await run('sql', statement);
  expect({ code, out }).toEqual({ code: 2, out: '' });
  expect(err).toMatch(expected);
});

it('refuses words that it does not take', async () => {
  expect(await run('sql')).toMatchObject({ code: 2, err: expect.stringContaining('"SELECT…" is missing') });
  expect(await run('sql', 'select', '1')).toMatchObject({ code: 2 });
  expect(await run('sql', 'select 1', '--json', '--csv')).toMatchObject({ code: 2 });
});
