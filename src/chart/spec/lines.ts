import { PLOT, stepChannel, type TimeAxis, valueChannel } from './columns.ts';
import type { Layer, Panel } from './frame.ts';
import { colorOf, type Key } from './legend.ts';

/** Values by step; undefined where nothing was measured. */
export interface Line extends Key {
  values: readonly (number | undefined)[];
}

interface LinesStyle {
  /** Where a value stands, by the field `size`; absent: from zero. */
  y?: object;
  /** Drawn over the lines. */
  over?: readonly Layer[];
  height?: number;
}

/** Lines over time on one scale: two ranges side by side, or percentiles of a latency. A gap stays a gap. */
export function buildLines(lines: readonly Line[], axis: TimeAxis, style: LinesStyle = {}): Panel {
  const max = Math.max(0, ...lines.flatMap(({ values }) => values.map((value) => value ?? 0))) * 1.1;
  const { y = valueChannel('size', max), over = [], height = 190 } = style;
  const points = lines.flatMap(({ key, values }) => values.map((value, step) => ({ key, step, size: value ?? null })));
  const isAlone = (at: number) =>
    points[at]?.size != null && points[at - 1]?.size == null && points[at + 1]?.size == null;
  const encoding = { x: stepChannel(axis), y, color: colorOf(lines, PLOT) };
  return {
    width: PLOT,
    height,
    layer: [
      { data: { values: points }, mark: { type: 'line', strokeWidth: 2.5, strokeJoin: 'round' }, encoding } as Layer,
      // A line of one point is none.
      {
        data: { values: points.filter((_, at) => isAlone(at)) },
        mark: { type: 'point', filled: true, size: 40, opacity: 1 },
        encoding,
      } as Layer,
      ...over,
    ],
  };
}
