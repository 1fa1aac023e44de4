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

/** A part of a text: its value, or the offset in it at which it stops being JSON. */
export type JsonPart = { text: string; value: unknown } | { text: string; fault: number };

/** Matches what may come between the entries of an array, or between values that follow each other. */
const BETWEEN = /[\s,[\]]*/y;
/** Names under which senders wrap their entries in an object. */
const WRAPPED = ['events', 'batch', 'logs', 'records'];
const MEMBER = /"([^"\\]{0,100})"\s*:\s*/y;
const SPACE = /[\s,]*/y;

/**
 * Reads the entries of a text that is not valid JSON as a whole: elements of an array, or values one after the other. A broken
 * entry ends where its brackets close, or where a line begins like the first entry; reading continues there. `entries`: path of
 * the entries in an object, besides the usual ones. `isPart`: the text was cut on purpose. Reads each character only a few times.
 */
export function* readJsonParts(text: string, entries?: string, isPart = false): Generator<JsonPart> {
  const path = entries?.split('.') ?? [];
  for (let at = 0; at < text.length; ) at = yield* readStretch(text, at, path, isPart);
}

/** Reads a wrapper with its entries, or without a wrapper the rest of the text. Returns the offset of its end. */
function* readStretch(
  text: string,
  from: number,
  path: readonly string[],
  isPart: boolean,
): Generator<JsonPart, number> {
  const wrapper = skipToEntries(text, path, from);
  const outer = wrapper > 0 ? scanJson(text, from) : undefined;
  const outerEnd = outer?.whole ? outer.at : undefined;
  if (outerEnd !== undefined && /^\s*\]/.test(text.slice(wrapper, wrapper + 100))) return outerEnd;
  let start = Math.max(from, wrapper);
  let last: JsonPart | undefined;
  for (const end of findLineStarts(text, start)) {
    const parts = readChunk(text.slice(start, end), wrapper > 0);
    let step = parts.next();
    for (; !step.done; step = parts.next()) {
      last = step.value;
      yield last;
    }
    if (step.value >= 0) return outerEnd ?? findNextObject(text, start + step.value);
    start = end;
  }
  // An array that is not closed was cut off, so entries are missing: report a fault.
  const isArray = wrapper > 0 || /^\s*\[/.test(text.slice(from, from + 1000));
  const tail = text.trimEnd();
  if (isArray && !isPart && !(last && 'fault' in last) && /[},[]$/.test(tail.slice(-1)))
    yield { text: tail.slice(-40), fault: Math.min(40, tail.length) };
  return text.length;
}

/** Finds the offset of an object that follows another without a separator. */
function findNextObject(text: string, from: number): number {
  const joint = /\}\s*(?=\{)/g;
  joint.lastIndex = from;
  return joint.test(text) ? joint.lastIndex : text.length;
}

/** Finds the offset of the entries in an object that wraps them in an array; 0 if the text is no such object. */
export function skipToEntries(text: string, path: readonly string[] = [], from = 0): number {
  SPACE.lastIndex = from;
  SPACE.exec(text);
  if (text[SPACE.lastIndex] !== '{') return 0;
  let at = SPACE.lastIndex + 1;
  for (;;) {
    SPACE.lastIndex = at;
    SPACE.exec(text);
    MEMBER.lastIndex = SPACE.lastIndex;
    const name = MEMBER.exec(text)?.[1];
    // An object with a client is an event itself, no wrapper.
    if (name === undefined || name === 'client') return 0;
    at = MEMBER.lastIndex;
    const char = text[at];
    if (char === '[' && (WRAPPED.includes(name) || path.includes(name))) return at + 1;
    if (char === '{' && path.includes(name)) at += 1;
    else {
      const value = scanJson(text, at);
      if (!value.whole) return 0;
      at = value.at;
    }
  }
}

/** Yields the offsets of lines that begin with an object, indented like the first one; at last the end of the text. */
function* findLineStarts(text: string, from: number): Generator<number> {
  const first = text.indexOf('{', from);
  const column = first - (text.lastIndexOf('\n', first) + 1);
  const starts = /\n[ \t]*(?=\{)/g;
  starts.lastIndex = Math.max(first, 0);
  for (let found = starts.exec(text); found && first >= 0; found = starts.exec(text)) {
    if (found[0].length - 1 === column) yield found.index;
  }
  yield text.length;
}

/** Yields the parts of a chunk. Returns where a wrapper's array ends in it, since no entries follow; -1 if it does not end. */
function* readChunk(chunk: string, isWrapped: boolean): Generator<JsonPart, number> {
  let at = skipBetween(chunk, 0);
  let last = chunk.length;
  while (last > at && /[\s,]/.test(chunk[last - 1]!)) last -= 1;
  const line = chunk.slice(at, last);
  if (line === '') return -1;
  const value = parseJson(line);
  if (value !== undefined) {
    yield { text: line, value };
    return -1;
  }
  while (at < chunk.length) {
    const { at: stop, whole, depth } = scanJson(chunk, at);
    const end = whole ? stop : findEnd(chunk, stop, depth);
    const text = chunk.slice(at, end);
    if (whole) yield { text, value: parseJson(text) };
    else yield { text, fault: stop - at };
    if (isWrapped && /^\s*\]/.test(chunk.slice(end, end + 100))) return end;
    at = skipBetween(chunk, end);
  }
  return -1;
}

/** Finds the end of an entry that breaks at `fault`, `depth` brackets deep: after its closing bracket, if another entry follows. */
function findEnd(chunk: string, fault: number, depth: number): number {
  const brackets = /[{}[\]]/g;
  brackets.lastIndex = fault;
  let open = depth;
  for (let found = brackets.exec(chunk); found; found = brackets.exec(chunk)) {
    const char = found[0];
    open = char === '{' || char === '[' ? open + 1 : Math.max(0, open - 1);
    const end = brackets.lastIndex;
    if (open === 0 && char === '}' && /^\s*(?:,\s*)?(?:\{|\]|$)|^[ \t\r]*\n\s*\[/.test(chunk.slice(end, end + 100)))
      return end;
  }
  return chunk.length;
}

function skipBetween(chunk: string, at: number): number {
  BETWEEN.lastIndex = at;
  BETWEEN.exec(chunk);
  return BETWEEN.lastIndex;
}

/** Parses a text; undefined if it is not JSON. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
