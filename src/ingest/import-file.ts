import { createHash } from 'node:crypto';
import { stat } from 'node:fs/promises';
import { basename } from 'node:path';
import type { IngestResult, UsageEvent } from '../domain/event.ts';
import { HeadroomError } from '../errors.ts';
import { type Db, transact } from '../store/database.ts';
import { type ImportFile, insertImportFile, listImportFiles, updateImportFile } from '../store/import-repository.ts';
import { addSourceCounts } from '../store/source-repository.ts';
import type { AppendRequest } from './adapter.ts';
import {
  createRecordReader,
  detectFormat,
  type ImportFormat,
  joinCsvLines,
  readContent,
  readRecords,
} from './import-records.ts';

/** Records of one transaction. */
const BATCH_RECORDS = 5000;

/** What the import needs of the writer: events, and what must be true together with them, in one transaction. */
export interface ImportWriter {
  append(request: AppendRequest, also: (db: Db, result: IngestResult) => Promise<void>): Promise<IngestResult>;
}

export interface ImportOptions {
  db: Db;
  writer: ImportWriter;
  source: { id: number; name: string };
  options: Readonly<Record<string, unknown>>;
  /** Days of CSV that name no time are those of this zone. */
  zone: string;
  /** Absent: told by the first line. */
  format?: ImportFormat;
  now: () => number;
  /** Stops after the part that is being stored; another run goes on from there. */
  signal?: AbortSignal;
  onProgress?: (readBytes: number, totalBytes: number) => void;
  /** A line that is not taken, with its number in the file. */
  onFault?: (line: number, error: string) => void;
}

export interface ImportOutcome {
  file: ImportFile;
  /** What this run added. */
  events: number;
  duplicates: number;
  rejected: number;
  /** Bytes of content that an earlier run had taken. */
  skippedBytes: number;
  stopped: boolean;
}

/**
 * Takes a file's records, each exactly once: a part and the note of how far the file was taken are one transaction, so a
 * run may end anywhere. The file is recognised by its content, whatever its name: it goes on behind the longest part
 * that was taken before. A last line without its end that cannot be read yet is left for the next run.
 */
export async function importFile(path: string, options: ImportOptions): Promise<ImportOutcome> {
  const { size } = await stat(path).catch((error: Error) => {
    throw new HeadroomError('unreadable', `${path} cannot be read: ${error.message}.`, { cause: error });
  });
  const first = await readFirstRecord(path);
  const format = options.format ?? (first === '' ? 'access-log' : detectFormat(first, path));
  const read = createRecordReader(format, first, options.options, options.zone);
  const known = await listImportFiles(options.db, options.source.id);
  const taken = await findTakenPart(path, known);
  const file =
    taken ??
    (await insertImportFile(options.db, {
      sourceId: options.source.id,
      name: basename(path),
      format,
      hash: createHash('sha256').digest('hex'),
      nowMs: options.now(),
    }));
  const part = new Part(file);
  /** Another run may have begun with the same content since. */
  const checkFirst = async (trx: Db): Promise<void> => {
    const files = await listImportFiles(trx, options.source.id);
    const moved = files.filter(
      ({ id, bytes }) => id !== file.id && bytes !== known.find((old) => old.id === id)?.bytes,
    );
    if (await findTakenPart(path, moved)) throw beingImported(file);
  };
  const outcome = { file, events: 0, duplicates: 0, rejected: 0, skippedBytes: file.bytes, stopped: false };

  const content = readContent(path, (bytes) => options.onProgress?.(bytes, size));
  const lines = readRecords(part.skipTaken(content));
  for await (const record of format === 'csv' ? joinCsvLines(lines, first) : lines) {
    const rest = part.isInsideLine;
    const event = rest ? readRest(record.text) : read(record.text);
    if (!record.finished && typeof event === 'string') break;
    part.add(record.bytes, event, rest);
    if (part.records < BATCH_RECORDS) continue;
    await store(part, outcome, options, checkFirst);
    if (options.signal?.aborted) return { ...outcome, stopped: true };
  }
  if (part.records > 0) await store(part, outcome, options, checkFirst);
  return outcome;
}

/** What is about to be stored of a file, and how far that takes it. */
class Part {
  readonly #hash = createHash('sha256');
  readonly file: ImportFile;
  #lastByte = 10;
  bytes = 0;
  lines: number;
  records = 0;
  events: UsageEvent[] = [];
  /** Number in the file of each event's line. */
  eventLines: number[] = [];
  faults: { line: number; error: string }[] = [];

  constructor(file: ImportFile) {
    this.file = file;
    this.lines = file.lines;
  }

  /** The content behind what was taken before. */
  async *skipTaken(content: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    const end = this.file.bytes;
    for await (const chunk of content) {
      const skipped = chunk.subarray(0, Math.max(0, end - this.bytes));
      if (skipped.length > 0) this.#advance(skipped);
      if (skipped.length < chunk.length) yield chunk.subarray(skipped.length);
    }
  }

  /** The last line was taken without its end: what comes next is that end, or the rest of a line then being written. */
  get isInsideLine(): boolean {
    return this.#lastByte !== 10;
  }

  get hash(): string {
    return this.#hash.copy().digest('hex');
  }

  add(bytes: Uint8Array, event: UsageEvent | string | undefined, isRest: boolean): void {
    this.#advance(bytes);
    this.records += 1;
    const line = isRest ? this.lines : this.lines + 1;
    this.lines = line;
    // In CSV a record may be several lines.
    const last = bytes.length - 1;
    for (let end = bytes.indexOf(10); end >= 0 && end < last; end = bytes.indexOf(10, end + 1)) this.lines += 1;
    if (typeof event === 'string') this.faults.push({ line, error: event });
    else if (event) {
      this.events.push(event);
      this.eventLines.push(line);
    }
  }

  clear(): void {
    this.records = 0;
    this.events = [];
    this.eventLines = [];
    this.faults = [];
  }

  #advance(bytes: Uint8Array): void {
    this.#hash.update(bytes);
    this.bytes += bytes.length;
    this.#lastByte = bytes[bytes.length - 1]!;
  }
}

function readRest(text: string): string | undefined {
  return text.trim() === '' ? undefined : 'the line was taken while it was being written; the rest of it is left out';
}

function beingImported({ name }: ImportFile): HeadroomError {
  return new HeadroomError('source', `${name} is being imported, or taken back, by another run: wait for that one.`);
}

/** `checkFirst` runs in the transaction of a file's first part, while no other run of the source can end one. */
async function store(
  part: Part,
  outcome: ImportOutcome,
  options: ImportOptions,
  checkFirst: (trx: Db) => Promise<void>,
): Promise<void> {
  const { db, writer, source } = options;
  const { file, events } = part;
  const nowMs = options.now();
  let span = spanOf(file, []);

  const advance = async (trx: Db, result: IngestResult): Promise<void> => {
    const refused = new Set(result.rejected.map(({ index }) => index));
    const taken = events.filter((_, index) => !refused.has(index));
    span = spanOf(
      file,
      taken.map(({ timeMs }) => timeMs ?? nowMs),
    );
    const step = {
      bytes: part.bytes,
      hash: part.hash,
      lines: part.lines - file.lines,
      events: result.accepted,
      duplicates: result.duplicates,
      rejected: part.faults.length + result.rejected.length,
      ...span,
      nowMs,
    };
    if (!(await updateImportFile(trx, file.id, file.bytes, step))) throw beingImported(file);
    // `/usage sources` counts what is imported like what is sent.
    await addSourceCounts(trx, source.id, {
      accepted: step.events,
      duplicates: step.duplicates,
      conflicts: result.conflicts,
      rejected: step.rejected,
      withoutId: 0,
      late: 0,
      receivedMs: nowMs,
      lastEventMs: span.lastEventMs,
      imported: true,
    });
    if (file.bytes === 0) await checkFirst(trx);
  };

  let result: IngestResult = { accepted: 0, duplicates: 0, conflicts: 0, rejected: [] };
  if (events.length === 0) await transact(db, (trx) => advance(trx, result));
  else {
    const request = { source, events, receivedMs: nowMs, importId: file.id, allowOld: true };
    result = await writer.append(request, advance);
  }

  const refused = result.rejected.map(({ index, error }) => ({ line: part.eventLines[index]!, error }));
  const faults = [...part.faults, ...refused].sort((a, b) => a.line - b.line);
  for (const { line, error } of faults) options.onFault?.(line, error);
  outcome.events += result.accepted;
  outcome.duplicates += result.duplicates;
  outcome.rejected += faults.length;
  Object.assign(file, { bytes: part.bytes, lines: part.lines, ...span });
  part.clear();
}

/** From the earliest to the latest of these times and those of the part of the file taken before. */
function spanOf(file: ImportFile, times: readonly number[]): Pick<ImportFile, 'firstEventMs' | 'lastEventMs'> {
  return {
    firstEventMs: times.reduce<number | undefined>((a, b) => Math.min(a ?? b, b), file.firstEventMs),
    lastEventMs: times.reduce<number | undefined>((a, b) => Math.max(a ?? b, b), file.lastEventMs),
  };
}

async function readFirstRecord(path: string): Promise<string> {
  for await (const { text } of readRecords(readContent(path, () => {}))) {
    if (text.trim() !== '') return text;
  }
  return '';
}

/** The file whose taken part this content begins with; of several, the one taken furthest. */
async function findTakenPart(path: string, files: readonly ImportFile[]): Promise<ImportFile | undefined> {
  const candidates = [...files].sort((a, b) => a.bytes - b.bytes);
  if (candidates.length === 0) return undefined;
  const hash = createHash('sha256');
  let found: ImportFile | undefined;
  let position = 0;
  let next = 0;
  for await (const chunk of readContent(path, () => {})) {
    let start = 0;
    while (next < candidates.length && candidates[next]!.bytes <= position + chunk.length) {
      const candidate = candidates[next]!;
      const end = candidate.bytes - position;
      hash.update(chunk.subarray(start, end));
      start = end;
      if (hash.copy().digest('hex') === candidate.hash) found = candidate;
      next += 1;
    }
    hash.update(chunk.subarray(start));
    position += chunk.length;
    if (next === candidates.length) break;
  }
  return found;
}
