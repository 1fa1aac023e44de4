import { STATUS_CODES } from 'node:http';
import { readNumber } from '../../domain/calendar.ts';
import type { Bound, Filter } from '../../domain/filter.ts';
import { MAX_EVENT_ROWS, MAX_RANKING_ROWS, type Question } from '../../domain/report.ts';
import { Misunderstood } from './command.ts';
import { formatQuestion } from './format-question.ts';
import { bareWord, changed, type Reading, type Token } from './words.ts';

const THAN = '(?:than|then|of|that)';
const OVER = `(?:more|greater|higher|bigger|larger|slower|longer|worse) ${THAN}|over|above|exceed(?:s|ed|ing)?|>`;
const UNDER = `(?:less|fewer|lower|smaller|faster|quicker|shorter) ${THAN}|under|below|<`;
const SIGNS: readonly (readonly [RegExp, Bound['sign']])[] = [
  [new RegExp(`^(?:at least|not? (?:${UNDER})|min(?:imum)?|>=)(?= |$)`), 'at-least'],
  [new RegExp(`^(?:at most|up to|not? (?:${OVER})|max(?:imum)?|<=)(?= |$)`), 'at-most'],
  [new RegExp(`^(?:${OVER})(?= |$)`), 'over'],
  [new RegExp(`^(?:${UNDER})(?= |$)`), 'under'],
];
/** Words after a number that make it a span of time, a rate or a share of a limit: not a bound. */
const NO_COUNT =
  /^(?:(?:calls|requests|times|hits) )?((minute|hour|day|week|month|quarter|year|min|hr)s?|(per|a|an|each|every)( (second|minute|hour|day|week|month|year)\b.*)?|of (the|our|their|its) (limit|quota|budget|allowance|pool|plan|credits).*)$/;

/** `5,000 requests a day`: a bound on each step. */
const EACH_STEP =
  /^(?:(?:calls|requests|hits) )?(?:per|an?|each|every) (?:hour|day|week|month)\b(?!.* of (?:the|our|their|its) )/;

/** Units after the number of a bound, with their column and factor. */
const UNITS: readonly (readonly [RegExp, Bound['column'], number])[] = [
  [/^(%|percent) (failed|failing|failures|errors)/, 'failed_percent', 1],
  [/^(%|percent) (ok|success)/, 'ok_percent', 1],
  [/^(%|percent)/, 'share_percent', 1],
  [/^(ms|milliseconds?)/, 'p95', 1],
  [/^(s|secs?|seconds?)/, 'p95', 1000],
  [/^credits?/, 'credits', 1],
];

/** Reads a bound: `over 100`, `fewer than 1,000 calls`, `more than 5% failed`, `at least 500ms`, `10 or more`. */
export function readBound(tokens: readonly Token[], at: number): { bound: Bound; next: number } | undefined {
  if (tokens[at]!.quoted) return undefined;
  // `>=100` is one word, so its sign is split off.
  const words = tokens.slice(at, at + 9).map((token) => (token.quoted ? '' : bareWord(token) || token.text));
  const text = words.join(' ').replace(/^([<>]=?)(?=\d)/, '$1 ');
  const glued = text === words.join(' ') ? 0 : 1;
  const [pattern, sign] = SIGNS.find(([each]) => each.test(text)) ?? [];
  if (!pattern || !sign) return readBehind(words, at);
  const said = pattern.exec(text)![0];
  const read = readAmount(text.slice(said.length).trim().split(' '));
  return read && { bound: { sign, ...read.amount }, next: at + said.split(' ').length + read.used - glued };
}

const BEHIND =
  /^(\d[\d,]*(?:\.\d+)?k?(?:%|ms|s)?)((?: (?!or )[a-z%]+){0,3}) or (more|over|above|higher|slower|longer|worse|less|fewer|under|below|lower|faster|shorter)\b/;

/** Reads a bound whose sign follows the number: `10 or more`, `5 or fewer`, `7.5% errors or more`, `100+`. */
function readBehind(words: readonly string[], at: number): { bound: Bound; next: number } | undefined {
  const [said = '', number, own = '', more = ''] = BEHIND.exec(words.join(' ')) ?? [];
  const unit = own.split(' ').filter((word) => word !== '');
  const plus = /^(\d[\d,]*k?)\+$/.exec(words[0]!)?.[1];
  const read = readAmount([number ?? plus ?? '', ...unit, ...(unit.length > 0 ? [] : words.slice(plus ? 1 : 3))]);
  // `10 errors or more` is of errors, which another reader has to see.
  if (!read || (unit.length >= read.used && !/^ (calls|requests|hits)$/.test(own))) return undefined;
  const sign = plus || /^(more|over|above|higher|slower|longer|worse)$/.test(more) ? 'at-least' : 'at-most';
  const used = unit.length > 0 ? said.split(' ').length : read.used + (plus ? 0 : 2);
  return { bound: { sign, ...read.amount }, next: at + used };
}

function readAmount(words: readonly string[]): { amount: Omit<Bound, 'sign'>; used: number } | undefined {
  const [number = '', ...behind] = words;
  const [, digits, scale, own = ''] = /^(\d[\d,]*(?:\.\d+)?)(k?)(%|ms|s)?$/.exec(number) ?? [];
  const named = digits === undefined ? readNumber(number) : undefined;
  if (digits === undefined && named === undefined) return undefined;
  const rest = [own, ...behind].join(' ').trim();
  const unit = UNITS.find(([pattern]) => new RegExp(`${pattern.source}(?= |$)`).test(rest));
  if (!unit && !EACH_STEP.test(rest) && (NO_COUNT.test(behind.slice(0, 4).join(' ')) || NO_COUNT.test(behind[0] ?? '')))
    return undefined;
  if (unit && / of (the|our|their|its) (limit|quota|budget|allowance|pool|plan)/.test(rest)) return undefined;
  const value = (named ?? Number(digits!.replaceAll(',', ''))) * (scale ? 1000 : 1) * (unit?.[2] ?? 1);
  const said = unit ? unit[0].exec(rest)![0].split(' ').length - (own ? 1 : 0) : 0;
  return { amount: { value, column: unit?.[1] ?? 'requests' }, used: 1 + said };
}

/** Throws Misunderstood if rows cannot be compared with the question's bound. `own`: the words of the bound. */
export function refuseBound(
  { tokens }: Reading,
  { bound, ...rest }: Question,
  own: readonly Token[] | undefined,
  filters: readonly Filter[],
): void {
  if (!bound || !own) return;
  // `status:429` filters the calls. A code in words may mean what the number is a share of.
  const isKeyed = tokens.some(({ parts: [key, ...more] }) => more.length > 0 && key?.text.toLowerCase() === 'status');
  const code = isKeyed ? undefined : filters.find(({ key, not }) => key === 'status' && !not);
  const behind = tokens[tokens.indexOf(own.at(-1)!) + 1];
  const isShare = bound.column === 'share_percent' && behind !== undefined && bareWord(behind) === 'of';
  if (code && bound.column.endsWith('_percent') && !isShare) {
    const others = filters.filter((filter) => filter !== code);
    throw new Misunderstood(
      `I can't compare each one's share of ${code.patterns.join(' or ')} with a number, only error rates.`,
      [
        { ...rest, filters },
        { ...rest, bound: { ...bound, column: 'failed_percent' as const }, filters: others },
      ].map(formatQuestion),
    );
  }
  if (bound.column === 'p95' && tokens.some((token) => /^(p50|p90|p99|median)$/.test(bareWord(token)))) {
    const { sort: _sort, ...plain } = rest;
    throw new Misunderstood('I compare only p95 with a number. The table has p50 and p99.', [
      formatQuestion({ ...plain, bound, filters }),
      formatQuestion({ ...rest, filters }),
    ]);
  }
}

const NUMBER = String.raw`\d[\d,]*(?:\.\d+)?k?`;
const OF_CALLS = '(?= (?:calls|requests|hits|errors|failures|credits)\\b)';
const OF_PERCENT = '(?=%| percent\\b)';
const BETWEEN = new RegExp(
  `(?:\\b(?:with|between|from|of) )*\\b(${NUMBER})%?(?: (?:and|to|or) |[-–])(${NUMBER})(?:${OF_CALLS}|${OF_PERCENT})`,
  'i',
);
/** `with 100 calls or more` is no exact number, and `with 0 calls` asks for what made none. */
const NO_MORE = /(?! \w+ or (?:more|less|fewer)\b)/.source;
const EXACT = new RegExp(`\\bwith (?:exactly |just |only )?(?![45]\\d\\d |0 )(${NUMBER})${OF_CALLS}${NO_MORE}`, 'i');

/** Throws Misunderstood for two numbers or an exact one (`between 2000 and 5000 requests`, `with 100 calls`): a bound has one end. */
export function refuseNumbers(text: string): void {
  const [said, least, most = least] = BETWEEN.exec(text) ?? EXACT.exec(text) ?? [];
  if (said === undefined) return;
  throw new Misunderstood('I compare with one number, as the least or the most: which do you mean?', [
    text.replace(said, `at least ${least}`),
    text.replace(said, `at most ${most}`),
  ]);
}

/** Reads a number of rows. Throws Misunderstood for more than an answer may have. */
export function readRows(reading: Reading, at: number, { report }: Question): number {
  return report === 'events'
    ? readCount(reading, at, 1, MAX_EVENT_ROWS, 'an answer of single calls')
    : readCount(reading, at, 1, MAX_RANKING_ROWS);
}

export function readCount(reading: Reading, at: number, min: number, max: number, what = 'a ranking'): number {
  const token = reading.tokens[at]!;
  const value = Number(bareWord(token));
  if (value >= min && value <= max) return value;
  throw new Misunderstood(
    `${value} rows are ${value < min ? 'too few' : 'too many'}: ${what} has 1 to ${max.toLocaleString('en')}.`,
    [changed(reading, token, String(value < min ? min : max)), changed(reading, token, '10')],
  );
}

/**
 * Tells whether the number after a dimension is an error code, as in `top clients 429`: nobody wants that many rows. Throws
 * Misunderstood for 400 and 500, which may mean either.
 */
export function isErrorCode(reading: Reading, at: number): boolean {
  const token = reading.tokens[at]!;
  const word = bareWord(token);
  if (!/^[45]\d\d$/.test(word) || !(word in STATUS_CODES)) return false;
  if (!word.endsWith('00')) return true;
  throw new Misunderstood(
    `${word} rows, or calls that ended in ${word}?`,
    ['status:', 'first '].map((lead) => changed(reading, token, lead + word)),
  );
}
