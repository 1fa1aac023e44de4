import { CARD, COLOR, SIZE } from '../theme.ts';
import { type Layer, toLayer } from './frame.ts';

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
