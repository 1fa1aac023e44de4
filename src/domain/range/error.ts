import { HeadroomError } from '../../errors.ts';
import { listNearest } from '../nearest.ts';
import { MONTH_NAMES } from '../time-names.ts';
import { RANGE_WORDS } from './words.ts';

/** A text that is no range, or one that cannot be; `suggestions` are texts of ranges that can. */
export class InvalidRangeError extends HeadroomError {
  override readonly name = 'InvalidRangeError';
  readonly suggestions: readonly string[];

  constructor(message: string, suggestions: readonly string[]) {
    super('range', message);
    this.suggestions = suggestions;
  }
}

/** The ranges that menus offer, with their words for people. */
export const RANGE_CHOICES: readonly { text: string; label: string }[] = [
  { text: '1h', label: 'Last hour' },
  { text: 'today', label: 'Today so far' },
  { text: '24h', label: 'Last 24 hours' },
  { text: 'yesterday', label: 'Yesterday' },
  { text: '7d', label: 'Previous 7 days' },
  { text: '30d', label: 'Previous 30 days' },
  { text: '90d', label: 'Previous 90 days' },
  { text: 'this-month', label: 'This month to yesterday' },
  { text: 'last-month', label: 'Last month' },
  { text: '3-months', label: 'Previous 3 months' },
  { text: '12-months', label: 'Previous 12 months' },
];

/** Ranges that a text was probably meant to be, nearest first; empty where it resembles none. */
export function suggestRanges(text: string): string[] {
  const typed = text.trim().toLowerCase();
  const synonyms: Record<string, string[]> = {
    week: ['7d', 'last-week', 'this-week'],
    month: ['30d', 'last-month', 'this-month'],
    year: ['12-months', 'last-year', 'this-year'],
    quarter: ['3-months', 'last-quarter'],
    day: ['yesterday', 'today'],
    hour: ['1h', '24h', 'today'],
    minute: ['15m', '1h'],
  };
  if (Object.hasOwn(synonyms, typed)) return synonyms[typed]!;
  const known = [...RANGE_CHOICES.map((choice) => choice.text), ...RANGE_WORDS, ...MONTH_NAMES];
  return listNearest(typed.replace(/[\s_]+/g, '-'), known);
}

export function unknownRange(asked: string): InvalidRangeError {
  const shown = asked.length > 60 ? `${asked.slice(0, 60)}…` : asked;
  const suggestions = suggestRanges(asked);
  return new InvalidRangeError(
    `“${shown}” is not a range. Ranges are words such as today, 3h, 7d or last-month, or dates such as 2026-11-01..2026-11-20.`,
    suggestions.length > 0 ? suggestions : ['today', 'yesterday', '7d', '30d', 'last-month'],
  );
}
