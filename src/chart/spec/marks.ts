import type { TopLevelSpec } from 'vega-lite';
import { BACKGROUND } from '../theme.ts';

export type ChartSpec = TopLevelSpec;
export type Layer = Extract<TopLevelSpec, { layer: unknown }>['layer'][number];

/**
 * Layers whose positions are pixels of the picture, except along an axis that is given a scale. Every layer brings its own
 * data and its scales their whole domain, since Vega-Lite orders and unions what layers share (vega/vega-lite#2038, #5048).
 */
export interface LinearScale {
  domain: readonly [number, number];
  /** Pixels that the domain's ends stand at. */
  range: readonly [number, number];
}

export interface TextItem {
  x: number;
  y: number;
  text: string;
}

export interface TextStyle {
  size: number;
  color: string;
  weight?: 400 | 600;
  align?: 'left' | 'center' | 'right';
  /** A white edge, for text that may stand on marks. */
  halo?: boolean;
}

/** One text per item, `y` at its base line. No layer for no items. */
export function textLayer(items: readonly TextItem[], style: TextStyle): Layer[] {
  const layersWith = (look: { color: string; stroke?: string; strokeWidth?: number; strokeJoin?: 'round' }) =>
    toLayers(items, {
      mark: {
        type: 'text',
        baseline: 'alphabetic',
        align: style.align ?? 'left',
        fontSize: style.size,
        fontWeight: style.weight ?? 400,
        ...look,
      },
      encoding: { x: at('x'), y: at('y'), text: { field: 'text', type: 'nominal' } },
    });
  const edge = { color: BACKGROUND, stroke: BACKGROUND, strokeWidth: 5, strokeJoin: 'round' as const };
  return [...(style.halo ? layersWith(edge) : []), ...layersWith({ color: style.color })];
}

export interface BoxItem {
  x: number;
  x2: number;
  y: number;
  y2: number;
  color: string;
  opacity?: number;
}

/** Filled rectangles. With a scale, that axis of the items is in the scale's units. */
export function boxLayer(items: readonly BoxItem[], scales: { x?: LinearScale; y?: LinearScale } = {}): Layer[] {
  return toLayers(
    items.map((item) => ({ ...item, opacity: item.opacity ?? 1 })),
    {
      mark: { type: 'rect', tooltip: null },
      encoding: {
        x: at('x', scales.x),
        x2: { field: 'x2' },
        y: at('y', scales.y),
        y2: { field: 'y2' },
        color: { field: 'color', type: 'nominal', scale: null, legend: null },
        opacity: { field: 'opacity', type: 'quantitative', scale: null, legend: null },
      },
    },
  );
}

export interface LineItem {
  x: number;
  x2: number;
  y: number;
  y2: number;
}

export function lineLayer(
  items: readonly LineItem[],
  style: { color: string; width?: number; dash?: readonly number[] },
  scales: { x?: LinearScale; y?: LinearScale } = {},
): Layer[] {
  return toLayers(items, {
    mark: {
      type: 'rule',
      color: style.color,
      strokeWidth: style.width ?? 1,
      ...(style.dash ? { strokeDash: [...style.dash] } : {}),
    },
    encoding: { x: at('x', scales.x), x2: { field: 'x2' }, y: at('y', scales.y), y2: { field: 'y2' } },
  });
}

export interface SliceItem {
  /** Radians, clockwise from twelve o'clock. */
  start: number;
  end: number;
  color: string;
}

/** Parts of a ring with white gaps. */
export function ringLayer(
  items: readonly SliceItem[],
  ring: { x: number; y: number; inner: number; outer: number },
): Layer[] {
  return toLayers(items, {
    mark: { type: 'arc', innerRadius: ring.inner, outerRadius: ring.outer, stroke: BACKGROUND, strokeWidth: 2 },
    encoding: {
      x: { value: ring.x },
      y: { value: ring.y },
      theta: { field: 'start', type: 'quantitative', scale: null },
      theta2: { field: 'end' },
      color: { field: 'color', type: 'nominal', scale: null, legend: null },
    },
  });
}

function at(field: 'x' | 'y', scale?: LinearScale) {
  return {
    field,
    type: 'quantitative' as const,
    axis: null,
    scale: scale ? { domain: [...scale.domain], range: [...scale.range], nice: false, zero: false } : null,
  };
}

function toLayers(items: readonly object[], layer: Omit<Exclude<Layer, { layer: unknown }>, 'data'>): Layer[] {
  return items.length === 0 ? [] : [{ data: { values: items.map((item) => ({ ...item })) }, ...layer }];
}
