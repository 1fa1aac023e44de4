import { MAX_RANGE_WORDS, type RangeReading, readRangeAt } from '../../domain/range-reading.ts';
import { Misunderstood } from './command.ts';
import { FILTER_KEYS, NAME_MARKERS, readConcept } from './vocabulary.ts';
import { bareWord, changed, type Reading, type Token } from './words.ts';

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

/** Words of one grant's name, at most. */
const MAX_NAME_WORDS = 40;

/**
 * Other quantities of grants, from after an `if`: `users=25`, `"Automation Developer" = 12, robots=3`.
 * Throws Misunderstood where none follow.
 */
export function readSuppose(reading: Reading, at: number): { quantities: [string, number][]; next: number } {
  const quantities: [string, number][] = [];
  let next = at;
  let more = true;
  while (more) {
    const pair = readQuantity(reading, next);
    if (!pair) {
      const before = reading.text.slice(0, reading.tokens[at - 1]!.start);
      throw new Misunderstood('After “if” I need a grant and its quantity, as in: if users=25.', [
        `${before}if users=25`,
      ]);
    }
    quantities.push(...pair.quantities);
    next = pair.next;
    more = pair.goesOn;
  }
  return { quantities, next };
}

/** The quantities up to the end of a word: a name, which may have several, `=`, and a number. */
function readQuantity(
  { text, tokens }: Reading,
  at: number,
): { quantities: [string, number][]; next: number; goesOn: boolean } | undefined {
  const quantities: [string, number][] = [];
  let names: Token['parts'] = [];
  let number: string | undefined;
  for (let i = at; i < tokens.length && i < at + MAX_NAME_WORDS; i++) {
    if (names.length > 0 && number === undefined) names = [...names, { kind: 'bare', text: ' ' }];
    for (const part of tokens[i]!.parts) {
      if (part.kind === 'separator' && part.text === '=' && number === undefined) number = '';
      else if (part.kind === 'separator' && part.text === ',' && number) {
        if (!addQuantity(quantities, names, number)) return undefined;
        names = [];
        number = undefined;
      } else if (number === undefined) names = [...names, part];
      else number += part.text;
    }
    if (number) {
      if (!addQuantity(quantities, names, number)) return undefined;
      // A comma at the end of the word says that another follows.
      return { quantities, next: i + 1, goesOn: text[tokens[i]!.end - 1] === ',' && i + 1 < tokens.length };
    }
  }
  return undefined;
}

function addQuantity(quantities: [string, number][], parts: Token['parts'], number: string): boolean {
  const words = parts.filter(({ kind, text }) => kind === 'quoted' || text !== ' ');
  const exact = words.length === 1 && words[0]!.kind === 'quoted';
  const name = exact
    ? words[0]!.text
    : parts
        .map(({ text }) => text)
        .join('')
        .trim();
  if (name === '' || !/^\d{1,12}(\.\d{1,3})?$/.test(number)) return false;
  quantities.push([name, Number(number)]);
  return true;
}
