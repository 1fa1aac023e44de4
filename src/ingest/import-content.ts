import { isUtf8 } from 'node:buffer';
import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { type Duplex, pipeline, type Readable } from 'node:stream';
import { createGunzip, createZstdDecompress } from 'node:zlib';
import { HeadroomError } from '../errors.ts';
import { findUtf16 } from './body.ts';
import { readJsonParts, skipToEntries } from './json-scan.ts';

/** A line without its line end, or several lines that are one record. */
export interface FileRecord {
  text: string;
  /** Bytes of the content that it takes, with line ends; 0 if the next record counts them too. */
  size: number;
  /** False for a last line without its end: more of it may come. */
  finished: boolean;
  /** Lines that it spans. */
  lines: number;
  /** The parsed text, if it is JSON and was parsed already. */
  value?: unknown;
}

/** Joins or splits lines, in order. A record that may still grow waits for the next lines, unless `isLast`. */
export type Cutter = (lines: Iterable<FileRecord>, isLast: boolean) => Iterable<FileRecord>;

/** Decompressors by the first bytes of a file; a name means a packing that the user must undo first. */
const PACKINGS = new Map<string, string | (() => Duplex)>([
  ['\x1f\x8b', createGunzip],
  ['\x28\xb5\x2f\xfd', createZstdDecompress],
  ['BZh', 'bzip2'],
  ['\xfd7zX', 'xz'],
  ['PK\x03\x04', 'zip'],
]);
const NEWLINE = 10;
const RETURN = 13;

/**
 * Reads the content of a file: decompressed (gzip and zstd, recognised by their first bytes), and UTF-16 with a byte order mark
 * as UTF-8. `onRead` gets the bytes read from the disk so far. Throws `unreadable` if the file cannot be opened, or ends in the
 * middle of its compression.
 */
export async function* readContent(path: string, onRead: (bytes: number) => void): AsyncGenerator<Uint8Array> {
  try {
    const file = await open(path);
    const { buffer, bytesRead } = await file.read(Buffer.alloc(4), 0, 4, 0);
    await file.close();
    const magic = buffer.toString('latin1', 0, bytesRead);
    const packing = PACKINGS.entries().find(([start]) => magic.startsWith(start))?.[1];
    if (typeof packing === 'string') {
      const cure = 'unpack it first, or send what unpacks it to "headroom import -"';
      throw new HeadroomError('unreadable', `${path} is packed with ${packing}: ${cure}.`);
    }
    const raw = createReadStream(path, { highWaterMark: 256 * 1024 });
    raw.on('data', () => onRead(raw.bytesRead));
    yield* toUtf8(packing ? pipeline(raw, packing(), () => {}) : raw);
  } catch (error) {
    if (error instanceof HeadroomError) throw error;
    throw new HeadroomError('unreadable', `${path} cannot be read: ${(error as Error).message}.`, { cause: error });
  }
}

async function* toUtf8(content: Readable): AsyncGenerator<Uint8Array> {
  let decoder: TextDecoder | undefined;
  let begun = false;
  for await (const chunk of content as AsyncIterable<Uint8Array>) {
    const encoding = begun ? undefined : findUtf16(chunk);
    if (encoding) decoder = new TextDecoder(encoding);
    begun = true;
    // The decoder keeps an incomplete character at the end of a chunk for the next one.
    yield decoder ? Buffer.from(decoder.decode(chunk, { stream: true })) : chunk;
  }
}

/** Reads the first bytes of a file's content as text, cut at the last line end if there is one. */
export async function readHead(path: string, bytes: number): Promise<string> {
  const chunks: Uint8Array[] = [];
  let read = 0;
  for await (const chunk of readContent(path, () => {})) {
    chunks.push(chunk);
    read += chunk.length;
    if (read >= bytes) break;
  }
  const text = decodeOpen(Buffer.concat(chunks)).replace(/^\ufeff/, '');
  const end = read < bytes ? text.length : text.lastIndexOf('\n');
  return end < 0 ? text : text.slice(0, end);
}

/**
 * Cuts content into lines: at line feeds, or at carriage returns if the first chunk has no line feed. In a text log a return
 * ends a line anywhere, since servers escape those in requests.
 */
export class LineCutter {
  readonly #maxBytes: number;
  readonly #isTextLog: boolean;
  #rest: Uint8Array[] = [];
  #restBytes = 0;
  #separator: number | undefined;

  /** A line with more than `maxBytes` throws `unreadable`. */
  constructor(maxBytes: number, isTextLog: boolean) {
    this.#maxBytes = maxBytes;
    this.#isTextLog = isTextLog;
  }

  *push(chunk: Uint8Array): Generator<FileRecord> {
    if (chunk.length === 0) return;
    this.#separator ??= !chunk.includes(NEWLINE) && chunk.includes(RETURN) ? RETURN : NEWLINE;
    const end = chunk.lastIndexOf(this.#separator) + 1;
    if (end > 0) {
      const whole = chunk.subarray(0, end);
      yield* this.#cut(this.#rest.length === 0 ? toBuffer(whole) : Buffer.concat([...this.#rest, whole]));
      this.#rest = [];
      this.#restBytes = 0;
    }
    if (end < chunk.length) this.#rest.push(chunk.subarray(end));
    this.#restBytes += chunk.length - end;
    if (this.#restBytes > this.#maxBytes) {
      throw new HeadroomError(
        'unreadable',
        `A line has more than ${this.#maxBytes} bytes: this is no log, JSON or CSV.`,
      );
    }
  }

  *end(): Generator<FileRecord> {
    if (this.#restBytes === 0) return;
    const text = decodeOpen(Buffer.concat(this.#rest)).replace(/\r$/, '');
    yield { text, size: this.#restBytes, finished: false, lines: 1 };
  }

  *#cut(block: Buffer): Generator<FileRecord> {
    const text = isUtf8(block) ? block.toString('utf8') : '';
    // In ASCII text each character is one byte, so the block can be decoded at once, not line by line.
    const ascii = text.length === block.length;
    const separator = this.#separator!;
    const mark = String.fromCharCode(separator);
    for (let start = 0; start < block.length; ) {
      const end = ascii ? text.indexOf(mark, start) : block.indexOf(separator, start);
      const last = end > start && block[end - 1] === RETURN ? end - 1 : end;
      const line = ascii ? text.slice(start, last) : decode(block.subarray(start, last));
      const size = end + 1 - start;
      if (this.#isTextLog && line.includes('\r')) yield* this.#cutAtReturns(line, size);
      else yield { text: line, size, finished: true, lines: 1 };
      start = end + 1;
    }
  }

  /** Splits a line at returns. Only the last part counts as a line and has a size: all parts are taken together. */
  *#cutAtReturns(text: string, size: number): Generator<FileRecord> {
    const lines = text.split('\r');
    for (const [at, line] of lines.entries()) {
      const taken = at < lines.length - 1 ? { size: 0, lines: 0 } : { size, lines: 1 };
      yield { text: line, finished: true, ...taken };
    }
  }
}

/** Decodes a line; one that is not UTF-8 is read as Latin-1, which old logs contain. */
function decode(bytes: Buffer): string {
  return bytes.toString(isUtf8(bytes) ? 'utf8' : 'latin1');
}

/** Does the same with bytes that may be cut inside a character at the end, which is left out. */
function decodeOpen(bytes: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes, { stream: true });
  } catch {
    return bytes.toString('latin1');
  }
}

function toBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
}

/** Prefix for entries from the middle of a wrapped list, so that they are read like those at its beginning. */
const WRAPPER = '{"events":[';

/**
 * Joins lines of a JSON file, an array or objects one after the other, to entries. A new entry begins at a line that is indented
 * like the first entry. A broken entry does not affect the others.
 */
export function createJsonCutter(head: string, isWhole: boolean): Cutter {
  const wrapper = skipToEntries(head);
  const first = head.indexOf('{', wrapper);
  const lineStart = head.lastIndexOf('\n', first) + 1;
  const isWrapped = wrapper > 0;
  /** True if the entries are in an array. */
  const isList = isWrapped || /^\ufeff?\s*\[/.test(head);
  /** Columns at which a line with `{` begins an entry. */
  const columns = head.slice(lineStart, first).trim() === '' ? [first - lineStart] : [first - lineStart, 0];
  let isFirst = isWhole;
  let waiting: FileRecord[] = [];

  function* settle(isLast: boolean): Generator<FileRecord> {
    const whole = waiting.map((line) => line.text).join('\n');
    const prefix = isWrapped && !isFirst ? WRAPPER : '';
    const text = isWrapped ? prefix + whole : whole.replace(/^\ufeff?\s*\[/, (start) => ' '.repeat(start.length));
    isFirst = false;
    // After the entries, a wrapper may have other fields: ignore them.
    const parts = prefix !== '' && /^\s*\]/.test(whole) ? [] : [...readJsonParts(text, undefined, true)];
    const end = parts.at(-1);
    const cut = isLast && end && 'fault' in end && breaksOff(end) ? parts.pop() : undefined;
    const size = waiting.reduce((sum, line) => sum + line.size, 0);
    if (parts.length === 0 && !isLast) yield { text: '', size, finished: true, lines: waiting.length };
    // Do not take the closing bracket: if the file grows, the import continues after the last entry.
    const last = isLast ? sizeTo(waiting, endOf(text, parts) - prefix.length) : { size, lines: waiting.length };
    for (const [at, part] of parts.entries()) {
      const taken = at < parts.length - 1 ? { size: 0, lines: 0 } : last;
      yield { text: part.text, finished: true, ...taken, ...('value' in part ? { value: part.value } : {}) };
    }
    // A list without its closing bracket was cut off: more entries may come.
    const isOpen = isLast && isList && parts.length > 0 && !/^[\s,]*\]/.test(text.slice(endOf(text, parts)));
    if (cut || isOpen) yield { text: cut?.text ?? '[', size: 0, finished: false, lines: 0 };
    waiting = [];
  }

  return function* cut(lines, isLast) {
    for (const line of lines) {
      if (waiting.length > 0 && columns.some((column) => beginsAt(line.text, column))) yield* settle(false);
      waiting.push(line);
    }
    if (isLast && waiting.length > 0) yield* settle(true);
  };
}

/** Tells whether an entry is JSON that was cut off, so that more of it may come. Its last word or escape may be incomplete. */
function breaksOff({ text, fault }: { text: string; fault: number }): boolean {
  return /^(?:[-+.\w]*|\\(?:u[\da-f]{0,3})?)\s*$/i.test(text.slice(fault));
}

/** Returns the offset at which the last of these parts ends. */
function endOf(text: string, parts: readonly { text: string }[]): number {
  return parts.reduce((at, part) => text.indexOf(part.text, at) + part.text.length, 0);
}

/** Counts bytes and line ends up to a character of the joined lines. */
function sizeTo(lines: readonly FileRecord[], end: number): { size: number; lines: number } {
  let left = end;
  let size = 0;
  for (const [at, line] of lines.entries()) {
    if (left <= line.text.length) {
      return { size: size + Math.min(line.size, Buffer.byteLength(line.text.slice(0, left))), lines: at };
    }
    size += line.size;
    left -= line.text.length + 1;
  }
  return { size, lines: lines.length };
}

function beginsAt(line: string, column: number): boolean {
  return line[column] === '{' && line.slice(0, column).trim() === '';
}
