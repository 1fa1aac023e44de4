import { Resvg } from '@resvg/resvg-js';
import { describe, expect, it } from 'vitest';
import { renderReport } from '../../src/chart/render.ts';
import { canDrawBundled, createGlyphProbe, FONT_FILES, isBundled, measureText } from '../../src/chart/text.ts';
import { CARD, COLOR } from '../../src/chart/theme.ts';
import { CHART_CASES } from './cases.ts';
import { rangeOf, rankingOf, seriesOf, topClients } from './fixtures.ts';
import { readPng } from './read-png.ts';

/** Largest size of a picture, for phones on a slow network. */
const MAX_BYTES = 40_000;

describe.each(CHART_CASES)('$name', ({ report, view = 'graph' }) => {
  it('is an opaque card 880 pixels wide, of at most 40 KB, with ink inside its margins', async () => {
    const chart = (await renderReport(report, { view, canDraw: canDrawBundled }))!;
    expect(chart.png.length).toBeLessThanOrEqual(MAX_BYTES);
    const png = readPng(chart.png);
    expect([png.width, png.height]).toEqual([chart.width, chart.height]);
    expect(png.width).toBe(880);
    expect(png.height % 2).toBe(0);
    for (const y of [0, png.height - 1]) expect(png.at(440, y)).toBe(CARD.toLowerCase());
    for (let y = 0; y < png.height; y += 2) {
      expect(png.at(8, y)).toBe(CARD.toLowerCase());
      expect(png.at(871, y)).toBe(CARD.toLowerCase());
    }
  });
});

describe('text', () => {
  /** Counts the pixels that a name draws, compared with a picture that has a dot as its only name. */
  async function inkOf(name: string): Promise<number> {
    const draw = async (only: string) =>
      readPng((await renderReport(rankingOf([[only, 1]]), { canDraw: canDrawBundled }))!.png);
    const [png, dot] = [await draw(name), await draw('.')];
    let ink = 0;
    for (let y = 0; y < png.height; y += 2) {
      for (let x = 0; x < png.width; x += 2) if (png.at(x, y) !== dot.at(x, y)) ink++;
    }
    return ink;
  }

  it.each(['acme', 'Ελληνικά', 'Привет', 'żółć', 'Việt', '請求', '한국어', 'خدمة', 'עברית', 'บริการ', '🚀'])(
    '%s leaves ink without a font of the machine',
    async (name) => {
      expect(isBundled(name)).toBe(true);
      expect(await inkOf(name)).toBeGreaterThan(100);
    },
  );

  it('changes the picture with the label, and not with invisible characters', async () => {
    const draw = async (name: string) =>
      Buffer.from((await renderReport(rankingOf([[name, 1]], undefined, { finding: '' })))!.png).toString('base64');
    const plain = await draw('acme');
    expect(await draw('acne')).not.toBe(plain);
    expect(await draw('ac\u202eme\u0007')).toBe(plain);
  });

  it('is as wide as it is measured', () => {
    const font = { fontFiles: Object.values(FONT_FILES.full), loadSystemFonts: false, defaultFontFamily: 'Inter' };
    const widthOf = (text: string, weight: number) => {
      const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="900" height="99"><text x="9" y="50" font-size="20" font-weight="${weight}" font-family="Inter">${text}</text></svg>`;
      return new Resvg(svg, { font }).innerBBox()!.width;
    };
    for (const weight of [400, 600] as const) {
      for (const text of ['Requests per month by pool', '1,234,567 · 41.0%', 'AVAToLT', 'Ωμέγα Привет żółć']) {
        const drawn = widthOf(`H${text}H`, weight) - widthOf('HH', weight);
        expect(Math.abs(drawn - measureText(text, 20, weight))).toBeLessThan(1);
      }
    }
  });

  it('of other scripts is drawn only where some font has ink for it', () => {
    const canDraw = createGlyphProbe();
    expect(canDraw('acme Ω Ж')).toBe(true);
    // A private-use character that no font is made for.
    expect(canDraw('\u{10fff0}')).toBe(false);
    expect(canDraw('acme \u{10fff0}')).toBe(false);
  });

  it('of any script never makes a chart fail', async () => {
    const names = ['請求', 'خدمة', '🚀', '\u{10fff0}', 'हिन्दी'];
    const chart = await renderReport(rankingOf(names.map((name) => [name, 5] as const)));
    expect(chart!.warnings).toEqual([]);
  });
});

describe('many bars', () => {
  it.each([90, 365, 730])('of %d days make one surface, without stripes', async (days) => {
    const to = Temporal.PlainDate.from('2026-11-19');
    const range = rangeOf(to.subtract({ days: days - 1 }).toString(), to.toString(), 'day');
    const png = readPng((await renderReport(seriesOf('daily', range, () => 100)))!.png);
    const rows = Array.from({ length: png.height }, (_, y) =>
      Array.from({ length: 600 }, (_, x) => png.at(200 + x, y)),
    );
    const surface = rows.filter((colors) => colors.filter((color) => color === COLOR.ok.toLowerCase()).length > 200);
    expect(surface.length).toBeGreaterThan(100);
    expect(new Set(surface.slice(2, -2).flat())).toEqual(new Set([COLOR.ok.toLowerCase()]));
  });
});

describe('the picture', () => {
  it('is the same for the same report', async () => {
    const [a, b] = [await renderReport(topClients()), await renderReport(topClients())];
    expect(Buffer.compare(a!.png, b!.png)).toBe(0);
  });

  it('has colours exactly as they are meant', async () => {
    const { png } = (await renderReport(rankingOf([['a', 100, 50]])))!;
    const pixels = readPng(png);
    const colors = new Set<string>();
    for (let x = 0; x < 880; x++) for (let y = 0; y < pixels.height; y += 10) colors.add(pixels.at(x, y));
    expect(colors).toContain(COLOR.ok.toLowerCase());
    expect(colors).toContain(COLOR.failed.toLowerCase());
  });
});
