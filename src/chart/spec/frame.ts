import type { ReportHead } from '../../domain/report.ts';
import { describeFilters, formatInstant } from '../../report/format.ts';
import { measureText } from '../font.ts';
import { type CanDraw, drawableText, shortenText, wrapText } from '../labels.ts';
import { CHART_WIDTH, COLOR, CONTENT_WIDTH, MARGIN, SIZE } from '../theme.ts';
import { boxLayer, type ChartSpec, type Layer, textLayer } from './marks.ts';

export interface LegendItem {
  label: string;
  color: string;
  opacity?: number;
  /** A thin tick instead of a square. */
  tick?: boolean;
}

export interface Body {
  /** Where it ends, in pixels from the top of the picture. */
  bottom: number;
  layers: readonly Layer[];
}

/** What every chart is made with: the report's names as they are drawn, and what can be drawn at all. */
export interface Frame {
  report: ReportHead;
  canDraw: CanDraw;
  /** Names that texts may mention, with their labels. */
  labels?: ReadonlyMap<string, string>;
  legend?: readonly LegendItem[];
  /** Lines under the chart besides range, zone and filters. */
  footnotes?: readonly string[];
}

/** Title, finding and legend above the body; range, zone and filters below it. Pixels throughout. */
export function buildFrame(frame: Frame, buildBody: (top: number) => Body): ChartSpec {
  const { report, canDraw, labels = new Map<string, string>() } = frame;
  const drawable = (text: string) => drawableText(text, labels, canDraw);
  const title = shortenText(drawable(report.title), CONTENT_WIDTH, SIZE.title, 600);
  const finding = wrapText(drawable(report.finding), CONTENT_WIDTH, SIZE.finding);
  const findingTop = 58;
  const legend = layOutLegend(frame.legend ?? [], findingTop + finding.length * 20 + 4);
  const body = buildBody(legend.bottom + 10);
  const footer = [...footerOf(report), ...(frame.footnotes ?? [])].flatMap((line) =>
    wrapText(drawable(line), CONTENT_WIDTH, SIZE.small, { maxLines: 2 }),
  );
  return {
    $schema: 'https://vega.github.io/schema/vega-lite/v6.json',
    width: CHART_WIDTH,
    height: body.bottom + 14 + footer.length * 18 + 8,
    padding: 0,
    autosize: { type: 'none' },
    resolve: { scale: { x: 'independent', y: 'independent' } },
    layer: [
      ...textLayer([{ x: MARGIN, y: 32, text: title }], { size: SIZE.title, weight: 600, color: COLOR.text }),
      ...textLayer(
        finding.map((text, index) => ({ x: MARGIN, y: findingTop + index * 20, text })),
        { size: SIZE.finding, color: COLOR.text },
      ),
      ...legend.layers,
      ...body.layers,
      ...textLayer(
        footer.map((text, index) => ({ x: MARGIN, y: body.bottom + 28 + index * 18, text })),
        { size: SIZE.small, color: COLOR.muted },
      ),
    ],
  };
}

function footerOf(report: ReportHead): string[] {
  const range = report.range ? [report.range.label, ...(report.range.partial ? ['partial: still growing'] : [])] : [];
  const asOf = report.asOfMs > 0 ? [`data as of ${formatInstant(report.asOfMs, report.zone)}`] : [];
  const filters = describeFilters(report.filters);
  return [[...range, report.zone, ...asOf].join(' · '), ...(filters ? [filters] : [])];
}

/** Swatches with their texts in reading order, wrapped. Without items it takes no room. */
function layOutLegend(items: readonly LegendItem[], top: number): { layers: Layer[]; bottom: number } {
  const placed: { item: LegendItem; x: number; y: number; label: string }[] = [];
  let x: number = MARGIN;
  let row = 0;
  for (const item of items) {
    const label = shortenText(item.label, CONTENT_WIDTH / 2, SIZE.label);
    const width = 18 + measureText(label, SIZE.label);
    if (x > MARGIN && x + width > CHART_WIDTH - MARGIN) {
      row++;
      x = MARGIN;
    }
    placed.push({ item, x, y: top + row * 22, label });
    x += width + 18;
  }
  const layers = [
    ...boxLayer(
      placed.map(({ item, x, y }) => ({
        x,
        x2: x + 12,
        y: item.tick ? y + 1 : y - 4,
        y2: item.tick ? y + 3 : y + 8,
        color: item.color,
        opacity: item.opacity ?? 1,
      })),
    ),
    ...textLayer(
      placed.map(({ x, y, label }) => ({ x: x + 18, y: y + 7, text: label })),
      { size: SIZE.label, color: COLOR.text },
    ),
  ];
  return { layers, bottom: items.length > 0 ? top + row * 22 + 12 : top - 12 };
}
