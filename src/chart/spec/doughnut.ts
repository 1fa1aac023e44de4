import type { Thousandths } from '../../domain/event.ts';
import type { RankingReport } from '../../domain/report.ts';
import { ratioOf } from '../../domain/thousandths.ts';
import { formatCompact, formatCompactCredits, formatShare } from '../../report/format.ts';
import { type CanDraw, shortenText, toLabels } from '../text.ts';
import { CARD, COLOR, INNER, SERIES_COLORS, SIZE } from '../theme.ts';
import { byPixels, type Drawing, type Panel, textLayers, toLayer } from './frame.ts';
import { drawRanking, firstRankOf, toRankedItems } from './rows.ts';

const MAX_SLICES = 5;
const RING = { x: 89, inner: 54, outer: 84 } as const;
const LIST = RING.x + RING.outer + 24;
const STEP = 44;
/** Slices below this share of the circle have no room for a number. */
const NUMBERED_SHARE = 0.05;

/**
 * Draws a ring of at most five slices, largest first, with a numbered list as its legend. The numbers are in the slices too, so that
 * they can be found without colour. Draws bars if there is nothing to share out.
 */
export function drawDoughnut(report: RankingReport, canDraw: CanDraw): Drawing | undefined {
  const { measure } = report;
  const total = report.totals[measure];
  if (report.rows.length === 0 || total <= 0) return drawRanking(report, canDraw);
  const hasRest = report.rows.length > MAX_SLICES || report.others.count > 0;
  const format = (size: Thousandths) =>
    measure === 'credits' ? formatCompactCredits(size) : formatCompact(Number(size));
  const items = toRankedItems(report, hasRest ? MAX_SLICES - 1 : MAX_SLICES);
  const names = items.map(({ name }) => name);
  const labels = toLabels(names, INNER, SIZE.label, canDraw, firstRankOf(report));
  const height = Math.max(2 * RING.outer + 4, items.length * STEP);
  const middle = height / 2;
  const slices = items.map((item, row) => ({
    row,
    y: middle + (row - (items.length - 1) / 2) * STEP,
    size: Number(item[measure]),
    color: item.isRest ? COLOR.other : SERIES_COLORS[row]!,
    number: item.isRest || ratioOf(item[measure], total) < NUMBERED_SHARE ? '' : String(row + 1),
    name: shortenText(item.isRest ? item.name : `${row + 1}  ${labels[row]}`, INNER - LIST - 2, SIZE.label),
    value: `${format(item[measure])} · ${formatShare(item[measure], total)}`,
  }));
  const at = { x: { value: RING.x }, y: { value: middle } };
  const ring = {
    ...at,
    theta: { field: 'size', type: 'quantitative', stack: true, scale: { domain: [0, Number(total)] } },
    order: { field: 'row', type: 'quantitative' },
  };
  const arc = { type: 'arc', innerRadius: RING.inner, outerRadius: RING.outer, stroke: CARD, strokeWidth: 2 };
  const number = { type: 'text', radius: (RING.inner + RING.outer) / 2, fontWeight: 600 };
  const swatch = { type: 'square', size: 180, opacity: 1, filled: true, yOffset: -9, xOffset: -12 };
  const color = { field: 'color', type: 'nominal', scale: null, legend: null };
  const numberColor = { condition: { test: 'datum.row === 1', value: COLOR.text }, value: '#FFFFFF' };
  const list = { x: { value: LIST }, y: byPixels('y') };
  const middles = [
    { text: format(total), dy: -4, fontSize: 22, weight: 600 as const },
    { text: measure, dy: 18, color: COLOR.muted },
  ];
  const lines = slices.flatMap(({ y, name, value }) => [
    { text: name, y, align: 'left' as const, dy: -9, fontSize: SIZE.label },
    { text: value, y, align: 'left' as const, dy: 11, color: COLOR.muted },
  ]);
  const panel: Panel = {
    width: INNER,
    height,
    layer: [
      toLayer(slices, arc, { ...ring, color }),
      toLayer(slices, number, { ...ring, color: numberColor, text: { field: 'number', type: 'nominal' } }),
      toLayer(slices, swatch, { ...list, color }),
      ...textLayers(middles, at),
      ...textLayers(lines, list),
    ],
  };
  return { panels: [panel] };
}
