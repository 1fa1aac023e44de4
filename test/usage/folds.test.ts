import { sql } from 'kysely';
import { describe, expect, it, vi } from 'vitest';
import { createCalendar } from '../../src/domain/calendar.ts';
import type { UsageEvent } from '../../src/domain/event.ts';
import { type Db, openDatabase } from '../../src/store/database.ts';
import type { Assign } from '../../src/usage/event-batch.ts';
import { foldInbox } from '../../src/usage/fold.ts';
import { StoredUsage } from '../../src/usage/reader.ts';
import { shareTotals } from '../../src/usage/totals.ts';
import { UsageWriter } from '../../src/usage/usage-writer.ts';
import { ValuePlaces } from '../../src/usage/value-places.ts';
import { setUpDatabases } from '../support/databases.ts';

const DAY_MS = 86_400_000;
const NOW = Date.parse('2026-11-20T12:00:00Z');
const SOURCE = { id: 1, name: 'test' };
const calendar = createCalendar('UTC');
const assign: Assign = (event) => ({ scope: 'a', meters: ['a'], exclusion: undefined, credits: event.count });

describe('folds on PostgreSQL', () => {
  const { dialect, createUrl } = setUpDatabases('postgres');
  const createWriter = (db: Db): UsageWriter =>
    new UsageWriter(db, { dialect, calendar, rawRetentionDays: 90, rules: async () => assign });
  const append = (writer: UsageWriter, events: UsageEvent[]) =>
    writer.append([{ source: SOURCE, events, receivedMs: NOW }]);
  const call = (day: number, user = 'u'): UsageEvent => ({
    ...{ client: 'c', user, kind: 'call', count: 1 },
    timeMs: NOW - day * DAY_MS,
  });
  const count = async (db: Db, raw = false): Promise<number> => {
    const span = { fromMs: NOW - 100 * DAY_MS, toMs: NOW + DAY_MS };
    const usage = new StoredUsage(db, dialect, calendar);
    const { rows } = await usage.sum({ span, grain: 'all', groupBy: ['user'], filters: [], raw });
    return rows.reduce((sum, { requests }) => sum + requests, 0);
  };

  it('of different days do not wait for each other, those of one day do', async () => {
    const db = openDatabase(await createUrl(), { connections: 6 });
    const writer = createWriter(db);
    await append(writer, [call(1)]);
    const begun = Promise.withResolvers<void>();
    const goOn = Promise.withResolvers<void>();
    const first = db.transaction().execute(async (trx) => {
      await sql`set local idle_in_transaction_session_timeout = 0`.execute(trx);
      await shareTotals(trx, dialect);
      await foldInbox(trx, { dialect, calendar, places: new ValuePlaces(2000) });
      begun.resolve();
      await goOn.promise;
    });
    await begun.promise;
    await append(writer, [call(0), call(0), call(0)]);
    expect(await writer.fold()).toBe(3);
    await append(writer, [call(1), call(1)]);
    const same = createWriter(db).fold();
    await vi.waitFor(
      async () => {
        const { rows } = await sql`select 1 from pg_locks where locktype = 'advisory' and not granted`.execute(db);
        expect(rows).toHaveLength(1);
      },
      { timeout: 30_000 },
    );
    goOn.resolve();
    await first;
    expect(await same).toBe(2);
    expect(await count(db)).toBe(6);
    expect(await count(db, true)).toBe(6);
    await db.destroy();
  });

  it('of several processes at once count every event once, in days, closed months and raw', async () => {
    const url = await createUrl();
    const connections = Array.from({ length: 4 }, () => openDatabase(url, { connections: 2 }));
    const writers = connections.map(createWriter);
    await append(writers[0]!, [call(60), call(30), call(0)]);
    await writers[0]!.foldAll();
    await writers[0]!.retain(NOW);
    let sent = 3;
    const run = async (writer: UsageWriter, at: number): Promise<void> => {
      for (let round = 0; round < 8; round += 1) {
        // Calls in closed months, calls on days that other processes fold too, and values that all processes add.
        const days = [(at * 17 + round * 31) % 80, (round * 13) % 80, at % 2];
        const events = days.flatMap((day, index) => [
          call(day, `u${(index + round) % 5}`),
          call(day, `u${at} ${round}`),
        ]);
        sent += events.length;
        await append(writer, events);
        if (round % 2 === at % 2) await writer.fold();
        else if (round === 5) await writer.writeDailyRows(0);
      }
      await writer.foldAll();
    };
    await Promise.all(writers.map(run));
    const [db] = connections as [Db];
    expect(await db.selectFrom('inbox').select('seq').execute()).toEqual([]);
    expect(await count(db)).toBe(sent);
    expect(await count(db, true)).toBe(sent);
    for (const connection of connections) await connection.destroy();
  });
});
