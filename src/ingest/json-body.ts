import { isUtf8 } from 'node:buffer';
import type { Rejection } from '../domain/event.ts';
import { HeadroomError } from '../errors.ts';
import { addRejection } from './event-fields.ts';
import { describePosition, findJsonFault } from './json-position.ts';

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

/**
 * The values of a JSON body: one value, an array's elements, lines, or objects one after the other (Fluent Bit's
 * `json_stream` sends those as `application/json`). The content type decides, and where it turns out wrong, the bytes.
 * A line or object among others that is no JSON is an entry of `unreadable`; throws `unreadable` with the place when
 * nothing can be read.
 */
export function readJsonBody(body: Uint8Array, contentType: string): JsonBody {
  checkCharset(contentType);
  const lines = isLinesType(contentType);
  if (lines && !isUtf8(body)) return readLines(splitBytes(body));
  const text = decodeText(body, contentType);
  if (text.trim() === '') {
    throw new HeadroomError('unreadable', 'The body is empty: send an event, an array of events, or one event a line.');
  }
  if (lines) {
    const read = readLines(text.split('\n'));
    if (read.values.length > 0) return read;
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return readConcatenated(text);
  }
  const values = Array.isArray(value) ? value : [value];
  return {
    values,
    indexes: Array.from(values.keys()),
    unreadable: [],
    single: !Array.isArray(value),
    escapes: text.includes('\\u'),
  };
}

function readLines(lines: readonly (string | undefined)[]): JsonBody {
  const read: JsonBody = { values: [], indexes: [], unreadable: [], single: false, escapes: false };
  let index = 0;
  lines.forEach((line, number) => {
    // A record separator may stand before each value of `application/json-seq`.
    const text = line?.startsWith('\x1e') ? line.slice(1) : line;
    if (text !== undefined && (text === '' || text.trim() === '')) return;
    addDocument(read, text, index, () => `Line ${number + 1}`);
    index += 1;
  });
  return read;
}

function readConcatenated(text: string): JsonBody {
  const read: JsonBody = { values: [], indexes: [], unreadable: [], single: false, escapes: text.includes('\\u') };
  const parts = splitDocuments(text);
  parts.forEach((part, index) => {
    addDocument(read, part, index, () => `Value ${index + 1}`);
  });
  if (parts.length > 1 && read.values.length > 0) return read;
  throw new HeadroomError(
    'unreadable',
    `The body is not JSON: ${describePosition(text, findJsonFault(text))}. Send an event, an array of events, or one event a line.`,
  );
}

function addDocument(read: JsonBody, text: string | undefined, index: number, place: () => string): void {
  if (text === undefined) {
    addRejection(read.unreadable, { index, error: `${place()} is not UTF-8: send UTF-8.` });
    return;
  }
  if (!read.escapes && text.includes('\\u')) read.escapes = true;
  try {
    read.values.push(JSON.parse(text));
    read.indexes.push(index);
  } catch {
    const position = describePosition(text, findJsonFault(text));
    // A line of its own has been named.
    const where = text.includes('\n') ? position : position.replace(/^line 1, /, '');
    addRejection(read.unreadable, {
      index,
      error: `${place()} is not JSON: ${where}. Send one JSON object a line.`,
      excerpt: text.slice(0, 200).toWellFormed(),
    });
  }
}

/** Splits values that follow each other, with or without space between; what follows the last whole one is a part too. */
function splitDocuments(text: string): string[] {
  const parts: string[] = [];
  let start = 0;
  let depth = 0;
  const structure = /["{}[\]]/g;
  for (let found = structure.exec(text); found; found = structure.exec(text)) {
    const char = found[0];
    if (char === '"') {
      structure.lastIndex = endOfString(text, found.index);
    } else if (char === '{' || char === '[') depth += 1;
    else {
      depth -= 1;
      if (depth <= 0) {
        depth = 0;
        parts.push(text.slice(start, structure.lastIndex));
        start = structure.lastIndex;
      }
    }
  }
  if (text.slice(start).trim() !== '') parts.push(text.slice(start));
  return parts;
}

function endOfString(text: string, quote: number): number {
  for (let end = text.indexOf('"', quote + 1); end >= 0; end = text.indexOf('"', end + 1)) {
    let slashes = 0;
    while (text[end - 1 - slashes] === '\\') slashes += 1;
    if (slashes % 2 === 0) return end + 1;
  }
  return text.length;
}

/** Lines of a body that is not UTF-8 throughout; undefined for those that are not. */
function splitBytes(body: Uint8Array): (string | undefined)[] {
  const lines: (string | undefined)[] = [];
  for (let start = 0; start < body.length; ) {
    const newline = body.indexOf(10, start);
    const end = newline < 0 ? body.length : newline;
    const line = body.subarray(start, end);
    lines.push(isUtf8(line) ? DECODER.decode(line) : undefined);
    start = end + 1;
  }
  return lines;
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
