import type { RankingRow, Totals } from '../../domain/report.ts';
import { measureText } from '../font.ts';
import { BACKGROUND, CHART_WIDTH, COLOR, MARGIN, SIZE } from '../theme.ts';
import { type BoxItem, boxLayer, type Layer, lineLayer, textLayer } from './marks.ts';

export const LABEL_WIDTH = 220;
const ROW_HEIGHT = 30;
const BAR_HEIGHT = 18;
/** Pixels that a part must have for a gap beside it. */
const MIN_PART = 4;

/** One horizontal bar: its parts from the left, and the text at its end. */
export interface RankedBar {
  label: string;
  parts: readonly { value: number; color: string }[];
  text: string;
}

/**
 * Bars in the order given, with labels left of them, on a scale from zero. `peers`: all bars of the picture, so that several
 * groups line up and share one scale.
 */
export function buildRankedBars(
  bars: readonly RankedBar[],
  top: number,
  peers: readonly RankedBar[] = bars,
): { layers: Layer[]; bottom: number } {
  const lengthOf = ({ parts }: RankedBar) => parts.reduce((sum, { value }) => sum + value, 0);
  const max = Math.max(...peers.map(lengthOf));
  const labelWidth = Math.max(...peers.map(({ label }) => measureText(label, SIZE.label)));
  const textWidth = Math.max(...peers.map(({ text }) => measureText(text, SIZE.label)));
  const left = MARGIN + Math.ceil(labelWidth) + 10;
  const right = CHART_WIDTH - MARGIN - Math.ceil(textWidth) - 8;
  const scale = { domain: [0, max || 1], range: [left, right] } as const;
  const middle = (index: number) => top + index * ROW_HEIGHT + ROW_HEIGHT / 2;
  const boxes: BoxItem[] = bars.flatMap(({ parts }, index) => {
    let from = 0;
    return parts
      .filter(({ value }) => value > 0)
      .map(({ value, color }) => {
        const box = {
          x: from,
          x2: from + value,
          y: middle(index) - BAR_HEIGHT / 2,
          y2: middle(index) + BAR_HEIGHT / 2,
          color,
        };
        from += value;
        return box;
      });
  });
  const widthOf = ({ x, x2 }: BoxItem) => ((x2 - x) * (right - left)) / (max || 1);
  const gaps = boxes
    .filter((box, index) => box.x > 0 && widthOf(box) >= MIN_PART && widthOf(boxes[index - 1]!) >= MIN_PART)
    .map(({ x, y, y2 }) => ({ x, x2: x, y, y2 }));
  const endOf = (bar: RankedBar) => left + ((right - left) * lengthOf(bar)) / (max || 1);
  const bottom = top + bars.length * ROW_HEIGHT;
  return {
    layers: [
      ...boxLayer(boxes, { x: scale }),
      // Without colours the parts differ by these gaps.
      ...lineLayer(gaps, { color: BACKGROUND, width: 1.5 }, { x: scale }),
      ...lineLayer([{ x: left, x2: left, y: top + 2, y2: bottom - 2 }], { color: COLOR.axis }),
      ...textLayer(
        bars.map(({ label }, index) => ({ x: left - 10, y: middle(index) + 5, text: label })),
        { size: SIZE.label, color: COLOR.text, align: 'right' },
      ),
      ...textLayer(
        bars.map((bar, index) => ({ x: endOf(bar) + 8, y: middle(index) + 5, text: bar.text })),
        { size: SIZE.label, color: COLOR.text },
      ),
    ],
    bottom,
  };
}

/** Requests as ok, failed and without a status; a remainder's ok calls are grey. */
export function toParts(row: Totals, isOther: boolean): RankedBar['parts'] {
  return [
    { value: row.ok, color: isOther ? COLOR.other : COLOR.ok },
    { value: row.failed, color: COLOR.failed },
    { value: row.none, color: COLOR.none },
  ];
}

export function sumTotals(rows: readonly (Totals | RankingRow)[]): Totals {
  const sum = { requests: 0, ok: 0, failed: 0, none: 0, credits: 0 };
  for (const row of rows) {
    for (const key of ['requests', 'ok', 'failed', 'none', 'credits'] as const) sum[key] += row[key];
  }
  return sum;
}
