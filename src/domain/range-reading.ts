import { readRangeTexts } from './range/grammar.ts';
import { HYPHEN, type Lexeme, toLexemes } from './range/lexemes.ts';
import { formatRangeWords, isUnclear, type RangeWords, type Unclear, unclear } from './range/words.ts';
import { isZoneName } from './time-zone.ts';

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
const MAX_WORD_LENGTH = 60;

/**
 * Returns the longest range that begins at `words[at]`, undefined where none does. Words are what stands between spaces,
 * in any case; what was quoted is never part of a range, so pass `''` for it. The word before and the words behind help to
 * tell what is none.
 */
export function readRangeAt(words: readonly string[], at = 0): RangeReading | undefined {
  // `every monday` is a schedule.
  if (/^(every|each)$/i.test(words[at - 1] ?? '')) return undefined;
  let end = at;
  while (end < words.length && end < at + MAX_RANGE_WORDS && mayBelong(words[end]!)) end++;
  const given = words.slice(at, end);
  const lexemes = toLexemes(given);
  for (let used = given.length; used > 0; used--) {
    const read = readWords(given.slice(0, used), lexemes);
    if (!read) continue;
    if (isUnclear(read)) return { ...read, used };
    // `all clients`: a word with a word behind it is no time.
    if (used === 1 && used < words.length - at && /^all$/i.test(given[0]!)) return undefined;
    const range = formatRangeWords(read);
    const rest = readRest(range, given, used, lexemes);
    if (rest) return rest;
    return { kind: 'range', range, used, weak: isWeak(given.slice(0, used).join(' ')) };
  }
  return undefined;
}

/** Returns what a text means that is a range as a whole; undefined where it is none. Never throws. */
export function readRangeText(text: string): RangeWords | Unclear | undefined {
  const words = text.split(/\s+/).filter((word) => word !== '');
  if (words.length === 0 || words.length > MAX_RANGE_WORDS || !words.every(mayBelong)) return undefined;
  return readWords(words, toLexemes(words));
}

function readWords(words: readonly string[], lexemes: readonly Lexeme[]): RangeWords | Unclear | undefined {
  const months = words.length === 1 && /^(\d{1,3})M$/.exec(words[0]!);
  if (months) return unclear(`“${words[0]}” can be minutes or months.`, [`${months[1]}m`, `${months[1]}-months`]);
  return readRangeTexts(lexemes.filter(({ word }) => word < words.length).map(({ text }) => text));
}

/** A range that goes on in words which are not understood is asked back: its beginning alone would be another range. */
function readRest(
  range: string,
  words: readonly string[],
  used: number,
  lexemes: readonly Lexeme[],
): RangeReading | undefined {
  const rest = lexemes.filter(({ word }) => word >= used);
  const [first, second] = rest;
  if (!first) return undefined;
  const shown = (count: number) => words.slice(used, used + count).join(' ');
  const back = (count: number, message: string) => ({ ...unclear(message, [range]), used: used + count });
  if (/\d:\d\d/.test(range) && isZoneName(words[used]!)) {
    return back(1, `Times are those of the report time zone: I can't read “${shown(1)}” beside them.`);
  }
  const goesOn = /^(to|\.\.|until|till|through|thru)$/.test(first.text) || first.text === HYPHEN;
  if (goesOn && second && /\d/.test(second.text)) {
    const count = second.word - used + 1;
    return back(
      count,
      `I read “${words.slice(0, used).join(' ')}”, but not “${shown(count)}” as the end of the range.`,
    );
  }
  if (/^\d{1,2}:\d{2}/.test(first.text) || /^\d{4}-\d{1,2}-\d{1,2}/.test(first.text)) {
    return back(1, `I read “${words.slice(0, used).join(' ')}”, but not “${shown(1)}” as part of the range.`);
  }
  return undefined;
}

function mayBelong(word: string): boolean {
  return word !== '' && word.length <= MAX_WORD_LENGTH;
}

function isWeak(text: string): boolean {
  return /^(may|march|mar|now|sun|sat|mon|all|ever|\d+)$/i.test(text);
}
