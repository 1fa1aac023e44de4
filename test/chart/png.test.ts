import { Resvg } from '@resvg/resvg-js';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { encodePng } from '../../src/chart/render.ts';
import { size } from '../support/size.ts';
import { readPng } from './read-png.ts';

const SIDE = 13;

/** A square of up to `count` colours, spread over all three channels. */
const pictureOf = (count: number) =>
  fc
    .array(fc.integer({ min: 0, max: count - 1 }), { minLength: SIDE ** 2, maxLength: SIDE ** 2 })
    .map((indices) => Uint8Array.from(indices.flatMap((index) => [index * 7, index * 31, index >> 3, 255])));

function hexOf(rgba: Uint8Array, index: number): string {
  return `#${Buffer.from(rgba.subarray(index * 4, index * 4 + 3)).toString('hex')}`;
}

describe('the PNG encoder', () => {
  it('keeps every pixel of up to 16 colours that are meant', () => {
    fc.assert(
      fc.property(pictureOf(16), (rgba) => {
        const meant = Array.from({ length: SIDE ** 2 }, (_, index) => hexOf(rgba, index));
        const png = readPng(encodePng(rgba, SIDE, SIDE, meant));
        expect([png.width, png.height]).toEqual([SIDE, SIDE]);
        for (let index = 0; index < SIDE ** 2; index++)
          expect(png.at(index % SIDE, Math.floor(index / SIDE))).toBe(hexOf(rgba, index));
      }),
      { numRuns: size(10, 300) },
    );
  });

  it('keeps the most frequent colours, and gives the others their nearest', () => {
    const shades = Array.from({ length: 8 }, (_, index) => [index * 30, 0, 0, 255]);
    const frequent = shades.filter((_, index) => index % 2 === 0);
    const png = readPng(encodePng(Uint8Array.from([...shades, ...frequent].flat()), 12, 1, []));
    for (const [index] of shades.entries()) {
      const red = Number.parseInt(png.at(index, 0).slice(1, 3), 16);
      expect(Math.abs(red - index * 30)).toBeLessThanOrEqual(index % 2 === 0 ? 0 : 30);
    }
  });

  it('keeps a colour that means something however rare it is', () => {
    const shades = Array.from({ length: 60 }, (_, index) => [index * 4, 200, 90, 255]);
    const rgba = Uint8Array.from([...shades, ...shades, [18, 100, 163, 255]].flat());
    expect(readPng(encodePng(rgba, 121, 1, [])).at(120, 0)).not.toBe('#1264a3');
    expect(readPng(encodePng(rgba, 121, 1, ['#1264A3'])).at(120, 0)).toBe('#1264a3');
  });

  it('is understood by another decoder', () => {
    const rgba = Uint8Array.from([213, 94, 0, 255, 0, 114, 178, 255]);
    const data = Buffer.from(encodePng(rgba, 2, 1, ['#D55E00', '#0072B2'])).toString('base64');
    const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="2" height="1"><image width="2" height="1" image-rendering="optimizeSpeed" href="data:image/png;base64,${data}"/></svg>`;
    expect([...new Resvg(svg).render().pixels]).toEqual([...rgba]);
  });
});
