import { h, type ReactNode } from './scene.ts';

/** Emoji that stand for a level, drawn by the page's own styles: not every machine has a font for them. */
const SIGNS: Record<string, string> = {
  '🔵': 'healthy',
  '🟠': 'approaching',
  '🔴': 'critical',
  '⛔': 'exhausted',
  '🔔': 'bell',
};
const SPLIT = new RegExp(`(${Object.keys(SIGNS).join('|')})`, 'u');

/** Text as it stands, its signs as marks that a screen reader still gets as text. */
export function withSigns(text: string): ReactNode {
  if (!SPLIT.test(text)) return text;
  return text
    .split(SPLIT)
    .map((part, key) => (SIGNS[part] ? h('span', { key, className: `sign ${SIGNS[part]}` }, part) : part));
}
