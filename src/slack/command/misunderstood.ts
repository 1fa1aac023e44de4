import type { Reading } from './reading.ts';
import type { Token } from './tokens.ts';

/**
 * Thrown while a command is read; `parseCommand` turns it into a QuestionError. `candidates` are commands that may have
 * been meant: those that cannot be read themselves are dropped there.
 */
export class Misunderstood extends Error {
  override readonly name = 'Misunderstood';
  readonly candidates: readonly string[];

  constructor(message: string, candidates: readonly string[] = []) {
    super(message);
    this.candidates = candidates;
  }
}

/**
 * Thrown where words of a text were not used: they mean nothing (`unused` false), or nothing here. `offers`: commands that
 * come near without them. What is told to the person is made of it in unknown-words.ts.
 */
export class UnknownWords extends Misunderstood {
  readonly reading: Reading;
  readonly tokens: readonly Token[];
  readonly unused: boolean;

  constructor(
    reading: Reading,
    tokens: readonly Token[],
    why: 'unknown' | 'unused' = 'unknown',
    offers: string[] = [],
  ) {
    super(`Words that were not used: ${tokens.map(({ text }) => text).join(' ')}`, offers);
    this.reading = reading;
    this.tokens = tokens;
    this.unused = why === 'unused';
  }
}

/** A word as it stands in a message: quoted, and short. */
export function quoteShort(text: string): string {
  return `“${text.length > 40 ? `${text.slice(0, 40)}…` : text}”`;
}
