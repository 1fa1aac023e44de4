import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { addPoint, type KnownPoint, POINTS_KEPT } from '../../src/ingest/cumulative.ts';
import { Intake } from '../../src/ingest/intake.ts';
import { openDatabase } from '../../src/store/database.ts';
import { migrate } from '../../src/store/migrate.ts';
import { upsertSource } from '../../src/store/source-repository.ts';
import { createDatabase } from '../support/databases.ts';

const SECOND = 1_000_000_000n;
const START = { startNs: 1_795_224_666n * SECOND, isRestart: false };

/** Calls that each point adds, in the order of arrival. */
function take(points: readonly (readonly [second: number, value: number])[], start = START): (number | undefined)[] {
  let known: readonly KnownPoint[] = [];
  return points.map(([second, value]) => {
    const taken = addPoint(known, { endNs: START.startNs + BigInt(second) * SECOND, value }, start);
    known = taken.points;
    return taken.calls;
  });
}

describe('a cumulative series', () => {
  it('adds the difference to the point before, and nothing for a point that is known', () => {
    expect(
      take([
        [60, 3],
        [120, 5],
        [120, 5],
        [180, 5],
      ]),
    ).toEqual([3, 2, undefined, 0]);
  });

  it('begins again at 0 where its value falls', () => {
    expect(
      take([
        [60, 30],
        [120, 4],
        [180, 6],
      ]),
    ).toEqual([30, 4, 2]);
  });

  it('takes a late point by its time: no reset, and only what the points after it do not cover', () => {
    expect(
      take([
        [60, 3],
        [180, 9],
        [120, 5],
      ]),
    ).toEqual([3, 6, 0]);
    // 10, then 12, then a reset, then 3: the late 12 holds two calls that the reset had hidden.
    expect(
      take([
        [60, 10],
        [180, 3],
        [120, 12],
      ]),
    ).toEqual([10, 3, 2]);
    expect(
      take([
        [120, 9],
        [60, 3],
      ]),
    ).toEqual([9, 0]);
  });

  it('adds nothing of long before its first point, unless it is known from before a restart', () => {
    const day = 86_400;
    expect(
      take([
        [2 * day, 1000],
        [2 * day + 60, 1003],
      ]),
    ).toEqual([0, 3]);
    expect(take([[2 * day, 1000]], { ...START, isRestart: true })).toEqual([1000]);
    expect(
      take(
        [
          [60, 1000],
          [120, 1001],
        ],
        { startNs: 0n, isRestart: false },
      ),
    ).toEqual([0, 1]);
  });

  it('adds in all what it has reached, whatever the order of arrival', () => {
    const steps = fc.array(fc.integer({ min: 0, max: 9 }), { minLength: 1, maxLength: POINTS_KEPT });
    fc.assert(
      fc.property(steps, fc.infiniteStream(fc.nat()), (increases, random) => {
        let value = 0;
        const points = increases.map((increase, at) => {
          value += increase;
          return [60 * (at + 1), value] as const;
        });
        const order = points.map((point) => ({ point, at: random.next().value as number })).sort((a, b) => a.at - b.at);
        const added = take(order.map(({ point }) => point));
        expect(added.reduce<number>((sum, calls) => sum + (calls ?? 0), 0)).toBe(value);
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
      const [result] = await intake.take([{ envelope, body, receivedMs }]);
      await intake.close();
      if (result instanceof Error) throw result;
      const { accepted, duplicates } = result!;
      return { accepted, duplicates };
    };
    expect(await send(60, 3)).toEqual({ accepted: 1, duplicates: 0 });
    expect(await send(60, 3)).toEqual({ accepted: 0, duplicates: 1 });
    expect(await send(120, 3)).toEqual({ accepted: 0, duplicates: 0 });
    expect(await send(180, 7)).toEqual({ accepted: 1, duplicates: 0 });
    // The process was started again.
    expect(await send(240, 2, START.startNs + 200n * SECOND)).toEqual({ accepted: 1, duplicates: 0 });
    const rows = await db.selectFrom('otlp_series').select('points').execute();
    expect(rows).toHaveLength(2);
    const counted = rows.flatMap(({ points }) =>
      (JSON.parse(points) as [string, number, number][]).map(([, , calls]) => calls),
    );
    expect(counted.reduce((sum, calls) => sum + calls, 0)).toBe(9);
    await db.destroy();
    await database.remove();
  });
});
