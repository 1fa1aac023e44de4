import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Resvg, type ResvgRenderOptions } from '@resvg/resvg-js';
import opentype from 'opentype.js';

export const FONT_FAMILY = 'Inter';

export type Weight = 400 | 600;

/** Measures of a TrueType font that layout needs. */
interface FontMetrics {
  /** Advance width in ems; undefined where the font has no glyph. */
  advanceOf(codePoint: number): number | undefined;
}

/** The same design twice: `basic` (Western Latin) is a seventh of the size and shapes text several times faster. */
export const FONT_FILES = {
  basic: { 400: pathOf('Inter-Regular-Basic.ttf'), 600: pathOf('Inter-SemiBold-Basic.ttf') },
  /** Latin, Greek and Cyrillic. */
  full: { 400: pathOf('Inter-Regular.ttf'), 600: pathOf('Inter-SemiBold.ttf') },
} as const;

/** Fonts for what Inter lacks, in one weight. `scripts` has Inter's own letters too: resvg draws a mixed text with one font. */
const FALLBACK_FILES = { scripts: pathOf('Scripts.ttf'), cjk: pathOf('Cjk.ttf') } as const;
type Fallback = keyof typeof FALLBACK_FILES;

const inter = {
  basic: { 400: readMetrics(FONT_FILES.basic[400]), 600: readMetrics(FONT_FILES.basic[600]) },
  full: { 400: readMetrics(FONT_FILES.full[400]), 600: readMetrics(FONT_FILES.full[600]) },
};
/** Read when first needed: 22,000 characters take their time. */
const fallbacks = new Map<Fallback, FontMetrics>();

function fallbackOf(name: Fallback): FontMetrics {
  return fallbacks.getOrInsertComputed(name, () => readMetrics(FALLBACK_FILES[name]));
}

/** Wide scripts and pictures take a whole em; other scripts that are not bundled are given rather too much than too little. */
const WIDE =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\p{Extended_Pictographic}\uff01-\uff60]/u;

/** Width in logical pixels. Exact for Inter (it carries no kerning), at least as much as is drawn for other scripts. */
export function measureText(text: string, sizePx: number, weight: Weight = 400): number {
  const font = inter.full[weight];
  let ems = 0;
  for (const character of text) ems += font.advanceOf(character.codePointAt(0)!) ?? measureForeign(character);
  return ems * sizePx;
}

function measureForeign(character: string): number {
  if (/\p{M}/u.test(character)) return 0;
  if (WIDE.test(character)) return Math.max(1, fallbackOf('scripts').advanceOf(character.codePointAt(0)!) ?? 1);
  return fallbackOf('scripts').advanceOf(character.codePointAt(0)!) ?? 0.75;
}

/** Tells whether Inter (or its small set alone) has a glyph for every character. */
function isInter(text: string, set: keyof typeof FONT_FILES = 'full'): boolean {
  return everyCharacter(text, (codePoint) => inter[set][400].advanceOf(codePoint) !== undefined);
}

/** Tells whether a fallback font has a glyph for the character. */
function isIn(fallback: Fallback, codePoint: number): boolean {
  return fallbackOf(fallback).advanceOf(codePoint) !== undefined;
}

/**
 * Tells whether the bundled fonts draw a text whole. One font must have all of it, as scripts are joined within it; only
 * where each character stands for itself (Chinese, Japanese, Korean, emoji) can several take part.
 */
export function isBundled(text: string): boolean {
  if (isInter(text)) return true;
  const has = (codePoint: number) => inter.full[400].advanceOf(codePoint) !== undefined;
  return (
    everyCharacter(text, (codePoint) => isIn('scripts', codePoint)) ||
    everyCharacter(
      text,
      (codePoint) =>
        has(codePoint) ||
        isIn('cjk', codePoint) ||
        (isIn('scripts', codePoint) && WIDE.test(String.fromCodePoint(codePoint))),
    )
  );
}

function everyCharacter(text: string, test: (codePoint: number) => boolean): boolean {
  for (const character of text) if (character !== '\n' && !test(character.codePointAt(0)!)) return false;
  return true;
}

function pathOf(file: string): string {
  return fileURLToPath(new URL(`./fonts/${file}`, import.meta.url));
}

/** Reads a TrueType file. A glyph is looked up once a character, since a font keeps its advance within the outline's data. */
function readMetrics(path: string): FontMetrics {
  const font = opentype.parse(new Uint8Array(readFileSync(path)).buffer, { lowMemory: true });
  const advances = new Map<number, number | undefined>();
  return {
    advanceOf(codePoint) {
      if (!advances.has(codePoint)) {
        const glyph = font.charToGlyphIndex(String.fromCodePoint(codePoint));
        advances.set(codePoint, glyph ? font.glyphs.get(glyph).advanceWidth! / font.unitsPerEm : undefined);
      }
      return advances.get(codePoint);
    },
  };
}

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
