import fc from 'fast-check';
import { type Kysely, sql } from 'kysely';
import { expect, it } from 'vitest';
import { up as create } from '../../migrations/0010-create-usage-daily.ts';
import { up as addThousandths } from '../../migrations/0016-add-daily-thousandths.ts';
import { enterCorrection } from '../../src/admin/corrections.ts';
import { type Calendar, createCalendar, formatDay } from '../../src/domain/calendar.ts';
import { DIMENSIONS, type Dimension } from '../../src/domain/dimension.ts';
import type { UsageEvent } from '../../src/domain/event.ts';
import { setSetting } from '../../src/store/configuration-repository.ts';
import type { Db, DialectName } from '../../src/store/database.ts';
import { markAllDays } from '../../src/usage/daily-rows.ts';
import type { Assign } from '../../src/usage/event-batch.ts';
import { forget } from '../../src/usage/forget.ts';
import { StoredUsage } from '../../src/usage/reader.ts';
import { UsageWriter } from '../../src/usage/usage-writer.ts';
import { describeEachDialect } from '../support/databases.ts';
import { arbitraryEvent } from '../support/events.ts';
import { size } from '../support/size.ts';

const NOW = Date.parse('2026-11-20T12:00:00Z');
const SOURCE = { id: 1, name: 'test' };
const ZONES = ['Europe/Berlin', 'America/New_York', 'Asia/Kolkata'].map(createCalendar);
const RULES: readonly Assign[] = [
  (event) => ({
    scope: event.scope ?? 'default',
    meters: [event.scope ?? 'default'],
    exclusion: undefined,
    credits: event.credits ?? event.count * 1000,
  }),
  (event) => ({
    scope: event.scope ?? (event.method === 'POST' ? 'erp' : 'default'),
    meters: [],
    exclusion: event.module === 'b' ? 'module "b"' : undefined,
    credits: event.credits ?? event.count * 2500,
  }),
];

interface Model {
  calendar: Calendar;
  rules: number;
  /** `import`: number of the imported file. `forgotten`: dimensions whose value has been forgotten. */
  events: { event: UsageEvent; rules: number; import?: number; forgotten: Set<Dimension> }[];
  corrections: { meter: string; timeMs: number; credits: number }[];
}

type Step =
  | { do: 'append' | 'import'; events: UsageEvent[] }
  | { do: 'undo' | 'recount' | 'rezone' | 'retain' | 'write' }
  | { do: 'forget'; kind: 'user' | 'ip'; text: string }
  | { do: 'correct'; meter: string; daysAgo: number; credits: number };

const STEP: fc.Arbitrary<Step> = fc.oneof(
  fc.record({
    do: fc.constantFrom('append' as const, 'import' as const),
    events: fc.array(arbitraryEvent(NOW - 9 * 86_400_000, NOW), { minLength: 1, maxLength: 12 }),
  }),
  fc.record({ do: fc.constantFrom('undo', 'recount', 'rezone', 'retain', 'write') }) as fc.Arbitrary<Step>,
  fc.record({
    do: fc.constant('forget' as const),
    kind: fc.constantFrom('user' as const, 'ip' as const),
    text: fc.constantFrom('a', 'b', 'Acme CRM', '名前'),
  }),
  fc.record({
    do: fc.constant('correct' as const),
    meter: fc.constantFrom('default', 'erp', 'erp/Writes'),
    daysAgo: fc.integer({ min: 0, max: 9 }),
    credits: fc.integer({ min: -9000, max: 9000 }),
  }),
);

/** Counts the rows in the plain way, event by event. */
function countPlainly({ calendar, events, corrections }: Model): unknown[] {
  const rows = new Map<string, [number, number, number, bigint]>();
  for (const { event, rules, forgotten } of events) {
    const given = RULES[rules]!(event, SOURCE.name, 0);
    if (given.exclusion !== undefined) continue;
    const status = event.status ?? null;
    for (const dimension of DIMENSIONS) {
      const named =
        dimension === 'source' ? SOURCE.name : dimension === 'scope' ? given.scope : (event[dimension] ?? '(none)');
      const value = forgotten.has(dimension) ? '(removed)' : named;
      const name = JSON.stringify([formatDay(calendar.dayOf(event.timeMs!)), dimension, value, status]);
      const sums = rows.getOrInsertComputed(name, () => [0, 0, 0, 0n]);
      sums[0] += event.count;
      if (status !== null) sums[status < 400 ? 1 : 2] += event.count;
      sums[3] += BigInt(given.credits);
    }
  }
  const counted = [...rows].map(([name, [requests, ok, failed, credits]]) => [
    ...JSON.parse(name),
    ...[requests, ok, failed, String(credits)],
  ]);
  return sort([...counted, ...correctPlainly(counted, calendar, corrections)]);
}

/** Returns the rows of corrections, one per scope and day. They never take away more than the day has. */
function correctPlainly(
  counted: readonly (readonly unknown[])[],
  calendar: Calendar,
  corrections: Model['corrections'],
): unknown[][] {
  const ofScopes = corrections.filter(({ meter }) => meter !== 'erp/Writes');
  const named = Map.groupBy(ofScopes, ({ meter, timeMs }) => `${formatDay(calendar.dayOf(timeMs))} ${meter}`);
  return [...named].flatMap(([name, all]) => {
    const [day, meter] = name.split(' ');
    const used = counted
      .filter((row) => row[0] === day && row[1] === 'scope' && row[2] === meter)
      .reduce((sum, row) => sum + Number(row[7]), 0);
    const sum = Math.max(
      -used,
      all.reduce((total, { credits }) => total + credits, 0),
    );
    return sum === 0 ? [] : [[day, 'scope', meter, null, 0, 0, 0, String(sum)]];
  });
}

async function readRows(db: Db): Promise<unknown[]> {
  const thousandths = sql<string>`cast(credits_thousandths as text)`.as('thousandths');
  const rows = await db.selectFrom('usage_daily').selectAll().select(thousandths).execute();
  for (const row of rows) expect(Number(row.credits)).toBeCloseTo(Number(row.thousandths) / 1000, -3);
  return sort(
    rows.map((row) => [
      row.day,
      row.dimension,
      row.value,
      row.status,
      row.requests,
      row.ok,
      row.failed,
      row.thousandths,
    ]),
  );
}

function sort(rows: unknown[]): unknown[] {
  return rows.map((row) => JSON.stringify(row)).sort();
}

describeEachDialect('usage_daily', ({ dialect, open }) => {
  const createWriter = (db: Db, model: Model): UsageWriter =>
    new UsageWriter(db, {
      dialect,
      calendar: model.calendar,
      rawRetentionDays: 60,
      totalsRetentionMonths: 25,
      rules: async () => RULES[model.rules]!,
    });

  it('holds what a plain recount counts, whatever was done before', async () => {
    const property = fc.asyncProperty(
      fc.array(STEP, { minLength: 3, maxLength: dialect === 'sqlite' ? 10 : size(5, 10) }),
      async (steps) => {
        const db = await open();
        const model: Model = { calendar: ZONES[0]!, rules: 0, events: [], corrections: [] };
        let writer = createWriter(db, model);
        let imports = 0;
        for (const step of steps) {
          if (step.do === 'append' || step.do === 'import') {
            if (step.do === 'import') imports += 1;
            const importId = step.do === 'import' ? imports : undefined;
            await writer.append([{ source: SOURCE, events: step.events, receivedMs: NOW }], {
              ...(importId === undefined ? {} : { importId, allowOld: true }),
            });
            const { rules } = model;
            for (const event of step.events)
              model.events.push({
                ...{ event, rules, forgotten: new Set<Dimension>() },
                ...(importId === undefined ? {} : { import: importId }),
              });
          } else if (step.do === 'undo') {
            await writer.undoImport(imports);
            model.events = model.events.filter((each) => each.import === undefined || each.import !== imports);
          } else if (step.do === 'recount') {
            model.rules = 1 - model.rules;
            await setSetting(db, 'rules of the test', String(model.rules));
            await writer.recount(0);
            for (const each of model.events) each.rules = model.rules;
          } else if (step.do === 'rezone') {
            model.calendar = ZONES[(ZONES.indexOf(model.calendar) + 1) % ZONES.length]!;
            await writer.rezone(model.calendar);
            writer = createWriter(db, model);
          } else if (step.do === 'retain') await writer.retain(NOW);
          else if (step.do === 'write') await writer.writeDailyRows();
          else if (step.do === 'correct') {
            const { meter, daysAgo, credits } = step;
            const correction = { meter, credits, timeMs: NOW - daysAgo * 86_400_000 };
            const entered = { ...correction, reason: 'late', actor: 'U1' };
            await enterCorrection(db, model.calendar, entered, NOW);
            model.corrections.push(correction);
          } else if (step.do === 'forget') {
            await forgetIn(db, dialect, model, step);
            const named = db.selectFrom('usage_daily').selectAll().where('value', '=', step.text);
            expect(await named.where('dimension', '=', step.kind).execute()).toEqual([]);
          }
        }
        await writer.foldAll();
        expect(await writer.writeDailyRows()).toBe(false);
        expect(await readRows(db)).toEqual(countPlainly(model));
        // Writes all days again, as after an update of a database without these rows.
        await db.transaction().execute((trx) => markAllDays(trx, model.calendar));
        await writer.writeDailyRows();
        expect(await readRows(db)).toEqual(countPlainly(model));
      },
    );
    await fc.assert(property, { numRuns: dialect === 'sqlite' ? 20 : size(2, 20) });
  }, 300_000);

  it('is written day by day, the newest first, and goes with the totals it was made of', async () => {
    const db = await open();
    const model: Model = { calendar: ZONES[0]!, rules: 0, events: [], corrections: [] };
    const writer = createWriter(db, model);
    const days = ['2024-01-05', '2026-11-18', '2026-11-19'];
    const events = days.map((day) => ({ client: 'a', kind: 'call', count: 1, timeMs: Date.parse(`${day}T12:00:00Z`) }));
    await writer.append([{ source: SOURCE, events, receivedMs: NOW }], { allowOld: true });
    await writer.foldAll();
    const list = async () =>
      (await db.selectFrom('usage_daily').select('day').distinct().orderBy('day').execute()).map(({ day }) => day);
    expect(await writer.writeDailyRows(0)).toBe(true);
    expect(await list()).toEqual(days.slice(2));
    expect(await writer.writeDailyRows(0)).toBe(true);
    expect(await writer.writeDailyRows(0)).toBe(false);
    expect(await list()).toEqual(days);
    await writer.retain(NOW);
    expect(await list()).toEqual(days.slice(1));
    await writer.writeDailyRows();
    expect(await list()).toEqual(days.slice(1));
    // A database older than the table: the migration marks every day as due.
    await db.schema.dropTable('usage_daily').execute();
    await db.schema.dropTable('usage_daily_due').execute();
    await create(db as unknown as Kysely<unknown>);
    await addThousandths(db as unknown as Kysely<unknown>);
    expect(await list()).toEqual([]);
    await writer.writeDailyRows();
    expect(await list()).toEqual(days.slice(1));
  });

  it('makes one segment of each total of a day that is over, but for the little that comes late', async () => {
    const db = await open();
    const calendar = ZONES[0]!;
    const writer = createWriter(db, { calendar, rules: 0, events: [], corrections: [] });
    const usage = new StoredUsage(db, dialect, calendar);
    const append = async (date: string, clients: number) => {
      const events = Array.from(
        { length: clients },
        (_, index): UsageEvent => ({
          ...{ client: `client ${index}`, user: 'u', kind: 'call', count: 1, durationMs: 5 },
          timeMs: Date.parse(`${date}T12:00:00Z`),
        }),
      );
      await writer.append([{ source: SOURCE, events, receivedMs: NOW }]);
      await writer.foldAll();
    };
    const listCells = async (date: string, cube: string) => {
      const bucket = calendar.dayOf(Date.parse(`${date}T12:00:00Z`));
      const segments = db.selectFrom('total_segment').select('cells').where('bucket', '=', bucket);
      return (await segments.where('cube', '=', cube).orderBy('id').execute()).map(({ cells }) => cells);
    };
    const ask = async () => {
      const span = { fromMs: NOW - 5 * 86_400_000, toMs: NOW + 86_400_000 };
      const { rows } = await usage.sum({ span, grain: 'day', groupBy: ['client'], filters: [] });
      const { total } = await usage.latency({ span, grain: 'all', filters: [] });
      return [rows.map(({ startMs, keys, requests }) => `${startMs} ${keys} ${requests}`).sort(), total];
    };
    for (const date of ['2026-11-18', '2026-11-19']) {
      await append(date, 100);
      await append(date, 20);
    }
    const before = await ask();
    await writer.writeDailyRows();
    for (const cube of ['day.client', 'hour.client', 'day.client.user', 'day.client.durations']) {
      expect(await listCells('2026-11-18', cube)).toEqual([100]);
      expect(await listCells('2026-11-19', cube)).toEqual([100, 20]);
    }
    expect(await ask()).toEqual(before);
    await append('2026-11-18', 10);
    await writer.writeDailyRows();
    expect(await listCells('2026-11-18', 'day.client')).toEqual([100, 10]);
    await append('2026-11-18', 5);
    await writer.writeDailyRows();
    expect(await listCells('2026-11-18', 'day.client')).toEqual([100]);
  });
});

async function forgetIn(
  db: Db,
  dialect: DialectName,
  model: Model,
  { kind, text }: { kind: 'user' | 'ip'; text: string },
) {
  await db.transaction().execute((trx) => forget(trx, dialect, kind, text));
  for (const { event, forgotten } of model.events)
    for (const dimension of [kind, 'client', 'initiator'] as const)
      if (event[dimension] === text) forgotten.add(dimension);
}
