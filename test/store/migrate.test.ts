import { promises as fs } from 'node:fs';
import path from 'node:path';
import { FileMigrationProvider, Migrator } from 'kysely/migration';
import { afterEach, describe, expect, it } from 'vitest';
import { createCalendar } from '../../src/domain/calendar.ts';
import type { UsageEvent } from '../../src/domain/event.ts';
import { type Db, type DialectName, openDatabase } from '../../src/store/database.ts';
import { UsageWriter } from '../../src/usage/usage-writer.ts';
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

    // What was stored then: five words of key an event, beside the events.
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
