import type { TopLevelSpec } from 'vega-lite';
import type { ReportHead } from '../../domain/report.ts';
import { describeFilters, formatAge } from '../../report/format.ts';
import { type CanDraw, drawableText, shortenText, wrapText } from '../labels.ts';
import { INNER, SIZE } from '../theme.ts';

export type ChartSpec = TopLevelSpec;
/** One of the panels that a picture has one below another. */
export type Panel = Extract<TopLevelSpec, { vconcat: unknown }>['vconcat'][number];
export type Layer = Extract<Panel, { layer: unknown }>['layer'][number];

/** The parts in which pictures of reports differ: the panels, and what their head says besides range, zone and filters. */
export interface Drawing {
  panels: readonly Panel[];
  /** Further lines under the title. */
  remarks?: readonly string[];
  /** In place of the report's own, where the picture shows something else than its table. */
  title?: string;
}

/** Marks of one kind, one per value. `encoding` is Vega-Lite's; its channels go before those of the panel. */
export function toLayer(values: readonly object[], mark: object, encoding: object): Layer {
  return { data: { values }, mark, encoding } as Layer;
}

/** Title, range and remarks above the panels. The finding is not repeated: it stands in the message, and in the alt text. */
export function buildFrame(report: ReportHead, canDraw: CanDraw, { panels, remarks = [], title }: Drawing): ChartSpec {
  const lines = [describeRange(report), describeFilters(report.filters) ?? '', ...remarks].filter(Boolean);
  return {
    $schema: 'https://vega.github.io/schema/vega-lite/v6.json',
    title: {
      text: shortenText(drawableText(title ?? report.title, canDraw), INNER, SIZE.title, 600),
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
