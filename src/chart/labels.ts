import { Resvg, type ResvgRenderOptions } from '@resvg/resvg-js';
import {
  FALLBACK_FILES,
  type Fallback,
  FONT_FAMILY,
  FONT_FILES,
  isBundled,
  isIn,
  isInter,
  measureText,
  type Weight,
} from './font.ts';

/** Tells whether a text can be drawn as it is: with the bundled fonts, or with the machine's. */
export type CanDraw = (text: string) => boolean;

const graphemes = new Intl.Segmenter('en', { granularity: 'grapheme' });

/**
 * One line without invisible characters: controls, direction marks, variation selectors; white space becomes one blank.
 * Joiners stay where they hold an emoji together or shape letters, as in Persian or Hindi.
 */
export function cleanText(text: string): string {
  return text
    .normalize('NFC')
    .replace(/(?![\u200c\u200d])\p{Cf}|[\p{Cs}\p{Variation_Selector}]/gu, '')
    .replace(/(?<![\p{Extended_Pictographic}\p{Emoji_Modifier}\p{Lo}\p{M}])[\u200c\u200d]+/gu, '')
    .replace(/[\u200c\u200d]+(?![\p{Extended_Pictographic}\p{Lo}])/gu, '')
    .replace(/[\p{Cc}\s]+/gu, ' ')
    .trim();
}

const FIRST_REGIONAL = 0x1f1e6;

/** Emoji as resvg can draw them, one character each: of a joined one its first part, flags by their letters. */
function simplifyEmoji(text: string): string {
  return text
    .replace(/(\p{Extended_Pictographic})(?:\p{Emoji_Modifier}|\u200d\p{Extended_Pictographic})+/gu, '$1')
    .replace(/[\u{1f1e6}-\u{1f1ff}]/gu, (letter) => String.fromCharCode(letter.codePointAt(0)! - FIRST_REGIONAL + 65))
    .replace(/\u20e3/gu, '');
}

/** Cuts the middle, since routes and client names differ at either end. Unchanged where it fits `maxWidth`. */
export function shortenText(text: string, maxWidth: number, sizePx: number, weight: Weight = 400): string {
  if (measureText(text, sizePx, weight) <= maxWidth) return text;
  const parts = Array.from(graphemes.segment(text), ({ segment }) => segment);
  let kept = parts.length - 1;
  let short = '…';
  while (kept > 0) {
    const tail = Math.floor(kept * 0.4);
    short = `${parts
      .slice(0, kept - tail)
      .join('')
      .trimEnd()}…${parts
      .slice(parts.length - tail)
      .join('')
      .trimStart()}`;
    if (measureText(short, sizePx, weight) <= maxWidth) return short;
    kept--;
  }
  return '…';
}

/**
 * Names as they stand in a chart, in the same order, no two alike: shortened to `maxWidth`, with their rank where that makes
 * two of them the same, and by their rank alone (`#3`) where no font has their characters. `firstRank`: of the first name.
 */
export function toLabels(
  names: readonly string[],
  maxWidth: number,
  sizePx: number,
  canDraw: CanDraw,
  firstRank = 1,
): string[] {
  const labels = names.map((name, index) => {
    const clean = simplifyEmoji(cleanText(name));
    return clean && canDraw(clean) ? shortenText(clean, maxWidth, sizePx) : `#${firstRank + index}`;
  });
  return labels.map((label, index) => {
    if (labels.every((other, at) => at === index || other !== label)) return label;
    const rank = ` #${firstRank + index}`;
    return shortenText(label, maxWidth - measureText(rank, sizePx), sizePx) + rank;
  });
}

/** Free text as far as it can be drawn; characters that cannot be are `…`. */
export function drawableText(text: string, canDraw: CanDraw): string {
  const drawn = simplifyEmoji(cleanText(text));
  if (canDraw(drawn)) return drawn;
  const parts = Array.from(graphemes.segment(drawn), ({ segment }) => (canDraw(segment) ? segment : '…'));
  return parts.join('').replace(/…+/g, '…');
}

/** Lines of at most `maxWidth`, broken at blanks; what does not fit `maxLines` is cut with `…` at the end of a word. */
export function wrapText(
  text: string,
  maxWidth: number,
  sizePx: number,
  { maxLines = 3, weight = 400 }: { maxLines?: number; weight?: Weight } = {},
): string[] {
  const fits = (line: string) => measureText(line, sizePx, weight) <= maxWidth;
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ').filter(Boolean)) {
    const longer = line ? `${line} ${word}` : word;
    if (fits(longer)) {
      line = longer;
      continue;
    }
    // A separator parts what stands in one line.
    if (line) lines.push(line.replace(/ ·$/, ''));
    line = shortenText(word, maxWidth, sizePx, weight);
  }
  if (line) lines.push(line);
  if (lines.length <= maxLines) return lines;
  let last = `${lines[maxLines - 1]} …`;
  while (!fits(last) && last.includes(' ')) last = `${last.replace(/ ?\S* …$/, '')} …`;
  return [...lines.slice(0, maxLines - 1), last];
}

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
