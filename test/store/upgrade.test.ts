import { promises as fs, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { brotliDecompressSync } from 'node:zlib';
import Sqlite from 'better-sqlite3';
import { sql } from 'kysely';
import { FileMigrationProvider, Migrator } from 'kysely/migration';
import { expect, it, onTestFinished } from 'vitest';
import { createCalendar } from '../../src/domain/calendar.ts';
import type { UsageQuery } from '../../src/domain/usage.ts';
import type { Envelope } from '../../src/ingest/adapter.ts';
import { Intake } from '../../src/ingest/intake.ts';
import { type Db, type DialectName, openDatabase } from '../../src/store/database.ts';
import { migrate } from '../../src/store/migrate.ts';
import { findSource } from '../../src/store/source-repository.ts';
import { listDigests, listSubscriptions } from '../../src/store/subscription-repository.ts';
import { StoredUsage } from '../../src/usage/reader.ts';
import { readFixture } from '../ingest/fixtures.ts';
import { runHere } from '../support/command-process.ts';
import { createDatabase, type TestDatabase, WANTED_DIALECTS } from '../support/databases.ts';

interface Expected {
  /** Time at which it was written. */
  nowMs: number;
  /** Numbers of rows. */
  tables: Record<string, number>;
  /** Output of "headroom pools show". */
  pools: string[];
  /** Counts as `start|…keys|requests|ok|failed|credits`. */
  sums: (Pick<UsageQuery, 'grain' | 'groupBy'> & { raw: boolean; rows: string[] })[];
}

const DAY_MS = 86_400_000;
const ZONE = 'Europe/Berlin';
const calendar = createCalendar(ZONE);
const { nowMs, tables, pools, sums }: Expected = JSON.parse(readFixture('upgrade/expected.json').toString());

/**
 * Restores a database as version 0.1.0 (commit c554984, migrations up to 0009) left it when it was killed: 4,500 events of three
 * senders and an import, pools, a correction, a posted digest and posted alerts, and a commit not yet folded. That version wrote
 * SQLite. PostgreSQL gets the same rows, except its index of ids, which no migration reads.
 */
async function restore(dialect: DialectName): Promise<TestDatabase> {
  const database = await createDatabase(dialect, 'empty');
  const bytes = brotliDecompressSync(readFixture('upgrade/0009.db.br'));
  if (dialect === 'sqlite') {
    writeFileSync(database.url.slice('sqlite:'.length), bytes);
    return database;
  }
  const db = openDatabase(database.url);
  const migrationFolder = fileURLToPath(new URL('../../migrations', import.meta.url));
  const migrator = new Migrator({ db, provider: new FileMigrationProvider({ fs, path, migrationFolder }) });
  const { error } = await migrator.migrateTo('0009-drop-delivery-degraded');
  expect(error).toBeUndefined();
  const file = new Sqlite(bytes);
  for (const name of file.prepare("select name from sqlite_master where type = 'table'").pluck().all() as string[]) {
    if (/^(kysely|sqlite)_/.test(name)) continue;
    const rows = file.prepare(`select * from "${name}"`).all() as Record<string, unknown>[];
    const table = name as 'alert';
    await db.deleteFrom(table).execute();
    for (let at = 0; at < rows.length; at += 500)
      await db
        .insertInto(table)
        .values(rows.slice(at, at + 500) as never)
        .execute();
  }
  for (const { name, columns } of await db.introspection.getTables()) {
    const last = file.prepare('select seq from sqlite_sequence where name = ?').pluck().get(name) as number | undefined;
    for (const column of columns.filter(({ isAutoIncrementing }) => last && isAutoIncrementing))
      await sql`select setval(pg_get_serial_sequence(quote_ident(${name}), ${column.name}), ${last})`.execute(db);
  }
  file.close();
  await db.destroy();
  return database;
}

/** Makes the events that were sent to that release, with the same ids. */
function makeEvents(from: number, to: number, spreadMs: number, backMs = 0): object[] {
  return Array.from({ length: to - from }, (_, i) => {
    const n = from + i;
    return {
      id: `call-${n}`,
      client: ['acme', 'beta', 'gamma'][n % 3],
      user: `user ${n % 7}`,
      module: n % 4 === 0 ? 'smtp' : 'web',
      scope: n % 4 === 0 ? 'mail' : 'crm',
      route: `/v1/${['contacts', 'deals'][n % 2]}`,
      status: n % 9 === 0 ? 429 : n % 31 === 0 ? 500 : 200,
      ip: `203.0.113.${n % 5}`,
      duration_ms: n % 200,
      time: nowMs - backMs - Math.floor((n * 7_919_000) % spreadMs),
    };
  });
}

async function sum(
  db: Db,
  dialect: DialectName,
  query: Pick<UsageQuery, 'grain' | 'groupBy'> & { raw: boolean },
): Promise<string[]> {
  const today = calendar.dayOf(nowMs);
  const span = { fromMs: calendar.startOfDay(today - 40), toMs: calendar.startOfDay(today + 1) };
  const { rows } = await new StoredUsage(db, dialect, calendar).sum({ ...query, span, filters: [] });
  return rows.map((row) => [row.startMs, ...row.keys, row.requests, row.ok, row.failed, row.credits].join('|')).sort();
}

it.each(WANTED_DIALECTS)(
  'the last released schema on %s is brought up to date: nothing is lost, counted twice, or read otherwise',
  async (dialect) => {
    const { url, remove } = await restore(dialect);
    onTestFinished(remove);
    const folder = mkdtempSync(path.join(tmpdir(), 'headroom-upgrade-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const db = openDatabase(url);
    await migrate(db);

    for (const { rows, ...query } of sums) expect([query, await sum(db, dialect, query)]).toEqual([query, rows]);
    for (const [table, rows] of Object.entries(tables))
      expect([
        table,
        (
          await db
            .selectFrom(table as 'alert')
            .selectAll()
            .execute()
        ).length,
      ]).toEqual([table, rows]);
    // The old instance was killed just before, so its row still counts as running.
    await db.deleteFrom('instance').execute();
    const env = { DATABASE_URL: url, SECRET_KEY: Buffer.alloc(32, 7).toString('base64') };
    const command = (...words: string[]) => runHere({ words, env, folder, nowMs });
    expect((await command('pools', 'show')).lines.join('\n').trim()).toBe(pools.join('\n').trim());
    expect((await command('digest', 'preview', '1')).lines.join('\n')).toContain('crm');
    const [subscription] = await listSubscriptions(db);
    expect(await listDigests(db, subscription!.id, 10)).toHaveLength(1);
    const alerts = await db.selectFrom('alert').select(['at_ms', 'over_ms']).execute();
    expect(alerts.every(({ at_ms, over_ms }) => at_ms === over_ms)).toBe(true);

    const intake = new Intake({ databaseUrl: url, zone: ZONE, rawRetentionDays: 30, maxBodyBytes: 1 << 20 });
    const send = async (name: string, body: unknown, more: object = {}) => {
      const source = (await findSource(db, name))!;
      const options = { ...source.options, ...more };
      const envelope: Envelope = {
        ...{ sourceId: source.id, sourceName: name, adapter: source.adapter, options },
        ...{ contentType: 'application/json', headers: {} },
      };
      const requests = [{ envelope, body: Buffer.from(JSON.stringify(body)), receivedMs: nowMs }];
      const [result] = await intake.take(() => requests);
      return result;
    };

    // All ids are known: of folded, raw, imported and waiting events.
    const nothing = { accepted: 0, conflicts: 0, rejected: [] };
    expect(await send('default', makeEvents(0, 1800, 20 * DAY_MS))).toMatchObject({ ...nothing, duplicates: 1800 });
    expect(await send('default', makeEvents(9000, 9100, 3_600_000))).toMatchObject({ ...nothing, duplicates: 100 });
    const file = path.join(folder, 'old.ndjson');
    const lines = makeEvents(5000, 5200, 10 * DAY_MS, DAY_MS).map((event) => JSON.stringify(event));
    writeFileSync(file, `${lines.join('\n')}\n`);
    const imported = await command('import', file, '--source', 'archive');
    expect([imported.code, imported.lines.join('\n')]).toEqual([
      0,
      expect.stringContaining('0 events counted (import 1, '),
    ]);

    // Sources keep their old options: the one for the client, and the kind of span that counts as a call.
    const [kong] = JSON.parse(
      readFileSync(new URL('../fixtures/senders/kong-http-log-batch.json', import.meta.url), 'utf8'),
    );
    const anonymous = { ...kong, consumer: undefined, started_at: nowMs, request: { ...kong.request, id: 'after' } };
    expect(await send('kong', [kong, anonymous])).toMatchObject({ accepted: 1, duplicates: 1, conflicts: 0 });
    const nano = String(BigInt(nowMs) * 1_000_000n);
    const spans = [3, 2].map((kind) => ({
      ...{ traceId: `${kind}c`.repeat(16), spanId: `${kind}c`.repeat(8), kind, name: 'GET' },
      ...{ startTimeUnixNano: nano, endTimeUnixNano: nano },
      attributes: [
        { key: 'http.request.method', value: { stringValue: 'GET' } },
        { key: 'http.response.status_code', value: { intValue: '200' } },
      ],
    }));
    const attributes = [{ key: 'service.name', value: { stringValue: 'shop' } }];
    const traces = { resourceSpans: [{ resource: { attributes }, scopeSpans: [{ spans }] }] };
    expect(await send('traces', traces, { signal: 'traces' })).toMatchObject({ accepted: 1 });

    await intake.usage.foldAll();
    expect(await intake.usage.writeDailyRows()).toBe(false);
    const clients = await sum(db, dialect, { grain: 'all', groupBy: ['client'], raw: false });
    expect(clients.reduce((all, row) => all + Number(row.split('|')[2]), 0)).toBe(
      sums[0]!.rows.reduce((all, row) => all + Number(row.split('|')[2]), 0) + 2,
    );
    const daily = await db
      .selectFrom('usage_daily')
      .select(({ fn }) => ['value', fn.sum<number>('requests').as('requests')])
      .where('dimension', '=', 'client')
      .groupBy('value')
      .execute();
    expect(daily.map(({ value, requests }) => `${value}|${Number(requests)}`).sort()).toEqual(
      clients.map((row) => row.split('|').slice(1, 3).join('|')).sort(),
    );
    expect(clients.some((row) => row.includes(`|${kong.client_ip}|`))).toBe(true);
    await intake.close();
    await db.destroy();
  },
);
