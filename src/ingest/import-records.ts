import { type Calendar, createCalendar, parseDay } from '../domain/calendar.ts';
import type { UsageEvent } from '../domain/event.ts';
import { HeadroomError } from '../errors.ts';
import { createLogReader, isLogEntry } from './access-log.ts';
import { createCsvReader, looksLikeCsvHeader } from './csv.ts';
import { type Entry, EntryReader, isFields } from './entries.ts';
import { parseEventTime } from './event-time.ts';
import type { FileRecord } from './import-content.ts';
import { describePosition, findJsonFault, skipToEntries } from './json-scan.ts';
import { learnFormat, SAMPLE_LINES } from './log-presets.ts';
import type { SourceOptions } from './source-options.ts';

export const IMPORT_FORMATS = ['access-log', 'ndjson', 'json', 'csv'] as const;
export type ImportFormat = (typeof IMPORT_FORMATS)[number];

/** Turns a record into an event or an error; undefined for an empty line or a header. */
type RecordReader = (record: Pick<FileRecord, 'text' | 'value'>) => UsageEvent | string | undefined;

/**
 * Detects a file's format from its beginning, and for an access log the preset that it fits. Throws `unreadable`, with the name
 * of the file, if it is none of ours.
 */
export function detectFormat(
  head: string,
  path: string,
  options: SourceOptions,
): { format: ImportFormat; preset?: string } {
  const lines = head
    .split(head.includes('\n') ? '\n' : '\r')
    .map((line) => line.trim())
    .filter((line) => line !== '')
    .slice(0, SAMPLE_LINES);
  const [first] = lines;
  if (first === undefined) return { format: 'access-log' };
  if (/^\[\s*(?:[[{"\]]|$)/.test(first)) return { format: 'json' };
  const value = parseLine(first);
  const isEntry = typeof value === 'object' && (lines.length > 1 || 'client' in value);
  if (skipToEntries(head) > 0 && !isEntry) return { format: 'json' };
  const texts = lines.filter((line) => !line.startsWith('{'));
  const preset = options.format === undefined ? learnFormat(texts) : undefined;
  const read = createLogReader(preset === undefined ? options : { ...options, format: preset });
  if (texts.some((text) => typeof read(text) === 'object')) {
    return preset === undefined ? { format: 'access-log' } : { format: 'access-log', preset };
  }
  if (lines.some((line) => line.startsWith('{') && typeof parseLine(line) === 'object')) return { format: 'ndjson' };
  if (first.startsWith('{')) return { format: head.includes('\n') ? 'json' : 'ndjson' };
  if (looksLikeCsvHeader(first)) return { format: 'csv' };
  throw new HeadroomError(
    'unreadable',
    `${path}:1 is neither a line of an access log, nor JSON, nor a CSV header with the columns of an event: ${JSON.stringify(first.slice(0, 80).toWellFormed())}. Say which with --format ${IMPORT_FORMATS.join('|')}, or with the format of the log.`,
  );
}

/**
 * Creates a reader for a file's records. `header` is the first record, with the column names of CSV; `zone` is for days without a
 * time in CSV.
 */
export function createRecordReader(
  format: ImportFormat,
  header: string,
  options: SourceOptions,
  zone: string,
): RecordReader {
  const reader = new EntryReader(options);
  const toEntry = format === 'csv' ? createRowReader(header, options, zone) : createLinesReader(format, options);
  return (record) => {
    const found = toEntry(record);
    return typeof found === 'object' ? reader.read(found) : found;
  };
}

type ToEntry = (record: Pick<FileRecord, 'text' | 'value'>) => Entry | string | undefined;

function createLinesReader(format: ImportFormat, options: SourceOptions): ToEntry {
  const readLog = createLogReader(options);
  return ({ text: line, value: parsed }) => {
    // Log lines are not trimmed: their first field may be empty.
    const whole = line.charCodeAt(0) === 0xfeff ? line.slice(1) : line;
    const text = whole.trim();
    if (text === '' && parsed === undefined) return undefined;
    if (format === 'access-log' && text.charCodeAt(0) !== 0x7b) return readLog(whole);
    const value = parsed === undefined ? parseLine(text) : toObject(parsed);
    if (typeof value === 'string') return value;
    return format === 'access-log' || isLogEntry(value) ? readLog(value) : { fields: value };
  };
}

function createRowReader(header: string, options: SourceOptions, zone: string): ToEntry {
  const calendar = createCalendar(zone);
  const read = createCsvReader(header, options.map?.client);
  return ({ text }) => {
    const record = text.charCodeAt(0) === 0xfeff ? text.slice(1) : text;
    if (record.trim() === '' || record === header) return undefined;
    const entry = read(record);
    if (typeof entry === 'string') return entry;
    const { fields } = entry;
    if (typeof fields.time === 'string') fields.time = toStartOfDay(fields.time, calendar);
    return entry;
  };
}

/** Converts `2026-11-27` to the start of that day; returns any other text as it is. */
function toStartOfDay(time: string, calendar: Calendar): string | number {
  if (time.length !== 10 || parseEventTime(`${time}T00:00:00Z`) === undefined) return time;
  return calendar.startOfDay(parseDay(time));
}

function parseLine(text: string): object | string {
  try {
    return toObject(JSON.parse(text));
  } catch {
    // The caller adds the number of the line in the file.
    return `the line is not JSON: ${describePosition(text, findJsonFault(text)).replace(/^line 1, /, '')}`;
  }
}

function toObject(value: unknown): object | string {
  return isFields(value) ? value : 'the line is not a JSON object';
}
