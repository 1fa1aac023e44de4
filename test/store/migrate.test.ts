import { promises as fs } from 'node:fs';
import { type AddressInfo, connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { FileMigrationProvider, Migrator } from 'kysely/migration';
import { afterEach, describe, expect, it } from 'vitest';
import { createCalendar } from '../../src/domain/calendar.ts';
import type { UsageEvent } from '../../src/domain/event.ts';
import { type Db, type DialectName, openDatabase } from '../../src/store/database.ts';
import { awaitStart, migrate } from '../../src/store/migrate.ts';
import { UsageWriter } from '../../src/usage/usage-writer.ts';
import { runHere } from '../support/command-process.ts';
import { createDatabase, type TestDatabase, WANTED_DIALECTS } from '../support/databases.ts';

const NOW = Date.parse('2026-11-20T12:00:00Z');
const calendar = createCalendar('UTC');
const events = Array.from(
  { length: 300 },
  (_, id): UsageEvent => ({ id: `e${id}`, client: 'acme', kind: 'call', count: 1, timeMs: NOW - id * 1_000_000 }),
);

describe.each(WANTED_DIALECTS)('an older database on %s', (dialect) => {
  const closing: (() => Promise<void>)[] = [];
  afterEach(async () => {
    for (const close of closing.splice(0).reverse()) await close();
  });
  const open = async (state?: 'empty'): Promise<Db> => {
    const database: TestDatabase = await createDatabase(dialect, state);
    const db = openDatabase(database.url);
    closing.push(database.remove, () => db.destroy());
    return db;
  };

  it('remembers the ids of its events when they move to tables of their own', async () => {
    const old = await open('empty');
    const migrations = path.join(import.meta.dirname, '../../migrations');
    const migrator = new Migrator({
      db: old,
      provider: new FileMigrationProvider({ fs, path, migrationFolder: migrations }),
    });
    expect((await migrator.migrateTo('0010-create-usage-daily')).error).toBeUndefined();

    // The old format: five words of key per event, beside the events.
    const source = await open();
    await append(source, dialect, events);
    const [{ ids }] = (await source.selectFrom('id_batch').select('ids').execute()) as [{ ids: Uint8Array }];
    const words = new Uint32Array(new Uint8Array(ids).buffer);
    const keys = new Uint32Array(events.length * 5);
    for (let id = 0; id < events.length; id += 1) keys.set(words.subarray(id * 7, id * 7 + 5), id * 5);
    for (const table of ['setting', 'value'] as const) {
      await old.deleteFrom(table).execute();
      for (const row of await source.selectFrom(table).selectAll().execute())
        await old
          .insertInto(table)
          .values(row as never)
          .execute();
    }
    const inbox = await source.selectFrom('inbox').selectAll().executeTakeFirstOrThrow();
    const { seq, ids: __, ...current } = inbox;
    const { first_day: _, last_day, ...rest } = current;
    await old
      .insertInto('inbox')
      .values({ ...current, keys: Buffer.from(keys.buffer, 0, 2000) } as never)
      .execute();
    await old
      .insertInto('event_segment')
      .values({ ...rest, day: last_day, first_seq: seq, last_seq: seq, keys: Buffer.from(keys.buffer, 2000) } as never)
      .execute();

    expect((await migrator.migrateToLatest()).error).toBeUndefined();
    const known = { accepted: 0, duplicates: 300, conflicts: 0 };
    expect(await append(old, dialect, events)).toMatchObject(known);
    expect(
      await append(old, dialect, [
        { ...events[7]!, count: 2 },
        { ...events[8]!, id: 'new' },
      ]),
    ).toMatchObject({ accepted: 1, conflicts: 1 });
  });
});

async function append(db: Db, dialect: DialectName, taken: readonly UsageEvent[]) {
  const rules = async () => () => ({ scope: 'default', meters: [], exclusion: undefined, credits: 0 });
  const writer = new UsageWriter(db, { dialect, calendar, rawRetentionDays: 30, rules });
  const [result] = await writer.append([{ source: { id: 1, name: 'test' }, events: taken, receivedMs: NOW }]);
  return result!;
}

describe.runIf(WANTED_DIALECTS.includes('postgres'))('a PostgreSQL that is starting', () => {
  const closing: (() => unknown)[] = [];
  afterEach(async () => {
    for (const close of closing.splice(0).reverse()) await close();
  });
  /** Opens a database behind a gate that refuses a number of connections with "come later" first. */
  const openBehind = async (refusals: number): Promise<{ db: Db; url: string; refused(): number }> => {
    const database = await createDatabase('postgres', 'empty');
    const url = new URL(database.url);
    let refused = 0;
    const gate = createServer((socket) => {
      socket.on('error', () => {});
      if (refused >= refusals) {
        const server = connect(Number(url.port), url.hostname).on('error', () => socket.destroy());
        socket.pipe(server).pipe(socket);
        socket.on('close', () => server.destroy());
        return;
      }
      refused += 1;
      socket.once('data', () => socket.end(STARTING_UP));
    });
    await new Promise<void>((resolve) => gate.listen(0, '127.0.0.1', resolve));
    const behind = new URL(url);
    behind.port = String((gate.address() as AddressInfo).port);
    const db = openDatabase(behind.href);
    closing.push(
      database.remove,
      () => gate.close(),
      () => db.destroy(),
    );
    return { db, url: behind.href, refused: () => refused };
  };

  it('is waited for', async () => {
    const { db, refused } = await openBehind(3);
    await migrate(db);
    expect(refused()).toBe(3);
    expect(await db.selectFrom('source').select('id').execute()).toEqual([]);
  });

  it('is waited for by commands, too', async () => {
    const { url, refused } = await openBehind(3);
    const env = { DATABASE_URL: url, SECRET_KEY: Buffer.alloc(32, 7).toString('base64') };
    const { code, lines } = await runHere({ words: ['sources', 'list'], env, folder: tmpdir() });
    expect([code, refused(), lines[0]]).toEqual([0, 3, expect.stringContaining('There are no sources')]);
  });

  it('for long is named as what it is', async () => {
    const { db } = await openBehind(Number.POSITIVE_INFINITY);
    await expect(awaitStart(db, 0)).rejects.toThrow(
      /^PostgreSQL is starting or recovers from a crash \(the database system is starting up\); it was waited for 0 s\./,
    );
  });
});

/** PostgreSQL's answer to a connection while it recovers. */
const STARTING_UP = toErrorResponse({ S: 'FATAL', V: 'FATAL', C: '57P03', M: 'the database system is starting up' });

function toErrorResponse(fields: Readonly<Record<string, string>>): Buffer {
  const text = Object.entries(fields).map(([type, value]) => `${type}${value}\0`);
  const content = Buffer.from(`${text.join('')}\0`);
  const head = Buffer.from('E....');
  head.writeInt32BE(content.length + 4, 1);
  return Buffer.concat([head, content]);
}
