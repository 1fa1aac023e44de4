import fc from 'fast-check';
import { expect, it } from 'vitest';
import { createCalendar } from '../../src/domain/calendar.ts';
import { DIMENSION_PAIRS, DIMENSIONS, type GroupKey } from '../../src/domain/dimension.ts';
import type { UsageEvent } from '../../src/domain/event.ts';
import type { Grain, UsageRow } from '../../src/domain/usage.ts';
import { insertAlert } from '../../src/store/alert-repository.ts';
import { getReportZone, listOlderZones } from '../../src/store/configuration-repository.ts';
import type { Db, DialectName } from '../../src/store/database.ts';
import type { Assign } from '../../src/usage/event-batch.ts';
import { StoredUsage } from '../../src/usage/reader.ts';
import { UsageWriter } from '../../src/usage/usage-writer.ts';
import { describeEachDialect } from '../support/databases.ts';
import { arbitraryEvent, sortRows } from '../support/events.ts';
import { size } from '../support/size.ts';

const NOW = Date.parse('2026-11-20T12:00:00Z');
const SOURCE = { id: 1, name: 'test' };
const FROM_MS = NOW - 45 * 86_400_000;
const ZONES = ['UTC', 'Europe/Berlin', 'America/Los_Angeles', 'Asia/Kolkata', 'Australia/Lord_Howe'];
const ALONE: GroupKey[][] = [[], ...DIMENSIONS.map((dimension) => [dimension])];
const PAIRS: GroupKey[][] = DIMENSION_PAIRS.map((pair) => [...pair]);

const rules: Assign = (event) => ({
  scope: event.scope ?? 'default',
  meters: [event.scope ?? 'default'],
  exclusion: event.client === 'b' ? 'client "b"' : undefined,
  credits: event.credits ?? event.count * 1000,
});

describeEachDialect('a change of the report zone', ({ dialect, open }) => {
  const createWriter = (db: Db, zone: string, rawRetentionDays = 60): UsageWriter =>
    new UsageWriter(db, { dialect, calendar: createCalendar(zone), rawRetentionDays, rules: async () => rules });
  const sample = (seed: number, numRuns: number): UsageEvent[] =>
    fc
      .sample(arbitraryEvent(FROM_MS, NOW), { numRuns, seed })
      .map((event, index) => ({ ...event, id: `${seed}-${index}` }));

  async function write(zone: string, events: readonly UsageEvent[], rawRetentionDays?: number) {
    const db = await open();
    await getReportZone(db, zone);
    const writer = createWriter(db, zone, rawRetentionDays);
    await writer.append([{ source: SOURCE, events, receivedMs: NOW }], { allowOld: true });
    await writer.foldAll();
    return { db, writer };
  }

  it('counts as if the events had come in under the new zone, where all raw events are kept', async () => {
    for (const [index, from] of ZONES.slice(0, dialect === 'sqlite' ? 5 : size(1, 5)).entries()) {
      const to = ZONES[(index + 1) % ZONES.length]!;
      const events = sample(index, 120);
      const { db, writer } = await write(from, events);
      await writer.retain(NOW);
      expect(await writer.rezone(createCalendar(to))).toEqual({
        events: events.length,
        fromDay: undefined,
        pairsFromDay: undefined,
      });
      const fresh = await write(to, events);
      await fresh.writer.retain(NOW);
      const span = { fromMs: FROM_MS - 2 * 86_400_000, toMs: NOW + 2 * 86_400_000 };
      expect(await readAll(db, dialect, to, span), `${from} to ${to}`).toEqual(
        await readAll(fresh.db, dialect, to, span),
      );
      expect(await listOlderZones(db)).toEqual([]);
      // Ids are still known, so events sent again are not counted twice.
      const [again] = await createWriter(db, to).append([{ source: SOURCE, events, receivedMs: NOW }]);
      expect(again).toMatchObject({ accepted: 0, duplicates: events.length });
    }
  });

  it('counts anew as far as raw events and hours go, loses nothing before, and says where that begins', async () => {
    const changes = [
      ['UTC', 'Asia/Kolkata'],
      ['Europe/Berlin', 'America/Los_Angeles'],
      ['UTC', 'Europe/Berlin'],
    ] as const;
    for (const [from, to] of changes.slice(0, dialect === 'sqlite' ? 3 : size(1, 3))) {
      const events = sample(7, 150);
      const { db, writer } = await write(from, events, 10);
      await writer.retain(NOW);
      const { fromDay, pairsFromDay } = await writer.rezone(createCalendar(to));
      const calendar = createCalendar(to);
      const fresh = await write(to, events);

      const all = {
        fromMs: calendar.startOfDay(calendar.dayOf(FROM_MS) - 2),
        toMs: calendar.startOfDay(calendar.dayOf(NOW) + 2),
      };
      const read = (target: Db, fromMs: number, sets: GroupKey[][], grains: Grain[]) =>
        readTotals(target, dialect, to, { fromMs, toMs: all.toMs }, sets, grains);
      // Days with raw events are counted again in full.
      const rawMs = calendar.startOfDay(pairsFromDay!);
      expect(await read(db, rawMs, PAIRS, ['day', 'all'])).toEqual(await read(fresh.db, rawMs, PAIRS, ['day', 'all']));
      // Older days come from hourly totals, for each dimension alone. Zones with half hours cannot use these.
      if (to === 'Asia/Kolkata') expect(fromDay).toBe(pairsFromDay);
      else expect(fromDay).toBeUndefined();
      const hoursMs = fromDay === undefined ? all.fromMs : calendar.startOfDay(fromDay);
      expect(await read(db, hoursMs, ALONE, ['hour', 'day', 'all'])).toEqual(
        await read(fresh.db, hoursMs, ALONE, ['hour', 'day', 'all']),
      );
      // Before that no call is lost or counted twice, and pools are exact everywhere.
      expect(await read(db, all.fromMs, [...ALONE, ...PAIRS], ['all'])).toEqual(
        await read(fresh.db, all.fromMs, [...ALONE, ...PAIRS], ['all']),
      );
      expect(await readMeters(db, dialect, to, all)).toEqual(await readMeters(fresh.db, dialect, to, all));

      const [older] = await listOlderZones(db);
      expect(older).toMatchObject({ zone: from, pairsBeforeDay: pairsFromDay });
      expect(older!.beforeDay).toBeLessThanOrEqual(pairsFromDay!);
      expect(await getReportZone(db, to)).toBe(to);
    }
  });

  it('keeps monthly totals in step with the days, and an import of old days can still be undone', async () => {
    const events = sample(3, 100);
    const imported = sample(4, 60);
    const { db, writer } = await write('UTC', events, 10);
    await writer.append([{ source: SOURCE, events: imported, receivedMs: NOW }], { allowOld: true, importId: 5 });
    await writer.retain(NOW);
    const calendar = createCalendar('Europe/Berlin');
    await writer.rezone(calendar);
    const after = createWriter(db, 'Europe/Berlin', 10);
    expect(await after.undoImport(5)).toBe(imported.length);
    const fresh = await write('Europe/Berlin', events);
    await fresh.writer.retain(NOW);
    const span = {
      fromMs: calendar.startOfDay(calendar.dayOf(FROM_MS) - 30),
      toMs: calendar.startOfDay(calendar.dayOf(NOW) + 1),
    };
    expect(await readTotals(db, dialect, 'Europe/Berlin', span, ALONE, ['month', 'day', 'all'])).toEqual(
      await readTotals(fresh.db, dialect, 'Europe/Berlin', span, ALONE, ['month', 'day', 'all']),
    );
    expect(await readMeters(db, dialect, 'Europe/Berlin', span)).toEqual(
      await readMeters(fresh.db, dialect, 'Europe/Berlin', span),
    );
  });

  it('does not let a level be told again that was told of the running period', async () => {
    const { writer, db } = await write('UTC', sample(1, 5));
    const content = { kind: 'level' as const, sign: '🟠' as const, title: 'CRM', lines: [], mention: false };
    const told = { kind: 'level', subject: 'crm/Month', level: 75, arm: 0, content };
    await db.transaction().execute(async (trx) => {
      for (const period of ['2026-11-01T00:00:00.000Z', 'episode-1'])
        await insertAlert(trx, { ...told, period, key: `alert:crm/Month:${period}:75:0` }, NOW);
    });
    await writer.rezone(createCalendar('Europe/Berlin'));
    const rows = await db.selectFrom('alert').select(['key', 'period', 'covered']).orderBy('id').execute();
    expect(rows).toEqual([
      { key: 'alert:crm/Month:2026-11-01T00:00:00.000Z:75:0', period: '2026-11-01T00:00:00.000Z', covered: 0 },
      { key: 'alert:crm/Month:episode-1:75:0', period: 'episode-1', covered: 0 },
      { key: 'alert:crm/Month:2026-10-31T23:00:00.000Z:75:0', period: '2026-10-31T23:00:00.000Z', covered: 1 },
    ]);
  });

  it('is noticed by a process that still counts in the old zone, which then takes nothing', async () => {
    const { writer, db } = await write('UTC', sample(1, 5));
    const left = createWriter(db, 'UTC');
    await writer.rezone(createCalendar('Europe/Berlin'));
    await expect(left.append([{ source: SOURCE, events: sample(2, 1), receivedMs: NOW }])).rejects.toThrow(
      /counted in Europe\/Berlin/,
    );
  });
});

type Span = { fromMs: number; toMs: number };

async function readAll(db: Db, dialect: DialectName, zone: string, span: Span) {
  return {
    totals: await readTotals(db, dialect, zone, span, ALONE, ['hour', 'day', 'month', 'all']),
    pairs: await readTotals(db, dialect, zone, span, PAIRS, ['day', 'month']),
    meters: await readMeters(db, dialect, zone, span),
    excluded: await new StoredUsage(db, dialect, createCalendar(zone)).excluded(span),
  };
}

async function readTotals(
  db: Db,
  dialect: DialectName,
  zone: string,
  span: Span,
  sets: readonly GroupKey[][],
  grains: readonly Grain[],
): Promise<Record<string, unknown>> {
  const reader = new StoredUsage(db, dialect, createCalendar(zone));
  const all: Record<string, unknown> = {};
  for (const groupBy of sets) {
    for (const grain of grains) {
      const { rows } = await reader.sum({ span, grain, groupBy, filters: [] });
      all[`${grain} ${groupBy}`] = sortRows(rows as UsageRow[]);
    }
  }
  return all;
}

async function readMeters(db: Db, dialect: DialectName, zone: string, span: Span): Promise<Record<string, unknown>> {
  const reader = new StoredUsage(db, dialect, createCalendar(zone));
  const all: Record<string, unknown> = {};
  for (const grain of ['minute', 'day'] as const) {
    for (const meter of ['crm', 'erp', 'default'])
      all[`${grain} ${meter}`] = await reader.meter({ meter, span, grain });
  }
  return all;
}
