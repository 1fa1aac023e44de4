type Expected = 'value' | 'first value' | 'key' | 'first key' | ':' | 'next' | 'end';

const SPACE = /[ \t\r\n]*/y;
// biome-ignore lint/suspicious/noControlCharactersInRegex: JSON forbids exactly these in a string
const STRING_RUN = /[^"\\\u0000-\u001f]*/y;
const ESCAPE = /\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})/y;
const SCALAR = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null/y;

/**
 * Offset at which a text stops being JSON (RFC 8259), or -1 where it is JSON. Its length: the text ends too early.
 * `JSON.parse` says this for some faults only. Does not recurse, so any nesting will do.
 */
export function findJsonFault(text: string): number {
  const open: string[] = [];
  let expected: Expected = 'value';
  let at = 0;

  const skip = (pattern: RegExp): boolean => {
    pattern.lastIndex = at;
    const found = pattern.exec(text);
    if (found) at = pattern.lastIndex;
    return found !== null;
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

  for (;;) {
    skip(SPACE);
    const char = text[at];
    if (char === undefined) return expected === 'end' ? -1 : at;
    switch (expected) {
      case 'end':
        return at;
      case ':':
        if (char !== ':') return at;
        at += 1;
        expected = 'value';
        break;
      case 'next':
        if (char === (open.at(-1) === '{' ? '}' : ']')) close();
        else if (char === ',') {
          at += 1;
          expected = open.at(-1) === '{' ? 'key' : 'value';
        } else return at;
        break;
      case 'key':
      case 'first key':
        if (char === '}' && expected === 'first key') close();
        else if (char !== '"' || !skipString()) return at;
        else expected = ':';
        break;
      default:
        if (char === ']' && expected === 'first value') close();
        else if (char === '{' || char === '[') {
          open.push(char);
          at += 1;
          expected = char === '{' ? 'first key' : 'first value';
        } else if (char === '"' ? !skipString() : !skip(SCALAR)) return at;
        else expected = open.length === 0 ? 'end' : 'next';
    }
  }
}

/** `line 3, column 14 (position 210), near …` of an offset: lines and columns count from 1, the position from 0. */
export function describePosition(text: string, offset: number): string {
  const lineStart = text.lastIndexOf('\n', offset - 1) + 1;
  let line = 1;
  for (let at = text.indexOf('\n'); at >= 0 && at < lineStart; at = text.indexOf('\n', at + 1)) line += 1;
  const excerpt = text.slice(Math.max(0, offset - 20), offset + 20).toWellFormed();
  const near = offset >= text.length ? `it ends after ${JSON.stringify(excerpt)}` : `near ${JSON.stringify(excerpt)}`;
  return `line ${line}, column ${offset - lineStart + 1} (position ${offset}), ${near}`;
}
