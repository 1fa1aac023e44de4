import { measureText } from '../font.ts';
import { shortenText } from '../labels.ts';
import { CARD, COLOR, INNER, SIZE } from '../theme.ts';
import type { Layer, Panel } from './frame.ts';
import { colorOf, type Key } from './legend.ts';

/** A name and a number, with a bar of the whole width below them: what a phone has room for. */
export interface Row {
  name: string;
  /** After the name, in the colour of failures. */
  failed?: string | undefined;
  /** At the right end of the name's line. */
  value: string;
  /** Parts of the bar from the left; none where words are all there is. */
  parts?: readonly { key: string; size: number }[];
  /** Small lines below the bar. */
  remarks?: readonly string[];
  /** A remainder, written paler than what has a name. */
  isRest?: boolean;
}

export interface RowsStyle {
  title?: string;
  /** Where bars end at most, in their unit. */
  max: number;
  /** Keys of parts in the order of stacking. */
  keys: readonly Key[];
  /** Drawn behind the bars and over them, on their scales. */
  under?: readonly Layer[];
  over?: readonly Layer[];
}

export const BAR = 13;
const LINE = 20;
const GAP = 14;
const SPACE = 10;
const LEAST_SHARE = 0.007;
/** Two of three drawn pixels, half of it on the bar: edges are sharp, and take no shades of the palette. */
const EDGE = 2 / 3;

/** How far below the middle of its row a bar is drawn; `over` and `under` need it too. */
export function barOffset(rows: readonly Row[]): number {
  return -stepOf(rows) / 2 + LINE + BAR / 2 + 1;
}

function stepOf(rows: readonly Row[]): number {
  return LINE + BAR + GAP + LINE * mostRemarks(rows);
}

function mostRemarks(rows: readonly Row[]): number {
  return Math.max(...rows.map(({ remarks = [] }) => remarks.length));
}

/** Room that the last row leaves below its last line. */
function unusedBelow(rows: readonly Row[]): number {
  const { parts, remarks = [] } = rows.at(-1)!;
  return GAP - 4 + LINE * (mostRemarks(rows) - remarks.length) + (parts || remarks.length > 0 ? 0 : BAR);
}

/** The band of a row, for all layers of a panel alike. */
export function rowChannel(rows: readonly Row[]) {
  const range = [0, rows.length * stepOf(rows)];
  const scale = { domain: rows.map((_, row) => row), range, paddingInner: 0, paddingOuter: 0 };
  return { field: 'row', type: 'ordinal' as const, axis: null, scale };
}

/** The scale of the bars, for all layers of a panel alike. */
export function sizeChannel(field: string, max: number) {
  const scale = { domain: [0, max || 1], range: [1, INNER - 1], nice: false, round: true };
  return { field, type: 'quantitative' as const, scale, axis: null };
}

/** Widens parts that exist to two pixels at least; the largest part gives way where the bar would be too long. */
function toVisible(parts: NonNullable<Row['parts']>, max: number): { key: string; size: number }[] {
  const visible = parts
    .filter(({ size }) => size > 0)
    .map(({ key, size }) => ({ key, size: Math.max(size, max * LEAST_SHARE) }));
  const excess = visible.reduce((sum, { size }) => sum + size, 0) - max;
  const largest = Math.max(...visible.map(({ size }) => size));
  return excess <= 0
    ? visible
    : visible.map((part) => (part.size === largest ? { ...part, size: largest - excess } : part));
}

/** Bars in the order given, each below its name, on one scale from zero. */
export function buildRows(rows: readonly Row[], style: RowsStyle): Panel {
  const step = stepOf(rows);
  const y = rowChannel(rows);
  const words = rows.map(({ name, value, failed = '', isRest = false, remarks = [] }, row) => {
    const failedWidth = failed ? measureText(failed, SIZE.small) + SPACE : 0;
    const room = INNER - measureText(value, SIZE.label, 600) - SPACE - failedWidth;
    const label = shortenText(name, room, SIZE.label);
    return { row, value, failed, remarks, isRest, name: label, end: measureText(label, SIZE.label) + SPACE };
  });
  const parts = rows.flatMap((each, row) =>
    toVisible(each.parts ?? [], style.max).map((part) => {
      return { row, ...part, order: style.keys.findIndex(({ key }) => key === part.key) };
    }),
  );
  const textLayer = (of: string | number, look: object, encoding: object = {}): Layer[] => {
    const values = words
      .map(({ remarks, ...each }) => ({ ...each, text: typeof of === 'number' ? remarks[of] : each[of as 'name'] }))
      .filter(({ text }) => text);
    const mark = { type: 'text', baseline: 'middle', dy: -step / 2 + LINE / 2, fontSize: SIZE.label, ...look } as const;
    return values.length === 0
      ? []
      : [{ data: { values }, mark, encoding: { y, text: { field: 'text', type: 'nominal' }, ...encoding } } as Layer];
  };
  const ink = { color: { condition: { test: 'datum.isRest', value: COLOR.muted }, value: COLOR.text } };
  return {
    ...(style.title
      ? { title: { text: shortenText(style.title, INNER, SIZE.label, 600), fontSize: SIZE.label, offset: 8 } }
      : {}),
    width: INNER,
    height: rows.length * step - unusedBelow(rows),
    layer: [
      ...(style.under ?? []),
      {
        data: { values: parts },
        mark: { type: 'bar', height: BAR, yOffset: barOffset(rows), stroke: CARD, strokeWidth: EDGE },
        encoding: {
          y,
          x: { ...sizeChannel('size', style.max), stack: 'zero' },
          order: { field: 'order', type: 'quantitative' },
          color: colorOf(style.keys, INNER),
        },
      },
      ...(style.over ?? []),
      ...textLayer('name', { align: 'left', x: 0 }, ink),
      ...textLayer(
        'failed',
        { align: 'left', fontSize: SIZE.small, color: COLOR.failed },
        { x: { field: 'end', type: 'quantitative', scale: null, axis: null } },
      ),
      ...textLayer('value', { align: 'right', x: INNER, fontWeight: 600 }, ink),
      ...Array.from({ length: mostRemarks(rows) }, (_, line) =>
        textLayer(line, {
          align: 'left',
          x: 0,
          dy: -step / 2 + LINE + BAR + LINE / 2 + 4 + line * LINE,
          fontSize: SIZE.small,
          color: COLOR.muted,
        }),
      ).flat(),
    ],
  } as Panel;
}
