import type { UsageEvent } from '../domain/event.ts';
import type { Db } from '../store/database.ts';
import { findSeries, lockSeries, upsertSeries } from '../store/series-repository.ts';
import type { CumulativePoint } from './adapter.ts';

/** A stored point of a series: its value at an instant, and the calls counted for the time since the point before. */
export interface KnownPoint {
  endNs: bigint;
  value: number;
  calls: number;
  /** The calls that it was first counted with. */
  first: number;
}

/** Late points find their place as long as one of so many is older. */
export const POINTS_KEPT = 16;

/**
 * A series seen for the first time counts whole if it began at most so long before its first point, else only from that
 * point on: the calls of weeks did not happen now.
 */
const MAX_FIRST_SPAN_NS = 24n * 3600n * 1_000_000_000n;

interface SeriesStart {
  /** 0: unknown. */
  startNs: bigint;
  /** The series is known from another start: this one follows a restart. */
  isRestart: boolean;
}

/** Calls to count at a point; negative where a late point takes them over. */
export interface Change {
  endNs: bigint;
  calls: number;
}

/**
 * Takes a cumulative point into what is known of its series since one start: each point counts what it adds to the one
 * before it in time, whatever the order of arrival. A value that falls is a reset, and begins again at 0. A point that comes
 * late takes over its calls from the point after it. No `changes`: it is known already, or older than all that is kept.
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

/** Calls that one event may stand for. */
const MAX_COUNT = 1e9;

/** Points by series and start. */
type Known = Map<string, Map<string, readonly KnownPoint[]>>;

interface CountedPoints {
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
    startsOf(known, series).set(start, unpack(stored));
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
