import type { KnownName } from '../../domain/names.ts';
import { type ChannelReference, Misunderstood } from './command.ts';
import { isFiller } from './vocabulary.ts';

/** A piece of text between spaces, without its quotation marks. */
export interface Token {
  text: string;
  /** True if all of it was quoted: it is a name, never a command word. */
  quoted: boolean;
  /** Its pieces: bare text, quoted text, and the separators `:` `=` `,` between them. */
  parts: readonly TokenPart[];
  /** Place in the text. */
  start: number;
  end: number;
}

interface TokenPart {
  kind: 'bare' | 'quoted' | 'separator';
  text: string;
}

/** Closing quotation marks by the opening one. Slack and phones turn straight marks into curly ones. */
const CLOSING: Readonly<Record<string, string>> = {
  '"': '"',
  '“': '”“"',
  '”': '”"',
  '„': '“”"',
  '«': '»',
  "'": "'",
  '‘': '’',
};

/**
 * Turns the text that Slack sends into the text as typed: decodes `&amp;` `&lt;` `&gt;` and `<https://x|x>` `<@U1|name>`
 * `<#C1|name>`. `ids`: ids of channels and people, by their name in the text. Source:
 * docs.slack.dev/messaging/formatting-message-text.
 */
export function undoSlackEscapes(raw: string): { text: string; ids: ReadonlyMap<string, string> } {
  const ids = new Map<string, string>();
  const pattern = /&(amp|lt|gt);|<(https?:\/\/|mailto:|tel:|@|#|!)([^<>|]*)(?:\|([^<>]*))?>/g;
  const text = raw.replace(pattern, (_all, entity?: string, mark?: string, target = '', label = '') => {
    if (entity) return { amp: '&', lt: '<', gt: '>' }[entity]!;
    if (mark === '@' || mark === '#') {
      const shown = `${mark}${(label || target).replace(/^[@#]/, '')}`;
      ids.set(shown, target);
      return shown;
    }
    if (mark === '!') return label || `@${target}`;
    return label || (mark === 'mailto:' || mark === 'tel:' ? target : `${mark}${target}`);
  });
  return { text, ids };
}

/** Escapes a text that `undoSlackEscapes` would change. Other texts stay as they are, so that people can read them. */
export function protectFromSlack(text: string): string {
  if (undoSlackEscapes(text).text === text) return text;
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

/** Puts a text into straight quotation marks, so that it is read back exactly. */
export function quote(text: string): string {
  return `"${text.replace(/[\\"]/g, '\\$&')}"`;
}

/** Splits a text into tokens. Throws Misunderstood if a quotation is not closed. */
export function tokenize(text: string): Token[] {
  const tokens: Token[] = [];
  let at = 0;
  let apostrophesOnly = false;
  while (at < text.length) {
    if (isSpace(text[at]!)) {
      at++;
      continue;
    }
    const start = at;
    const parts: TokenPart[] = [];
    while (at < text.length && !isSpace(text[at]!)) {
      const char = text[at]!;
      if (char === ':' || char === '=' || char === ',') {
        parts.push({ kind: 'separator', text: char });
        at++;
        continue;
      }
      if (char in CLOSING && !((char === "'" || char === '‘') && apostrophesOnly)) {
        const quoted = readQuoted(text, at);
        if (quoted) {
          parts.push({ kind: 'quoted', text: quoted.text });
          at = quoted.end;
          continue;
        }
        if (char !== "'" && char !== '‘') {
          throw new Misunderstood(
            `The quotation that begins with ${char}${text.slice(at + 1, at + 20)} is not closed.`,
            [`${text}"`, text.slice(0, at) + text.slice(at + 1)],
            { isOpenQuotation: true },
          );
        }
        // No later mark closes a single one either: all of them are apostrophes.
        apostrophesOnly = true;
      }
      const from = at++;
      while (at < text.length && !isSpace(text[at]!) && !':=,'.includes(text[at]!)) at++;
      parts.push({ kind: 'bare', text: text.slice(from, at) });
    }
    // A comma at the end of a word is punctuation: `top clients, 7d`.
    while (parts.length > 1 && parts.at(-1)!.text === ',' && parts.at(-1)!.kind === 'separator') parts.pop();
    const quoted = parts.length === 1 && parts[0]!.kind === 'quoted';
    const whole = parts.map((part) => part.text).join('');
    // `non-GET` becomes a negation and a word, `top10` a word and a number.
    const denied = parts.length === 1 && !quoted && /^(?:(non)-(?=\w)|(top)(?=\d+$))/i.exec(whole);
    const from = denied ? start + denied[0].length : start;
    const lead = denied ? (denied[1] ?? denied[2]!) : '';
    if (denied) tokens.push({ text: lead, quoted, parts: [{ kind: 'bare', text: lead }], start, end: from });
    const rest = denied ? whole.slice(denied[0].length) : whole;
    tokens.push({ text: rest, quoted, parts: denied ? [{ kind: 'bare', text: rest }] : parts, start: from, end: at });
  }
  return tokens;
}

function readQuoted(text: string, open: number): { text: string; end: number } | undefined {
  const mark = text[open]!;
  const closing = CLOSING[mark]!;
  let value = '';
  for (let at = open + 1; at < text.length; at++) {
    const char = text[at]!;
    if (mark === '"' && char === '\\' && (text[at + 1] === '"' || text[at + 1] === '\\')) {
      value += text[++at];
      continue;
    }
    // Marks other than the straight one occur inside names, so they close a quotation only at the end of a word.
    const next = text[at + 1];
    if (closing.includes(char) && (mark === '"' || next === undefined || isSpace(next) || ':=,'.includes(next))) {
      return { text: value, end: at + 1 };
    }
    value += char;
  }
  return undefined;
}

function isSpace(char: string): boolean {
  return /\s/.test(char);
}

/** Names from senders and definitions, for words of a question that are not part of the language. */
export interface KnownNames {
  /** Finds names spelt exactly so, else those that differ in case only. */
  find(text: string): readonly KnownName[];
  /** Finds clients or scopes whose name begins with these words and goes on: Acme CRM for `acme`. */
  beginning(text: string, key: 'client' | 'scope'): readonly KnownName[];
  /** Finds pools with a word in their name that begins so: Bundled licences for `bundle`. */
  poolsWith(word: string): readonly KnownName[];
  /** Finds names that were probably meant, nearest first. */
  near(text: string): readonly KnownName[];
}

/** A text with its tokens, and the names that it may contain. Errors use the text to offer it with a word changed. */
export interface Reading {
  text: string;
  tokens: readonly Token[];
  names: KnownNames;
}

/**
 * Thrown if words of a text were not used. They are unknown, or known but useless here (`unused`). `offers`: near commands
 * without them. unknown-words.ts turns it into the message for the person.
 */
export class UnknownWords extends Misunderstood {
  readonly reading: Reading;
  readonly tokens: readonly Token[];
  readonly unused: boolean;

  constructor(
    reading: Reading,
    tokens: readonly Token[],
    why: 'unknown' | 'unused' = 'unknown',
    offers: readonly string[] = [],
  ) {
    super(`Words that were not used: ${tokens.map(({ text }) => text).join(' ')}`, offers);
    this.reading = reading;
    this.tokens = tokens;
    this.unused = why === 'unused';
  }
}

/** Returns the text with one token replaced. */
export function changed({ text }: Reading, token: Token, replacement: string): string {
  return (text.slice(0, token.start) + replacement + text.slice(token.end)).trimEnd();
}

/** Returns a reading without its first tokens. */
export function after(reading: Reading, count: number): Reading {
  return { ...reading, tokens: reading.tokens.slice(count) };
}

/** Returns the text from a token on. */
export function restOf({ text, tokens }: Reading, at: number): string {
  return at < tokens.length ? text.slice(tokens[at]!.start, tokens.at(-1)!.end) : '';
}

export function wordAt({ tokens }: Reading, at: number): string {
  const token = tokens[at];
  return token && !token.quoted ? token.text.toLowerCase() : '';
}

/** Returns a quoted name, or all remaining words as a name. Throws Misunderstood if there are none. */
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

/** Returns a quoted name at the end, or all text from a token on. */
export function unquoted(reading: Reading, at: number): string {
  const token = reading.tokens[at]!;
  return token.quoted && at === reading.tokens.length - 1 ? token.text : restOf(reading, at);
}

export function wordOf(token: Token): string {
  return token.text.toLowerCase();
}

/** Returns a word in lower case, without the punctuation of a sentence; '' for quoted text. */
export function bareWord(token: Token): string {
  if (token.quoted) return '';
  return trimWord(token).toLowerCase().replace(/’/g, "'").replace(CONTRACTION, "$1n't");
}

/** Contractions without an apostrophe, as typed on phones: `didnt`. */
const CONTRACTION = /^(is|are|was|were|do|does|did|has|have|had|ca|wo)nt$/;

/** Returns a token's text without the punctuation of a sentence. */
export function trimWord(token: Token): string {
  return token.quoted ? token.text : token.text.replace(PUNCTUATION, '');
}

const PUNCTUATION = /(?<=[^?!.,;])[?!.,;]+$/;

/** Returns the tokens as a name, without the punctuation of a sentence. */
export function nameAt({ tokens, text }: Reading, from: number, to: number): string {
  const [first, last] = [tokens[from]!, tokens[to - 1]!];
  if (to - from === 1) return trimWord(first);
  return text.slice(first.start, last.end).replace(PUNCTUATION, '');
}

/** Throws UnknownWords if words with a meaning follow from a token on. `also`: further words that are allowed. */
export function requireNoMore(reading: Reading, at: number, also?: RegExp): void {
  const unknown = reading.tokens.slice(at).filter((token) => {
    const word = bareWord(token);
    return !isFiller(word) && !also?.test(word);
  });
  if (unknown.length > 0) throw new UnknownWords(reading, unknown);
}
