import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sql } from 'kysely';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { runCli } from '../../src/cli/run.ts';
import { createCalendar } from '../../src/domain/calendar.ts';
import { describeChange } from '../../src/messages/installation.ts';
import { listAudit } from '../../src/store/audit-repository.ts';
import { setSetting } from '../../src/store/configuration-repository.ts';
import { type Db, openDatabase } from '../../src/store/database.ts';
import { claimSqlite } from '../../src/store/sqlite-claim.ts';
import { EventIdentity } from '../../src/usage/event-identity.ts';
import { UsageWriter } from '../../src/usage/usage-writer.ts';
import { createDatabase, type TestDatabase, WANTED_DIALECTS } from '../support/databases.ts';

const NOW = Date.parse('2026-11-20T12:00:00Z');
const KEY = Buffer.alloc(32, 7).toString('base64');
const POOLS = `
scopes:
  - { name: crm, match: [{ module: crm }], pools: [{ name: Daily credits, period: day, base: 5000 }] }
clients: [{ id: a, name: "Acme \\"CRM\\"" }]
exclude: [{ client: probe }]
`;
const EVENTS = Array.from({ length: 400 }, (_, index) => ({
  id: `e${index}`,
  time: new Date(NOW - 1000 - index * 1_300_000).toISOString(),
  client: ['a', '名前', '203.0.113.7', 'probe'][index % 4],
  ip: `203.0.113.${index % 9}`,
  route: `/v1/${index % 7}`,
  module: index % 3 ? 'crm' : 'erp',
  status: index % 5 ? 200 : 429,
  duration_ms: (index * 37) % 900,
}));
const QUESTIONS = ['top clients 7d vs previous', 'status', 'latency routes 7d', 'daily scope:crm', 'scope crm'];
const STATEMENTS = [
  'select * from daily order by 1, 2, 3, 4, 5',
  'select * from events order by time, client, route',
  'select * from draws order by 1, 2, 3',
];

describe.skipIf(!WANTED_DIALECTS.includes('postgres'))('headroom move-to', () => {
  let folder: string;
  let path: string;
  let target: TestDatabase;
  const open: Db[] = [];

  // Filled once for all tests, because a move only reads its source.
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'headroom-move-'));
    path = join(folder, 'headroom.db');
    await fillSource();
  });
  afterAll(() => rmSync(folder, { recursive: true }));
  beforeEach(async () => {
    target = await createDatabase('postgres', 'empty');
  });
  afterEach(async () => {
    for (const db of open.splice(0)) await db.destroy();
    await target.remove();
  });

  const openDb = (url: string): Db => {
    const db = openDatabase(url);
    open.push(db);
    return db;
  };

  async function run(
    words: readonly string[],
    env: Record<string, string> = {},
    signal = new AbortController().signal,
  ) {
    const out: string[] = [];
    const code = await runCli(words, {
      env: { DATABASE_URL: `sqlite:${path}`, SECRET_KEY: KEY, ...env },
      folder,
      out: (line) => out.push(line),
      err: (line) => out.push(line),
      isTerminal: false,
      now: () => NOW,
      signal,
    });
    return { code, out: out.join('\n') };
  }
  // The address comes from the environment, so that its password is not in the list of processes.
  const move = (env?: Record<string, string>, signal?: AbortSignal) =>
    run(['move-to'], { TARGET_DATABASE_URL: target.url, ...env }, signal);
  const onTarget = (...words: string[]) => run(words, { DATABASE_URL: target.url });

  function bring(name: string, events: readonly object[]): string {
    writeFileSync(join(folder, name), events.map((event) => `${JSON.stringify(event)}\n`).join(''));
    return name;
  }

  async function fillSource(): Promise<void> {
    writeFileSync(join(folder, 'pools.yml'), POOLS);
    const zone = { REPORT_TIMEZONE: 'Europe/Berlin' };
    for (const words of [
      ['pools', 'apply', 'pools.yml'],
      ['sources', 'add', 'web'],
      ['import', bring('a.ndjson', EVENTS.slice(0, 200))],
      ['correct', 'crm', '+12.5', '--reason', 'lost', '--at', '2026-11-19'],
      ['forget', 'ip:203.0.113.7'],
    ])
      expect(await run(words, zone), words[0]).toMatchObject({ code: 0 });
    const db = openDatabase(`sqlite:${path}`);
    // Stores ids in runs, then ids in batches, then events that are not folded yet.
    await db.transaction().execute((trx) => new EventIdentity('sqlite', 1).tidy(trx));
    expect(await run(['import', bring('b.ndjson', EVENTS.slice(200))])).toMatchObject({ code: 0 });
    const writer = new UsageWriter(db, {
      dialect: 'sqlite',
      calendar: createCalendar('Europe/Berlin'),
      rawRetentionDays: 60,
      rules: async () => (event) => ({ scope: 'crm', meters: ['crm'], exclusion: undefined, credits: event.count }),
    });
    const late = { client: 'late', kind: 'call', count: 3, timeMs: NOW - 5000 };
    await writer.append([{ source: { id: 1, name: 'web' }, events: [late], receivedMs: NOW }]);
    for (const table of await tablesOf(db)) {
      const filled = await sql`select 1 from ${sql.table(table.name)} limit 1`.execute(db);
      if (filled.rows.length === 0) await insertAny(db, table);
    }
    await db.destroy();
  }

  it('moves every row of every table but those of running processes, and leaves the file as it was', async () => {
    const before = createHash('sha256').update(readFileSync(path)).digest('hex');
    const commands = [
      ...QUESTIONS.map((question) => ['ask', question, '--json']),
      ...STATEMENTS.map((statement) => ['sql', statement, '--csv']),
    ];
    const answers = [];
    for (const words of commands) answers.push(await run(words));
    expect(answers.filter(({ code }) => code !== 0)).toEqual([]);
    expect(createHash('sha256').update(readFileSync(path)).digest('hex')).toBe(before);

    const { code, out } = await move();
    expect(out).toMatch(
      /^Moved headroom\.db to 127\.0\.0\.1:\d+\/test_\d+: [\d,]+ rows of \d+ tables, each compared\.$/m,
    );
    expect(out).toMatch(/^Recounted on both sides: 303 requests on 7 days of Europe\/Berlin, the same/m);
    expect(out).not.toContain('postgres:postgres');
    expect(code).toBe(0);
    expect(createHash('sha256').update(readFileSync(path)).digest('hex')).toBe(before);

    const [from, to] = [openDb(`sqlite:${path}`), openDb(target.url)];
    // The list of tables comes from SQLite itself, so that none can be forgotten.
    const { rows: names } = await sql<{ name: string }>`select name from sqlite_master where type = 'table'
      and name not like 'sqlite_%' and name not like 'kysely_%' order by name`.execute(from);
    expect(names.length).toBeGreaterThan(25);
    for (const { name } of names) {
      const read = async (db: Db) =>
        (await sql<object>`select * from ${sql.table(name)}`.execute(db)).rows.map((row) => JSON.stringify(row)).sort();
      const [before, moved] = [await read(from), await read(to)];
      if (['instance', 'lease'].includes(name)) {
        expect([before.length, moved], name).toEqual([1, []]);
        continue;
      }
      expect(
        moved.filter((row) => !row.includes('"move-to"')),
        name,
      ).toEqual(before);
      expect(moved.length, name).toBeGreaterThan(0);
    }
    const [newest] = await listAudit(to, 1);
    expect(newest).toMatchObject({ atMs: NOW, detail: 'from SQLite, 303 requests' });
    expect(describeChange(newest!, 'UTC')).toBe('moved everything to PostgreSQL from SQLite, 303 requests');

    for (const [index, words] of commands.entries()) expect(await onTarget(...words)).toEqual(answers[index]);
  });

  it('goes on there: known events are duplicates, and new rows get ids that were never given', async () => {
    const from = openDb(`sqlite:${path}`);
    const { rows } = await sql<{ name: string; seq: number }>`select * from sqlite_sequence`.execute(from);
    const last = new Map(rows.map(({ name, seq }) => [name, seq]));
    expect(await move()).toMatchObject({ code: 0 });
    const more = bring('more.ndjson', [{ ...EVENTS[0]!, id: 'new' }, ...EVENTS.toReversed()]);
    expect((await onTarget('import', more)).out).toContain(`1 event counted`);
    expect(await onTarget('recount', '--from', '2026-11-14')).toMatchObject({ code: 0 });
    expect(await onTarget('sources', 'rotate', 'web')).toMatchObject({ code: 0 });
    const to = openDb(target.url);
    for (const { name, columns } of await tablesOf(to)) {
      const id = columns.find(({ isAutoIncrementing }) => isAutoIncrementing)?.name;
      if (id === undefined) continue;
      const { rows } = await sql<{
        next: number;
      }>`select nextval(pg_get_serial_sequence(${name}, ${id})) as next`.execute(to);
      expect(rows[0]!.next, name).toBeGreaterThan(last.get(name)!);
    }
  });

  it('leaves an empty target where it is stopped, and moves all of it when it is run again', async () => {
    const stop = new AbortController();
    let reads = 0;
    const counting = {
      get aborted() {
        return stop.signal.aborted;
      },
      throwIfAborted() {
        reads += 1;
        if (reads === 40) stop.abort();
        stop.signal.throwIfAborted();
      },
    } as AbortSignal;
    const stopped = await move({}, counting);
    expect(stopped).toMatchObject({ code: 130 });
    expect(stopped.out).toMatch(/^Stopped\. The target is still empty.*run the same command again\.$/m);
    expect(await openDb(target.url).selectFrom('setting').selectAll().execute()).toEqual([]);
    expect(await move()).toMatchObject({ code: 0 });
  });

  it('refuses beside a bot, a target that holds anything, and a key that opens no secret', async () => {
    const release = await claimSqlite(`sqlite:${path}`);
    expect(await move()).toMatchObject({
      code: 1,
      out: expect.stringMatching(/already runs on .*headroom\.db: stop it/),
    });
    release();
    const other = await move({ SECRET_KEY: Buffer.alloc(32).toString('base64') });
    expect(other).toMatchObject({
      code: 1,
      out: expect.stringMatching(/SECRET_KEY is not the key that the signing secrets of web are sealed with/),
    });
    expect((await run(['move-to', 'sqlite:x.db'])).out).toMatch(/must be the address of a PostgreSQL database/);
    expect((await run(['move-to', target.url], { DATABASE_URL: target.url })).out).toMatch(/only SQLite can be moved/);
    expect((await run(['move-to', 'postgres://u:p4ss@127.0.0.1:1/x'])).out).toMatch(
      /^The database cannot be opened \(.*\): check the address of 127\.0\.0\.1:1\/x\.$/,
    );
    expect((await move({ DATABASE_URL: 'sqlite:none.db' })).out).toMatch(/There is no database at/);

    // A setting on the target shows that a bot has run there.
    expect(await onTarget('sources', 'list')).toMatchObject({ code: 0 });
    await setSetting(openDb(target.url), 'id_seed', '1');
    expect(await move()).toMatchObject({
      code: 1,
      out: expect.stringMatching(/already holds data of Headroom \(in setting\)/),
    });
  });

  it('moves nothing where something else writes to the file meanwhile', async () => {
    const db = openDb(`sqlite:${path}`);
    let written = false;
    const signal = {
      aborted: false,
      throwIfAborted() {
        if (written) return;
        written = true;
        void setSetting(db, 'alert_channel', 'C9');
      },
    } as AbortSignal;
    expect(await move({}, signal)).toMatchObject({ code: 1, out: expect.stringContaining('Another command wrote') });
    expect(await openDb(target.url).selectFrom('setting').selectAll().execute()).toEqual([]);
  });
});

async function tablesOf(db: Db) {
  return db.introspection.getTables();
}

/** Inserts one row of made-up values into a table that no command of this test fills. */
async function insertAny(db: Db, { name, columns }: Awaited<ReturnType<typeof tablesOf>>[number]): Promise<void> {
  const values = columns.map(({ dataType }, index) =>
    /blob/i.test(dataType) ? Buffer.from([0, 255, index]) : /text/i.test(dataType) ? `"名前 ${index}"` : index + 1,
  );
  await sql`insert into ${sql.table(name)} values (${sql.join(values)})`.execute(db);
}
