import fc from 'fast-check';
import { expect, it } from 'vitest';
import { createCalendar } from '../../src/domain/calendar.ts';
import { DIMENSIONS } from '../../src/domain/dimension.ts';
import type { UsageEvent } from '../../src/domain/event.ts';
import type { Grain, LatencyAnswer, LatencyQuery, Span } from '../../src/domain/usage.ts';
import { setSetting } from '../../src/store/configuration-repository.ts';
import type { Db } from '../../src/store/database.ts';
import type { Assign } from '../../src/usage/event-batch.ts';
import { StoredUsage } from '../../src/usage/reader.ts';
import { UsageWriter } from '../../src/usage/usage-writer.ts';
import { createMemoryUsage } from '../report/memory-usage.ts';
import { describeEachDialect } from '../support/databases.ts';
import { arbitraryEvent, arbitraryFilters } from '../support/events.ts';
import { size } from '../support/size.ts';

const calendar = createCalendar('Europe/Berlin');
const NOW = Date.parse('2026-11-20T12:00:00Z');
const TODAY = calendar.dayOf(NOW);
const SOURCE = { id: 1, name: 'test' };
/** While true, the rules exclude client b. */
let isStrict = false;
const rules: Assign = (event) => ({
  scope: event.scope ?? 'default',
  meters: [event.scope ?? 'default'],
  exclusion: isStrict && event.client === 'b' ? 'client "b"' : undefined,
  credits: 1000,
});

const days = fc
  .tuple(fc.integer({ min: TODAY - 12, max: TODAY }), fc.integer({ min: 1, max: 13 }))
  .map(([first, count]) => ({ fromMs: calendar.startOfDay(first), toMs: calendar.startOfDay(first + count) }));
const instants = fc
  .tuple(fc.integer({ min: 0, max: 18_000 }), fc.integer({ min: 1, max: 6000 }))
  .map(([minute, count]) => ({ fromMs: NOW - minute * 60_000, toMs: NOW - (minute - count) * 60_000 }));
const query: fc.Arbitrary<LatencyQuery> = fc
  .record({
    span: fc.oneof(days, instants),
    grain: fc.constantFrom<Grain>('all', 'all', 'day', 'month', 'hour'),
    groupBy: fc.constantFrom(undefined, 'client' as const, 'route' as const, ...DIMENSIONS, 'status' as const),
    filters: fc.oneof(
      arbitraryFilters(),
      fc
        .record({ patterns: fc.constantFrom(['a'], ['A*', 'b'], ['nobody']), not: fc.boolean() })
        .map((filter) => [{ key: 'client' as const, ...filter }]),
    ),
    together: fc.constantFrom([], [['a', 'b', '名前']]),
  })
  .map(({ groupBy, ...rest }) => (groupBy === undefined ? rest : { ...rest, groupBy }));

function sortRows({ rows, ...rest }: LatencyAnswer, together: LatencyQuery['together'] = []) {
  // A row for several values has one of them as its key.
  const nameOf = (key: string) => together.find((names) => names.includes(key))?.join() ?? key;
  const named = rows.map((row) => ({ ...row, key: nameOf(row.key) }));
  return { ...rest, rows: named.sort((a, b) => a.startMs - b.startMs || (a.key < b.key ? -1 : 1)) };
}

describeEachDialect('percentiles', ({ dialect, open }) => {
  const createWriter = (db: Db, options = {}): UsageWriter =>
    new UsageWriter(db, { dialect, calendar, rawRetentionDays: 60, rules: async () => rules, ...options });
  const sample = (seed: number, numRuns: number): UsageEvent[] =>
    fc
      .sample(arbitraryEvent(calendar.startOfDay(TODAY - 11), NOW), { numRuns, seed })
      .map((event, index) => ({ ...event, id: `${seed}-${index}` }));
  const send = (writer: UsageWriter, events: readonly UsageEvent[], importId?: number) =>
    writer.append([{ source: SOURCE, events, receivedMs: NOW }], {
      allowOld: true,
      ...(importId === undefined ? {} : { importId }),
    });

  async function compare(db: Db, events: readonly UsageEvent[], numRuns: number, keptFromDay?: number): Promise<void> {
    const reader = new StoredUsage(db, dialect, calendar);
    const counted = events.filter(({ client }) => !isStrict || client !== 'b');
    const plain = createMemoryUsage(
      counted.map(({ timeMs, ...event }) => ({
        ...event,
        timeMs: timeMs!,
        status: event.status ?? 0,
        source: SOURCE.name,
        scope: event.scope ?? 'default',
        receivedMs: NOW,
      })),
      calendar,
    );
    const keptFromMs = keptFromDay === undefined ? Number.NEGATIVE_INFINITY : calendar.startOfDay(keptFromDay);
    await fc.assert(
      fc.asyncProperty(query, async (asked) => {
        const span: Span = { fromMs: Math.max(asked.span.fromMs, keptFromMs), toMs: asked.span.toMs };
        const { shortened, asOfMs: _, ...answer } = await reader.latency(asked);
        const { asOfMs: __, ...expected } = await plain.latency({ ...asked, span });
        if (asked.grain === 'all') for (const row of expected.rows) row.startMs = asked.span.fromMs;
        expect(sortRows({ ...answer, asOfMs: 0 }, asked.together)).toEqual(
          sortRows({ ...expected, asOfMs: 0 }, asked.together),
        );
        expect(shortened !== undefined).toBe(asked.span.fromMs < keptFromMs);
      }),
      { numRuns },
    );
  }

  it('are those of the single calls, whatever is folded, taken back, excluded, recounted or past its time', async () => {
    isStrict = false;
    const db = await open();
    const writer = createWriter(db, { dimensionCap: 3 });
    const events = sample(5, 400);
    await send(writer, events.slice(0, 200));
    await writer.fold();
    await send(writer, events.slice(200, 300));
    await writer.retain(NOW);
    await writer.fold();
    await send(writer, events.slice(300));
    const runs = dialect === 'sqlite' ? size(80, 2000) : size(12, 500);
    await compare(db, events, runs);

    const imported = sample(6, 100);
    await send(writer, imported, 9);
    await compare(db, [...events, ...imported], runs / 4);
    await writer.undoImport(9);
    await compare(db, events, runs / 2);

    isStrict = true;
    await writer.recount(TODAY - 60);
    await compare(db, events, runs / 2);

    const brief = createWriter(db, { rawRetentionDays: 5 });
    await brief.retain(NOW);
    await compare(db, events, runs / 2, TODAY - 5);
  });

  it('are made of single calls for days whose durations were not yet counted', async () => {
    isStrict = false;
    const db = await open();
    const writer = createWriter(db);
    const events = sample(7, 150);
    await send(writer, events);
    await writer.foldAll();
    const forgotten = db.deleteFrom('total_segment').where('cube', 'like', 'day.%.durations');
    await forgotten.where('bucket', '<', TODAY - 5).execute();
    await setSetting(db, 'durations_from_day', String(TODAY - 5));
    await compare(db, events, dialect === 'sqlite' ? 40 : 10);
  });

  it('stay so in the days of another zone', async () => {
    isStrict = false;
    const db = await open();
    const writer = new UsageWriter(db, {
      ...{ dialect, calendar: createCalendar('America/Los_Angeles') },
      ...{ rawRetentionDays: 60, rules: async () => rules },
    });
    const events = sample(8, 150);
    await send(writer, events);
    await writer.foldAll();
    await writer.rezone(calendar);
    await compare(db, events, dialect === 'sqlite' ? 40 : 10);
  });
});
