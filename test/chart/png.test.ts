import { Resvg } from '@resvg/resvg-js';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { encodePng } from '../../src/chart/png.ts';
import { readPng } from './read-png.ts';

const pictures = fc
  .tuple(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 1, max: 40 }), fc.integer({ min: 1, max: 400 }))
  .chain(([width, height, colors]) =>
    fc
      .array(fc.integer({ min: 0, max: colors }), { minLength: width * height, maxLength: width * height })
      .map((indices) => {
        // Spreads the colours over all three channels.
        const rgba = Uint8Array.from(indices.flatMap((index) => [index * 7, index * 31, index >> 3, 255]));
        return { width, height, rgba };
      }),
  );

describe('the PNG encoder', () => {
  it('keeps every pixel, with a palette or without', () => {
    fc.assert(
      fc.property(pictures, ({ width, height, rgba }) => {
        const png = readPng(encodePng(rgba, width, height));
        expect([png.width, png.height]).toEqual([width, height]);
        for (let index = 0; index < width * height; index++) {
          const pixel = Buffer.from(rgba.subarray(index * 4, index * 4 + 3)).toString('hex');
          expect(png.at(index % width, Math.floor(index / width))).toBe(`#${pixel}`);
        }
      }),
      { numRuns: 50 },
    );
  });

  it('uses true colour from the 257th colour on', () => {
    const shades = (count: number) =>
      Uint8Array.from(Array.from({ length: count }, (_, index) => [index & 255, index >> 8, 0, 255]).flat());
    expect(encodePng(shades(256), 256, 1)[25]).toBe(3);
    expect(encodePng(shades(257), 257, 1)[25]).toBe(2);
  });

  it('is understood by another decoder', () => {
    const rgba = Uint8Array.from([213, 94, 0, 255, 0, 114, 178, 255]);
    const data = Buffer.from(encodePng(rgba, 2, 1)).toString('base64');
    const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="2" height="1"><image width="2" height="1" image-rendering="optimizeSpeed" href="data:image/png;base64,${data}"/></svg>`;
    expect([...new Resvg(svg).render().pixels]).toEqual([...rgba]);
  });
});
