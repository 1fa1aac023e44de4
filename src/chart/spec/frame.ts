import type { TopLevelSpec } from 'vega-lite';
import type { ReportHead } from '../../domain/report.ts';
import { describeFilters, formatAge } from '../../report/format.ts';
import { type CanDraw, drawableText, measureText, shortenText, wrapText } from '../text.ts';
import { CARD, COLOR, INNER, SIZE } from '../theme.ts';

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

/** Something with a colour of its own, and what the legend says of it; without words it is not in the legend. */
export interface Key {
  key: string;
  color: string;
  words?: string | undefined;
}

const SWATCH = 22;
const COLUMN_GAP = 16;

/** The colour channel of `key` fields, with a legend in as many columns as fit `width`; no legend for a single key. */
export function colorOf(keys: readonly Key[], width: number) {
  const named = keys.filter(({ words }) => words);
  const words = named.map(({ words }) => shortenText(words!, width - SWATCH, SIZE.small));
  const texts = Object.fromEntries(named.map(({ key }, index) => [`_${key}`, words[index]!]));
  return {
    field: 'key',
    type: 'nominal' as const,
    scale: { domain: keys.map(({ key }) => key), range: keys.map(({ color }) => color) },
    legend:
      named.length < 2
        ? null
        : {
            values: named.map(({ key }) => key),
            labelExpr: `(${JSON.stringify(texts)})['_' + datum.value]`,
            columns: countColumns(words, width),
            columnPadding: COLUMN_GAP,
          },
  };
}

/** Vega sets all columns of a row apart by their own widest text. */
function countColumns(words: readonly string[], width: number): number {
  const fits = (columns: number) => {
    const widths = Array.from({ length: columns }, (_, column) =>
      Math.max(
        ...words.filter((_, at) => at % columns === column).map((text) => SWATCH + measureText(text, SIZE.small)),
      ),
    );
    return widths.reduce((sum, each) => sum + each, (columns - 1) * COLUMN_GAP) <= width;
  };
  let columns = words.length;
  while (columns > 1 && !fits(columns)) columns -= 1;
  return columns;
}

/** A text at the place that the fields of its layer's encoding give, with a look of its own. */
export interface Text {
  text: string;
  align?: 'left' | 'center' | 'right';
  baseline?: 'top' | 'middle' | 'bottom';
  dx?: number;
  dy?: number;
  fontSize?: number;
  weight?: 400 | 600;
  color?: string;
}

const PLAIN = {
  align: 'center',
  baseline: 'middle',
  dx: 0,
  dy: 0,
  fontSize: SIZE.small,
  weight: 400,
  color: COLOR.text,
};

/** Texts as one layer; `halo`: with an edge in the colour of the card, since they may stand on bars. */
export function textLayers(texts: readonly Text[], place: object, { halo = false } = {}): Layer[] {
  const values = texts.filter(({ text }) => text).map((text) => ({ ...PLAIN, ...text }));
  if (values.length === 0) return [];
  const own = (key: keyof typeof PLAIN) => ({ expr: `datum.${key}` });
  const mark = {
    type: 'text',
    ...{ align: own('align'), baseline: own('baseline'), dx: own('dx'), dy: own('dy') },
    ...{ fontSize: own('fontSize'), fontWeight: own('weight') },
  };
  const edge = { color: CARD, stroke: CARD, strokeWidth: 4, strokeJoin: 'round' };
  const encoding = { ...place, text: { field: 'text', type: 'nominal' } };
  return [...(halo ? [edge] : []), { color: own('color') }].map((look) =>
    toLayer(values, { ...mark, ...look }, encoding),
  );
}

/** Places texts by a field of their own, in pixels. */
export function byPixels(field: string) {
  return { field, type: 'quantitative' as const, scale: null, axis: null };
}
