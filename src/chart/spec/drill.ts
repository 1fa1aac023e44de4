import { NONE, OTHER } from '../../domain/dimension.ts';
import type { DrillReport, RankingRow } from '../../domain/report.ts';
import { formatCount, formatShare } from '../../report/format.ts';
import { type CanDraw, toLabels } from '../labels.ts';
import { formatCompact } from '../numbers.ts';
import { COLOR, MARGIN, SIZE } from '../theme.ts';
import { buildFrame } from './frame.ts';
import { type ChartSpec, type Layer, textLayer } from './marks.ts';
import { buildRankedBars, LABEL_WIDTH, type RankedBar, toParts } from './ranked-bars.ts';
import { toOutcomeLegend } from './ranking.ts';

const MAX_SECTIONS = 2;
const MAX_BARS = 5;

/** Bars of the first two dimensions that say anything, in the report's order, on one scale; undefined without any. */
export function buildDrillSpec(report: DrillReport, canDraw: CanDraw): ChartSpec | undefined {
  const groups = report.sections
    .filter(({ rows }) => rows.some(({ name }) => name !== NONE))
    .slice(0, MAX_SECTIONS)
    .map((section) => {
      const rows = section.rows.slice(0, MAX_BARS);
      const all = section.rows.length + section.more;
      return {
        heading: all > rows.length ? `${section.title} (${rows.length} of ${formatCount(all)})` : section.title,
        bars: toBars(rows, section.dimension === 'status' ? report.totals.requests : undefined, canDraw),
      };
    });
  if (groups.length === 0) return undefined;
  const peers = groups.flatMap(({ bars }) => bars);
  return buildFrame({ report, canDraw, legend: toOutcomeLegend(report.totals) }, (top) => {
    const layers: Layer[] = [];
    let bottom = top;
    for (const { heading, bars } of groups) {
      const drawn = buildRankedBars(bars, bottom + 26, peers);
      layers.push(
        ...textLayer([{ x: MARGIN, y: bottom + 18, text: heading }], {
          size: SIZE.label,
          color: COLOR.text,
          weight: 600,
        }),
        ...drawn.layers,
      );
      bottom = drawn.bottom + 6;
    }
    return { layers, bottom };
  });
}

/** With their failed share or, for status codes (which fail or do not), with their share of `all`. */
function toBars(rows: readonly RankingRow[], all: number | undefined, canDraw: CanDraw): RankedBar[] {
  const labels = toLabels(
    rows.map(({ name }) => name),
    LABEL_WIDTH,
    SIZE.label,
    canDraw,
  );
  return rows.map((row, index) => {
    const failed = row.failed > 0 ? ` · ${formatShare(row.failed, row.requests)} failed` : '';
    const tail = all === undefined ? failed : ` · ${formatShare(row.requests, all)}`;
    return {
      label: labels[index]!,
      parts: toParts(row, row.name === OTHER),
      text: `${formatCompact(row.requests)}${tail}`,
    };
  });
}
