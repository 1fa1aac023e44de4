import type { KnownName } from '../../domain/names.ts';
import { type ChannelReference, Misunderstood } from './command.ts';
import { isFiller } from './vocabulary.ts';

/** A stretch of text between spaces, with quotation marks undone. */
export interface Token {
  text: string;
  /** In quotation marks as a whole: a name, never a command word. */
  quoted: boolean;
  /** Its pieces: bare text, quoted text, and the separators `:` `=` `,` between them. */
  parts: readonly TokenPart[];
  /** Place in the text it was read from. */
  start: number;
  end: number;
}

interface TokenPart {
  kind: 'bare' | 'quoted' | 'separator';
  text: string;
}

/** Marks that may close a quotation, by the one that opened it. Slack and phones turn straight ones into curly ones. */
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
 * Returns the text as it was typed, from the text that Slack sends: `&amp;` `&lt;` `&gt;` and `<https://x|x>` `<@U1|name>`
 * `<#C1|name>` are undone. Ids of channels and people are kept beside, by the text that stands for them. Source:
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

/** The reverse for text that Slack escapes would change; any other text stays as it is, so that people can read it. */
export function protectFromSlack(text: string): string {
  if (undoSlackEscapes(text).text === text) return text;
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

/** In straight quotation marks, so that it is read back exactly. */
export function quote(text: string): string {
  return `"${text.replace(/[\\"]/g, '\\$&')}"`;
}

/** Tokens in order. Throws Misunderstood where a quotation is not closed. */
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
        // Nothing further on closes a single one either: they are apostrophes.
        apostrophesOnly = true;
      }
      const from = at++;
      while (at < text.length && !isSpace(text[at]!) && !':=,'.includes(text[at]!)) at++;
      parts.push({ kind: 'bare', text: text.slice(from, at) });
    }
    // `top clients, 7d`: a comma at the end of a word is punctuation.
    while (parts.length > 1 && parts.at(-1)!.text === ',' && parts.at(-1)!.kind === 'separator') parts.pop();
    const quoted = parts.length === 1 && parts[0]!.kind === 'quoted';
    const whole = parts.map((part) => part.text).join('');
    // `non-GET` denies what stands behind it.
    const denied = parts.length === 1 && !quoted && /^non-(?=\w)/i.exec(whole);
    const from = denied ? start + denied[0].length : start;
    if (denied) tokens.push({ text: 'non', quoted, parts: [{ kind: 'bare', text: 'non' }], start, end: from });
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
    // Other marks than the straight one also stand inside names: they close only at the end of a word.
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

/** Names that senders and definitions use, for words of a question that are no words of the language. */
export interface KnownNames {
  /** Those called exactly so; where there is none, those that differ in case alone. */
  find(text: string): readonly KnownName[];
  /** Clients, or scopes, whose name goes on behind these words: of `acme` Acme CRM. */
  beginning(text: string, key: 'client' | 'scope'): readonly KnownName[];
  /** Pools with a word in their name that begins so: of `bundle` Bundled licences. */
  poolsWith(word: string): readonly KnownName[];
  /** Those that were probably meant, nearest first. */
  near(text: string): readonly KnownName[];
}

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
    offers: readonly string[] = [],
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
  if (token.quoted) return '';
  return trimWord(token).toLowerCase().replace(/’/g, "'").replace(CONTRACTION, "$1n't");
}

/** As phones write them: `didnt`. */
const CONTRACTION = /^(is|are|was|were|do|does|did|has|have|had|ca|wo)nt$/;

/** The text without the punctuation of a sentence. */
export function trimWord(token: Token): string {
  return token.quoted ? token.text : token.text.replace(PUNCTUATION, '');
}

const PUNCTUATION = /(?<=[^?!.,;])[?!.,;]+$/;

/** The name that these tokens are, without the punctuation of the sentence. */
export function nameAt({ tokens, text }: Reading, from: number, to: number): string {
  const [first, last] = [tokens[from]!, tokens[to - 1]!];
  if (to - from === 1) return trimWord(first);
  return text.slice(first.start, last.end).replace(PUNCTUATION, '');
}

/** Throws UnknownWords for words from a place on that say something. `also`: what may stand there. */
export function requireNoMore(reading: Reading, at: number, also?: RegExp): void {
  const unknown = reading.tokens.slice(at).filter((token) => {
    const word = bareWord(token);
    return !isFiller(word) && !also?.test(word);
  });
  if (unknown.length > 0) throw new UnknownWords(reading, unknown);
}
