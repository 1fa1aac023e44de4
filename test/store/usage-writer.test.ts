import { expect, it } from 'vitest';
import { createCalendar } from '../../src/domain/calendar.ts';
import type { UsageEvent } from '../../src/domain/event.ts';
import type { Db } from '../../src/store/database.ts';
import type { Assign } from '../../src/store/event-batch.ts';
import { StoredUsage } from '../../src/store/usage-reader.ts';
import { UsageWriter } from '../../src/store/usage-writer.ts';
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
});
