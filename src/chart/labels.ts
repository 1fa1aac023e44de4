import { measureText, type Weight } from './font.ts';

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
