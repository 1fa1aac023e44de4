import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createCalendar } from '../../src/domain/calendar.ts';
import { addPoint, type KnownPoint, POINTS_KEPT } from '../../src/ingest/cumulative.ts';
import { Intake } from '../../src/ingest/intake.ts';
import { openDatabase } from '../../src/store/database.ts';
import { migrate } from '../../src/store/migrate.ts';
import { upsertSource } from '../../src/store/source-repository.ts';
import { StoredUsage } from '../../src/usage/reader.ts';
import { createDatabase } from '../support/databases.ts';

const SECOND = 1_000_000_000n;
const START = { startNs: 1_795_224_666n * SECOND, isRestart: false };

type Point = readonly [second: number, value: number];

/** Returns the calls counted at each second after all points, without seconds that have none. */
function take(points: readonly Point[], start = START): Record<number, number> {
  let known: readonly KnownPoint[] = [];
  const calls: Record<number, number> = {};
  for (const [second, value] of points) {
    const added = addPoint(known, { endNs: START.startNs + BigInt(second) * SECOND, value }, start);
    known = added.points;
    for (const change of added.changes) {
      const at = Number((change.endNs - START.startNs) / SECOND);
      calls[at] = (calls[at] ?? 0) + change.calls;
      if (calls[at] === 0) delete calls[at];
    }
  }
  return calls;
}

const DAY = 86_400;

describe('a cumulative series', () => {
  it.each<[string, Point[], Record<number, number>]>([
    [
      'adds the difference to the point before',
      [
        [60, 3],
        [120, 5],
        [180, 5],
      ],
      { 60: 3, 120: 2 },
    ],
    [
      'adds nothing for a point that is known',
      [
        [60, 3],
        [60, 3],
        [120, 4],
        [60, 3],
      ],
      { 60: 3, 120: 1 },
    ],
    [
      'begins again at 0 where its value falls',
      [
        [60, 30],
        [120, 4],
        [180, 6],
      ],
      { 60: 30, 120: 4, 180: 2 },
    ],
    [
      'puts a late point where it belongs',
      [
        [60, 3],
        [180, 9],
        [120, 5],
      ],
      { 60: 3, 120: 2, 180: 4 },
    ],
    [
      'puts a late first point where it belongs',
      [
        [120, 9],
        [60, 3],
      ],
      { 60: 3, 120: 6 },
    ],
    [
      'tells late from reset',
      [
        [60, 10],
        [180, 3],
        [120, 12],
      ],
      { 60: 10, 120: 2, 180: 3 },
    ],
    [
      'adds nothing of long before its first point',
      [
        [2 * DAY, 1000],
        [2 * DAY + 60, 1003],
      ],
      { [2 * DAY + 60]: 3 },
    ],
  ])('%s', (_, points, calls) => {
    expect(take(points)).toEqual(calls);
  });

  it('counts whole after a restart, and from its first point on where its start is unknown', () => {
    expect(take([[2 * DAY, 1000]], { ...START, isRestart: true })).toEqual({ [2 * DAY]: 1000 });
    expect(
      take(
        [
          [60, 1000],
          [120, 1001],
        ],
        { startNs: 0n, isRestart: false },
      ),
    ).toEqual({ 120: 1 });
  });

  it('counts the same at each instant whatever the order of arrival, resets included', () => {
    const values = fc.array(fc.integer({ min: 0, max: 20 }), { minLength: 1, maxLength: POINTS_KEPT });
    fc.assert(
      fc.property(values, fc.infiniteStream(fc.nat()), fc.boolean(), (list, random, isLong) => {
        const points = list.map((value, at): Point => [60 * (at + 1) + (isLong ? 2 * DAY : 0), value]);
        const shuffled = points.map((point) => ({ point, at: random.next().value as number }));
        const order = shuffled.sort((a, b) => a.at - b.at).map(({ point }) => point);
        expect(take(order)).toEqual(take(points));
      }),
    );
  });
});

describe('what cumulative points had counted', () => {
  it('is known after a restart, and kept with the events: each call counts once', async () => {
    const database = await createDatabase('sqlite');
    const db = openDatabase(database.url);
    await migrate(db);
    const receivedMs = 1_795_224_900_000;
    const source = await upsertSource(db, { name: 'o', adapter: 'otlp', options: {}, tokenHash: 't' }, receivedMs);
    const send = async (second: number, count: number, start = START.startNs) => {
      const intake = new Intake({ databaseUrl: database.url, zone: 'UTC', rawRetentionDays: 30, maxBodyBytes: 1e6 });
      const attributes = [{ key: 'service.name', value: { stringValue: 'orders' } }];
      const timeUnixNano = String(START.startNs + BigInt(second) * SECOND);
      const dataPoints = [{ startTimeUnixNano: String(start), timeUnixNano, count: String(count) }];
      const histogram = { aggregationTemporality: 2, dataPoints };
      const metrics = [{ name: 'http.server.request.duration', histogram }];
      const body = Buffer.from(
        JSON.stringify({ resourceMetrics: [{ resource: { attributes }, scopeMetrics: [{ metrics }] }] }),
      );
      const envelope = {
        ...{ sourceId: source.id, sourceName: 'o', adapter: 'otlp', options: { signal: 'metrics' as const } },
        ...{ contentType: 'application/json', headers: {} },
      };
      const requests = [{ envelope, body, receivedMs }];
      const [result] = await intake.take(() => requests);
      await intake.close();
      if (result instanceof Error) throw result;
      const { accepted, duplicates } = result!;
      return { accepted, duplicates };
    };
    expect(await send(60, 3)).toEqual({ accepted: 1, duplicates: 0 });
    expect(await send(60, 3)).toEqual({ accepted: 0, duplicates: 1 });
    expect(await send(120, 3)).toEqual({ accepted: 0, duplicates: 0 });
    expect(await send(180, 7)).toEqual({ accepted: 1, duplicates: 0 });
    // A late point takes over one of the four calls that were counted at 180 s.
    expect(await send(150, 4)).toEqual({ accepted: 2, duplicates: 0 });
    expect(await send(180, 7)).toEqual({ accepted: 0, duplicates: 1 });
    // The sender has restarted.
    expect(await send(240, 2, START.startNs + 200n * SECOND)).toEqual({ accepted: 1, duplicates: 0 });
    expect(await db.selectFrom('otlp_series').select('start').execute()).toHaveLength(2);
    const usage = new StoredUsage(db, 'sqlite', createCalendar('UTC'));
    const span = { fromMs: 0, toMs: receivedMs * 2 };
    const calls = (await usage.events({ span, filters: [], limit: 100 })).map(({ timeMs, count }) => [
      Math.round(timeMs / 1000 - Number(START.startNs / SECOND)),
      count,
    ]);
    expect(calls.sort(([a, m], [b, n]) => a! - b! || n! - m!)).toEqual([
      [60, 3],
      [150, 1],
      [180, 4],
      [180, -1],
      [240, 2],
    ]);
    await db.destroy();
    await database.remove();
  });
});
