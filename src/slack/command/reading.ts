import { type ChannelReference, Misunderstood } from './command.ts';
import { isFiller } from './concepts.ts';
import type { KnownNames } from './names.ts';
import type { Token } from './tokens.ts';

/** Tokens and the text they stand in, for errors that offer the text with one word changed; and the names that may stand in it. */
export interface Reading {
  text: string;
  tokens: readonly Token[];
  names: KnownNames;
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

/** The text with one token replaced. */
export function changed({ text }: Reading, token: Token, replacement: string): string {
  return (text.slice(0, token.start) + replacement + text.slice(token.end)).trimEnd();
}

/** The reading without its first words. */
export function after(reading: Reading, count: number): Reading {
  return { ...reading, tokens: reading.tokens.slice(count) };
}

/** The text from a token on. */
export function restOf({ text, tokens }: Reading, at: number): string {
  return at < tokens.length ? text.slice(tokens[at]!.start, tokens.at(-1)!.end) : '';
}

export function wordAt({ tokens }: Reading, at: number): string {
  const token = tokens[at];
  return token && !token.quoted ? token.text.toLowerCase() : '';
}

/** One quoted name, or all the words that are left. */
export function nameOf(reading: Reading, at: number, verb: string): string {
  const token = reading.tokens[at];
  if (!token) throw new Misunderstood(`Which? Write ${verb} and the name of a view.`, ['views', 'help views']);
  return token.quoted ? token.text : restOf(reading, at);
}

export function channelAt(token: Token | undefined, ids: ReadonlyMap<string, string>): ChannelReference | undefined {
  if (!token || token.quoted || !/^#\S+/.test(token.text)) return undefined;
  const id = ids.get(token.text) ?? (/^#[CG][A-Z0-9]{6,}$/.test(token.text) ? token.text.slice(1) : undefined);
  return { name: token.text.slice(1), ...(id !== undefined && { id }) };
}

/** A name in quotation marks at the end, or all the text from a word on. */
export function unquoted(reading: Reading, at: number): string {
  const token = reading.tokens[at]!;
  return token.quoted && at === reading.tokens.length - 1 ? token.text : restOf(reading, at);
}

export function wordOf(token: Token): string {
  return token.text.toLowerCase();
}

/** The word without the punctuation of a sentence, in lower case; `''` for quoted text. */
export function bareWord(token: Token): string {
  return token.quoted ? '' : trimWord(token).toLowerCase().replace(/’/g, "'");
}

/** The text without the punctuation of a sentence. */
export function trimWord(token: Token): string {
  return token.quoted ? token.text : token.text.replace(/(?<=[^?!.,;])[?!.,;]+$/, '');
}

/** The name that these tokens are, without the punctuation of the sentence. */
export function nameAt({ tokens, text }: Reading, from: number, to: number): string {
  const [first, last] = [tokens[from]!, tokens[to - 1]!];
  if (to - from === 1) return trimWord(first);
  const trimmed = last.text.length - trimWord(last).length;
  return text.slice(first.start, last.end - trimmed);
}

/** Throws UnknownWords for words from a place on that say something. `also`: what may stand there. */
export function requireNoMore(reading: Reading, at: number, also?: RegExp): void {
  const unknown = reading.tokens.slice(at).filter((token) => {
    const word = bareWord(token);
    return !isFiller(word) && !also?.test(word);
  });
  if (unknown.length > 0) throw new UnknownWords(reading, unknown);
}
