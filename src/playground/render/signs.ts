import { h, type ReactNode } from './scene.ts';

/** Emoji that stand for a level, drawn by the page's own styles: not every machine has a font for them. */
const SIGNS: Record<string, string> = {
  '🔵': 'healthy',
  '🟠': 'approaching',
  '🔴': 'critical',
  '⛔': 'exhausted',
  '🔔': 'bell',
};
/** A bar of block characters, with its marks: `███░░│░░`. */
const BAR = '[\\u2580-\\u259f](?:[\\u2580-\\u259f|│]*[\\u2580-\\u259f])?';
const SPLIT = new RegExp(`(${Object.keys(SIGNS).join('|')}|${BAR})`, 'u');

/**
 * Text as it stands, its signs as marks that a screen reader still gets as text. Bars are for the eye alone: their numbers
 * stand beside them, and they would be read block by block.
 */
export function withSigns(text: string): ReactNode {
  if (!SPLIT.test(text)) return text;
  return text.split(SPLIT).map((part, key) => {
    if (SIGNS[part]) return h('span', { key, className: `sign ${SIGNS[part]}` }, part);
    return key % 2 ? h('span', { key, className: 'bar', 'aria-hidden': true }, part) : part;
  });
}
