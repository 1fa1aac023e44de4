import fc from 'fast-check';
import { sql } from 'kysely';
import { expect, it } from 'vitest';
import { createCalendar } from '../../src/domain/calendar.ts';
import type { IngestResult, Thousandths, UsageEvent } from '../../src/domain/event.ts';
import type { Grain, UsageQuery } from '../../src/domain/usage.ts';
import { type Db, openDatabase } from '../../src/store/database.ts';
import type { Assign } from '../../src/usage/event-batch.ts';
import { StoredUsage } from '../../src/usage/reader.ts';
import { UsageWriter } from '../../src/usage/usage-writer.ts';
import { describeEachDialect } from '../support/databases.ts';
import { answerPlainly, arbitraryEvent, sortRows } from '../support/events.ts';
import { size } from '../support/size.ts';

const DAY_MS = 86_400_000;
const NOW = Date.parse('2026-11-20T12:00:00Z');
const SOURCE = { id: 1, name: 'test' };
const berlin = createCalendar('Europe/Berlin');
const assign: Assign = (event) => {
  const scope = event.scope ?? 'default';
  return { scope, meters: [scope], exclusion: undefined, credits: event.credits ?? event.count * 1000 };
};

/** Zones and weeks with unusual days or hours, such as clock changes. */
const ODD_TIMES = [
  { zone: 'Australia/Lord_Howe', now: '2026-04-08T00:00:00Z' },
  { zone: 'Australia/Lord_Howe', now: '2026-10-07T00:00:00Z' },
  { zone: 'Asia/Kathmandu', now: '2026-03-02T00:00:00Z' },
  { zone: 'Pacific/Apia', now: '2012-01-04T00:00:00Z' },
  { zone: 'Europe/Berlin', now: '2026-10-27T00:00:00Z' },
  { zone: 'Europe/Berlin', now: '2026-04-01T00:00:00Z' },
  { zone: 'America/Havana', now: '2026-11-03T00:00:00Z' },
];

describeEachDialect('the store', ({ dialect, createUrl, open }) => {
  const createWriter = (db: Db, calendar = berlin, options = {}): UsageWriter =>
    new UsageWriter(db, { dialect, calendar, rawRetentionDays: 60, rules: async () => assign, ...options });
  const append = async (writer: UsageWriter, events: readonly UsageEvent[]): Promise<IngestResult> => {
    const [result] = await writer.append([{ source: SOURCE, events, receivedMs: NOW }]);
    return result!;
  };
  const call = (fields: Partial<UsageEvent> = {}): UsageEvent => ({
    client: 'a',
    kind: 'call',
    count: 1,
    timeMs: NOW - 1000,
    ...fields,
  });
  const sumAll = async (
    db: Db,
    query: Partial<UsageQuery> = {},
  ): Promise<{ requests: number; credits: Thousandths }> => {
    const { rows } = await new StoredUsage(db, dialect, berlin).sum({
      span: { fromMs: berlin.startOfDay(berlin.dayOf(NOW) - 100), toMs: berlin.startOfDay(berlin.dayOf(NOW) + 1) },
      grain: 'all',
      groupBy: [],
      filters: [],
      ...query,
    });
    return { requests: rows[0]?.requests ?? 0, credits: rows[0]?.credits ?? 0 };
  };

  it('agrees with a plain count by minute, hour, day and month in odd zones, in whatever order it folds, retains and closes', async () => {
    for (const { zone, now } of ODD_TIMES) {
      const calendar = createCalendar(zone);
      const nowMs = Date.parse(now);
      const fromMs = calendar.startOfDay(calendar.dayOf(nowMs) - 45);
      const recent = arbitraryEvent(nowMs - 5 * DAY_MS, nowMs);
      const step = fc.oneof(
        {
          weight: 4,
          arbitrary: fc.array(fc.oneof(recent, arbitraryEvent(fromMs, nowMs)), { minLength: 1, maxLength: 25 }),
        },
        { weight: 2, arbitrary: fc.constant('fold' as const) },
        { weight: 1, arbitrary: fc.integer({ min: -40, max: 10 }) },
      );
      await fc.assert(
        fc.asyncProperty(fc.array(step, { minLength: 3, maxLength: 12 }), async (steps) => {
          const db = await open();
          const writer = createWriter(db, calendar);
          const events: UsageEvent[] = [];
          for (const done of steps) {
            if (done === 'fold') await writer.fold();
            else if (typeof done === 'number') await writer.retain(nowMs + done * DAY_MS);
            else {
              events.push(...done);
              await writer.append([{ source: SOURCE, events: done, receivedMs: nowMs }]);
            }
          }
          const reader = new StoredUsage(db, dialect, calendar);
          const spans = [
            { fromMs, toMs: calendar.startOfDay(calendar.dayOf(nowMs) + 1) },
            { fromMs: calendar.startOfHour(nowMs - 4 * DAY_MS), toMs: calendar.startOfHour(nowMs - DAY_MS) },
          ];
          for (const span of spans) {
            for (const grain of ['minute', 'hour', 'day', 'month', 'all'] as Grain[]) {
              for (const groupBy of [[], ['client', 'status'], ['scope', 'user', 'ip']] as UsageQuery['groupBy'][]) {
                const query = { span, grain, groupBy, filters: [] };
                const { rows } = await reader.sum(query);
                expect(sortRows(rows), `${zone} ${grain} ${groupBy}`).toEqual(
                  answerPlainly(events, query, calendar, SOURCE.name),
                );
              }
            }
          }
        }),
        { numRuns: dialect === 'sqlite' ? size(2, 20) : size(1, 6) },
      );
    }
  });

  it('closes a month once, whoever else closes it or folds late events of it meanwhile', async () => {
    const url = await createUrl();
    const connections = [1, 2, 3].map(() => openDatabase(url, { thread: true, connections: 2 }));
    const [first, second, third] = connections.map((db) => createWriter(db)) as [UsageWriter, UsageWriter, UsageWriter];
    const october = Array.from({ length: 60 }, (_, i) =>
      call({ timeMs: NOW - (21 + (i % 20)) * DAY_MS, user: `u${i}` }),
    );
    await append(first, october);
    await first.foldAll();
    await append(third, october);
    await Promise.all([first.retain(NOW), second.retain(NOW), third.foldAll()]);
    const db = connections[0]!;
    expect(await sumAll(db)).toEqual({ requests: 120, credits: 120_000 });
    expect(await sumAll(db, { groupBy: ['kind'] })).toEqual({ requests: 120, credits: 120_000 });
    expect(await sumAll(db, { raw: true })).toEqual({ requests: 120, credits: 120_000 });
    for (const connection of connections) await connection.destroy();
  });

  it('takes new values and ids that two processes meet in opposite orders', async () => {
    const url = await createUrl();
    const connections = [1, 2].map(() => openDatabase(url, { thread: true, connections: 2 }));
    const [first, second] = connections.map((db) => createWriter(db)) as [UsageWriter, UsageWriter];
    for (const writer of [first, second]) await append(writer, [call({ client: 'known', route: '/known' })]);
    let accepted = 0;
    for (let round = 0; round < 30; round += 1) {
      const values = [
        call({ id: `a${round}`, client: `client ${round}`, route: '/known' }),
        call({ id: `b${round}`, client: 'known', route: `/route ${round}`, user: `user ${round}` }),
      ];
      const results = await Promise.all([append(first, values), append(second, values.toReversed())]);
      accepted += results[0]!.accepted + results[1]!.accepted;
    }
    expect(accepted).toBe(60);
    const texts = await connections[0]!.selectFrom('value').select(['dimension', 'text']).execute();
    expect(new Set(texts.map(({ dimension, text }) => `${dimension} ${text}`)).size).toBe(texts.length);
    expect(await sumAll(connections[0]!)).toMatchObject({ requests: 62 });
    for (const connection of connections) await connection.destroy();
  });

  it('sums counts and credits exactly far beyond 2^32, up to 2^53 thousandths', async () => {
    const db = await open();
    const writer = createWriter(db);
    const large = Array.from({ length: 9000 }, (_, i) =>
      call({ count: 1_000_000_000 - (i % 7), credits: 1_000_000_000_000 - (i % 3), client: i % 2 ? 'a' : 'b' }),
    );
    for (let at = 0; at < large.length; at += 1500) {
      await append(writer, large.slice(at, at + 1500));
      if (at % 3000 === 0) await writer.foldAll();
    }
    const requests = large.reduce((sum, { count }) => sum + BigInt(count), 0n);
    const credits = large.reduce((sum, event) => sum + BigInt(event.credits!), 0n);
    expect(credits).toBeLessThan(BigInt(Number.MAX_SAFE_INTEGER));
    expect(credits * 1002n).toBeGreaterThan(BigInt(Number.MAX_SAFE_INTEGER) * 1000n);
    for (const raw of [false, true]) {
      expect(await sumAll(db, { raw })).toEqual({ requests: Number(requests), credits: Number(credits) });
    }
    const [meter] = await new StoredUsage(db, dialect, berlin).meter({
      meter: 'default',
      span: { fromMs: berlin.startOfDay(berlin.dayOf(NOW)), toMs: NOW },
      grain: 'day',
    });
    expect(meter).toMatchObject({ bulk: Number(requests), credits: Number(credits) });
  });

  it('takes texts of any script as long as they may be, and their neighbours in the commit', async () => {
    const db = await open();
    const writer = createWriter(db);
    // A text that compression cannot shorten.
    const noise = Array.from({ length: 2000 }, (_, i) =>
      String.fromCodePoint(0x20000 + ((i * 7919 + 13) % 42_000)),
    ).join('');
    const result = await append(writer, [
      call({ client: 'plain' }),
      call({ user: noise, route: noise, client: noise.slice(0, 400) }),
    ]);
    expect(result).toMatchObject({ accepted: 2, rejected: [] });
    await writer.foldAll();
    const { rows } = await new StoredUsage(db, dialect, berlin).sum({
      span: { fromMs: NOW - DAY_MS, toMs: NOW + 1 },
      grain: 'all',
      groupBy: ['user'],
      filters: [{ key: 'user', patterns: [noise], not: false }],
    });
    expect(rows.map((row) => [row.keys[0], row.requests])).toEqual([[noise, 1]]);
    expect(await append(createWriter(db), [call({ user: noise })])).toMatchObject({ accepted: 1 });
  });

  it('tells ids apart that are nearly the same, and takes long ones', async () => {
    const db = await open();
    const writer = createWriter(db);
    const long = 'x'.repeat(255);
    const ids = [
      'abc',
      'Abc',
      'ABC',
      'abc ',
      ' abc',
      'a\u0308',
      '\u00e4',
      'e\u0301',
      '\u00e9',
      'k',
      '\u212a',
      '0',
      '00',
      '-0',
      '1e0',
      '1',
      '1.0',
      '__proto__',
      'constructor',
      'null',
      '😀',
      '😀a',
      '\u0001',
      'ab',
      'ba',
      `${long}1`,
      `${long}2`,
      `1${long}`,
      `${'x'.repeat(248)}ABCDEFGH`,
      `${'x'.repeat(248)}ABCDEFGh`,
      '\u0101\u0102',
      '\u0102\u0101',
      ...Array.from({ length: 300 }, (_, i) => 'a'.repeat(i + 1).slice(0, 256)).filter(
        (id, i, all) => all.indexOf(id) === i,
      ),
    ];
    const distinct = [...new Set(ids)];
    expect(
      await append(
        writer,
        distinct.map((id) => call({ id })),
      ),
    ).toMatchObject({ accepted: distinct.length, duplicates: 0 });
    await writer.foldAll();
    expect(
      await append(
        createWriter(db),
        distinct.map((id) => call({ id })),
      ),
    ).toMatchObject({
      accepted: 0,
      duplicates: distinct.length,
      conflicts: 0,
    });
    expect(await append(writer, [call({}), call({})])).toMatchObject({ accepted: 2, withoutId: 2 });
  });

  it('calls a repetition a conflict for what its sender says, never for what rules make of it', async () => {
    const db = await open();
    let dearer = false;
    const rules = async (): Promise<Assign> => (event, source, day) => {
      const plain = assign(event, source, day);
      if (!dearer) return plain;
      const scope = event.scope ?? 'crm';
      return { ...plain, scope, meters: [scope], credits: event.credits ?? event.count * 5000 };
    };
    const writer = createWriter(db, berlin, { rules });
    const event = call({ id: 'a' });
    const full = call({ id: 'b', scope: 'crm', credits: 5000, durationMs: 12, records: 3 });
    expect(await append(writer, [event, full])).toMatchObject({ accepted: 2 });
    dearer = true;
    expect(await append(writer, [event, full])).toMatchObject({ duplicates: 2, conflicts: 0 });
    const others: UsageEvent[] = [
      { ...event, scope: 'crm' },
      { ...event, scope: 'default' },
      { ...event, credits: 1000 },
      { ...event, credits: 5000 },
      { ...event, durationMs: 0 },
      { ...full, scope: 'default' },
      { ...full, credits: 5001 },
      { ...full, durationMs: 12.5 },
      { ...full, records: 4 },
      { ...full, count: 2 },
    ];
    for (const other of others) {
      expect(await append(writer, [other]), JSON.stringify(other)).toMatchObject({ duplicates: 1, conflicts: 1 });
    }
  });

  it('is refused a commit or a fold by the database: nothing of it is counted or remembered, and the next one works', async () => {
    const db = await open();
    const writer = createWriter(db, berlin, { dimensionCap: 3 });
    await append(writer, [call({ id: 'before' })]);
    const fresh = [call({ id: 'x', client: 'new', user: 'u1' }), call({ id: 'y', client: 'newer', user: 'u2' })];
    await failInserts(db, 'inbox');
    await expect(append(writer, fresh)).rejects.toThrow('no room');
    expect(await sumAll(db)).toMatchObject({ requests: 1 });
    await allowInserts(db, 'inbox');
    expect(await append(writer, fresh)).toMatchObject({ accepted: 2, duplicates: 0 });

    await failInserts(db, 'total_segment');
    await expect(writer.fold()).rejects.toThrow('no room');
    expect(await sumAll(db, { groupBy: ['kind'] })).toMatchObject({ requests: 3 });
    await allowInserts(db, 'total_segment');
    await writer.foldAll();
    expect(await sumAll(db, { groupBy: ['kind'] })).toMatchObject({ requests: 3 });
    // The failed fold used up no places for values: the day has as much room as before.
    const places = await db.selectFrom('value_places').selectAll().where('dimension', '=', 'client').execute();
    expect(places).toMatchObject([{ places: 3 }]);
    expect(await append(writer, fresh)).toMatchObject({ accepted: 0, duplicates: 2 });
    expect(await sumAll(db, { raw: true })).toMatchObject({ requests: 3 });
  });

  async function failInserts(db: Db, table: string): Promise<void> {
    if (dialect === 'sqlite') {
      await sql`create trigger ${sql.id(`full_${table}`)} before insert on ${sql.id(table)} begin select raise(abort, 'no room'); end`.execute(
        db,
      );
      return;
    }
    await sql`create or replace function full_disk() returns trigger language plpgsql as $$ begin raise exception 'no room'; end $$`.execute(
      db,
    );
    await sql`create trigger ${sql.id(`full_${table}`)} before insert on ${sql.id(table)} execute function full_disk()`.execute(
      db,
    );
  }

  async function allowInserts(db: Db, table: string): Promise<void> {
    if (dialect === 'sqlite') await sql`drop trigger ${sql.id(`full_${table}`)}`.execute(db);
    else await sql`drop trigger ${sql.id(`full_${table}`)} on ${sql.id(table)}`.execute(db);
  }

  it.runIf(dialect === 'sqlite')(
    'fills its disk: events are refused while it is full and taken when there is room again',
    async () => {
      const db = await open();
      const writer = createWriter(db);
      const batch = (number: number): UsageEvent[] =>
        Array.from({ length: 200 }, (_, i) =>
          call({ id: `${number}/${i}`, client: `client ${number}`, user: `user ${number}-${i}` }),
        );
      await append(writer, batch(0));
      const { rows } = await sql<{ page_count: number }>`pragma page_count`.execute(db);
      await sql.raw(`pragma max_page_count = ${rows[0]!.page_count + 12}`).execute(db);
      let taken = 1;
      let refused: unknown;
      while (refused === undefined && taken < 50) {
        await append(writer, batch(taken)).then(
          () => {
            taken += 1;
          },
          (error: unknown) => {
            refused = error;
          },
        );
      }
      expect(refused).toMatchObject({ code: 'SQLITE_FULL' });
      expect(await sumAll(db)).toMatchObject({ requests: taken * 200 });
      await expect(writer.foldAll()).rejects.toMatchObject({ code: 'SQLITE_FULL' });
      expect(await sumAll(db)).toMatchObject({ requests: taken * 200 });
      await sql.raw('pragma max_page_count = 1000000').execute(db);
      expect(await append(writer, batch(taken))).toMatchObject({ accepted: 200 });
      await writer.foldAll();
      expect(await append(writer, batch(taken))).toMatchObject({ accepted: 0, duplicates: 200 });
      expect(
        await sumAll(db, {
          groupBy: ['client'],
          filters: [{ key: 'client', patterns: [`client ${taken}`], not: false }],
        }),
      ).toMatchObject({ requests: 200 });
      expect(await sumAll(db, { raw: true })).toMatchObject({ requests: (taken + 1) * 200 });
    },
  );

  it.runIf(dialect === 'postgres')(
    'loses its connection inside a transaction: that one fails, the process lives, the next one works',
    async () => {
      const db = await open();
      const other = await open();
      const broken = db.transaction().execute(async (trx) => {
        const { rows } = await sql<{ pid: number }>`select pg_backend_pid() as pid`.execute(trx);
        const gone = Promise.withResolvers<void>();
        await sql`select pg_terminate_backend(${rows[0]!.pid})`.execute(other);
        // A connection that the server no longer lists is closed.
        for (;;) {
          const left = await sql`select 1 from pg_stat_activity where pid = ${rows[0]!.pid}`.execute(other);
          if (left.rows.length === 0) gone.resolve();
          if (left.rows.length === 0) break;
        }
        await gone.promise;
        await new Promise((resolve) => setImmediate(resolve));
        await trx.insertInto('setting').values({ name: 'a', value: 'b' }).execute();
      });
      await expect(broken).rejects.toThrow();
      expect(await db.selectFrom('setting').selectAll().where('name', '=', 'a').execute()).toEqual([]);
    },
  );
});
