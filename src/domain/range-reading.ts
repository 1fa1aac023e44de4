import { formatRangeWords, readRangeWords } from './range-words.ts';

/** The range that begins at a word of a text, or the question to ask back where its words leave open which is meant. */
export type RangeReading =
  | {
      kind: 'range';
      /** Text for `resolveRange` and `Question.range`; reads back as the same range. */
      range: string;
      /** Words that belong to it, counted from where it begins. */
      used: number;
      /** Its words also mean something else (`all`, `may`, `8`): their neighbours decide. */
      weak: boolean;
    }
  | {
      kind: 'unclear';
      /** Says what is open, for the person who typed it. */
      message: string;
      /** Texts of the ranges that may be meant, likeliest first; at least one. */
      choices: readonly string[];
      used: number;
    };

/** Words of one range, at most. */
export const MAX_RANGE_WORDS = 12;
/** A range is made of short words. */
const MAX_WORD_LENGTH = 40;

/**
 * Returns the longest range that begins at `words[at]`, undefined where none does. Words are what stands between spaces,
 * in any case; what was quoted is never part of a range, so pass `''` for it.
 */
export function readRangeAt(words: readonly string[], at = 0): RangeReading | undefined {
  let end = at;
  while (end < words.length && end < at + MAX_RANGE_WORDS && mayBelong(words[end]!)) end++;
  for (; end > at; end--) {
    const text = words.slice(at, end).join(' ');
    const read = readRangeWords(text);
    if (read) return { kind: 'range', range: formatRangeWords(read), used: end - at, weak: isWeak(text) };
  }
  return undefined;
}

function mayBelong(word: string): boolean {
  return word !== '' && word.length <= MAX_WORD_LENGTH;
}

function isWeak(text: string): boolean {
  return /^(may|march|mar|now|sun|sat|all|\d+)$/i.test(text);
}
