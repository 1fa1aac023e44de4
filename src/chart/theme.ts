/** Logical width of every chart; drawn at twice that. Slack shows it at 360–800 px, so no text is smaller than 13. */
export const CHART_WIDTH = 640;
export const CHART_SCALE = 2;
export const MARGIN = 16;
export const CONTENT_WIDTH = CHART_WIDTH - 2 * MARGIN;
export const BACKGROUND = '#FFFFFF';

export const SIZE = { title: 19, finding: 15, label: 14, small: 13 } as const;

/**
 * Okabe-Ito, safe for colour-blind readers. Contrast on white: blue 5.2, vermilion 3.9, green 3.4, purple 3.1; orange and sky
 * are 2.3, so these two never stand without a label beside them.
 */
const PALETTE = {
  blue: '#0072B2',
  vermilion: '#D55E00',
  green: '#009E73',
  purple: '#CC79A7',
  orange: '#E69F00',
  sky: '#56B4E9',
} as const;

/** What each colour means, in every chart. */
export const COLOR = {
  text: '#222222',
  muted: '#595959',
  grid: '#E3E3E3',
  axis: '#8C8C8C',
  track: '#E8E8E8',
  other: '#8C8C8C',
  none: '#B8B8B8',
  ok: PALETTE.blue,
  failed: PALETTE.vermilion,
  overage: PALETTE.vermilion,
  limit: PALETTE.vermilion,
} as const;

export const LEVEL_COLOR = {
  healthy: PALETTE.blue,
  approaching: PALETTE.orange,
  critical: PALETTE.vermilion,
  exhausted: PALETTE.vermilion,
} as const;

export const STATUS_COLOR: Readonly<Record<string, string>> = {
  '1xx': PALETTE.green,
  '2xx': PALETTE.blue,
  '3xx': PALETTE.sky,
  '4xx': PALETTE.orange,
  '429': PALETTE.purple,
  '5xx': PALETTE.vermilion,
  '(none)': COLOR.none,
};

/** For things without a meaning of their own (pools, slices), in this order; what is beyond them is grey. */
export const SERIES_COLORS = [PALETTE.blue, PALETTE.green, PALETTE.purple, PALETTE.sky, '#444444'] as const;
