import type { UsageEvent } from '../domain/event.ts';
import type { Db } from '../store/database.ts';
import { findSeries, lockSeries, upsertSeries } from '../store/series-repository.ts';
import type { CumulativePoint } from './adapter.ts';

/** A stored point of a series: its value at an instant, and the calls counted for the time since the point before. */
export interface KnownPoint {
  endNs: bigint;
  value: number;
  calls: number;
  /** Calls that were counted when the point arrived. */
  first: number;
}

/** Keep 16 points of each series: a late point can be placed if one of them is older. */
export const POINTS_KEPT = 16;

/**
 * A new series counts from its start if that is at most 24 hours before its first point, otherwise only from that point on: the
 * calls of weeks must not be counted as of now.
 */
const MAX_FIRST_SPAN_NS = 24n * 3600n * 1_000_000_000n;

interface SeriesStart {
  /** 0: unknown. */
  startNs: bigint;
  /** True if the series is known with another start: the sender was restarted. */
  isRestart: boolean;
}

/** Calls to count at a point; negative if a late point takes them over. */
export interface Change {
  endNs: bigint;
  calls: number;
}

/**
 * Adds a cumulative point to the known points of its series since one start. Each point counts the increase over the point before
 * it in time, in any order of arrival: a late point takes its calls over from the point after it. A value that falls is a reset
 * to 0. No `changes`: the point is known already, adds nothing, or is older than all kept points.
 */
export function addPoint(
  known: readonly KnownPoint[],
  point: { endNs: bigint; value: number },
  start: SeriesStart,
): { points: readonly KnownPoint[]; changes: Change[] } {
  const at = known.findIndex(({ endNs }) => endNs >= point.endNs);
  const place = at < 0 ? known.length : at;
  const [previous, next] = [known[place - 1], known[place]];
  if (next?.endNs === point.endNs || (!previous && known.length >= POINTS_KEPT)) return { points: known, changes: [] };
  const { startNs, isRestart } = start;
  const isWhole = isRestart || (startNs > 0n && point.endNs - startNs <= MAX_FIRST_SPAN_NS);
  const calls = increase(previous?.value ?? (isWhole ? 0 : point.value), point.value);
  const changes = [{ endNs: point.endNs, calls }];
  const points = [...known.slice(0, place), { ...point, calls, first: calls }];
  if (next) {
    const left = increase(point.value, next.value);
    changes.push({ endNs: next.endNs, calls: left - next.calls });
    points.push({ ...next, calls: left }, ...known.slice(place + 1));
  }
  return { points: points.slice(-POINTS_KEPT), changes: changes.filter((change) => change.calls !== 0) };
}

function increase(from: number, to: number): number {
  return to >= from ? to - from : to;
}

/** One event stands for at most 10⁹ calls. */
const MAX_COUNT = 1e9;

/** Points by series and start. */
type Known = Map<string, Map<string, readonly KnownPoint[]>>;

interface CountedPoints {
  counted: { index: number; event: UsageEvent }[];
  /** Calls of series that began long before their first point: not counted, since their time is not known. */
  earlier: number;
}

/**
 * Turns cumulative points of a source into events, by comparing them with the stored points of their series, and stores the new
 * ones. Both happen in the caller's transaction, so that each call counts once. A known point becomes the same event again.
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
    startsOf(known, series).set(start, unpack(stored));
  }
  const taken = takePoints(points, known);
  const rows = [...names].flatMap((series) =>
    [...known.get(series)!].map(([start, now]) => ({ series, start, points: pack(now) })),
  );
  await upsertSeries(trx, sourceId, rows, nowMs);
  return taken;
}

/** Does the same with `known` points in memory, and adds the new ones to them. */
export function takePoints(points: readonly CumulativePoint[], known: Known): CountedPoints {
  const taken: CountedPoints = { counted: [], earlier: 0 };
  for (const { index, series, startNs, endNs, value, event } of points) {
    const starts = startsOf(known, series);
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

function startsOf(known: Known, series: string): Map<string, readonly KnownPoint[]> {
  return known.getOrInsertComputed(series, () => new Map());
}

function pack(points: readonly KnownPoint[]): string {
  return JSON.stringify(points.map(({ endNs, value, calls, first }) => [String(endNs), value, calls, first]));
}

function unpack(text: string): KnownPoint[] {
  const points = JSON.parse(text) as [string, number, number, number][];
  return points.map(([endNs, value, calls, first]) => ({ endNs: BigInt(endNs), value, calls, first }));
}
