import { scanJson } from './json-scan.ts';

/** A part of a text: its value, or, where it is no JSON, the offset in it at which it stops being that. */
export type JsonPart = { text: string; value: unknown } | { text: string; fault: number };

/** Matches what may come between the entries of an array, or between values that follow each other. */
const BETWEEN = /[\s,[\]]*/y;
/** Under these names senders wrap their entries in an object. */
const WRAPPED = ['events', 'batch', 'logs', 'records'];
const MEMBER = /"([^"\\]{0,100})"\s*:\s*/y;
const SPACE = /[\s,]*/y;

/**
 * The entries of a text that as a whole is no JSON: those of an array, or values that follow each other with or without
 * space between. What is no JSON ends where its brackets do, or where a line begins as that of the first entry does; there
 * the next one is read. `entries` is where an object may hold them, besides the usual places. `isPart`: the text is cut on
 * purpose. Looks at each character a few times at most.
 */
export function* readJsonParts(text: string, entries?: string, isPart = false): Generator<JsonPart> {
  const path = entries?.split('.') ?? [];
  for (let at = 0; at < text.length; ) at = yield* readStretch(text, at, path, isPart);
}

/** Reads a wrapper and its entries, or all that is left where none begins here. Returns where it ends. */
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
  // An array that is not closed was cut off: what followed is unknown.
  const isArray = wrapper > 0 || /^\s*\[/.test(text.slice(from, from + 1000));
  const tail = text.trimEnd();
  if (isArray && !isPart && !(last && 'fault' in last) && /[},[]$/.test(tail.slice(-1)))
    yield { text: tail.slice(-40), fault: Math.min(40, tail.length) };
  return text.length;
}

/** Where an object begins behind the end of another. */
function findNextObject(text: string, from: number): number {
  const joint = /\}\s*(?=\{)/g;
  joint.lastIndex = from;
  return joint.test(text) ? joint.lastIndex : text.length;
}

/** Where the entries begin in an object that holds them in an array; 0 where the text is none. */
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
    // An object that names a client is an event itself.
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

/** Where lines begin with an object, as far in as the first one; at last the end of the text. */
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

/** Returns where the array of a wrapper ends in the chunk, for what follows are no entries; -1: it does not. */
function* readChunk(chunk: string, isWrapped: boolean): Generator<JsonPart, number> {
  let at = skipBetween(chunk, 0);
  let last = chunk.length;
  while (last > at && /[\s,]/.test(chunk[last - 1]!)) last -= 1;
  const line = chunk.slice(at, last);
  if (line === '') return -1;
  const value = parse(line);
  if (value !== undefined) {
    yield { text: line, value };
    return -1;
  }
  while (at < chunk.length) {
    const { at: stop, whole, depth } = scanJson(chunk, at);
    const end = whole ? stop : findEnd(chunk, stop, depth);
    const text = chunk.slice(at, end);
    if (whole) yield { text, value: parse(text) };
    else yield { text, fault: stop - at };
    if (isWrapped && /^\s*\]/.test(chunk.slice(end, end + 100))) return end;
    at = skipBetween(chunk, end);
  }
  return -1;
}

/** Where an entry ends that stops being JSON at `fault`, `depth` brackets deep: behind that bracket, where another follows. */
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

/** Undefined where the text is no JSON. */
function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
