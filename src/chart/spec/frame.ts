import type { TopLevelSpec } from 'vega-lite';
import type { ReportHead } from '../../domain/report.ts';
import { describeFilters, formatAge } from '../../report/format.ts';
import { type CanDraw, drawableText, shortenText, wrapText } from '../labels.ts';
import { INNER, SIZE } from '../theme.ts';

export type ChartSpec = TopLevelSpec;
/** One of the panels that a picture has one below another. */
export type Panel = Extract<TopLevelSpec, { vconcat: unknown }>['vconcat'][number];
export type Layer = Extract<Panel, { layer: unknown }>['layer'][number];

/** Holds what every picture is made of: the report's title, and the text that can be drawn. */
export interface Frame {
  report: ReportHead;
  canDraw: CanDraw;
  /** Lines under the title besides range, zone and filters. */
  remarks?: readonly string[];
}

/** Title, range and remarks above the panels. The finding is not repeated: it stands in the message, and in the alt text. */
export function buildFrame({ report, canDraw, remarks = [] }: Frame, panels: readonly Panel[]): ChartSpec {
  const lines = [describeRange(report), describeFilters(report.filters) ?? '', ...remarks].filter(Boolean);
  return {
    $schema: 'https://vega.github.io/schema/vega-lite/v6.json',
    title: {
      text: shortenText(drawableText(report.title, canDraw), INNER, SIZE.title, 600),
      subtitle: lines.flatMap((line) => wrapText(drawableText(line, canDraw), INNER, SIZE.small, { maxLines: 2 })),
    },
    spacing: 18,
    resolve: { scale: { x: 'independent', y: 'independent', color: 'independent' } },
    vconcat: [...panels],
  };
}

/** `21–27 Nov 2026 · Europe/Berlin`; how far the data go only where they still grow. */
function describeRange(report: ReportHead): string {
  const { range, versus, zone } = report;
  const age = formatAge(report);
  return [
    ...(range ? [versus ? `${range.label} vs ${versus.label}` : range.label] : []),
    ...(age ? [`as of ${age.text}`] : []),
    zone,
  ].join(' · ');
}
