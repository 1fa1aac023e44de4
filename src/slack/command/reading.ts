import type { ChannelReference } from './command.ts';
import { Misunderstood } from './misunderstood.ts';
import type { Token } from './tokens.ts';

/** Tokens and the text they stand in, for errors that offer the text with one word changed. */
export interface Reading {
  text: string;
  tokens: readonly Token[];
}

/** The text with one token replaced. */
export function changed({ text }: Reading, token: Token, replacement: string): string {
  return (text.slice(0, token.start) + replacement + text.slice(token.end)).replace(/\s+$/, '');
}

/** The reading without its first words. */
export function after({ text, tokens }: Reading, count: number): Reading {
  return { text, tokens: tokens.slice(count) };
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
