import { isUtf8 } from 'node:buffer';
import type { Rejection } from '../domain/event.ts';
import { HeadroomError } from '../errors.ts';
import { type BodyLine, readBodyLines, splitLines } from './body.ts';
import { addRejection } from './event-fields.ts';
import { compilePath } from './field-map.ts';
import { type JsonPart, readJsonParts } from './json-recovery.ts';
import { checkJsonBounds, describePosition, findJsonFault, MAX_ENTRIES, tooMany } from './json-scan.ts';
import { hideSecrets, withoutQueries } from './privacy.ts';

/** The values of a body in their order, and those parts of it that are no JSON. */
export interface JsonBody {
  values: unknown[];
  /** Place of each value in the request. */
  indexes: number[];
  unreadable: Rejection[];
  /** The body is one object: the values hold it alone. */
  single: boolean;
  /** Texts may hold NUL or lone surrogates: only escapes can bring them in. */
  escapes: boolean;
}

export const JSON_TYPE = 'application/json';

const DECODER = new TextDecoder('utf-8');

/**
 * The body as text, without a byte order mark. Throws `unreadable`, naming the offset, for bytes that are not UTF-8, and
 * `unsupported` where the content type names another charset.
 */
function decodeText(body: Uint8Array, contentType: string): string {
  checkCharset(contentType);
  if (!isUtf8(body)) {
    const offset = findInvalidByte(body);
    throw new HeadroomError(
      'unreadable',
      `The body is not UTF-8: byte ${offset} is 0x${body[offset]?.toString(16).padStart(2, '0')}. Send UTF-8.`,
    );
  }
  return DECODER.decode(body);
}

/** Throws `unsupported` for any charset but UTF-8 (and ASCII, which is part of it). */
export function checkCharset(contentType: string): void {
  const charset = /;\s*charset\s*=\s*"?([^\s";]+)/i.exec(contentType)?.[1];
  if (charset && !/^(utf-?8|us-ascii|ascii)$/i.test(charset)) {
    throw new HeadroomError('unsupported', `The charset ${JSON.stringify(charset)} is not supported: send UTF-8.`);
  }
}

/** `application/json` of `application/json; charset=utf-8`, in lower case. */
export function mediaType(contentType: string): string {
  const end = contentType.indexOf(';');
  return (end < 0 ? contentType : contentType.slice(0, end)).trim().toLowerCase();
}

/** Whether a content type stands for JSON values, one a line. */
function isLinesType(contentType: string): boolean {
  return /^application\/(x-)?(ndjson|jsonl|json-?lines|json-seq)$|^application\/stream\+json$/.test(
    mediaType(contentType),
  );
}

/** Whether a content type stands for JSON at all: lines, plain, or a `+json` type. */
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
 * The values of a JSON body: one value, an array's elements, lines, or objects one after the other (Fluent Bit's
 * `json_stream` sends those as `application/json`). The content type decides, and where it turns out wrong, the bytes.
 * An entry among others that is no JSON is one of `unreadable`, whatever stands around it, also where the sender puts them
 * into an array of an object (`entries`, by name). Bytes that are no UTF-8 cost their line; of a log (`isLog`) they are read as Latin-1. Throws `unreadable` with the place when nothing can be read, and
 * `too_large`.
 */
export function readJsonBody(body: Uint8Array, contentType: string, entries?: string, isLog = false): JsonBody {
  checkCharset(contentType);
  const valid = isUtf8(body);
  const lines = isLinesType(contentType) || (isLog && holdsObjectLines(body));
  if (lines || !valid) {
    const text = valid ? decodeText(body, contentType) : undefined;
    if (text !== undefined) checkJsonBounds(text);
    const read = readLines(valid ? splitLines(text!) : readBodyLines(body), isLog);
    if (read.values.length > 0 || (lines && !valid)) return read;
  }
  const text = decodeText(body, contentType);
  if (text.trim() === '') {
    throw new HeadroomError('unreadable', 'The body is empty: send an event, an array of events, or one event a line.');
  }
  if (!lines) checkJsonBounds(text);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return readParts(text, entries);
  }
  return { ...toBody(Array.isArray(value) ? value : [value], text), single: !Array.isArray(value) };
}

/** Tells whether the first of several lines is an object by its ends. */
function holdsObjectLines(body: Uint8Array): boolean {
  const end = body.indexOf(10);
  const first = Buffer.from(body.buffer, body.byteOffset, Math.max(0, end)).toString('latin1').trim();
  return first.startsWith('{') && first.endsWith('}');
}

function toBody(values: unknown[], text: string): JsonBody {
  if (values.length > MAX_ENTRIES) throw tooMany();
  const indexes = Array.from(values.keys());
  return { values, indexes, unreadable: [], single: false, escapes: text.includes('\\u') };
}

/** Objects one after the other, read as an array at once; undefined where they are no such thing. */
function parseStream(text: string): unknown[] | undefined {
  const pieces = text.split(/\}\s*\{/, MAX_ENTRIES + 1);
  if (pieces.length === 1 || pieces.length > MAX_ENTRIES) return undefined;
  try {
    const values = JSON.parse(`[${pieces.join('},{')}]`) as unknown[];
    // A joint inside a text would be no joint: there are then more of them than values.
    return values.length === pieces.length && !text.trimStart().startsWith('[') ? values : undefined;
  } catch {
    return undefined;
  }
}

function readLines(lines: Iterable<string | BodyLine>, isLog: boolean): JsonBody {
  const read: JsonBody = { values: [], indexes: [], unreadable: [], single: false, escapes: false };
  let index = 0;
  let number = 0;
  for (const line of lines) {
    number += 1;
    const whole = typeof line === 'string' ? line : line.text;
    // A record separator may stand before each value of `application/json-seq`.
    const text = whole.startsWith('\x1e') ? whole.slice(1) : whole;
    if (text === '' || text.trim() === '') continue;
    if (typeof line !== 'string' && !line.isUtf8 && !isLog) {
      addRejection(read.unreadable, { index, error: `Line ${number} is not UTF-8: send UTF-8.` });
      index += 1;
      continue;
    }
    if (!read.escapes && text.includes('\\u')) read.escapes = true;
    index = addLine(read, text, index, `Line ${number}`, isLog);
    if (index > MAX_ENTRIES) throw tooMany();
  }
  return read;
}

/** Adds what a line holds: one value, an array, or several without a line end between them. Returns the next place. */
function addLine(read: JsonBody, text: string, index: number, place: string, isLog: boolean): number {
  const before = read.values.length;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    const mended = isLog ? mendTemplate(text) : text;
    if (mended !== text) return addLine(read, mended, index, place, false);
    const parts = [...readJsonParts(text)];
    if (!parts.some((part) => 'value' in part && isObject(part.value))) {
      rejectPart(read, { text, fault: findJsonFault(text) }, index, place);
      return index + 1;
    }
    parts.forEach((part, at) => {
      addPart(read, part, index + at, place);
    });
    return index + parts.length;
  }
  const values = Array.isArray(value) ? value : [value];
  if (index + values.length > MAX_ENTRIES) throw tooMany();
  for (const each of values) {
    read.indexes.push(index + read.values.length - before);
    read.values.push(each);
  }
  return index + values.length;
}

/**
 * JSON as a server's template writes it: `\\x22` of nginx in a text, and nothing, `-` or `NaN` where a value without quotes
 * is missing. Each stands for one thing only.
 */
function mendTemplate(line: string): string {
  return line.replace(/"(?:[^"\\]|\\.)*"|:\s*(?:-|NaN)?(?=\s*[,}])/g, (part) =>
    part.startsWith(':')
      ? ':null'
      : part.replace(/\\(?:x([\da-f]{2})|.)/gi, (written, hex) => (hex ? `\\u00${hex}` : written)),
  );
}

function readParts(text: string, entries: string | undefined): JsonBody {
  const stream = parseStream(text);
  if (stream) return toBody(stream, text);
  const read: JsonBody = { values: [], indexes: [], unreadable: [], single: false, escapes: text.includes('\\u') };
  let index = 0;
  for (const part of readJsonParts(text, entries)) {
    addPart(read, part, index, `Value ${index + 1}`);
    index += 1;
    if (index > MAX_ENTRIES) throw tooMany();
  }
  if (read.values.some(isObject)) return read;
  throw new HeadroomError(
    'unreadable',
    `The body is not JSON: ${describePosition(text, findJsonFault(text))}. Send an event, an array of events, or one event a line.`,
  );
}

function addPart(read: JsonBody, part: JsonPart, index: number, place: string): void {
  if ('fault' in part) {
    rejectPart(read, part, index, place);
    return;
  }
  read.values.push(part.value);
  read.indexes.push(index);
}

function rejectPart(read: JsonBody, part: { text: string; fault: number }, index: number, place: string): void {
  const position = describePosition(part.text, part.fault);
  // A line of its own has been named.
  const where = part.text.includes('\n') ? position : position.replace(/^line 1, /, '');
  addRejection(read.unreadable, {
    index,
    error: `${place} is not JSON: ${where}. Send one JSON object a line.`,
    excerpt: hideSecrets(withoutQueries(part.text.slice(0, 500)))
      .slice(0, 200)
      .toWellFormed(),
  });
}

function isObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function findInvalidByte(body: Uint8Array): number {
  let valid = 0;
  let invalid = body.length;
  // The longest prefix that is UTF-8, or UTF-8 cut inside a character, ends at the first bad byte.
  while (valid < invalid) {
    const middle = Math.ceil((valid + invalid) / 2);
    if (isUtf8Prefix(body.subarray(0, middle))) valid = middle;
    else invalid = middle - 1;
  }
  return valid;
}

function isUtf8Prefix(body: Uint8Array): boolean {
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(body, { stream: true });
    return true;
  } catch {
    return false;
  }
}

/** The entries of a body: its values, or what these hold at `path`; with the place of each in the request. */
export function listEntries(read: JsonBody, path: string | undefined): { value: unknown; index: number }[] {
  const listed: { value: unknown; index: number }[] = [];
  const find = path === undefined ? undefined : compilePath(path);
  let moved = 0;
  read.values.forEach((value, at) => {
    const index = read.indexes[at]! + moved;
    const entries = find?.(value);
    if (!Array.isArray(entries)) {
      listed.push({ value, index });
      return;
    }
    if (listed.length + entries.length > MAX_ENTRIES) throw tooMany();
    entries.forEach((entry: unknown, place) => {
      listed.push({ value: entry, index: index + place });
    });
    moved += Math.max(0, entries.length - 1);
  });
  return listed;
}
