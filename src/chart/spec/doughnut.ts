import type { RankingReport } from '../../domain/report.ts';
import { formatShare } from '../../report/format.ts';
import { measureText } from '../font.ts';
import { type CanDraw, shortenText } from '../labels.ts';
import { formatCompact, formatCompactCredits } from '../numbers.ts';
import { CHART_WIDTH, COLOR, MARGIN, SERIES_COLORS, SIZE } from '../theme.ts';
import { buildFrame } from './frame.ts';
import { boxLayer, type ChartSpec, ringLayer, textLayer } from './marks.ts';
import { buildRankingSpec, toLabelMap, toRankedItems } from './ranking.ts';

const MAX_SLICES = 5;
const RING = { x: 126, inner: 58, outer: 92 } as const;
const LIST_LEFT = 262;
const ROW_HEIGHT = 34;
/** Slices below this share of the circle carry no number. */
const NUMBERED_SHARE = 0.03;

/**
 * A ring of at most five slices, largest first, with its legend as a numbered list; the numbers stand at the slices too, so that
 * colour is not needed to find them. Bars where there is nothing to share out.
 */
export function buildDoughnutSpec(report: RankingReport, canDraw: CanDraw): ChartSpec | undefined {
  const { measure } = report;
  const sizeOf = (item: { requests: number; credits: number }) =>
    measure === 'credits' ? item.credits / 1000 : item.requests;
  const total = sizeOf(report.totals);
  if (report.rows.length === 0 || total <= 0) return buildRankingSpec(report, canDraw);

  const hasRest = report.rows.length > MAX_SLICES || report.others.count > 0;
  const items = toRankedItems(report, hasRest ? MAX_SLICES - 1 : MAX_SLICES, canDraw);
  const format = (value: number) => (measure === 'credits' ? formatCompactCredits(value * 1000) : formatCompact(value));
  let angle = 0;
  const slices = items.map((item, index) => {
    const start = angle;
    angle += (sizeOf(item) / total) * 2 * Math.PI;
    const color = item.isOther ? COLOR.other : SERIES_COLORS[index]!;
    return { item, start, end: angle, color, number: item.isOther ? '' : String(index + 1) };
  });

  return buildFrame({ report, canDraw, labels: toLabelMap(report, items) }, (top) => {
    const height = Math.max(2 * RING.outer + 44, items.length * ROW_HEIGHT + 10);
    const middle = top + height / 2;
    const rowOf = (index: number) => middle + (index - items.length / 2 + 0.5) * ROW_HEIGHT + 5;
    const texts = items.map((item) => `${formatShare(sizeOf(item), total)} · ${format(sizeOf(item))}`);
    const labelWidth = CHART_WIDTH - MARGIN - LIST_LEFT - 46;
    return {
      layers: [
        ...ringLayer(
          slices.map(({ start, end, color }) => ({ start, end, color })),
          { ...RING, y: middle },
        ),
        ...textLayer(
          slices
            .filter(({ number, start, end }) => number && end - start >= NUMBERED_SHARE * 2 * Math.PI)
            .map(({ number, start, end }) => ({
              x: RING.x + Math.sin((start + end) / 2) * (RING.outer + 13),
              y: middle - Math.cos((start + end) / 2) * (RING.outer + 13) + 5,
              text: number,
            })),
          { size: SIZE.label, color: COLOR.text, weight: 600, align: 'center' },
        ),
        ...textLayer([{ x: RING.x, y: middle + 3, text: format(total) }], {
          size: 22,
          color: COLOR.text,
          weight: 600,
          align: 'center',
        }),
        ...textLayer([{ x: RING.x, y: middle + 22, text: measure }], {
          size: SIZE.small,
          color: COLOR.muted,
          align: 'center',
        }),
        ...boxLayer(
          slices.map(({ color }, index) => ({
            x: LIST_LEFT,
            x2: LIST_LEFT + 14,
            y: rowOf(index) - 12,
            y2: rowOf(index) + 2,
            color,
          })),
        ),
        ...textLayer(
          slices.map(({ number }, index) => ({ x: LIST_LEFT + 22, y: rowOf(index), text: number })),
          { size: SIZE.label, color: COLOR.text, weight: 600 },
        ),
        ...textLayer(
          items.map(({ label }, index) => ({
            x: LIST_LEFT + 38,
            y: rowOf(index),
            text: shortenText(label, labelWidth - measureText(texts[index]!, SIZE.label), SIZE.label),
          })),
          { size: SIZE.label, color: COLOR.text },
        ),
        ...textLayer(
          texts.map((text, index) => ({ x: CHART_WIDTH - MARGIN, y: rowOf(index), text })),
          { size: SIZE.label, color: COLOR.text, align: 'right' },
        ),
      ],
      bottom: top + height,
    };
  });
}
