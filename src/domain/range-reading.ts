import { readMonth, readWeekday } from './calendar.ts';
import { readRangeTexts } from './range/grammar.ts';
import { formatRangeWords, HYPHEN, type RangeWords, type Read, Unclear } from './range.ts';
import { isZoneName } from './time-zone.ts';

/** A range read from words, or the question to ask back if its words leave open which is meant. */
export type RangeReading =
  | {
      kind: 'range';
      /** Text for `resolveRange` and `Question.range`; reads back as the same range. */
      range: string;
      /** How many words belong to it. */
      used: number;
      /** True if its words also mean something else (`all`, `may`, `8`); the words around them decide. */
      weak: boolean;
    }
  | {
      kind: 'unclear';
      /** Says what is unclear, for the person who typed it. */
      message: string;
      /** Texts of the ranges that may be meant, likeliest first; at least one. */
      choices: readonly string[];
      used: number;
    };

/** A range has at most this many words. */
export const MAX_RANGE_WORDS = 12;
/** A longer word cannot belong to a range. */
const MAX_WORD_LENGTH = 60;

/**
 * Reads the longest range that begins at `words[at]`; undefined if none does. Words are separated by spaces and may be in any case;
 * quoted words are never part of a range, so pass `''` for them. The word before and the words after help to tell what is no range.
 */
export function readRangeAt(words: readonly string[], at = 0): RangeReading | undefined {
  // `every monday` is a schedule.
  if (/^(every|each)$/i.test(words[at - 1] ?? '')) return undefined;
  let end = at;
  while (end < words.length && end < at + MAX_RANGE_WORDS && mayBelong(words[end]!)) end++;
  const given = words.slice(at, end);
  const lexemes = toLexemes(given);
  for (let used = given.length; used > 0; used--) {
    const read = readRangeTexts(lexemes.filter(({ word }) => word < used).map(({ text }) => text));
    if (!read) continue;
    if (read instanceof Unclear) return askBack(read.message, read.meanings.map(formatRangeWords), used);
    // `all clients`: `all` followed by another word is no time.
    if (used < words.length - at && /^(of )?all$/i.test(given.slice(0, used).join(' '))) return undefined;
    const range = formatRangeWords(read);
    const rest = readRest(range, given, used, lexemes);
    if (rest) return rest;
    return { kind: 'range', range, used, weak: isWeak(given.slice(0, used).join(' ')) };
  }
  return undefined;
}

/** Reads a text that is a range as a whole; undefined if it is none. Never throws. */
export function readRangeText(text: string): Read<RangeWords> {
  const words = text.split(/\s+/).filter((word) => word !== '');
  if (words.length === 0 || words.length > MAX_RANGE_WORDS || !words.every(mayBelong)) return undefined;
  return readRangeTexts(toLexemes(words).map(({ text }) => text));
}

/** Asks back if a range continues in words that are not understood: its beginning alone would be another range. */
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
  const back = (count: number, message: string) => askBack(message, [range], used + count);
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

function askBack(message: string, choices: readonly string[], used: number): RangeReading {
  return { kind: 'unclear', message, choices: [...new Set(choices)], used };
}

function mayBelong(word: string): boolean {
  return word !== '' && word.length <= MAX_WORD_LENGTH;
}

function isWeak(text: string): boolean {
  return /^(may|march|mar|now|sun|sat|mon|all|ever|\d+)$/i.test(text);
}

/** A piece of a range's text in lower case, and the index of the word it comes from. */
interface Lexeme {
  text: string;
  word: number;
}

/** Prefixes of search boxes: `after:2026-11-05`, `on:monday`. */
const PREFIX = /^(after|before|since|until|till|from|on|during|in|between|to):(.+)$/;
const ISO_DATE = String.raw`\d{4}-\d{1,2}-\d{1,2}`;
const ISO_MOMENT = String.raw`\d{4}-\d{1,2}-\d{1,2}(?:t\d{1,2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:z|[+-]\d{2}:?\d{2})?)?`;

const RULES: readonly [RegExp, (match: RegExpExecArray) => readonly string[]][] = [
  [PREFIX, ([, prefix, rest]) => [prefix!, ...split(rest!)]],
  [/^(>=|<=|>|<)(.*)$/, ([, sign, rest]) => [sign!, ...split(rest!)]],
  [/^(last|this|past)(hour|day|week|weekend|month|quarter|year)$/, ([, which, unit]) => [which!, unit!]],
  [/^(.*?)(?:\.{2,3}|…|--)(.*)$/, ([, left, right]) => [...splitEnd(left!), '..', ...splitEnd(right!)]],
  // `2026-11-05/2026-11-08`, `2026-11-05-2026-11-08`, `20261105-20261108`.
  [new RegExp(`^(${ISO_MOMENT})[/-](${ISO_MOMENT})$`), ([, left, right]) => [...split(left!), '..', ...split(right!)]],
  [new RegExp(`^(${ISO_DATE})/(\\d{1,2}(?:-\\d{1,2})?)$`), ([, left, right]) => [left!, '..', ...split(right!)]],
  [/^(\d{1,2})-(\d{1,2})-(\d{4}|\d{2})$/, ([, ...parts]) => [parts.join('/')]],
  [/^(\d{1,2})-(\d{4})$/, ([, month, year]) => [`${year}-${month}`]],
  [/^(\d{8})-(\d{8})$/, ([, left, right]) => [...split(left!), '..', ...split(right!)]],
  [/^(\d{4})-(\d{4})$/, ([, left, right]) => [left!, 'to', right!]],
  [new RegExp(`^(${ISO_DATE})t(\\d{1,2}:\\d{2}(?::\\d{2})?)(?:\\.\\d+)?$`), ([, date, clock]) => [date!, clock!]],
  [new RegExp(`^${ISO_MOMENT}$`), ([moment]) => [moment!]],
  // `since-2026-11-20`, `fri-2026-11-20`.
  [/^([a-z]+)-(\d{4}-.+)$/, ([, word, rest]) => [word!, ...split(rest!)]],
  [/^(\d{4})[/.](\d{1,2})[/.](\d{1,2})$/, ([, year, month, day]) => [`${year}-${month}-${day}`]],
  [/^((?:19|20)\d\d)(\d\d)(\d\d)$/, ([, year, month, day]) => [`${year}-${month}-${day}`]],
  [/^(\d{4})[-/](\d{1,2})$/, ([, year, month]) => [`${year}-${month}`]],
  [/^(\d{1,2})\/(\d{4})$/, ([, month, year]) => [`${year}-${month}`]],
  [/^(\d{4})-?([qhw]\d{1,2})$/, ([, year, part]) => [year!, part!]],
  [/^([qh]\d)-(\d{4})$/, ([, part, year]) => [part!, year!]],
  // `27/Nov/2026`, also followed by the time of an access log.
  [/^(\d{1,2})\/([a-z]{3,9})\/(\d{4})(?::(\d{2}:\d{2}:\d{2}))?$/, ([, ...parts]) => parts.filter(Boolean)],
  // `8.-18.11.2026`, `5/11-8/11`.
  [/^([\d./]+)-([\d./]*[./][\d./]*)$/, ([, left, right]) => [left!, HYPHEN, right!]],
  [/^(\d{1,2}|\d{1,2}\.)-(\d{1,2}(?:st|nd|rd|th)?)$/, ([, left, right]) => [left!, HYPHEN, right!]],
  // `14:00-15:00`, `9am-5pm`, `2-4pm`, `9h-17h`.
  [
    /^(\d{1,2}(?:[:.]\d{2}){0,2}(?:[ap]m?|h)?)-(\d{1,2}(?:[:.]\d{2}){0,2}(?:[ap]m?|h)?)$/,
    ([, left, right]) => [left!, HYPHEN, right!],
  ],
  [/^(\d{1,2}(?:st|nd|rd|th))-(\d{1,2}(?:st|nd|rd|th)?)$/, ([, left, right]) => [left!, HYPHEN, right!]],
  [/^(\d{1,2})([a-z]{3,9})(\d{4})?$/, ([word, day, month, year]) => splitMonth(word, day!, month!, year)],
  [/^([a-z]{3,9})(\d{1,2})$/, ([word, month, day]) => splitMonth(word, day!, month!, undefined)],
  [/^(.+?)-(.+)$/, ([, left, right]) => splitHyphen(left!, right!)],
];

/** Cuts the words of a range into pieces, in order. */
function toLexemes(words: readonly string[]): Lexeme[] {
  return words.flatMap((word, index) => split(clean(word)).map((text) => ({ text, word: index })));
}

function clean(word: string): string {
  // `3M` can be minutes or months.
  return (/^\d{1,3}M$/.test(word) ? word : word.toLowerCase())
    .replace(/[‐-―−]/g, '-')
    .replace(/['’]s$/, '')
    .replace(/^\(+|[)?!,;]+$/g, '')
    .replace(/['’]s$/, '')
    .replace(/([a-z]{2})\.$/, '$1')
    .replace(/^([ap])\.m\.?$/, '$1m')
    .replace(/^(\d[\d:]*)([ap])\.m\.?$/, '$1$2m')
    .replaceAll('_', '-');
}

function split(word: string): readonly string[] {
  if (word === '') return [];
  if (word === '-') return ['to'];
  if (word === '&') return ['and'];
  if (word === '@') return ['at'];
  for (const [pattern, parts] of RULES) {
    const match = pattern.exec(word);
    if (match) return parts(match);
  }
  return [word];
}

/** Cuts one side of `..`; `*` leaves it open. */
function splitEnd(side: string): readonly string[] {
  return side === '*' ? [] : split(side);
}

function splitMonth(word: string, day: string, month: string, year: string | undefined): readonly string[] {
  if (readMonth(month) === undefined) return [word];
  return [day, month, ...(year === undefined ? [] : [year])];
}

/** Decides what a hyphen means: it joins words of one range (`last-week`) or stands for `to` (`mon-fri`, `q1-q2`). */
function splitHyphen(left: string, right: string): readonly string[] {
  const [before, after] = [split(left), split(right)];
  const [last, next] = [before.at(-1) ?? '', after[0] ?? ''];
  const isQuarter = (word: string) => /^q[1-4]$/.test(word) || undefined;
  const areAlike = [readMonth, readWeekday, isQuarter].some(
    (read) => read(last) !== undefined && read(next) !== undefined,
  );
  const isDate = (word: string) => new RegExp(`^${ISO_DATE}$`).test(word);
  const joins =
    areAlike || (isDate(last) && /^\d/.test(next)) || (/^\d{1,2}:\d{2}$/.test(last) && /^(\d{1,2}:|[a-z])/.test(next));
  return joins ? [...before, HYPHEN, ...after] : [...before, ...after];
}
