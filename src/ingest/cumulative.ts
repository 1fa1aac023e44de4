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

export interface SeriesStart {
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
  const calls = previous ? increase(previous.value, point.value) : countFirst(point, start);
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

function countFirst({ endNs, value }: { endNs: bigint; value: number }, { startNs, isRestart }: SeriesStart): number {
  const isWhole = isRestart || (startNs > 0n && endNs - startNs <= MAX_FIRST_SPAN_NS);
  return isWhole ? value : 0;
}
