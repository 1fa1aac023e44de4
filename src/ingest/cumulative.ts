/** What a series had reached at an instant, and how many calls were counted for it then. */
export interface KnownPoint {
  endNs: bigint;
  value: number;
  counted: number;
}

/** Late points are told apart as long as one of so many is older. */
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

/**
 * Takes a cumulative point into what is known of its series since one start, in order of time whatever the order of
 * arrival. `calls`: those that it adds; undefined: it is known already. A value that falls is a reset, and begins again at 0;
 * a point that comes late adds only what the points after it do not cover.
 */
export function addPoint(
  known: readonly KnownPoint[],
  point: { endNs: bigint; value: number },
  start: SeriesStart,
): { points: KnownPoint[]; calls: number | undefined } {
  const at = known.findIndex(({ endNs }) => endNs >= point.endNs);
  const place = at < 0 ? known.length : at;
  const next = known[place];
  if (next?.endNs === point.endNs) return { points: [...known], calls: undefined };
  const previous = known[place - 1];
  let calls: number;
  if (previous) {
    const after = next ? increase(point.value, next.value) - increase(previous.value, next.value) : 0;
    calls = increase(previous.value, point.value) + after;
  } else calls = next ? 0 : countFirst(point, start);
  const points = [...known.slice(0, place), { ...point, counted: calls }, ...known.slice(place)];
  return { points: points.slice(-POINTS_KEPT), calls };
}

function increase(from: number, to: number): number {
  return to >= from ? to - from : to;
}

function countFirst({ endNs, value }: { endNs: bigint; value: number }, { startNs, isRestart }: SeriesStart): number {
  const isWhole = isRestart || (startNs > 0n && endNs - startNs <= MAX_FIRST_SPAN_NS);
  return isWhole ? value : 0;
}
