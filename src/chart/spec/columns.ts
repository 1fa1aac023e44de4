import { measureText } from '../font.ts';
import { pickTicks } from '../numbers.ts';
import { BACKGROUND, CHART_WIDTH, COLOR, MARGIN, SIZE } from '../theme.ts';
import { type BoxItem, boxLayer, type Layer, type LinearScale, lineLayer, textLayer } from './marks.ts';
import type { TimeLabel } from './time-axis.ts';

/** Pixels that a part must have for a gap beside it. */
const MIN_PART = 4;

/** A wider bar would be a wall. */
const MAX_BAR = 96;

/** Room for a row of vertical bars: where they stand, and their scale from zero. */
export interface Columns {
  count: number;
  left: number;
  right: number;
  top: number;
  bottom: number;
  max: number;
}

/** Columns between `top` and `top + height`, with room at the left for the widest tick. */
export function layOutColumns(
  count: number,
  max: number,
  top: number,
  height: number,
  format: (value: number) => string,
): Columns {
  const tickWidth = Math.max(...pickTicks(max).map((tick) => measureText(format(tick), SIZE.small)));
  return {
    count,
    left: MARGIN + Math.ceil(tickWidth) + 8,
    right: CHART_WIDTH - MARGIN,
    top,
    bottom: top + height,
    max,
  };
}

function yScaleOf(columns: Columns): LinearScale {
  return { domain: [0, columns.max || 1], range: [columns.bottom, columns.top] };
}

/** Pixel of a value on the y axis, for texts beside it. */
export function yOf(columns: Columns, value: number): number {
  return columns.bottom - ((columns.bottom - columns.top) * value) / (columns.max || 1);
}

export function bandOf(columns: Columns, index: number): { left: number; right: number; middle: number } {
  const step = (columns.right - columns.left) / columns.count;
  const left = columns.left + index * step;
  const gap = Math.max(step > 5 ? Math.min(step * 0.2, 14) : 0, step - MAX_BAR);
  return { left: left + gap / 2, right: left + step - gap / 2, middle: left + step / 2 };
}

export interface ColumnPart {
  index: number;
  from: number;
  to: number;
  color: string;
  opacity?: number;
}

/** Grid and tick labels behind, then the bars' parts, then the zero line. */
export function columnLayers(
  columns: Columns,
  parts: readonly ColumnPart[],
  format: (value: number) => string,
  tickCount = 4,
): Layer[] {
  const ticks = pickTicks(columns.max, tickCount);
  const y = yScaleOf(columns);
  const boxes = parts
    .filter(({ from, to }) => to > from)
    .map(({ index, from, to, color, opacity = 1 }) => {
      const band = bandOf(columns, index);
      return { x: band.left, x2: band.right, y: from, y2: to, color, opacity };
    });
  const heightOf = (box: BoxItem) => columns.bottom - yOf(columns, box.y2 - box.y);
  const gaps = boxes
    .filter((box, index) => box.y > 0 && heightOf(box) >= MIN_PART && heightOf(boxes[index - 1]!) >= MIN_PART)
    .map(({ x, x2, y }) => ({ x, x2, y, y2: y }));
  return [
    ...lineLayer(
      ticks.slice(1).map((tick) => ({ x: columns.left, x2: columns.right, y: tick, y2: tick })),
      { color: COLOR.grid },
      { y },
    ),
    ...textLayer(
      ticks.map((tick) => ({ x: columns.left - 8, y: yOf(columns, tick) + 5, text: format(tick) })),
      { size: SIZE.small, color: COLOR.muted, align: 'right' },
    ),
    // What is pale would let the grid shine through.
    ...boxLayer(
      boxes.filter(({ opacity }) => opacity < 1).map((box) => ({ ...box, color: BACKGROUND, opacity: 1 })),
      { y },
    ),
    ...boxLayer(boxes, { y }),
    // Without colours the parts differ by these gaps.
    ...lineLayer(gaps, { color: BACKGROUND }, { y }),
    ...lineLayer([{ x: columns.left, x2: columns.right, y: columns.bottom, y2: columns.bottom }], {
      color: COLOR.axis,
    }),
  ];
}

/** Labels under the columns; `bottom` is below their last line. */
export function timeLabelLayers(columns: Columns, labels: readonly TimeLabel[]): { layers: Layer[]; bottom: number } {
  const place = (text: string, index: number, line: number) => {
    const half = measureText(text, SIZE.small) / 2;
    const { middle } = bandOf(columns, index);
    return {
      x: Math.min(Math.max(middle, MARGIN + half), CHART_WIDTH - MARGIN - half),
      y: columns.bottom + 18 + line * 16,
      text,
    };
  };
  const lines = Math.max(1, ...labels.map(({ lines }) => lines.length));
  return {
    layers: textLayer(
      labels.flatMap(({ index, lines }) => lines.map((text, line) => place(text, index, line))),
      { size: SIZE.small, color: COLOR.muted, align: 'center' },
    ),
    bottom: columns.bottom + 6 + lines * 16,
  };
}
