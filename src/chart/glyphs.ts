import { Resvg, type ResvgRenderOptions } from '@resvg/resvg-js';
import { FALLBACK_FILES, type Fallback, FONT_FAMILY, FONT_FILES, isBundled, isIn, isInter } from './font.ts';
import type { CanDraw } from './labels.ts';

/** resvg drops text without an error where it has no font, so the smallest set that has every character of `text` is named. */
export function fontOptions(text: string): NonNullable<ResvgRenderOptions['font']> {
  const set = isInter(text, 'basic') ? 'basic' : 'full';
  const foreign = isInter(text) ? [] : [...new Set(text)].filter((character) => !isInter(character));
  const holds = (fallback: Fallback) => (character: string) => isIn(fallback, character.codePointAt(0)!);
  const fallbacks = (['scripts', 'cjk'] as const).filter((fallback) => foreign.some(holds(fallback)));
  return {
    fontFiles: [...Object.values(FONT_FILES[set]), ...fallbacks.map((fallback) => FALLBACK_FILES[fallback])],
    loadSystemFonts: foreign.some((character) => !fallbacks.some((fallback) => holds(fallback)(character))),
    defaultFontFamily: FONT_FAMILY,
    sansSerifFamily: FONT_FAMILY,
  };
}

/** Draws with the bundled fonts alone. */
export const canDrawBundled: CanDraw = (text) => isBundled(text);

/** Scripts whose letters change places and merge: resvg 2.6.2 sets them over each other. */
const MISDRAWN =
  /[\p{Script=Devanagari}\p{Script=Bengali}\p{Script=Gurmukhi}\p{Script=Gujarati}\p{Script=Oriya}\p{Script=Tamil}\p{Script=Telugu}\p{Script=Kannada}\p{Script=Malayalam}\p{Script=Sinhala}\p{Script=Khmer}\p{Script=Myanmar}\p{Script=Tibetan}\p{Script=Javanese}\p{Script=Balinese}]/u;

const CELL = 32;

/**
 * Also asks the machine's fonts, by drawing what the bundled ones lack and looking for ink; their `.notdef` is empty, so a
 * character without a glyph leaves none. Each character is tried once.
 */
export function createGlyphProbe(): CanDraw {
  const known = new Map<string, boolean>();

  function probe(characters: readonly string[]): void {
    const width = characters.length * CELL * 2;
    const texts = characters.map((character, index) => {
      const escaped = `&#${character.codePointAt(0)};`;
      return `<text x="${index * CELL * 2 + CELL}" y="24" font-family="${FONT_FAMILY}" font-size="20">${escaped}</text>`;
    });
    const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${CELL}">${texts.join('')}</svg>`;
    const { pixels } = new Resvg(svg, { font: fontOptions(characters.join('')) }).render();
    characters.forEach((character, index) => {
      known.set(character, hasInk(pixels, width, index * CELL * 2, CELL * 2));
    });
  }

  return (text) => {
    if (isBundled(text)) return true;
    if (MISDRAWN.test(text)) return false;
    const foreign = Array.from(new Set(text)).filter((character) => !isBundled(character));
    const unknown = foreign.filter((character) => !known.has(character));
    if (unknown.length > 0) probe(unknown);
    return foreign.length > 0 && foreign.every((character) => known.get(character));
  };
}

function hasInk(pixels: Uint8Array, width: number, left: number, cellWidth: number): boolean {
  for (let y = 0; y < CELL; y++) {
    for (let x = left; x < left + cellWidth; x++) {
      if (pixels[(y * width + x) * 4 + 3]! > 0) return true;
    }
  }
  return false;
}
