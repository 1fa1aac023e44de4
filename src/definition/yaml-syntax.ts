import type { YAMLParseError } from 'yaml';
import { quote } from '../domain/field.ts';

/** At most this many characters are quoted from the place of a fault. */
const MOST_SHOWN = 100;

/**
 * Explains a syntax fault in YAML and how to fix it, in words for the person who wrote the file. Faults that hardly happen by
 * accident keep the parser's words.
 */
export function describeSyntaxFault({ code, message, pos }: YAMLParseError, text: string): string {
  const here = text.slice(pos[0], pos[0] + MOST_SHOWN);
  const word = /^[^\s:,[\]{}]*/.exec(here)![0] || here.charAt(0);
  switch (code) {
    case 'TAB_AS_INDENT':
      return 'begins with a tab; indent with spaces.';
    case 'BAD_INDENT':
    case 'MISSING_CHAR':
      return describeMissing(message);
    case 'BLOCK_AS_IMPLICIT_KEY':
      return 'holds more than one value; put a text with ": " in quotation marks, and line up keys that belong together.';
    case 'MULTILINE_IMPLICIT_KEY':
      return `has no ": " behind ${quote(firstLine(here))}; write key: value.`;
    case 'DUPLICATE_KEY':
      return `repeats the key ${quote(word)}; keep one of them.`;
    case 'MULTIPLE_DOCS':
      return 'begins a second document ("---"); keep one, or put them in files of their own.';
    case 'BAD_SCALAR_START':
      return `begins a text with ${quote(here.charAt(0))}; put the text in quotation marks.`;
    case 'BAD_ALIAS':
      return 'has a "*" outside quotation marks; write a pattern as "*" or "abc*".';
    case 'BAD_DQ_ESCAPE':
      return `has ${here.slice(0, 2)} within "…", which means nothing; write \\\\ for a backslash, or put the text in '…'.`;
    case 'UNEXPECTED_TOKEN':
      return `has ${quote(word)} where nothing more is expected; take it out, or put the whole text in quotation marks.`;
    default:
      return `is not YAML that can be read: ${message.replace(/\.$/, '')}; compare it with the example in the README.`;
  }
}

function describeMissing(message: string): string {
  if (message.includes('end with a }')) return 'comes before a map begun with "{" is closed; close it with "}".';
  if (message.includes('end with a ]')) return 'comes before a list begun with "[" is closed; close it with "]".';
  const mark = /closing (["'])quote/.exec(message)?.[1];
  if (mark) return `ends before a text begun with ${mark} is closed; add the second ${mark}.`;
  if (message.includes('without - indicator'))
    return 'is indented unlike the lines before it; line it up with the keys that it belongs to, or begin it with "- ".';
  return 'lacks a "," or ":" between entries, or is indented unlike its neighbours; compare it with the lines before it.';
}

function firstLine(text: string): string {
  const line = text.split('\n', 1)[0]!.trim();
  return line.length > 40 ? `${line.slice(0, 40)}…` : line;
}
