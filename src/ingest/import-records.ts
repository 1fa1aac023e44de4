import { isUtf8 } from 'node:buffer';
import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { pipeline, type Readable } from 'node:stream';
import { createGunzip, createZstdDecompress } from 'node:zlib';
import { type Calendar, createCalendar, parseDay } from '../domain/calendar.ts';
import type { UsageEvent } from '../domain/event.ts';
import { HeadroomError } from '../errors.ts';
import { createLogReader, isLogEntry } from './access-log.ts';
import { parseAccessLine } from './access-log-line.ts';
import {
  type CsvHeader,
  judgeCsvRecord,
  looksLikeCsvHeader,
  parseCsvHeader,
  readHeader as readCsvHeader,
  toCsvFields,
} from './csv.ts';
import { EventReader } from './event-fields.ts';
import { parseEventTime } from './event-time.ts';
import { findMapper } from './field-map.ts';
import { describePosition, findJsonFault } from './json-position.ts';
import type { SourceOptions } from './source-options.ts';

export const IMPORT_FORMATS = ['access-log', 'ndjson', 'csv'] as const;
export type ImportFormat = (typeof IMPORT_FORMATS)[number];

/** Longer records are no records. */
const MAX_RECORD_BYTES = 16 * 1024 * 1024;

/** A cell of CSV spans at most so many lines. */
const MAX_RECORD_LINES = 30;

/** A record of a file: a line, or in CSV as many lines as its quotes span. */
export interface FileRecord {
  text: string;
  /** With its line end; an unfinished last one has none. */
  bytes: Uint8Array;
  finished: boolean;
}

/** Makes an event of a record, says what is wrong with it, or, for an empty line or a header, neither. */
export type RecordReader = (text: string) => UsageEvent | string | undefined;

/**
 * The content of a file, decompressed (gzip and zstd, told by their first bytes). `onRead` gets the bytes read from the
 * disk so far. Throws `unreadable` where the file cannot be opened or ends inside its compression.
 */
export async function* readContent(path: string, onRead: (bytes: number) => void): AsyncGenerator<Uint8Array> {
  try {
    const file = await open(path);
    const { buffer, bytesRead } = await file.read(Buffer.alloc(4), 0, 4, 0);
    await file.close();
    const magic = buffer.subarray(0, bytesRead);
    const raw = createReadStream(path, { highWaterMark: 256 * 1024 });
    let read = 0;
    raw.on('data', (chunk) => {
      read += chunk.length;
      onRead(read);
    });
    const decoder = magic.equals(Buffer.from([0x28, 0xb5, 0x2f, 0xfd]))
      ? createZstdDecompress()
      : magic[0] === 0x1f && magic[1] === 0x8b
        ? createGunzip()
        : undefined;
    const content: Readable = decoder ? pipeline(raw, decoder, () => {}) : raw;
    for await (const chunk of content) yield chunk as Uint8Array;
  } catch (error) {
    if (error instanceof HeadroomError) throw error;
    throw new HeadroomError('unreadable', `${path} cannot be read: ${(error as Error).message}.`, { cause: error });
  }
}

/** Cuts content into records at line ends. */
export async function* readRecords(content: AsyncIterable<Uint8Array>): AsyncGenerator<FileRecord> {
  let rest = Buffer.alloc(0);
  for await (const chunk of content) {
    const buffer = rest.length === 0 ? Buffer.from(chunk) : Buffer.concat([rest, chunk]);
    let start = 0;
    for (let end = buffer.indexOf(10); end >= 0; end = buffer.indexOf(10, start)) {
      yield toRecord(buffer.subarray(start, end + 1), true);
      start = end + 1;
    }
    rest = buffer.subarray(start);
    if (rest.length > MAX_RECORD_BYTES) {
      throw new HeadroomError(
        'unreadable',
        `A line has more than ${MAX_RECORD_BYTES} bytes: this is no log, NDJSON or CSV.`,
      );
    }
  }
  if (rest.length > 0) yield toRecord(rest, false);
}

/**
 * Joins lines to records of CSV where a quoted cell spans them. Where that makes no record, its first line is one by
 * itself, so that an odd quotation mark costs no other row.
 */
export async function* joinCsvLines(lines: AsyncIterable<FileRecord>, headerLine: string): AsyncGenerator<FileRecord> {
  const header = readCsvHeader(headerLine);
  let waiting: FileRecord[] = [];

  function* settle(isLast: boolean): Generator<FileRecord> {
    for (let count = 1; count <= waiting.length; ) {
      const record = join(waiting.slice(0, count));
      const judged = judgeCsvRecord(record.text, header);
      const whole = judged === 'whole';
      if (judged === 'open' && count < MAX_RECORD_LINES && count < waiting.length) {
        count += 1;
        continue;
      }
      if (judged === 'open' && count < MAX_RECORD_LINES && !isLast) return;
      yield whole ? record : waiting[0]!;
      waiting = waiting.slice(whole ? count : 1);
      count = 1;
    }
  }

  for await (const line of lines) {
    waiting.push(line);
    yield* settle(false);
  }
  yield* settle(true);
}

function join(lines: readonly FileRecord[]): FileRecord {
  if (lines.length === 1) return lines[0]!;
  return toRecord(Buffer.concat(lines.map(({ bytes }) => bytes)), lines.at(-1)!.finished);
}

function toRecord(bytes: Buffer, finished: boolean): FileRecord {
  // Old logs hold Latin-1; their lines count all the same.
  const text = bytes.toString(isUtf8(bytes) ? 'utf8' : 'latin1').replace(/\r?\n$/, '');
  return { text, bytes, finished };
}

/** Tells a file's format by its first line. Throws `unreadable`, naming the file, where it is none of ours. */
export function detectFormat(line: string, path: string): ImportFormat {
  const text = line.replace(/^\ufeff/, '').trim();
  if (text.startsWith('{')) return 'ndjson';
  if (typeof parseAccessLine(text) !== 'string') return 'access-log';
  if (looksLikeCsvHeader(text)) return 'csv';
  throw new HeadroomError(
    'unreadable',
    `${path}:1 is neither a line of an access log, nor JSON, nor a CSV header with the columns of an event: ${JSON.stringify(text.slice(0, 80).toWellFormed())}. Say which with --format ${IMPORT_FORMATS.join('|')}.`,
  );
}

/**
 * A reader of a file's records; `header` is its first record, which in CSV names the columns. A day without time, in CSV,
 * is one of `zone`.
 */
export function createRecordReader(
  format: ImportFormat,
  header: string,
  options: SourceOptions,
  zone: string,
): RecordReader {
  if (format === 'csv') return createCsvReader(header, options, zone);
  const log = createLogReader(options);
  const native = new EventReader(options);
  const mapper = findMapper(options);
  return (line) => {
    const text = line.replace(/^\ufeff/, '').trim();
    if (text === '') return undefined;
    if (format === 'access-log' && !text.startsWith('{')) return log.line(text);
    const value = parseJson(text);
    if (typeof value === 'string') return value;
    if (format === 'access-log' || isLogEntry(value)) return log.value(value);
    return native.read(mapper ? mapper.read(value, value) : value);
  };
}

function createCsvReader(headerRecord: string, options: SourceOptions, zone: string): RecordReader {
  const calendar = createCalendar(zone);
  const header: CsvHeader = parseCsvHeader(headerRecord, options.map?.client);
  const reader = new EventReader(options);
  const mapper = findMapper(options);
  return (record) => {
    if (record.trim() === '' || record === headerRecord) return undefined;
    const fields = toCsvFields(record, header);
    if (typeof fields === 'string') return fields;
    if (typeof fields.time === 'string') fields.time = toStartOfDay(fields.time, calendar);
    return reader.read(mapper ? mapper.read(fields, fields) : fields);
  };
}

/** The first moment of `2026-11-27`; any other text as it is. */
function toStartOfDay(time: string, calendar: Calendar): string | number {
  if (parseEventTime(`${time}T00:00:00Z`) === undefined) return time;
  return calendar.startOfDay(parseDay(time));
}

function parseJson(text: string): object | string {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : 'the line is no JSON object';
  } catch {
    // Which line of the file it is, is said by who counts them.
    return `the line is not JSON: ${describePosition(text, findJsonFault(text)).replace(/^line 1, /, '')}`;
  }
}
