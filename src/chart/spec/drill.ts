import { NONE, OTHER } from '../../domain/dimension.ts';
import type { DrillReport } from '../../domain/report.ts';
import { formatCount, formatShare } from '../../report/format.ts';
import { type CanDraw, toLabels } from '../labels.ts';
import { formatCompact } from '../numbers.ts';
import { COLOR, MARGIN, SIZE } from '../theme.ts';
import { buildFrame } from './frame.ts';
import { type ChartSpec, type Layer, textLayer } from './marks.ts';
import { buildRankedBars, LABEL_WIDTH, toParts } from './ranked-bars.ts';
import { toOutcomeLegend } from './ranking.ts';

const MAX_SECTIONS = 2;
const MAX_BARS = 5;

/** Bars of the first two dimensions that say anything, in the report's order, on one scale; undefined without any. */
export function buildDrillSpec(report: DrillReport, canDraw: CanDraw): ChartSpec | undefined {
  const telling = report.sections.filter(({ rows }) => rows.some(({ name }) => name !== NONE));
  const sections = telling.slice(0, MAX_SECTIONS);
  if (sections.length === 0) return undefined;
  const shownRows = sections.map(({ rows }) => rows.slice(0, MAX_BARS));
  const max = Math.max(...shownRows.flat().map(({ requests }) => requests));
  return buildFrame({ report, canDraw, legend: toOutcomeLegend(report.totals) }, (top) => {
    const layers: Layer[] = [];
    let bottom = top;
    sections.forEach((section, index) => {
      const rows = shownRows[index]!;
      const all = section.rows.length + section.more;
      const heading = all > rows.length ? `${section.title} (${rows.length} of ${formatCount(all)})` : section.title;
      const labels = toLabels(
        rows.map(({ name }) => name),
        LABEL_WIDTH,
        SIZE.label,
        canDraw,
      );
      const bars = buildRankedBars(
        rows.map((row, rank) => ({
          label: labels[rank]!,
          parts: toParts(row, row.name === OTHER),
          text: `${formatCompact(row.requests)}${row.failed > 0 ? ` · ${formatShare(row.failed, row.requests)} failed` : ''}`,
        })),
        bottom + 26,
        max,
      );
      layers.push(
        ...textLayer([{ x: MARGIN, y: bottom + 18, text: heading }], {
          size: SIZE.label,
          color: COLOR.text,
          weight: 600,
        }),
        ...bars.layers,
      );
      bottom = bars.bottom + 6;
    });
    return { layers, bottom };
  });
}
