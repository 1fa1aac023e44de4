import { describe, expect, it } from 'vitest';
import { CARD, COLOR, LEVEL_COLOR, SERIES_COLORS, STATUS_COLOR } from '../../src/chart/theme.ts';

const SLACK_LIGHT = '#FFFFFF';
const SLACK_DARK = '#1A1D21';

/** Relative luminance, 0–1. Source: WCAG 2.2. */
function luminanceOf(color: string): number {
  const [red, green, blue] = [1, 3, 5]
    .map((at) => Number.parseInt(color.slice(at, at + 2), 16) / 255)
    .map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4));
  return 0.2126 * red! + 0.7152 * green! + 0.0722 * blue!;
}

function contrastOf(a: string, b: string): number {
  const [low, high] = [luminanceOf(a), luminanceOf(b)].sort((x, y) => x - y);
  return (high! + 0.05) / (low! + 0.05);
}

/** CIE L*, 0–100: how light a colour looks. */
function lightnessOf(color: string): number {
  return 116 * Math.cbrt(luminanceOf(color)) - 16;
}

describe('colours', () => {
  it.each([
    ['text', COLOR.text, 12],
    ['muted text', COLOR.muted, 6],
    ['failures in words', COLOR.failed, 4.5],
    ['marks in words', COLOR.mark, 4.5],
  ])('of %s are read on the card', (_, color, least) => {
    expect(contrastOf(color, CARD)).toBeGreaterThanOrEqual(least);
  });

  it('of bars stand out from the card and from the track', () => {
    const bars = [...Object.values(LEVEL_COLOR), COLOR.ok, COLOR.failed, COLOR.overage, STATUS_COLOR['429']];
    for (const color of bars) {
      expect(contrastOf(color, CARD), color).toBeGreaterThanOrEqual(3);
      expect(contrastOf(color, COLOR.track), color).toBeGreaterThanOrEqual(2.4);
    }
    // A low contrast is enough for these colours, because a name and a number are always beside them.
    for (const color of [...SERIES_COLORS, ...Object.values(STATUS_COLOR)])
      expect(contrastOf(color, CARD), color).toBeGreaterThanOrEqual(1.9);
  });

  it('of a card are their own on light Slack, and calmer than white on dark', () => {
    expect(contrastOf(CARD, SLACK_LIGHT)).toBeGreaterThan(1.08);
    expect(contrastOf(CARD, SLACK_DARK)).toBeLessThan(contrastOf(SLACK_LIGHT, SLACK_DARK) - 1);
  });

  it('of levels get darker with each step from approaching on', () => {
    const [approaching, critical, exhausted] = (['approaching', 'critical', 'exhausted'] as const).map((level) =>
      lightnessOf(LEVEL_COLOR[level]),
    );
    expect(approaching! - critical!).toBeGreaterThan(12);
    expect(critical! - exhausted!).toBeGreaterThan(12);
  });

  it('mean the same everywhere', () => {
    expect([COLOR.ok, STATUS_COLOR['2xx']]).toEqual([LEVEL_COLOR.healthy, LEVEL_COLOR.healthy]);
    expect([COLOR.failed, STATUS_COLOR['5xx']]).toEqual([LEVEL_COLOR.critical, LEVEL_COLOR.critical]);
    expect(STATUS_COLOR['4xx']).toBe(LEVEL_COLOR.approaching);
    expect(COLOR.overage).toBe(LEVEL_COLOR.exhausted);
    const warm: string[] = [LEVEL_COLOR.approaching, LEVEL_COLOR.critical, LEVEL_COLOR.exhausted];
    expect(SERIES_COLORS.filter((color) => warm.includes(color))).toEqual([]);
  });
});
