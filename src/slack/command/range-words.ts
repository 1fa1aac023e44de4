import { MAX_RANGE_WORDS, type RangeReading, readRangeAt } from '../../domain/range-reading.ts';
import { Misunderstood } from './command.ts';
import { readConcept } from './concepts.ts';
import { bareWord, changed, type Reading } from './reading.ts';
import type { Token } from './tokens.ts';
import { FILTER_KEYS, NAME_MARKERS } from './vocabulary.ts';

/** The longest range that begins here. Throws Misunderstood where its words leave open which is meant. */
export function readRange(reading: Reading, at: number): { range: string; weak: boolean; next: number } | undefined {
  const { tokens } = reading;
  const from = Math.max(0, at - 1);
  const found = readRangeAt(tokens.slice(from, at + MAX_RANGE_WORDS).map(rangeWordOf), at - from);
  if (!found) return undefined;
  if (found.kind === 'range') return { range: found.range, weak: found.weak, next: at + found.used };
  throw openRange(reading, at, found);
}

/** Words that leave open which range is meant, with the text for each. `vs` stays before a second one. */
export function openRange(
  reading: Reading,
  at: number,
  { message, choices, used }: Extract<RangeReading, { kind: 'unclear' }>,
): Misunderstood {
  const { text, tokens } = reading;
  const [first, last] = [tokens[at]!, tokens[at + used - 1]!];
  const opener = /^(vs\.?|versus|against|compared|relative)$/.test(bareWord(first)) ? 'vs ' : '';
  const run = { ...first, text: text.slice(first.start, last.end), end: last.end };
  return new Misunderstood(
    message,
    choices.map((choice) => changed(reading, run, opener + choice)),
  );
}

/** `next month`, `for next month`: no range of what was used, and no name. */
export function isAhead({ tokens }: Reading, at: number): boolean {
  const words = tokens.slice(at, at + 5).map(bareWord);
  const begin = NAME_MARKERS.has(words[0] ?? '') ? 1 : 0;
  return readConcept(words.slice(begin))?.concept === 'ahead';
}

/** A word as it may stand in a range: no filter, nothing quoted. */
export function rangeWordOf(token: Token): string {
  const hasQuotes = token.parts.some(({ kind }) => kind === 'quoted');
  return hasQuotes || isFilter(token) ? '' : token.text;
}

/** Tells whether a word is a filter: `client:Acme`. */
export function isFilter(token: Token): boolean {
  const [key, separator] = token.parts;
  return separator?.kind === 'separator' && separator.text !== ',' && FILTER_KEYS.has(key!.text.toLowerCase());
}
