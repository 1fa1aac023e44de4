import type { Thousandths } from '../../domain/event.ts';
import type { RankingReport } from '../../domain/report.ts';
import { ratioOf } from '../../domain/thousandths.ts';
import { formatShare } from '../../report/format.ts';
import { type CanDraw, shortenText } from '../labels.ts';
import { formatCompact, formatCompactCredits } from '../numbers.ts';
import { CARD, COLOR, INNER, SERIES_COLORS, SIZE } from '../theme.ts';
import { buildFrame, type ChartSpec, type Layer } from './frame.ts';
import { buildRankingSpec, toRankedItems } from './ranking.ts';

const MAX_SLICES = 5;
const RING = { x: 89, inner: 54, outer: 84 } as const;
const LIST = RING.x + RING.outer + 24;
const STEP = 44;
/** Slices below this share of the circle have no room for a number. */
const NUMBERED_SHARE = 0.05;

/**
 * A ring of at most five slices, largest first, with its legend as a numbered list; the numbers stand in the slices too, so that
 * colour is not needed to find them. Bars where there is nothing to share out.
 */
export function buildDoughnutSpec(report: RankingReport, canDraw: CanDraw): ChartSpec | undefined {
  const { measure } = report;
  const total = report.totals[measure];
  if (report.rows.length === 0 || total <= 0) return buildRankingSpec(report, canDraw);
  const hasRest = report.rows.length > MAX_SLICES || report.others.count > 0;
  const format = (size: Thousandths) =>
    measure === 'credits' ? formatCompactCredits(size) : formatCompact(Number(size));
  const slices = toRankedItems(report, hasRest ? MAX_SLICES - 1 : MAX_SLICES, canDraw).map((item, row) => ({
    row,
    size: Number(item[measure]),
    color: item.isRest ? COLOR.other : SERIES_COLORS[row]!,
    number: item.isRest || ratioOf(item[measure], total) < NUMBERED_SHARE ? '' : String(row + 1),
    name: shortenText(item.isRest ? item.label : `${row + 1}  ${item.label}`, INNER - LIST - 2, SIZE.label),
    value: `${format(item[measure])} · ${formatShare(item[measure], total)}`,
  }));
  const height = Math.max(2 * RING.outer + 4, slices.length * STEP);
  const data = { values: slices };
  const middle = height / 2;
  const y = (row: number) => middle + (row - (slices.length - 1) / 2) * STEP;
  const placed = slices.map((slice) => ({ ...slice, y: y(slice.row) }));
  const ring = {
    theta: { field: 'size', type: 'quantitative', stack: true, scale: { domain: [0, Number(total)] } },
    order: { field: 'row', type: 'quantitative' },
  };
  const at = { x: { value: RING.x }, y: { value: middle } };
  const list = (mark: object, encoding: object) =>
    ({
      data: { values: placed },
      mark,
      encoding: { y: { field: 'y', type: 'quantitative', scale: null, axis: null }, ...encoding },
    }) as Layer;
  const color = { field: 'color', type: 'nominal', scale: null, legend: null };
  return buildFrame({ report, canDraw }, [
    {
      width: INNER,
      height,
      layer: [
        {
          data,
          mark: { type: 'arc', innerRadius: RING.inner, outerRadius: RING.outer, stroke: CARD, strokeWidth: 2 },
          encoding: { ...at, ...ring, color },
        } as Layer,
        {
          data,
          mark: { type: 'text', radius: (RING.inner + RING.outer) / 2, fontWeight: 600 },
          encoding: {
            ...at,
            ...ring,
            color: { condition: { test: 'datum.row === 1', value: COLOR.text }, value: '#FFFFFF' },
            text: { field: 'number', type: 'nominal' },
          },
        } as Layer,
        ...[
          { text: format(total), dy: -4, fontSize: 22, fontWeight: 600 },
          { text: measure, dy: 18, fontSize: SIZE.small, color: COLOR.muted },
        ].map(
          ({ text, ...look }) =>
            ({
              data: { values: [{}] },
              mark: { type: 'text', ...look },
              encoding: { ...at, text: { value: text } },
            }) as Layer,
        ),
        list({ type: 'square', size: 180, opacity: 1, filled: true, yOffset: -9 }, { x: { value: LIST - 12 }, color }),
        list(
          { type: 'text', align: 'left', dy: -9, fontSize: SIZE.label, baseline: 'middle' },
          { x: { value: LIST }, text: { field: 'name', type: 'nominal' } },
        ),
        list(
          { type: 'text', align: 'left', dy: 11, color: COLOR.muted, baseline: 'middle' },
          { x: { value: LIST }, text: { field: 'value', type: 'nominal' } },
        ),
      ],
    },
  ]);
}
