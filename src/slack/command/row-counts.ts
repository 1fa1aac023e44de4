import { STATUS_CODES } from 'node:http';
import { MAX_EVENT_ROWS, MAX_RANKING_ROWS, type Question } from '../../domain/report.ts';
import { Misunderstood } from './command.ts';
import { bareWord, changed, type Reading } from './words.ts';

/** How many rows a number asks for. Throws Misunderstood for more than an answer has. */
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
 * Tells whether a number behind what is ranked is the code of failures, as in `top clients 429`: nobody wants so many rows. Throws
 * Misunderstood for 400 and 500, which may be either.
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
