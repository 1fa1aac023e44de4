import { Misunderstood } from './command.ts';

/** A stretch of text between spaces, with quotation marks undone. */
export interface Token {
  text: string;
  /** In quotation marks as a whole: a name, never a command word. */
  quoted: boolean;
  /** What it is made of: bare text, quoted text, and the separators `:` `=` `,` between them. */
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
    tokens.push({ text: parts.map((part) => part.text).join(''), quoted, parts, start, end: at });
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
