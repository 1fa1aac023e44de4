import { isUtf8 } from 'node:buffer';
import { HeadroomError } from '../errors.ts';
import { readBodyLines, splitLines, toLatin1 } from './body.ts';
import { Fault, isFields } from './entries.ts';
import { compilePath } from './field-map.ts';
import { describePosition, findJsonFault, type JsonPart, readJsonParts } from './json-scan.ts';

/** The values of a body, in order; a part that is not JSON is a Fault. */
export interface JsonBody {
  values: unknown[];
  /** True if the body is one value, not a list. */
  single: boolean;
  /** True if the body has `\u` escapes, without which texts cannot contain NUL or lone surrogates. */
  escapes: boolean;
}

/** Options for reading a body. */
export interface JsonReading {
  /** Path of the array that senders put their entries into. */
  entries?: string | undefined;
  isLog?: boolean;
  /** Tells a sender the expected content, in the error for a body from which nothing can be read. */
  expected?: string;
}

export const JSON_TYPE = 'application/json';

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

const DECODER = new TextDecoder('utf-8');

/** Throws `unsupported` for any charset but UTF-8 (and ASCII, which is part of it). */
export function checkCharset(contentType: string): void {
  const charset = /;\s*charset\s*=\s*"?([^\s";]+)/i.exec(contentType)?.[1];
  if (charset && !/^(utf-?8|us-ascii|ascii)$/i.test(charset)) {
    throw new HeadroomError('unsupported', `The charset ${JSON.stringify(charset)} is not supported: send UTF-8.`);
  }
}

/** Returns the media type without parameters, in lower case: `application/json` of `application/json; charset=utf-8`. */
export function mediaType(contentType: string): string {
  const end = contentType.indexOf(';');
  return (end < 0 ? contentType : contentType.slice(0, end)).trim().toLowerCase();
}

/** Tells whether a content type means JSON values, one a line. */
function isLinesType(contentType: string): boolean {
  return /^application\/(x-)?(ndjson|jsonl|json-?lines|json-seq)$|^application\/stream\+json$/.test(
    mediaType(contentType),
  );
}

/** Tells whether a content type means JSON in any form: lines, plain, or a `+json` type. */
export function isJsonType(contentType: string): boolean {
  return (
    isLinesType(contentType) || /^(application|text)\/json$|^application\/[\w.-]+\+json$/.test(mediaType(contentType))
  );
}

/** Throws `unsupported` for a content type that is given and is not JSON. `expected` is the cure. */
export function checkJsonType(contentType: string, expected: string): void {
  if (contentType.trim() === '' || isJsonType(contentType)) return;
  throw new HeadroomError(
    'unsupported',
    `Content-Type ${JSON.stringify(mediaType(contentType).slice(0, 100))} is not supported here: send ${expected}.`,
  );
}

/**
 * Reads the values of a JSON body: one value, an array's elements, lines, or objects one after the other (Fluent Bit's
 * `json_stream` sends those as `application/json`). The content type decides the form, or the bytes if it turns out to be wrong.
 * An entry that is not JSON becomes a Fault and does not affect the others. If senders put their entries into an array inside an
 * object, `entries` is its path. A line that is not UTF-8 is a Fault, but in a log (`isLog`) it is read as Latin-1. Throws
 * `unreadable` with the place if nothing can be read, and `too_large`.
 */
export function readJsonBody(body: Uint8Array, contentType: string, reading: JsonReading = {}): JsonBody {
  const read = readValues(body, contentType, reading);
  const { entries } = reading;
  return entries === undefined ? read : { ...read, values: openLists(read.values, entries) };
}

function readValues(
  body: Uint8Array,
  contentType: string,
  { entries, isLog = false, expected = 'an event, an array of events, or one event a line' }: JsonReading,
): JsonBody {
  checkCharset(contentType);
  const text = isUtf8(body) ? DECODER.decode(body) : undefined;
  if (text !== undefined) checkJsonBounds(text);
  const isLines = isLinesType(contentType) || (isLog && holdsObjectLines(body));
  if (isLines || text === undefined) {
    const read = readLines(text === undefined ? readBodyLines(body) : splitLines(text), isLog);
    if ((isLines && text === undefined) || read.values.some((value) => !(value instanceof Fault))) return read;
  }
  if (text === undefined) {
    const offset = findInvalidByte(body);
    const byte = body[offset]?.toString(16).padStart(2, '0');
    throw new HeadroomError('unreadable', `The body is not UTF-8: byte ${offset} is 0x${byte}. Send UTF-8.`);
  }
  if (text.trim() === '') {
    throw new HeadroomError('unreadable', `The body is empty: send ${expected}.`);
  }
  const escapes = text.includes('\\u');
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return { values: parseStream(text) ?? readParts(text, entries, expected), single: false, escapes };
  }
  const single = !Array.isArray(value);
  return { values: single ? [value] : checkCount(value as unknown[]), single, escapes };
}

/** Tells whether the first of several lines begins and ends like an object. */
function holdsObjectLines(body: Uint8Array): boolean {
  const end = body.indexOf(10);
  const first = Buffer.from(body.buffer, body.byteOffset, Math.max(0, end)).toString('latin1').trim();
  return first.startsWith('{') && first.endsWith('}');
}

/** Throws `too_large` for more entries than a body may hold. */
export function checkCount<T>(values: T[]): T[] {
  if (values.length > MAX_ENTRIES) throw tooMany();
  return values;
}

/** Reads objects one after the other as one array, which is fast; undefined if the text is something else. */
function parseStream(text: string): unknown[] | undefined {
  const pieces = text.split(/\}\s*\{/, MAX_ENTRIES + 1);
  if (pieces.length === 1 || pieces.length > MAX_ENTRIES) return undefined;
  try {
    const values = JSON.parse(`[${pieces.join('},{')}]`) as unknown[];
    // If `}{` was inside a string, there are fewer values than pieces.
    return values.length === pieces.length && !text.trimStart().startsWith('[') ? values : undefined;
  } catch {
    return undefined;
  }
}

/** Reads lines; each has one value, an array, or several values without a line end between them. */
function readLines(lines: Iterable<string | Uint8Array>, isLog: boolean): JsonBody {
  const read: JsonBody = { values: [], single: false, escapes: false };
  let number = 0;
  for (const line of lines) {
    number += 1;
    const whole = toLatin1(line);
    // A record separator may stand before each value of `application/json-seq`.
    const text = whole.startsWith('\x1e') ? whole.slice(1) : whole;
    if (text === '' || text.trim() === '') continue;
    read.escapes ||= text.includes('\\u');
    const isRead = typeof line === 'string' || isLog;
    const place = `Line ${number}`;
    const value = isRead ? parseLine(text, place, isLog) : new Fault(`${place} is not UTF-8: send UTF-8.`);
    const list = Array.isArray(value) ? value : [value];
    if (read.values.length + list.length > MAX_ENTRIES) throw tooMany();
    for (const each of list) read.values.push(each);
  }
  return read;
}

function parseLine(text: string, place: string, isLog: boolean): unknown {
  try {
    return JSON.parse(text);
  } catch {
    const mended = isLog ? mendTemplate(text) : text;
    if (mended !== text) return parseLine(mended, place, false);
    const parts = [...readJsonParts(text)];
    if (parts.some((part) => 'value' in part && isFields(part.value))) return parts.map((part) => toValue(part, place));
    return toFault({ text, fault: findJsonFault(text) }, place);
  }
}

/**
 * Repairs JSON that a server's template writes: `\x22` of nginx in a string, and nothing, `-` or `NaN` for a missing value
 * without quotes. Each of these has only one meaning.
 */
function mendTemplate(line: string): string {
  return line.replace(/"(?:[^"\\]|\\.)*"|:\s*(?:-|NaN)?(?=\s*[,}])/g, (part) =>
    part.startsWith(':')
      ? ':null'
      : part.replace(/\\(?:x([\da-f]{2})|.)/gi, (written, hex) => (hex ? `\\u00${hex}` : written)),
  );
}

function readParts(text: string, entries: string | undefined, expected: string): unknown[] {
  const values: unknown[] = [];
  for (const part of readJsonParts(text, entries)) values.push(toValue(part, `Value ${checkCount(values).length + 1}`));
  if (values.some((value) => isFields(value) && !(value instanceof Fault))) return values;
  throw new HeadroomError(
    'unreadable',
    `The body is not JSON: ${describePosition(text, findJsonFault(text))}. Send ${expected}.`,
  );
}

function toValue(part: JsonPart, place: string): unknown {
  return 'fault' in part ? toFault(part, place) : part.value;
}

function toFault({ text, fault }: { text: string; fault: number }, place: string): Fault {
  const position = describePosition(text, fault);
  // The place has the number of the line already.
  const where = text.includes('\n') ? position : position.replace(/^line 1, /, '');
  return new Fault(`${place} is not JSON: ${where}. Send one JSON object a line.`, undefined, text.slice(0, 500));
}

/** Finds the first byte that is not UTF-8: decoding replaces it, so that the bytes differ there. */
function findInvalidByte(body: Uint8Array): number {
  const decoded = Buffer.from(Buffer.from(body).toString());
  return body.findIndex((byte, at) => byte !== decoded[at]);
}

/** Lists the entries of a body: its values, or the elements of their array at `path`. */
function openLists(values: readonly unknown[], path: string): unknown[] {
  const find = compilePath(path);
  const opened: unknown[] = [];
  for (const value of values) {
    const entries = find(value);
    if (!Array.isArray(entries)) opened.push(value);
    else if (opened.length + entries.length > MAX_ENTRIES) throw tooMany();
    else for (const entry of entries) opened.push(entry);
  }
  return opened;
}
