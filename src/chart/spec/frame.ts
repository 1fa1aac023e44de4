import type { TopLevelSpec } from 'vega-lite';
import type { ReportHead } from '../../domain/report.ts';
import { describeFilters, formatAge } from '../../report/format.ts';
import { type CanDraw, drawableText, measureText, shortenText, wrapText } from '../text.ts';
import { CARD, COLOR, INNER, SIZE } from '../theme.ts';

export type ChartSpec = TopLevelSpec;
/** One of the panels that a chart has, one below another. */
export type Panel = Extract<TopLevelSpec, { vconcat: unknown }>['vconcat'][number];
export type Layer = Extract<Panel, { layer: unknown }>['layer'][number];

/** Parts that differ between charts: the panels, and extra lines under the title. */
export interface Drawing {
  panels: readonly Panel[];
  /** Further lines under the title. */
  remarks?: readonly string[];
  /** Replaces the report's title, if the chart shows something else than the table. */
  title?: string;
}

/** Builds marks of one kind, one per value. `encoding` is Vega-Lite's; its channels override those of the panel. */
export function toLayer(values: readonly object[], mark: object, encoding: object): Layer {
  return { data: { values }, mark, encoding } as Layer;
}

/** Builds title, range and remarks above the panels. The finding is left out: the message and the alt text have it. */
export function buildFrame(report: ReportHead, canDraw: CanDraw, { panels, remarks = [], title }: Drawing): ChartSpec {
  const lines = [describeRange(report), describeFilters(report.filters) ?? '', ...remarks].filter(Boolean);
  return {
    $schema: 'https://vega.github.io/schema/vega-lite/v6.json',
    title: {
      text: wrapText(drawableText(title ?? report.title, canDraw), INNER, SIZE.title, { maxLines: 2, weight: 600 }),
      subtitle: lines.flatMap((line) => wrapText(drawableText(line, canDraw), INNER, SIZE.small, { maxLines: 2 })),
    },
    spacing: 18,
    resolve: { scale: { x: 'independent', y: 'independent', color: 'independent' } },
    vconcat: [...panels],
  };
}

/** `21–27 Nov 2026 · Europe/Berlin`; says how fresh data are only while they still grow. */
function describeRange(report: ReportHead): string {
  const { range, versus, zone } = report;
  const age = formatAge(report);
  return [
    ...(range ? [versus ? `${range.label} vs ${versus.label}` : range.label] : []),
    ...(age ? [`as of ${age.text}`] : []),
    zone,
  ].join(' · ');
}

/** A key with its colour, and its words in the legend; without words it is not in the legend. */
export interface Key {
  key: string;
  color: string;
  words?: string | undefined;
}

const SWATCH = 22;
const COLUMN_GAP = 16;

/** Builds the colour channel of `key` fields, with a legend in as many columns as fit `width`; no legend for a single key. */
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

/** Counts the columns of a legend that fit. Vega makes each column as wide as its own widest text. */
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

/** A text with a look of its own. The fields of its layer's encoding place it. */
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

/** Builds the layers of texts. `halo`: with an edge in the colour of the card, for texts that may overlap bars. */
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

/** Places texts by one of their fields, in pixels. */
export function byPixels(field: string) {
  return { field, type: 'quantitative' as const, scale: null, axis: null };
}
