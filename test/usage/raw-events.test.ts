import fc from 'fast-check';
import { expect, it } from 'vitest';
import { createCalendar } from '../../src/domain/calendar.ts';
import { DIMENSIONS } from '../../src/domain/dimension.ts';
import type { UsageEvent } from '../../src/domain/event.ts';
import type { Grain, LatencyQuery, RawEvent } from '../../src/domain/usage.ts';
import type { Db } from '../../src/store/database.ts';
import { insertRejectedEvents, listRejectedEvents } from '../../src/store/source-repository.ts';
import type { Assign } from '../../src/usage/event-batch.ts';
import { forget } from '../../src/usage/forget.ts';
import { StoredUsage } from '../../src/usage/reader.ts';
import { UsageWriter } from '../../src/usage/usage-writer.ts';
import { forgetValue } from '../../src/usage/values.ts';
import { createMemoryUsage } from '../report/memory-usage.ts';
import { describeEachDialect } from '../support/databases.ts';
import { arbitraryEvent, arbitraryFilters } from '../support/events.ts';
import { size } from '../support/size.ts';

const calendar = createCalendar('Europe/Berlin');
const NOW = Date.parse('2026-11-20T12:00:00Z');
const TODAY = calendar.dayOf(NOW);
const SOURCE = { id: 1, name: 'test' };
const noRules: Assign = (event) => {
  const scope = event.scope ?? 'default';
  return { scope, meters: [scope], exclusion: undefined, credits: event.credits ?? event.count * 1000 };
};

/** Events with distinct times, so that the order is certain; many have no duration. */
function sampleEvents(count: number): UsageEvent[] {
  const fromMs = calendar.startOfDay(TODAY - 20);
  const calls = fc.sample(arbitraryEvent(fromMs, NOW), { numRuns: count, seed: 12 });
  const known = new Set<number>();
  return calls.flatMap(({ id: _, ...event }, index) => {
    if (known.has(event.timeMs!)) return [];
    known.add(event.timeMs!);
    const id = toId(index);
    return [{ ...event, ...(id === undefined ? {} : { id }) }];
  });
}

/** Returns an id as senders write it: a UUID in either case, a number, any script, or none. */
function toId(index: number): string | undefined {
  const uuid = `7d3f0c1e-9a4b-4c2d-8e5f-${String(index).padStart(12, '0')}`;
  return [uuid, `evt_${index}`, undefined, `${index}`, uuid.toUpperCase(), `zahlung-№${index}-支払い`][index % 6];
}

function toRaw({ timeMs, status, count, credits, records: _, ...texts }: UsageEvent) {
  const rest = { source: SOURCE.name, scope: texts.scope ?? 'default', receivedMs: NOW };
  return { ...texts, ...rest, timeMs: timeMs!, status: status ?? 0, count, credits: credits ?? count * 1000 };
}

describeEachDialect('raw events', ({ dialect, open }) => {
  const createWriter = (db: Db): UsageWriter =>
    new UsageWriter(db, { dialect, calendar, rawRetentionDays: 30, rules: async () => noRules });

  it('give percentiles and the newest calls as a plain recount does, folded or not', async () => {
    const events = sampleEvents(500);
    const db = await open();
    const writer = createWriter(db);
    for (let at = 0; at < events.length; at += 60) {
      await writer.append([{ source: SOURCE, events: events.slice(at, at + 60), receivedMs: NOW }], { allowOld: true });
      if (at === 120 || at === 300) await writer.fold();
    }
    const stored = new StoredUsage(db, dialect, calendar);
    const plain = createMemoryUsage(
      events.map((event) => ({ ...toRaw(event), client: event.client, kind: event.kind })),
      calendar,
    );
    const hourMs = 3_600_000;
    const span = fc
      .tuple(fc.integer({ min: -1, max: 500 }), fc.oneof(fc.constantFrom(24, 48, 600), fc.integer({ min: 1, max: 90 })))
      .map(([from, hours]) => {
        const fromMs = calendar.startOfDay(TODAY - 20) + from * hourMs;
        return { fromMs, toMs: fromMs + hours * hourMs };
      });
    const question = fc.record({
      span,
      filters: arbitraryFilters(),
      grain: fc.constantFrom<Grain>('all', 'day', 'month', 'hour', 'minute'),
      groupBy: fc.option(fc.constantFrom(...DIMENSIONS, 'status' as const), { nil: undefined }),
      limit: fc.constantFrom(1, 7, 40, 10_000),
      ids: fc.boolean(),
    });
    const byName = (a: object, b: object) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1);
    await fc.assert(
      fc.asyncProperty(question, async ({ groupBy, limit, ids, ...rest }) => {
        const query: LatencyQuery = groupBy ? { ...rest, groupBy } : rest;
        const [found, expected] = [await stored.latency(query), await plain.latency(query)];
        expect(found.rows.toSorted(byName)).toEqual(expected.rows.toSorted(byName));
        expect(found.total).toEqual(expected.total);
        const newest = { span: rest.span, filters: rest.filters, limit, ids };
        const withoutOrigin = ({ imported: _, ...event }: RawEvent) => event;
        expect((await stored.events(newest)).map(withoutOrigin)).toEqual(await plain.events(newest));
      }),
      { numRuns: dialect === 'sqlite' ? size(70, 2000) : size(20, 500) },
    );
  });

  it('keep the ids of their senders through folds, merges and another zone, and lose those that name the forgotten', async () => {
    const db = await open();
    const writer = createWriter(db);
    const all = Array.from({ length: 60 }, (_, index): UsageEvent => {
      const id = index === 7 ? 'jo.doe:7' : toId(index);
      const call = { client: `c${index}`, kind: 'call', count: 1 } as const;
      return { ...call, timeMs: NOW - 40 * 3_600_000 + index * 2_000_000, ...(id === undefined ? {} : { id }) };
    });
    const span = { fromMs: NOW - 100 * 3_600_000, toMs: NOW };
    const list = async (zone = calendar) => {
      const events = await new StoredUsage(db, dialect, zone).events({ span, filters: [], limit: 100, ids: true });
      return events.map(({ client, id }) => [client, id]);
    };
    const expected = all.map(({ client, id }) => [client, id]);
    for (let at = 0; at < all.length; at += 5) {
      await writer.append([{ source: SOURCE, events: all.slice(at, at + 5), receivedMs: NOW }]);
      if (at < 50) await writer.fold();
    }
    expect(await list()).toEqual(expected);
    const extra: UsageEvent[] = [
      { client: 'extra', kind: 'call', count: 1, id: 'extra-1', timeMs: all[30]!.timeMs! + 1 },
    ];
    await writer.append([{ source: SOURCE, events: extra, receivedMs: NOW }], { importId: 1 });
    await writer.fold();
    expect(await list()).toContainEqual(['extra', 'extra-1']);
    await writer.undoImport(1);
    const other: Assign = () => ({ scope: 'other', meters: ['other'], exclusion: undefined, credits: 2000 });
    const under = new UsageWriter(db, { dialect, calendar, rawRetentionDays: 30, rules: async () => other });
    await under.recount(TODAY - 20);
    expect(await list()).toEqual(expected);
    const tokyo = createCalendar('Asia/Tokyo');
    await writer.rezone(tokyo);
    expect(await list(tokyo)).toEqual(expected);
    await db.transaction().execute((trx) => forget(trx, dialect, 'user', 'jo.doe'));
    expect(await list(tokyo)).toEqual(expected.map(([client, id]) => [client, id === 'jo.doe:7' ? undefined : id]));
  });

  it('give one row to ids that share a name, and to all that were forgotten', async () => {
    const db = await open();
    const writer = createWriter(db);
    const call = (client: string, durationMs: number): UsageEvent => {
      return { client, timeMs: NOW - 1000, kind: 'call', count: 1, durationMs };
    };
    const events = [call('a1', 10), call('a2', 30), call('b', 20), call('jo', 1), call('al', 2)];
    await writer.append([{ source: SOURCE, events, receivedMs: NOW }]);
    await forgetValue(db, 'client', 'jo');
    await forgetValue(db, 'client', 'al');
    const reader = new StoredUsage(db, dialect, calendar);
    const span = { fromMs: NOW - 5000, toMs: NOW };
    const names = (await reader.events({ span, filters: [], limit: 10 })).map(({ client }) => client);
    expect(names.sort()).toEqual(['(removed)', '(removed)', 'a1', 'a2', 'b']);
    const { rows } = await reader.latency({
      span,
      filters: [],
      grain: 'all',
      groupBy: 'client',
      together: [['a2', 'a1']],
    });
    const told = rows.map(({ key, latency }) => [key.slice(0, 1), latency!.timed, latency!.p50Ms, latency!.slowestMs]);
    expect(told.sort()).toEqual([
      ['(', 2, 1, 2],
      ['a', 2, 10, 30],
      ['b', 1, 20, 20],
    ]);
  });

  it('say so where days are older than they are kept', async () => {
    const db = await open();
    const writer = createWriter(db);
    const old = { client: 'a', kind: 'call', count: 1, timeMs: NOW - 40 * 86_400_000, durationMs: 9 };
    await writer.append([{ source: SOURCE, events: [old], receivedMs: NOW }], { allowOld: true });
    await writer.foldAll();
    for (const days of [29, 32])
      await insertRejectedEvents(db, 1, [{ index: 0, error: `${days}` }], NOW - days * 86_400_000);
    await writer.retain(NOW);
    expect((await listRejectedEvents(db, 1)).map(({ reason }) => reason)).toEqual(['29']);
    const reader = new StoredUsage(db, dialect, calendar);
    const fromMs = calendar.startOfDay(TODAY - 50);
    const answer = await reader.latency({ span: { fromMs, toMs: NOW }, filters: [], grain: 'all' });
    expect(answer).toMatchObject({
      rows: [],
      total: { requests: 0 },
      shortened: { fromMs: calendar.startOfDay(TODAY - 30) },
    });
  });
});
