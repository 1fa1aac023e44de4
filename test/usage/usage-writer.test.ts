import { expect, it } from 'vitest';
import { createCalendar, monthOf } from '../../src/domain/calendar.ts';
import type { UsageEvent } from '../../src/domain/event.ts';
import type { Db } from '../../src/store/database.ts';
import type { Assign } from '../../src/usage/event-batch.ts';
import { StoredUsage } from '../../src/usage/reader.ts';
import { UsageWriter } from '../../src/usage/usage-writer.ts';
import { describeEachDialect } from '../support/databases.ts';

const calendar = createCalendar('Europe/Berlin');
const NOW = Date.parse('2026-11-20T12:00:00Z');
const SOURCE = { id: 1, name: 'test' };
const rules: Assign = (event) => ({
  scope: 'default',
  meters: ['default'],
  exclusion: undefined,
  credits: event.count * 1000,
});
const call = (timeMs: number): UsageEvent => ({ client: 'a', kind: 'call', count: 1, timeMs });

/** Returns a handle on the same database that runs `before` ahead of each transaction. */
function interleave(db: Db, before: () => Promise<unknown>): Db {
  return new Proxy(db, {
    get(target, name) {
      if (name === 'transaction') {
        return () => ({
          async execute<T>(change: (trx: Db) => Promise<T>): Promise<T> {
            await before();
            return target.transaction().execute(change);
          },
        });
      }
      const member: unknown = Reflect.get(target, name, target);
      return typeof member === 'function' ? member.bind(target) : member;
    },
  });
}

describeEachDialect('the writer of usage', ({ dialect, open }) => {
  const createWriter = (db: Db, assign = rules): UsageWriter =>
    new UsageWriter(db, { dialect, calendar, rawRetentionDays: 60, rules: async () => assign });
  const countCalls = async (db: Db): Promise<number> => {
    const span = { fromMs: calendar.startOfDay(-1), toMs: calendar.startOfDay(calendar.dayOf(NOW) + 1) };
    const { rows } = await new StoredUsage(db, dialect, calendar).sum({ span, grain: 'all', groupBy: [], filters: [] });
    return rows[0]?.requests ?? 0;
  };

  it.each([
    ['alone', [call(0)]],
    ['among others', [call(0), call(NOW - 1000), call(0)]],
  ])('takes events of the first instant of 1970 %s, counts them anew and takes them back', async (_, events) => {
    const db = await open();
    const writer = createWriter(db);
    await writer.append([{ source: SOURCE, events: [call(NOW)], receivedMs: NOW }]);
    await writer.append([{ source: SOURCE, events, receivedMs: NOW }], { importId: 7, allowOld: true });
    await writer.foldAll();
    await writer.retain(NOW);
    expect(await countCalls(db)).toBe(events.length + 1);
    expect(await writer.recount(-1)).toBe(events.length + 1);
    expect(await writer.undoImport(7)).toBe(events.length);
    expect(await countCalls(db)).toBe(1);
  });

  it.each<[string, (writer: UsageWriter) => Promise<unknown>]>([
    ['fold', (writer) => writer.foldAll()],
    ['undo an import', (writer) => writer.undoImport(7)],
    ['count anew', (writer) => writer.recount(0)],
    ['change the zone', (writer) => writer.rezone(createCalendar('UTC'))],
  ])('comes to an end with what it has to %s, though another instance commits all the time', async (_, work) => {
    const db = await open();
    const other = createWriter(db);
    let commits = 0;
    const busy = interleave(db, async () => {
      commits += 1;
      if (commits > 20) throw new Error('It goes on as long as others commit.');
      await other.append([{ source: SOURCE, events: [call(NOW)], receivedMs: NOW }]);
    });
    await other.append([{ source: SOURCE, events: [call(NOW)], receivedMs: NOW }]);
    await work(createWriter(busy));
    expect(await countCalls(db)).toBe(commits + 1);
    expect(commits).toBeGreaterThan(0);
  });

  it('counts every event anew by new rules, whatever another instance merges meanwhile', async () => {
    const db = await open();
    const cheap = createWriter(db);
    const dearRules: Assign = (event) => ({ ...rules(event, '', 0), credits: event.count * 2000 });
    const dear = createWriter(db, dearRules);
    const commit = async (writer: UsageWriter): Promise<void> => {
      await writer.append([{ source: SOURCE, events: [call(NOW)], receivedMs: NOW }]);
      await writer.fold();
    };
    await commit(cheap);
    await commit(cheap);
    // Another instance commits before each transaction of the recount. Its folds merge four segments of one event into one, even
    // those that are not recounted yet.
    let commits = 0;
    const merging = interleave(db, async () => {
      if (commits >= 8) return;
      commits += 1;
      await commit(dear);
    });
    expect(await createWriter(merging, dearRules).recount(0)).toBe(3);
    const span = { fromMs: NOW - 86_400_000, toMs: NOW + 86_400_000 };
    const { rows } = await new StoredUsage(db, dialect, calendar).sum({ span, grain: 'all', groupBy: [], filters: [] });
    const requests = 2 + commits;
    expect(rows[0]).toMatchObject({ requests, credits: requests * 2000 });
    expect(commits).toBeGreaterThan(2);
    expect(await db.selectFrom('event_segment').select('id').execute()).not.toHaveLength(requests);
  });

  it('closes the months that hold anything, not every one since the first', async () => {
    const db = await open();
    let statements = 0;
    const counting = db.withPlugin({
      transformQuery({ node }) {
        statements += 1;
        return node;
      },
      transformResult: async ({ result }) => result,
    });
    const writer = createWriter(counting);
    const lastMonth = NOW - 30 * 86_400_000;
    await writer.append([{ source: SOURCE, events: [call(0), call(lastMonth), call(NOW)], receivedMs: NOW }], {
      allowOld: true,
    });
    await writer.foldAll();
    statements = 0;
    await writer.retain(NOW);
    // About 20 totals per month, with three statements each.
    expect(statements).toBeLessThan(500);
    const monthly = db.selectFrom('total_segment').select('bucket').where('cube', '=', 'month').orderBy('bucket');
    expect(await monthly.execute()).toEqual([{ bucket: monthOf(0) }, { bucket: monthOf(calendar.dayOf(lastMonth)) }]);
  });
});
