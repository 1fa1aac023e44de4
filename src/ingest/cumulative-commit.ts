import type { UsageEvent } from '../domain/event.ts';
import type { Db } from '../store/database.ts';
import { findSeries, lockSeries, upsertSeries } from '../store/series-repository.ts';
import type { CumulativePoint } from './adapter.ts';
import { addPoint, type KnownPoint } from './cumulative.ts';

/** Calls that one event may stand for. */
const MAX_COUNT = 1e9;

/** Points by series and start. */
type Known = Map<string, Map<string, readonly KnownPoint[]>>;

export interface CountedPoints {
  counted: { index: number; event: UsageEvent }[];
  /** Calls of series that began long before their first point: when these were is not known. */
  earlier: number;
}

/**
 * The events that cumulative points of a source stand for, by what its series had reached before, and what they have reached
 * now: both in the caller's transaction, so that each call counts once. A point that is known already is an event that is.
 */
export async function countPoints(
  trx: Db,
  sourceId: number,
  points: readonly CumulativePoint[],
  nowMs: number,
): Promise<CountedPoints> {
  await lockSeries(trx, sourceId);
  const known: Known = new Map();
  const names = new Set(points.map(({ series }) => series));
  for (const { series, start, points: stored } of await findSeries(trx, sourceId, [...names])) {
    getOrAdd(known, series).set(start, unpack(stored));
  }
  const taken = takePoints(points, known);
  const rows = [...names].flatMap((series) =>
    [...known.get(series)!].map(([start, now]) => ({ series, start, points: pack(now) })),
  );
  await upsertSeries(trx, sourceId, rows, nowMs);
  return taken;
}

/** The same for what is `known`, which then holds the points too. */
export function takePoints(points: readonly CumulativePoint[], known: Known): CountedPoints {
  const taken: CountedPoints = { counted: [], earlier: 0 };
  for (const { index, series, startNs, endNs, value, event } of points) {
    const starts = getOrAdd(known, series);
    const before = starts.get(startNs) ?? [];
    const isRestart = starts.size > 0 && before.length === 0;
    const added = addPoint(before, { endNs, value }, { startNs: BigInt(startNs), isRestart });
    const again = before.find((point) => point.endNs === endNs);
    if (again && again.first > 0) taken.counted.push({ index, event: { ...event, count: again.first } });
    if (before.length === 0 && added.changes.length === 0) taken.earlier += value;
    for (const { endNs: at, calls } of added.changes) {
      const count = Math.min(calls, MAX_COUNT);
      const moved =
        at === endNs ? {} : { id: `${event.id} ${at}`, timeMs: event.timeMs! + Number((at - endNs) / 1_000_000n) };
      taken.counted.push({ index, event: { ...event, ...moved, count } });
    }
    starts.set(startNs, added.points);
  }
  return taken;
}

function getOrAdd(known: Known, series: string): Map<string, readonly KnownPoint[]> {
  const starts = known.get(series) ?? new Map<string, readonly KnownPoint[]>();
  known.set(series, starts);
  return starts;
}

function pack(points: readonly KnownPoint[]): string {
  return JSON.stringify(points.map(({ endNs, value, calls, first }) => [String(endNs), value, calls, first]));
}

function unpack(text: string): KnownPoint[] {
  const points = JSON.parse(text) as [string, number, number, number][];
  return points.map(([endNs, value, calls, first]) => ({ endNs: BigInt(endNs), value, calls, first }));
}
