import fc from 'fast-check';
import { expect, it } from 'vitest';
import { createCalendar } from '../../src/domain/calendar.ts';
import { DIMENSIONS } from '../../src/domain/dimension.ts';
import type { UsageEvent } from '../../src/domain/event.ts';
import { sumCredits } from '../../src/domain/thousandths.ts';
import type { Grain, UsageQuery } from '../../src/domain/usage.ts';
import { insertCorrection } from '../../src/store/correction-repository.ts';
import { type Db, openDatabase } from '../../src/store/database.ts';
import type { Assign } from '../../src/usage/event-batch.ts';
import { StoredUsage } from '../../src/usage/reader.ts';
import { UsageWriter } from '../../src/usage/usage-writer.ts';
import { forgetValue } from '../../src/usage/values.ts';
import { describeEachDialect } from '../support/databases.ts';
import { answerPlainly, arbitraryEvent, arbitraryFilters, sortRows } from '../support/events.ts';
import { size } from '../support/size.ts';

const calendar = createCalendar('Europe/Berlin');
const NOW = Date.parse('2026-11-20T12:00:00Z');
const SOURCE = { id: 1, name: 'test' };
const noRules: Assign = (event) => {
  const scope = event.scope ?? 'default';
  return { scope, meters: [scope], exclusion: undefined, credits: event.credits ?? event.count * 1000 };
};

describeEachDialect('stored usage', ({ dialect, open, createUrl }) => {
  const createWriter = (db: Db, options = {}): UsageWriter =>
    new UsageWriter(db, { dialect, calendar, rawRetentionDays: 30, rules: async () => noRules, ...options });

  it('answers any question as a plain recomputation of the events does, whatever is folded', async () => {
    const from = calendar.startOfDay(calendar.dayOf(NOW) - 40);
    const events = fc.sample(arbitraryEvent(from, NOW), { numRuns: 600, seed: 7 });
    const db = await open();
    const writer = createWriter(db, { rawRetentionDays: 60 });
    for (let at = 0; at < events.length; at += 100) {
      await writer.append([{ source: SOURCE, events: events.slice(at, at + 100), receivedMs: NOW }], {
        allowOld: true,
      });
      if (at === 100 || at === 400) await writer.fold();
      // Closes October in the middle, so that late events meet monthly totals.
      if (at === 200) await writer.retain(NOW);
    }
    const reader = new StoredUsage(db, dialect, calendar);
    const days = events.map(({ timeMs }) => calendar.dayOf(timeMs!));
    const firstDay = Math.min(...days);
    expect(await reader.extent()).toEqual({
      firstDay,
      lastDay: Math.max(...days),
      firstRawDay: firstDay,
      firstHourDay: firstDay,
      asOfMs: NOW,
    });
    expect(await new StoredUsage(await open(), dialect, calendar).extent()).toBeUndefined();
    const day = calendar.dayOf(NOW);
    const bounds = fc.oneof(
      fc.tuple(fc.integer({ min: day - 41, max: day }), fc.integer({ min: 1, max: 42 })).map(([first, days]) => ({
        fromMs: calendar.startOfDay(first),
        toMs: calendar.startOfDay(first + days),
      })),
      fc.tuple(fc.integer({ min: 0, max: 900 }), fc.integer({ min: 1, max: 60 })).map(([hour, hours]) => ({
        fromMs: calendar.startOfHour(from) + hour * 3_600_000,
        toMs: calendar.startOfHour(from) + (hour + hours) * 3_600_000,
      })),
    );
    const question = fc.record({
      span: bounds,
      grain: fc.constantFrom<Grain>('all', 'day', 'month', 'hour', 'minute'),
      groupBy: fc.uniqueArray(fc.constantFrom(...DIMENSIONS, 'status' as const), { maxLength: 3 }),
      filters: arbitraryFilters(),
      raw: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(question, async (query: UsageQuery) => {
        const answer = await reader.sum(query);
        expect(sortRows(answer.rows)).toEqual(answerPlainly(events, query, calendar, SOURCE.name));
      }),
      { numRuns: dialect === 'sqlite' ? size(80, 3000) : size(25, 1000) },
    );
    const ranking = fc.record({
      span: bounds,
      grain: fc.constant('all' as const),
      groupBy: fc.constantFrom(...DIMENSIONS, 'status' as const).map((key) => [key]),
      filters: arbitraryFilters(),
      most: fc.record({
        by: fc.constantFrom(['requests'] as const, ['credits'] as const, ['failed', 'requests'] as const),
        rows: fc.oneof(fc.integer({ min: 1, max: 8 }), fc.integer({ min: 28, max: 40 })),
      }),
    });
    await fc.assert(
      fc.asyncProperty(ranking, async (query) => {
        const all = answerPlainly(events, query, calendar, SOURCE.name);
        const isName = (key: string): boolean => key !== '(none)' && key !== '(other)';
        const named = all.filter(({ keys }) => isName(keys[0]!));
        const first = (a: (typeof all)[number], b: (typeof all)[number]): number => {
          for (const measure of query.most.by) if (a[measure] !== b[measure]) return a[measure] > b[measure] ? -1 : 1;
          return a.keys[0]! < b.keys[0]! ? -1 : 1;
        };
        const shown = [...named].sort(first).slice(0, query.most.rows);
        const { rows, rest } = await reader.sum(query);
        expect(sortRows(rows)).toEqual(sortRows([...shown, ...all.filter(({ keys }) => !isName(keys[0]!))]));
        const left = named.filter((row) => !shown.includes(row));
        const sum = (measure: 'requests' | 'ok' | 'failed' | 'none' | 'credits') =>
          sumCredits(left.map((row) => row[measure]));
        expect(rest).toEqual(
          left.length === 0
            ? undefined
            : {
                rows: left.length,
                requests: sum('requests'),
                ok: sum('ok'),
                failed: sum('failed'),
                none: sum('none'),
                credits: sum('credits'),
              },
        );
      }),
      { numRuns: dialect === 'sqlite' ? size(50, 2000) : size(15, 600) },
    );
    const counting = fc.record({
      span: bounds,
      grain: fc.constant('all' as const),
      groupBy: fc.constantFrom(...DIMENSIONS.filter((key) => key !== 'ip')).map((key) => [key]),
      filters: arbitraryFilters(),
      distinct: fc.constant('ip' as const),
    });
    await fc.assert(
      fc.asyncProperty(counting, async (query) => {
        const pairs = answerPlainly(events, { ...query, groupBy: [...query.groupBy, 'ip'] }, calendar, SOURCE.name);
        const all = answerPlainly(events, query, calendar, SOURCE.name).map((row) => ({
          ...row,
          values: pairs.filter(({ keys: [key, ip] }) => key === row.keys[0] && ip !== '(none)' && ip !== '(other)')
            .length,
        }));
        expect(sortRows((await reader.sum(query)).rows)).toEqual(sortRows(all));
      }),
      { numRuns: dialect === 'sqlite' ? size(20, 500) : size(5, 100) },
    );
  });

  it('tells names that senders gave from the words for none, many and forgotten', async () => {
    const db = await open();
    const writer = createWriter(db);
    const sent = ['(none)', '(other)', '(removed)', 'named (other)', undefined];
    const events = sent.map((user, count) => ({
      ...{ client: user ?? 'a', kind: 'call', count: count + 1, timeMs: NOW - 1000 },
      ...(user === undefined ? {} : { user }),
    }));
    await writer.append([{ source: SOURCE, events, receivedMs: NOW }]);
    const reader = new StoredUsage(db, dialect, calendar);
    const span = { fromMs: NOW - 3_600_000, toMs: NOW };
    const ask = async (pattern: string) => {
      const filters = [{ key: 'user' as const, patterns: [pattern], not: false }];
      const { rows } = await reader.sum({ span, grain: 'all', groupBy: ['user'], filters, raw: true });
      return Object.fromEntries(rows.map(({ keys, requests }) => [keys[0], requests]));
    };
    const shown = {
      ...{ 'named (none)': 1, 'named (other)': 2, 'named (removed)': 3, 'named named (other)': 4, '(none)': 5 },
    };
    expect(await ask('*')).toEqual(shown);
    expect(await ask('*(other)')).toEqual({ 'named (other)': 2, 'named named (other)': 4 });
    for (const [name, requests] of Object.entries(shown)) expect(await ask(name)).toEqual({ [name]: requests });
    await writer.foldAll();
    await writer.writeDailyRows();
    const rows = db.selectFrom('usage_daily').select(['value', 'requests']).where('dimension', '=', 'user');
    expect(Object.fromEntries((await rows.execute()).map(({ value, requests }) => [value, requests]))).toEqual(shown);
    expect(await writer.recount(0)).toBe(5);
    expect(await ask('named (other)')).toEqual({ 'named (other)': 2 });
  });

  it('answers questions asked together from one snapshot, whatever is committed meanwhile', async () => {
    const url = await createUrl();
    const [db, other] = [openDatabase(url, { connections: 4 }), openDatabase(url)];
    const writer = createWriter(other);
    const reader = new StoredUsage(db, dialect, calendar);
    const span = { fromMs: calendar.startOfDay(calendar.dayOf(NOW)), toMs: NOW + 1 };
    const event = { client: 'a', route: '/a', user: 'u', timeMs: NOW, kind: 'call', count: 1 };
    let committing = true;
    const commits = (async () => {
      for (let round = 0; round < 60; round += 1)
        await writer.append([{ source: SOURCE, events: [event], receivedMs: NOW }]);
      committing = false;
    })();
    while (committing) {
      const keys = ['client', 'route', 'user', 'ip'] as const;
      const answers = await Promise.all(
        keys.map((key) => reader.sum({ span, grain: 'all', groupBy: [key], filters: [] })),
      );
      const sums = answers.map(({ rows }) => rows.reduce((sum, { requests }) => sum + requests, 0));
      expect(new Set(sums).size).toBe(1);
    }
    await commits;
    await Promise.all([db.destroy(), other.destroy()]);
  });

  it('counts an id once: within a request, across commits, after a fold, and from a fresh process', async () => {
    const db = await open();
    const event = (id: string, client = 'a'): UsageEvent => ({
      id,
      client,
      kind: 'call',
      count: 1,
      timeMs: NOW - 1000,
    });
    const first = createWriter(db);
    const append = async (writer: UsageWriter, events: UsageEvent[]): Promise<unknown> => {
      const [result] = await writer.append([{ source: SOURCE, events, receivedMs: NOW }]);
      return { accepted: result!.accepted, duplicates: result!.duplicates, conflicts: result!.conflicts };
    };
    expect(await append(first, [event('1'), event('2'), event('1')])).toEqual({
      accepted: 2,
      duplicates: 1,
      conflicts: 0,
    });
    expect(await append(first, [event('2', 'other content'), event('3')])).toEqual({
      accepted: 1,
      duplicates: 1,
      conflicts: 1,
    });
    await first.foldAll();
    expect(await append(first, [event('1'), event('4')])).toEqual({ accepted: 1, duplicates: 1, conflicts: 0 });
    const second = createWriter(db);
    expect(await append(second, [event('1'), event('3'), event('4'), event('5')])).toEqual({
      accepted: 1,
      duplicates: 3,
      conflicts: 0,
    });
    expect(await append(first, [event('5'), event('6')])).toEqual({ accepted: 1, duplicates: 1, conflicts: 0 });
    const other = await first.append([{ source: { id: 2, name: 'other' }, events: [event('1')], receivedMs: NOW }]);
    expect(other[0]!.accepted).toBe(1);
    const { rows } = await new StoredUsage(db, dialect, calendar).sum({
      span: { fromMs: NOW - 86_400_000, toMs: NOW },
      grain: 'all',
      groupBy: [],
      filters: [],
    });
    expect(rows[0]!.requests).toBe(7);
  });

  it('refuses events from the future and from before raw events are kept, and stores their neighbours', async () => {
    const db = await open();
    const base = { client: 'a', kind: 'call', count: 1 };
    const [result] = await createWriter(db).append([
      {
        source: SOURCE,
        receivedMs: NOW,
        indexes: [0, 2, 3],
        events: [
          { ...base, id: 'soon', timeMs: NOW + 301_000 },
          { ...base, timeMs: NOW + 299_000 },
          { ...base, id: 'old', timeMs: NOW - 32 * 86_400_000 },
        ],
      },
    ]);
    expect(result).toMatchObject({ accepted: 1, duplicates: 0 });
    expect(result!.rejected.map(({ index, id }) => [index, id])).toEqual([
      [0, 'soon'],
      [3, 'old'],
    ]);
    expect(result!.rejected[0]!.error).toContain('5 minutes ahead');
  });

  it('counts values beyond the cap as (other), keeps totals exact and the place of values seen before', async () => {
    const db = await open();
    const writer = createWriter(db, { dimensionCap: 3 });
    const day = (offset: number): number => NOW - offset * 86_400_000;
    const send = (clients: string[], timeMs: number, by = writer): Promise<unknown> =>
      by
        .append([
          {
            source: SOURCE,
            receivedMs: NOW,
            events: clients.map((client) => ({ client, kind: 'call', count: 1, timeMs })),
          },
        ])
        .then(() => by.foldAll());
    await send(['a', 'b'], day(2));
    await send(['c', 'd', 'e', 'f', 'a'], day(1));
    const ask = (query: Partial<UsageQuery> = {}) =>
      new StoredUsage(db, dialect, calendar).sum({
        span: { fromMs: calendar.startOfDay(calendar.dayOf(day(1))), toMs: calendar.startOfDay(calendar.dayOf(NOW)) },
        grain: 'all',
        groupBy: ['client'],
        filters: [],
        ...query,
      });
    const answer = await ask();
    expect(answer.rows.reduce((sum, row) => sum + row.requests, 0)).toBe(5);
    expect(answer.rows.some((row) => row.keys[0] === 'a')).toBe(true);
    expect(answer.rows.find((row) => row.keys[0] === '(other)')!.requests).toBeGreaterThanOrEqual(1);
    expect(answer.capped).toEqual(['client']);

    // A client without a place stays under (other) on that day, until it gets a place on another day.
    const others = async (): Promise<number> => (await ask()).rows.find((row) => row.keys[0] === '(other)')!.requests;
    const before = await others();
    await send(['f', 'g'], day(1));
    expect(await others()).toBe(before + 2);
    await send(['f'], day(2));
    await send(['f', 'g'], day(1));
    expect(await others()).toBe(before + 3);
    expect((await ask()).rows.find((row) => row.keys[0] === 'f')).toMatchObject({ requests: 1 });
    // It does not matter which writer gave it the place.
    await send(['g'], day(3), createWriter(db, { dimensionCap: 3 }));
    await send(['g'], day(1));
    expect(await others()).toBe(before + 3);
    expect((await ask({ distinct: 'client', groupBy: ['source'] })).capped).toEqual(['client']);
  });

  it('gives the steps of a meter by minute and by day, single calls apart from counted ones', async () => {
    const db = await open();
    const writer = createWriter(db);
    const minute = Date.parse('2026-11-20T09:30:00Z');
    const call = (timeMs: number, count = 1): UsageEvent => ({
      client: 'a',
      kind: 'call',
      scope: 'crm',
      count,
      timeMs,
    });
    await writer.append([{ source: SOURCE, receivedMs: NOW, events: [call(minute), call(minute + 59_000)] }]);
    await writer.foldAll();
    await writer.append([
      {
        source: SOURCE,
        receivedMs: NOW,
        events: [call(minute + 60_000, 5), call(minute + 1), { ...call(minute), scope: 'erp' }],
      },
    ]);
    const reader = new StoredUsage(db, dialect, calendar);
    const span = {
      fromMs: calendar.startOfDay(calendar.dayOf(NOW)),
      toMs: calendar.startOfDay(calendar.dayOf(NOW) + 1),
    };
    expect(await reader.meter({ meter: 'crm', span, grain: 'minute' })).toEqual([
      { startMs: minute, singles: 3, bulk: 0, credits: 3000 },
      { startMs: minute + 60_000, singles: 0, bulk: 5, credits: 5000 },
    ]);
    expect(await reader.meter({ meter: 'crm', span, grain: 'day' })).toEqual([
      { startMs: span.fromMs, singles: 3, bulk: 5, credits: 8000 },
    ]);
  });

  it('knows the first day that a meter counted, also where that is a correction before any event', async () => {
    const db = await open();
    const reader = new StoredUsage(db, dialect, calendar);
    const day = (back: number) => NOW - back * 86_400_000;
    expect(await reader.firstMeterDay()).toBeUndefined();
    const correct = (timeMs: number) =>
      insertCorrection(db, {
        ...{ meter: 'crm', credits: 1000, reason: 'before', actor: 'U01ADMIN', enteredMs: NOW },
        timeMs,
      });
    await correct(day(1));
    expect(await reader.firstMeterDay()).toBe(calendar.dayOf(day(1)));
    const call = { client: 'a', kind: 'call', count: 1, timeMs: day(3) };
    await createWriter(db).append([{ source: SOURCE, receivedMs: NOW, events: [call] }]);
    expect(await reader.firstMeterDay()).toBe(calendar.dayOf(day(3)));
    await correct(day(9));
    expect(await reader.firstMeterDay()).toBe(calendar.dayOf(day(9)));
  });

  it('tells what came after its day was over, per scope, but nothing that a file brought', async () => {
    const db = await open();
    const reader = new StoredUsage(db, dialect, calendar);
    const writer = createWriter(db);
    const midnight = calendar.startOfDay(calendar.dayOf(NOW));
    const call = (scope: string, timeMs: number, count: number) => ({
      client: 'a',
      kind: 'call',
      count,
      timeMs,
      scope,
    });
    const span = { fromMs: calendar.startOfDay(calendar.dayOf(NOW) - 5), toMs: midnight + 86_400_000 };
    expect(await reader.late(span)).toEqual([]);
    const append = (events: UsageEvent[], options = {}) =>
      writer.append([{ source: SOURCE, receivedMs: NOW, events }], options);
    await append([call('crm', midnight, 1), call('crm', midnight - 1, 2), call('erp', midnight - 86_400_000, 4)]);
    await writer.fold();
    await append([call('crm', midnight - 2, 8), call('crm', span.fromMs - 1, 16)]);
    await append([call('crm', midnight - 3, 32)], { importId: 7 });
    expect((await reader.late(span)).sort((a, b) => a.requests - b.requests)).toEqual([
      { scope: 'erp', requests: 4, credits: 4000 },
      { scope: 'crm', requests: 10, credits: 10_000 },
    ]);
  });

  it('drops raw events past their time, says what it can no longer answer, and keeps the totals', async () => {
    const db = await open();
    const writer = createWriter(db);
    const old = NOW - 29 * 86_400_000;
    await writer.append([
      {
        source: SOURCE,
        receivedMs: NOW,
        events: [{ id: 'x', client: 'a', user: 'u', ip: 'i', route: '/r', kind: 'call', count: 1, timeMs: old }],
      },
    ]);
    await writer.foldAll();
    await writer.retain(NOW + 3 * 86_400_000);
    const reader = new StoredUsage(db, dialect, calendar);
    const span = { fromMs: calendar.startOfDay(calendar.dayOf(old)), toMs: calendar.startOfDay(calendar.dayOf(NOW)) };
    const pair = await reader.sum({ span, grain: 'day', groupBy: ['client', 'user'], filters: [] });
    expect(pair.rows).toHaveLength(1);
    const three = await reader.sum({ span, grain: 'day', groupBy: ['route', 'user', 'ip'], filters: [] });
    expect(three.rows).toHaveLength(0);
    expect(three.shortened).toMatchObject({ reason: 'no-total', nearest: ['user', 'ip'] });
  });

  it('forgets a value on request: its calls stay, its name is gone, and it may come again', async () => {
    const db = await open();
    const writer = createWriter(db);
    const reader = new StoredUsage(db, dialect, calendar);
    const call = (user: string): Promise<unknown> =>
      writer.append([
        { source: SOURCE, receivedMs: NOW, events: [{ client: 'a', user, kind: 'call', count: 1, timeMs: NOW }] },
      ]);
    const users = async (): Promise<unknown> => {
      const span = { fromMs: NOW - 86_400_000, toMs: NOW + 86_400_000 };
      const { rows } = await reader.sum({ span, grain: 'all', groupBy: ['user'], filters: [] });
      return rows.map((row) => [row.keys[0], row.requests]).sort();
    };
    await call('jo');
    await call('al');
    await call('jo');
    await writer.foldAll();
    expect(await users()).toEqual([
      ['al', 1],
      ['jo', 2],
    ]);
    expect(await forgetValue(db, 'user', 'jo')).toBe(true);
    expect(await forgetValue(db, 'user', 'al')).toBe(true);
    expect(await forgetValue(db, 'user', 'nobody')).toBe(false);
    expect(await users()).toEqual([['(removed)', 3]]);
    await call('jo');
    expect(await users()).toEqual([
      ['(removed)', 3],
      ['jo', 1],
    ]);
  });
});
