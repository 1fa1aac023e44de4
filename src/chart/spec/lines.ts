import { buildSteps, PLOT, valueChannel } from './columns.ts';
import { type Layer, type Panel, toLayer } from './frame.ts';
import { colorOf, type Key } from './legend.ts';
import type { TimeAxis } from './time-axis.ts';

/** Values by step; undefined where nothing was measured. */
export interface Line extends Key {
  values: readonly (number | undefined)[];
}

interface LinesStyle {
  /** Where a value stands; absent: from zero. */
  y?: object;
  /** Drawn over the lines. */
  over?: readonly Layer[];
  labels?: boolean;
}

/** Lines over time on one scale: two ranges side by side, or percentiles of a latency. A gap stays a gap. */
export function buildLines(
  lines: readonly Line[],
  axis: TimeAxis,
  { y, over = [], labels = true }: LinesStyle = {},
): Panel {
  const max = Math.max(0, ...lines.flatMap(({ values }) => values.map((value) => value ?? 0))) * 1.1;
  const points = lines.flatMap(({ key, values }) => values.map((value, step) => ({ key, step, size: value ?? null })));
  // A line of one point is none.
  const alone = points.filter(
    ({ size }, at) => size !== null && points[at - 1]?.size == null && points[at + 1]?.size == null,
  );
  const color = colorOf(lines, PLOT);
  const layers = [
    toLayer(points, { type: 'line', strokeWidth: 2.5, strokeJoin: 'round' }, { color }),
    toLayer(alone, { type: 'point', filled: true, size: 40, opacity: 1 }, { color }),
    ...over,
  ];
  return buildSteps(axis, layers, { y: y ?? valueChannel(max), labels });
}
