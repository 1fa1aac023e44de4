import type { Config } from 'vega-lite';
import type { Level } from '../domain/scope-state.ts';
import { FONT_FAMILY } from './text.ts';

/** Logical pixels. A phone shows a chart about 360 pixels wide, so text of size 15 here is over 12 there. */
export const WIDTH = 440;
/** Drawn pixels per logical one. At three, an image would be a third larger, and look the same on a phone at arm's length. */
export const SCALE = 2;
const PADDING = 16;
/** Width between the paddings. */
export const INNER = WIDTH - 2 * PADDING;

export const SIZE = { title: 19, label: 16, small: 15 } as const;

/** Off-white: looks like a card on Slack's white, and is calmer than white on its dark #1A1D21. */
export const CARD = '#F4F5F7';

/**
 * Each meaning has one colour, in every chart. Colours that may appear side by side also differ in lightness, so that they can be
 * told apart without colour (`theme.test.ts` measures that and the contrast on the card).
 */
const PALETTE = {
  blue: '#1264A3',
  sky: '#6FB1E4',
  amber: '#C17C00',
  brown: '#8A5A00',
  red: '#C8360F',
  darkRed: '#7A0F1B',
  green: '#2E8B6E',
  purple: '#8E6BBF',
  grey: '#A9AFB8',
} as const;

export const COLOR = {
  text: '#1D1C1D',
  muted: '#51555C',
  grid: '#DEE1E6',
  axis: '#8D939C',
  track: '#DCE0E6',
  ok: PALETTE.blue,
  failed: PALETTE.red,
  none: PALETTE.grey,
  before: PALETTE.grey,
  other: PALETTE.grey,
  overage: PALETTE.darkRed,
  usual: '#C3C9D2',
  mark: '#6B3FA0',
} as const;

export const LEVEL_COLOR: Readonly<Record<Level, string>> = {
  healthy: PALETTE.blue,
  approaching: PALETTE.amber,
  critical: PALETTE.red,
  exhausted: PALETTE.darkRed,
};

/** Colours of status groups. A 429 is a client error too, so it is a darker amber. */
export const STATUS_COLOR = {
  '2xx': PALETTE.blue,
  '1xx': PALETTE.green,
  '3xx': PALETTE.sky,
  '(none)': PALETTE.grey,
  '4xx': PALETTE.amber,
  '429': PALETTE.brown,
  '5xx': PALETTE.red,
} as const;

/** Colours for pools and slices, in this order; those beyond are grey. */
export const SERIES_COLORS = [PALETTE.blue, PALETTE.sky, PALETTE.green, PALETTE.purple, '#33475B'] as const;

/** All colours with a meaning. An image with few colours keeps these first. */
export const MEANT_COLORS: readonly string[] = [
  ...new Set([
    CARD,
    ...Object.values(COLOR),
    ...Object.values(LEVEL_COLOR),
    ...Object.values(STATUS_COLOR),
    ...SERIES_COLORS,
  ]),
];

/** Settings that all specs share. */
export const CONFIG: Config = {
  font: FONT_FAMILY,
  background: CARD,
  padding: PADDING,
  aria: false,
  view: { stroke: null },
  title: {
    anchor: 'start',
    color: COLOR.text,
    fontSize: SIZE.title,
    fontWeight: 600,
    subtitleColor: COLOR.muted,
    subtitleFontSize: SIZE.small,
    subtitlePadding: 6,
    subtitleLineHeight: 20,
    offset: 12,
  },
  axis: {
    labelColor: COLOR.muted,
    labelFontSize: SIZE.small,
    labelFontWeight: 400,
    domain: false,
    ticks: false,
    title: null,
    gridColor: COLOR.grid,
    translate: 0,
  },
  legend: {
    orient: 'top',
    direction: 'horizontal',
    title: null,
    labelColor: COLOR.text,
    labelFontSize: SIZE.small,
    labelLimit: 0,
    labelOffset: 6,
    symbolType: 'square',
    symbolSize: 160,
    symbolStrokeWidth: 0,
    rowPadding: 6,
    offset: 10,
  },
  text: { fontSize: SIZE.small, fontWeight: 400, color: COLOR.text },
};
