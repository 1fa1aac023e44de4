import fc from 'fast-check';
import { expect, it } from 'vitest';
import { createCalendar } from '../../src/domain/calendar.ts';
import { DIMENSION_PAIRS, DIMENSIONS, type GroupKey } from '../../src/domain/dimension.ts';
import type { Grain, UsageRow } from '../../src/domain/usage.ts';
import type { Db } from '../../src/store/database.ts';
import type { Assign } from '../../src/usage/event-batch.ts';
import { StoredUsage } from '../../src/usage/reader.ts';
import { UsageWriter } from '../../src/usage/usage-writer.ts';
import { describeEachDialect } from '../support/databases.ts';
import { arbitraryEvent, sortRows } from '../support/events.ts';

const calendar = createCalendar('Europe/Berlin');
const NOW = Date.parse('2026-11-20T12:00:00Z');
const SOURCE = { id: 1, name: 'test' };

const before: Assign = (event) => ({
  scope: event.scope ?? 'default',
  meters: [event.scope ?? 'default'],
  exclusion: undefined,
  credits: event.credits ?? event.count * 1000,
});
const after: Assign = (event) => ({
  scope: event.scope ?? (event.method === 'POST' ? 'erp' : 'default'),
  meters: event.kind === 'integration_task' ? [] : [event.scope ?? 'default', 'crm/limit'],
  exclusion: event.client === 'b' ? 'client "b"' : undefined,
  credits: event.credits ?? event.count * 2000,
});

/** Reads everything that totals can answer. */
async function readAll(db: Db, dialect: 'sqlite' | 'postgres'): Promise<Record<string, unknown>> {
  const reader = new StoredUsage(db, dialect, calendar);
  const span = {
    fromMs: calendar.startOfDay(calendar.dayOf(NOW) - 60),
    toMs: calendar.startOfDay(calendar.dayOf(NOW) + 1),
  };
  const sets: GroupKey[][] = [
    [],
    ...DIMENSIONS.map((dimension) => [dimension]),
    ...DIMENSION_PAIRS.map((pair) => [...pair]),
  ];
  const all: Record<string, unknown> = { excluded: await reader.excluded(span) };
  for (const groupBy of sets) {
    for (const grain of ['day', 'all'] as Grain[]) {
      const { rows } = await reader.sum({ span, grain, groupBy, filters: [] });
      all[`${grain} ${groupBy}`] = sortRows(rows as UsageRow[]);
    }
  }
  for (const grain of ['minute', 'day'] as const) {
    for (const meter of ['crm', 'default', 'crm/limit'])
      all[`${grain} ${meter}`] = await reader.meter({ meter, span, grain });
  }
  return all;
}

describeEachDialect('usage that is taken back or counted anew', ({ dialect, open }) => {
  const createWriter = (db: Db, assign: () => Assign, options = {}): UsageWriter =>
    new UsageWriter(db, { dialect, calendar, rawRetentionDays: 60, rules: async () => assign(), ...options });
  const sample = (seed: number, numRuns = 150) =>
    fc.sample(arbitraryEvent(calendar.startOfDay(calendar.dayOf(NOW) - 40), NOW), { numRuns, seed });

  it('leaves no trace of an import that is undone, and takes it again', async () => {
    const db = await open();
    const writer = createWriter(db, () => before, { dimensionCap: 4 });
    const events = sample(1);
    await writer.append([{ source: SOURCE, events, receivedMs: NOW }]);
    await writer.retain(NOW);
    await writer.foldAll();
    const untouched = await readAll(db, dialect);
    const imported = sample(2).map((event, index) => ({ ...event, id: `line-${index}` }));
    const [first] = await writer.append([{ source: SOURCE, events: imported, receivedMs: NOW }], {
      importId: 9,
      allowOld: true,
    });
    expect(first!.accepted).toBe(imported.length);
    expect(await readAll(db, dialect)).not.toEqual(untouched);
    const span = { fromMs: calendar.startOfDay(calendar.dayOf(NOW) - 60), toMs: NOW + 1 };
    const raw = await new StoredUsage(db, dialect, calendar).events({ span, filters: [], limit: 10_000 });
    expect(raw.filter((event) => event.imported)).toHaveLength(imported.length);
    expect(raw).toHaveLength(imported.length + events.length);
    expect(await writer.undoImport(9)).toBe(imported.length);
    expect(await readAll(db, dialect)).toEqual(untouched);
    const [again] = await writer.append([{ source: SOURCE, events: imported, receivedMs: NOW }], {
      importId: 9,
      allowOld: true,
    });
    expect(again!.accepted).toBe(imported.length);
  });

  it('counts old days by new rules as if these had held from the start, but keeps what events said themselves', async () => {
    const events = sample(3);
    const changed = await open();
    let rules = before;
    const writer = createWriter(changed, () => rules);
    await writer.append([{ source: SOURCE, events, receivedMs: NOW }]);
    rules = after;
    expect(await writer.recount(calendar.dayOf(NOW) - 60)).toBe(events.length);

    const fresh = await open();
    await createWriter(fresh, () => after).append([{ source: SOURCE, events, receivedMs: NOW }]);
    expect(await readAll(changed, dialect)).toEqual(await readAll(fresh, dialect));
  });
});
