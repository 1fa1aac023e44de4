import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Resvg, type ResvgRenderOptions } from '@resvg/resvg-js';
import opentype from 'opentype.js';

export const FONT_FAMILY = 'Inter';

export type Weight = 400 | 600;

/** Measures of a TrueType font that layout needs. */
interface FontMetrics {
  /** Returns the advance width in ems; undefined if the font has no glyph. */
  advanceOf(codePoint: number): number | undefined;
}

/** Two sets of the same font: `basic` (Western Latin) is a seventh of the size and shapes text several times faster. */
export const FONT_FILES = {
  basic: { 400: pathOf('Inter-Regular-Basic.ttf'), 600: pathOf('Inter-SemiBold-Basic.ttf') },
  /** Latin, Greek and Cyrillic. */
  full: { 400: pathOf('Inter-Regular.ttf'), 600: pathOf('Inter-SemiBold.ttf') },
} as const;

/**
 * Fonts for characters that Inter lacks, in one weight. `scripts` has Inter's letters too, because resvg draws a mixed text with one
 * font.
 */
const FALLBACK_FILES = { scripts: pathOf('Scripts.ttf'), cjk: pathOf('Cjk.ttf') } as const;
type Fallback = keyof typeof FALLBACK_FILES;

const inter = {
  basic: { 400: readMetrics(FONT_FILES.basic[400]), 600: readMetrics(FONT_FILES.basic[600]) },
  full: { 400: readMetrics(FONT_FILES.full[400]), 600: readMetrics(FONT_FILES.full[600]) },
};
/** Loaded on first use, because 22,000 characters take time. */
const fallbacks = new Map<Fallback, FontMetrics>();

function fallbackOf(name: Fallback): FontMetrics {
  return fallbacks.getOrInsertComputed(name, () => readMetrics(FALLBACK_FILES[name]));
}

/**
 * Characters that take a whole em: wide scripts and emoji. For other scripts that are not bundled, the estimate is rather too wide
 * than too narrow.
 */
const WIDE =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\p{Extended_Pictographic}\uff01-\uff60]/u;

/** Measures the width in logical pixels: exact for Inter (it has no kerning), at least the drawn width for other scripts. */
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
 * Tells whether the bundled fonts can draw a whole text. One font must have all of it, because letters join only within a font.
 * Several fonts can share it only if each character stands alone (Chinese, Japanese, Korean, emoji).
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

/** Reads a TrueType file. Advances are cached per character, because reading one parses the glyph's outline. */
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

/** Tells whether a text can be drawn unchanged, with the bundled fonts or with those of the machine. */
export type CanDraw = (text: string) => boolean;

const graphemes = new Intl.Segmenter('en', { granularity: 'grapheme' });

/**
 * Returns one line without invisible characters (controls, direction marks, variation selectors); white space becomes one blank.
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

/** Replaces emoji by those that resvg can draw, one character each: the first part of a joined one, and letters for flags. */
function simplifyEmoji(text: string): string {
  return text
    .replace(/(\p{Extended_Pictographic})(?:\p{Emoji_Modifier}|\u200d\p{Extended_Pictographic})+/gu, '$1')
    .replace(/[\u{1f1e6}-\u{1f1ff}]/gu, (letter) => String.fromCharCode(letter.codePointAt(0)! - FIRST_REGIONAL + 65))
    .replace(/\u20e3/gu, '');
}

/** Cuts the middle of a text, because routes and client names differ at either end. Unchanged if it fits `maxWidth`. */
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
 * Returns labels for names in a chart, in the same order, no two alike: shortened to `maxWidth`, with their rank if two would be the
 * same, and by their rank alone (`#3`) if no font has their characters. `firstRank`: rank of the first name.
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

/** Replaces characters of a text that cannot be drawn by `…`. */
export function drawableText(text: string, canDraw: CanDraw): string {
  const drawn = simplifyEmoji(cleanText(text));
  if (canDraw(drawn)) return drawn;
  const parts = Array.from(graphemes.segment(drawn), ({ segment }) => (canDraw(segment) ? segment : '…'));
  return parts.join('').replace(/…+/g, '…');
}

/**
 * Breaks a text at blanks into lines of at most `maxWidth`. If they are more than `maxLines`, the rest is cut with `…` at the end of
 * a word.
 */
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
    // A line does not end with a separator.
    if (line) lines.push(line.replace(/ ·$/, ''));
    line = shortenText(word, maxWidth, sizePx, weight);
  }
  if (line) lines.push(line);
  if (lines.length <= maxLines) return lines;
  let last = `${lines[maxLines - 1]} …`;
  while (!fits(last) && last.includes(' ')) last = `${last.replace(/ ?\S* …$/, '')} …`;
  return [...lines.slice(0, maxLines - 1), last];
}

/** Names the smallest set of fonts that has every character of `text`, because resvg silently drops text without a font. */
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

/** Tells whether the bundled fonts alone can draw a text. */
export const canDrawBundled: CanDraw = (text) => isBundled(text);

/** Scripts whose letters change places and merge: resvg 2.6.2 draws them on top of each other. */
const MISDRAWN =
  /[\p{Script=Devanagari}\p{Script=Bengali}\p{Script=Gurmukhi}\p{Script=Gujarati}\p{Script=Oriya}\p{Script=Tamil}\p{Script=Telugu}\p{Script=Kannada}\p{Script=Malayalam}\p{Script=Sinhala}\p{Script=Khmer}\p{Script=Myanmar}\p{Script=Tibetan}\p{Script=Javanese}\p{Script=Balinese}]/u;

const CELL = 32;

/**
 * Creates a test that also asks the machine's fonts: it draws characters that the bundled fonts lack and looks for ink. A missing
 * glyph leaves none, because `.notdef` of the bundled fonts is empty. Each character is tried once.
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
