import type { Bound } from '../../domain/bound.ts';
import { readNumber } from '../../domain/calendar.ts';
import { bareWord, type Token } from './words.ts';

const THAN = '(?:than|then|of|that)';
const OVER = `(?:more|greater|higher|bigger|larger|slower|longer|worse) ${THAN}|over|above|exceed(?:s|ed|ing)?|>`;
const UNDER = `(?:less|fewer|lower|smaller|faster|quicker|shorter) ${THAN}|under|below|<`;
const SIGNS: readonly (readonly [RegExp, Bound['sign']])[] = [
  [new RegExp(`^(?:at least|not? (?:${UNDER})|min(?:imum)?|>=)(?= |$)`), 'at-least'],
  [new RegExp(`^(?:at most|up to|not? (?:${OVER})|max(?:imum)?|<=)(?= |$)`), 'at-most'],
  [new RegExp(`^(?:${OVER})(?= |$)`), 'over'],
  [new RegExp(`^(?:${UNDER})(?= |$)`), 'under'],
];
/** Behind a number these say that it is a span of time, or a rate. */
const NO_COUNT =
  /^(?:(?:calls|requests|times|hits) )?((minute|hour|day|week|month|quarter|year|min|hr)s?|(per|a|an|each|every)( (second|minute|hour|day|week|month|year)\b.*)?|of (the|our|their|its) (limit|quota|budget|allowance|pool|plan|credits).*)$/;

/** The last words of a bound: what it is a number of. */
const UNITS: readonly (readonly [RegExp, Bound['column'], number])[] = [
  [/^(%|percent) (failed|failing|failures|errors)/, 'failed_percent', 1],
  [/^(%|percent) (ok|success)/, 'ok_percent', 1],
  [/^(%|percent)/, 'share_percent', 1],
  [/^(ms|milliseconds?)/, 'p95', 1],
  [/^(s|secs?|seconds?)/, 'p95', 1000],
  [/^credits?/, 'credits', 1],
];

/** `over 100`, `fewer than 1,000 calls`, `more than 5% failed`, `at least 500ms`, `10 or more`; undefined where none begins. */
export function readBound(tokens: readonly Token[], at: number): { bound: Bound; next: number } | undefined {
  if (tokens[at]!.quoted) return undefined;
  // `>=100` and `100+` are one word.
  const words = tokens.slice(at, at + 9).map((token) => (token.quoted ? '' : bareWord(token) || token.text));
  const text = words.join(' ').replace(/^([<>]=?)(?=\d)/, '$1 ');
  const glued = text === words.join(' ') ? 0 : 1;
  const [pattern, sign] = SIGNS.find(([each]) => each.test(text)) ?? [];
  if (!pattern || !sign) return readBehind(words, at);
  const said = pattern.exec(text)![0];
  const read = readAmount(text.slice(said.length).trim().split(' '));
  return read && { bound: { sign, ...read.amount }, next: at + said.split(' ').length + read.used - glued };
}

/** `10 or more`, `5 or fewer`, `100+`. */
function readBehind(words: readonly string[], at: number): { bound: Bound; next: number } | undefined {
  const [, number, more] = /^(\d[\d,]*k?) or (more|less|fewer)\b/.exec(words.join(' ')) ?? [];
  const plus = /^(\d[\d,]*k?)\+$/.exec(words[0]!)?.[1];
  const read = readAmount([number ?? plus ?? '', ...words.slice(plus ? 1 : 3)]);
  if (!read) return undefined;
  const sign = plus || more === 'more' ? 'at-least' : 'at-most';
  return { bound: { sign, ...read.amount }, next: at + read.used + (plus ? 0 : 2) };
}

function readAmount(words: readonly string[]): { amount: Omit<Bound, 'sign'>; used: number } | undefined {
  const [number = '', ...behind] = words;
  const [, digits, scale, own = ''] = /^(\d[\d,]*(?:\.\d+)?)(k?)(%|ms|s)?$/.exec(number) ?? [];
  const named = digits === undefined ? readNumber(number) : undefined;
  if (digits === undefined && named === undefined) return undefined;
  const rest = [own, ...behind].join(' ').trim();
  const unit = UNITS.find(([pattern]) => new RegExp(`${pattern.source}(?= |$)`).test(rest));
  if (!unit && (NO_COUNT.test(behind.slice(0, 4).join(' ')) || NO_COUNT.test(behind[0] ?? ''))) return undefined;
  if (unit && / of (the|our|their|its) (limit|quota|budget|allowance|pool|plan)/.test(rest)) return undefined;
  const value = (named ?? Number(digits!.replaceAll(',', ''))) * (scale ? 1000 : 1) * (unit?.[2] ?? 1);
  const said = unit ? unit[0].exec(rest)![0].split(' ').length - (own ? 1 : 0) : 0;
  return { amount: { value, column: unit?.[1] ?? 'requests' }, used: 1 + said };
}

/** As commands have it: `over 100`, `at least 5% failed`, `under 500ms`. */
export function formatBound({ sign, value, column }: Bound): string {
  const unit = {
    requests: '',
    credits: ' credits',
    share_percent: '%',
    failed_percent: '% failed',
    ok_percent: '% ok',
    p95: 'ms',
  };
  return `${sign.replace('-', ' ')} ${value}${unit[column]}`;
}
