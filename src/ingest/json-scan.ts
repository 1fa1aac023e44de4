import { HeadroomError } from '../errors.ts';
import { hideSecrets } from './privacy.ts';

type Expected = 'value' | 'first value' | 'key' | 'first key' | ':' | 'next' | 'end';

// biome-ignore lint/suspicious/noControlCharactersInRegex: JSON forbids exactly these in a string
const STRING_RUN = /[^"\\\u0000-\u001f]*/y;
const ESCAPE = /\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})/y;
const SCALAR = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null/y;

/**
 * Finds the offset at which a text stops being JSON (RFC 8259), its length if it ends too early, or -1 if it is JSON.
 * `JSON.parse` names the offset of some faults only.
 */
export function findJsonFault(text: string): number {
  const { at, whole } = scanJson(text, 0);
  if (!whole) return at;
  let end = at;
  while (isSpace(text.charCodeAt(end))) end += 1;
  return end === text.length ? -1 : end;
}

/**
 * Scans one value from an offset on. Returns where it ends, or where it stops being JSON and how many objects and arrays are open
 * there. It does not recurse and reads each character once, because input from outside may be 20 MiB of brackets.
 */
export function scanJson(text: string, from: number): { at: number; whole: boolean; depth: number } {
  /** Open brackets. */
  const open: string[] = [];
  let expected: Expected = 'value';
  let at = from;

  const skip = (pattern: RegExp): boolean => {
    pattern.lastIndex = at;
    if (!pattern.test(text)) return false;
    at = pattern.lastIndex;
    return true;
  };
  const close = (): void => {
    open.pop();
    at += 1;
    expected = open.length === 0 ? 'end' : 'next';
  };
  const skipString = (): boolean => {
    at += 1;
    for (;;) {
      skip(STRING_RUN);
      if (text[at] === '"') break;
      if (text[at] !== '\\' || !skip(ESCAPE)) return false;
    }
    at += 1;
    return true;
  };

  const stop = () => ({ at, whole: false, depth: open.length });

  for (;;) {
    if (expected === 'end') return { at, whole: true, depth: 0 };
    while (isSpace(text.charCodeAt(at))) at += 1;
    const char = text[at];
    if (char === undefined) break;
    switch (expected) {
      case ':':
        if (char !== ':') return stop();
        at += 1;
        expected = 'value';
        break;
      case 'next':
        if (char === (open.at(-1) === '{' ? '}' : ']')) close();
        else if (char === ',') {
          at += 1;
          expected = open.at(-1) === '{' ? 'key' : 'value';
        } else return stop();
        break;
      case 'key':
      case 'first key':
        if (char === '}' && expected === 'first key') close();
        else if (char !== '"' || !skipString()) return stop();
        else expected = ':';
        break;
      default:
        if (char === ']' && expected === 'first value') close();
        else if (char === '{' || char === '[') {
          open.push(char);
          at += 1;
          expected = char === '{' ? 'first key' : 'first value';
        } else if (char === '"' ? !skipString() : !skip(SCALAR)) return stop();
        else expected = open.length === 0 ? 'end' : 'next';
    }
  }
  return stop();
}

function isSpace(code: number): boolean {
  return code === 32 || code === 10 || code === 13 || code === 9;
}

/** Describes an offset: `line 3, column 14 (position 210), near …`. Lines and columns count from 1, the position from 0. */
export function describePosition(text: string, offset: number): string {
  const lineStart = text.lastIndexOf('\n', offset - 1) + 1;
  let line = 1;
  for (let at = text.indexOf('\n'); at >= 0 && at < lineStart; at = text.indexOf('\n', at + 1)) line += 1;
  const before = hideSecrets(text.slice(Math.max(0, offset - 500), offset)).slice(-20);
  const after = hideSecrets(text.slice(offset, offset + 500)).slice(0, 20);
  const excerpt = (before + after).toWellFormed();
  const near = offset >= text.length ? `it ends after ${JSON.stringify(excerpt)}` : `near ${JSON.stringify(excerpt)}`;
  return `line ${line}, column ${offset - lineStart + 1} (position ${offset}), ${near}`;
}

/** Refuse a body with more entries. */
export const MAX_ENTRIES = 100_000;
/** Refuse a body with more objects and arrays: each costs memory, however few bytes it has. */
const MAX_BRACKETS = 1_000_000;

/**
 * Throws `too_large` for a text whose JSON could take far more memory than its bytes; call it before parsing. Brackets in strings
 * count too: to tell them apart would take as long as parsing, and no sender has so many in strings.
 */
export function checkJsonBounds(text: string): void {
  let left = MAX_BRACKETS;
  for (const bracket of ['{', '[']) {
    if (text.length < left) return;
    for (let at = text.indexOf(bracket); at >= 0 && left >= 0; at = text.indexOf(bracket, at + 1)) left -= 1;
    if (left < 0) throw tooMuch(`more than ${MAX_BRACKETS} brackets ({ or [)`);
  }
}

/** Makes the error for a body with more entries than one request may have. */
export function tooMany(): HeadroomError {
  return tooMuch(`more than ${MAX_ENTRIES} entries`);
}

function tooMuch(what: string): HeadroomError {
  return new HeadroomError('too_large', `The body holds ${what}, so none was counted: send fewer at once.`);
}
