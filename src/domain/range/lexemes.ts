import { readMonth, readWeekday } from '../calendar.ts';

/** A piece of a range's text in lower case, and which word of the text it is part of. */
export interface Lexeme {
  text: string;
  word: number;
}

/** A hyphen inside a word, as in `8-18` or `mon-fri`; one between spaces is `to`. */
export const HYPHEN = '~';

/** Prefixes of search boxes: `after:2026-11-05`, `on:monday`. */
const PREFIX = /^(after|before|since|until|till|from|on|during|in|between|to):(.+)$/;
const ISO_DATE = String.raw`\d{4}-\d{1,2}-\d{1,2}`;
const ISO_MOMENT = String.raw`\d{4}-\d{1,2}-\d{1,2}(?:t\d{1,2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:z|[+-]\d{2}:?\d{2})?)?`;

const RULES: readonly [RegExp, (match: RegExpExecArray) => readonly string[]][] = [
  [PREFIX, ([, prefix, rest]) => [prefix!, ...split(rest!)]],
  [/^(>=|<=|>|<)(.*)$/, ([, sign, rest]) => [sign!, ...split(rest!)]],
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
  // `27/Nov/2026`, also with the time of an access log behind it.
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

/** The pieces of a range's words, in order. */
export function toLexemes(words: readonly string[]): Lexeme[] {
  return words.flatMap((word, index) => split(clean(word)).map((text) => ({ text, word: index })));
}

function clean(word: string): string {
  return word
    .toLowerCase()
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

/** One side of `..`; `*` leaves it open. */
function splitEnd(side: string): readonly string[] {
  return side === '*' ? [] : split(side);
}

function splitMonth(word: string, day: string, month: string, year: string | undefined): readonly string[] {
  if (readMonth(month) === undefined) return [word];
  return [day, month, ...(year === undefined ? [] : [year])];
}

/** Hyphens join the words of one range (`last-week`) or stand for `to` (`mon-fri`, `q1-q2`). */
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
