import { MAX_RANGE_WORDS, type RangeReading, readRangeAt } from '../../domain/range-reading.ts';
import { canonicalRangeText } from '../../domain/ranges.ts';
import { Misunderstood } from './command.ts';
import { isFilter } from './filter-words.ts';
import { NAME_MARKERS, readConcept } from './vocabulary.ts';
import { bareWord, changed, type Reading, type Token } from './words.ts';

/** Reads the longest range that begins here. Throws Misunderstood if its words may mean several ranges. */
export function readRange(reading: Reading, at: number): { range: string; weak: boolean; next: number } | undefined {
  const { tokens } = reading;
  const from = Math.max(0, at - 1);
  const found = readRangeAt(tokens.slice(from, at + MAX_RANGE_WORDS).map(rangeWordOf), at - from);
  if (!found) return undefined;
  if (found.kind === 'range') return { range: found.range, weak: found.weak, next: at + found.used };
  throw openRange(reading, at, found);
}

/** Creates the error for words that may mean several ranges. It offers the text with each; `vs` stays before a second range. */
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

/** Words for all calls until now: `who has never called`, `since they started`. */
const OF_ALL_TIME = /\b(n?ever|since (we|it|they|he|she)( first)? (started|began|begun|launched|joined|appeared))\b/;

/**
 * Returns the range that the words of a sentence mean, if it reaches now: `since friday` includes today, and `who has never called`
 * without a range is about all calls. Undefined for others. `text`: the bare words of the sentence.
 */
export function reachNow(range: string | undefined, text: string): string | undefined {
  if (range === undefined || range === 'all-time') return OF_ALL_TIME.test(text) ? 'until-today' : undefined;
  const [, begin] = /^since-(.+)$/.exec(range) ?? [];
  return begin === undefined || begin === 'today' ? undefined : canonicalRangeText(`${begin}..today`);
}

/** Tells whether words mean a time ahead, such as `next month` or `for next month`, which is neither a range nor a name. */
export function isAhead({ tokens }: Reading, at: number): boolean {
  const words = tokens.slice(at, at + 5).map(bareWord);
  const begin = NAME_MARKERS.has(words[0] ?? '') ? 1 : 0;
  return readConcept(words.slice(begin))?.concepts[0] === 'ahead';
}

/** Returns a word as part of a range; '' for filters and quoted text, which cannot be one. */
export function rangeWordOf(token: Token): string {
  const hasQuotes = token.parts.some(({ kind }) => kind === 'quoted');
  return hasQuotes || isFilter(token) ? '' : token.text.replace(/^(today|yesterday)s$/i, '$1');
}

/** Pattern of a grant and its quantity: `users=25`, `"Automation Developer" = 12,`. A comma means that another follows. */
const QUANTITY = /^\s*(?:"((?:[^"\\]|\\.)*)"|([^="]+?))\s*=\s*(\d{1,12}(?:\.\d{1,3})?)(,\s*(?=\S)|(?=\s|,?$))/;

/**
 * Reads the quantities of grants after an `if`: `users=25`, `"Automation Developer" = 12, robots=3`. Throws Misunderstood if
 * there are none.
 */
export function readSuppose({ text, tokens }: Reading, at: number): { quantities: [string, number][]; next: number } {
  const quantities: [string, number][] = [];
  let end = tokens[at]?.start ?? text.length;
  for (let goesOn = true; goesOn; ) {
    const match = QUANTITY.exec(text.slice(end, end + MAX_QUANTITY));
    if (!match) {
      const before = text.slice(0, tokens[at - 1]!.start);
      throw new Misunderstood('After “if” I need a grant and its quantity, as in: if users=25.', [
        `${before}if users=25`,
      ]);
    }
    const [whole, quoted, bare, number, more = ''] = match;
    quantities.push([quoted?.replace(/\\(["\\])/g, '$1') ?? bare!, Number(number)]);
    end += whole.length;
    goesOn = more !== '';
  }
  const next = tokens.findIndex(({ start }) => start >= end);
  return { quantities, next: next < 0 ? tokens.length : next };
}

/** Longest text of a grant and its quantity. */
const MAX_QUANTITY = 500;
