import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
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
export const FALLBACK_FILES = { scripts: pathOf('Scripts.ttf'), cjk: pathOf('Cjk.ttf') } as const;
export type Fallback = keyof typeof FALLBACK_FILES;

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
export function isInter(text: string, set: keyof typeof FONT_FILES = 'full'): boolean {
  return everyCharacter(text, (codePoint) => inter[set][400].advanceOf(codePoint) !== undefined);
}

/** Tells whether a fallback font has a glyph for the character. */
export function isIn(fallback: Fallback, codePoint: number): boolean {
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
