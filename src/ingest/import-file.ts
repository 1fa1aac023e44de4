import { createHash } from 'node:crypto';
import { stat } from 'node:fs/promises';
import { basename } from 'node:path';
import type { IngestResult, UsageEvent } from '../domain/event.ts';
import { HeadroomError } from '../errors.ts';
import { type Db, transact } from '../store/database.ts';
import { type ImportFile, insertImportFile, listImportFiles, updateImportFile } from '../store/import-repository.ts';
import { addSourceCounts } from '../store/source-repository.ts';
import type { AppendRequest } from './adapter.ts';
import { type FileRecord, LineCutter, readContent, readHead } from './import-content.ts';
import { JsonCutter } from './import-json.ts';
import { CsvCutter, createRecordReader, detectFormat, type ImportFormat } from './import-records.ts';
import type { SourceOptions } from './source-options.ts';

/** Records of one transaction. */
const BATCH_RECORDS = 5000;
/** Formats are told by so much of a file. */
const HEAD_BYTES = 1024 * 1024;
/** Longer lines are no lines; a whole file of JSON may be one. */
const MAX_LINE_BYTES = 16 * 1024 * 1024;
const MAX_JSON_BYTES = 256 * 1024 * 1024;

/** What the import needs of the writer: events, and what must be true together with them, in one transaction. */
export interface ImportWriter {
  append(request: AppendRequest, also: (db: Db, result: IngestResult) => Promise<void>): Promise<IngestResult>;
}

export interface ImportOptions {
  db: Db;
  writer: ImportWriter;
  source: { id: number; name: string };
  options: SourceOptions;
  /** Days of CSV that name no time are those of this zone. */
  zone: string;
  /** Absent: told by the content. */
  format?: ImportFormat;
  /** Reads and counts, and stores nothing. */
  dryRun?: boolean;
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
  /** A last line without its end was left for the next run. */
  unfinished: boolean;
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
  const head = await readHead(path, HEAD_BYTES);
  const told = options.format ? { format: options.format } : detectFormat(head, path, options.options);
  const { format, preset } = { preset: undefined, ...told };
  const header = head.split(/\r?\n|\r/).find((line) => line.trim() !== '') ?? '';
  const settings = preset === undefined ? options.options : { ...options.options, format: preset };
  const read = createRecordReader(format, header, settings, options.zone);
  const known = await listImportFiles(options.db, options.source.id);
  const taken = await findTakenPart(path, known);
  const begun = {
    sourceId: options.source.id,
    name: basename(path),
    format: preset ?? format,
    hash: createHash('sha256').digest('hex'),
    nowMs: options.now(),
  };
  const file = taken ?? (options.dryRun ? toUntaken(begun) : await insertImportFile(options.db, begun));
  const part = new Part(file);
  /** Another run may have begun with the same content since. */
  const checkFirst = async (trx: Db): Promise<void> => {
    const files = await listImportFiles(trx, options.source.id);
    const moved = files.filter(
      ({ id, bytes }) => id !== file.id && bytes !== known.find((old) => old.id === id)?.bytes,
    );
    if (await findTakenPart(path, moved)) throw beingImported(file);
  };
  const outcome: ImportOutcome = {
    file,
    events: 0,
    duplicates: 0,
    rejected: 0,
    skippedBytes: file.bytes,
    stopped: false,
    unfinished: false,
  };
  const store = createStore(part, outcome, options, checkFirst);
  const lines = new LineCutter(format === 'json' ? MAX_JSON_BYTES : MAX_LINE_BYTES, format === 'access-log');
  const cutter =
    format === 'csv' ? new CsvCutter(header) : format === 'json' ? new JsonCutter(head, file.bytes === 0) : undefined;

  /** False: it was stopped. */
  const take = async (records: Iterable<FileRecord>): Promise<boolean> => {
    for (const record of records) {
      const rest = format !== 'json' && part.isInsideLine;
      const event = rest ? readRest(record.text) : read(record);
      outcome.unfinished = !record.finished && typeof event === 'string';
      if (outcome.unfinished) return true;
      part.add(record, event, rest);
      if (part.records < BATCH_RECORDS || record.size === 0) continue;
      await store();
      if (options.signal?.aborted) return false;
    }
    return true;
  };

  const content = readContent(path, (bytes) => options.onProgress?.(bytes, size));
  // Lines of the W3C's format are read by the last of their headers, which may have been taken before.
  const seek = head.includes('#Fields:') ? new HeaderSeeker() : undefined;
  for await (const chunk of part.skipTaken(content, seek)) {
    if (seek?.header) read({ text: seek.header });
    if (seek) seek.header = '';
    const found = lines.push(chunk);
    if (!(await take(cutter ? cutter.push(found) : found))) return { ...outcome, stopped: true };
  }
  const last = lines.end();
  await take(cutter ? cutter.end(last) : last);
  if (part.records > 0) await store();
  return outcome;
}

function toUntaken({ nowMs, ...file }: Parameters<typeof insertImportFile>[1]): ImportFile {
  return {
    ...file,
    id: 0,
    bytes: 0,
    lines: 0,
    events: 0,
    duplicates: 0,
    rejected: 0,
    firstEventMs: null,
    lastEventMs: null,
    startedMs: nowMs,
    updatedMs: nowMs,
  };
}

/** Finds the last `#Fields:` line in content that is skipped. */
class HeaderSeeker {
  header = '';
  #tail = '';

  look(skipped: Uint8Array): void {
    const text = this.#tail + Buffer.from(skipped).toString('latin1');
    const found = /(?:^|[\r\n])(#Fields:[^\r\n]*)[\r\n](?![\s\S]*[\r\n]#Fields:)/.exec(text);
    if (found) this.header = found[1]!;
    this.#tail = text.slice(-65_536);
  }
}

/** What is about to be stored of a file, and how far that takes it. */
class Part {
  readonly #hash = createHash('sha256');
  readonly file: ImportFile;
  /** Content that was read, from the end of what is hashed on. */
  #ahead: Uint8Array[] = [];
  /** Bytes of it that records have taken. */
  #taken = 0;
  /** The last line was taken without its end: what comes next is that end, or the rest of a line then being written. */
  isInsideLine = false;
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
  async *skipTaken(content: AsyncIterable<Uint8Array>, seek?: HeaderSeeker): AsyncGenerator<Uint8Array> {
    const end = this.file.bytes;
    for await (const chunk of content) {
      const skipped = chunk.subarray(0, Math.max(0, end - this.bytes));
      if (skipped.length > 0) {
        this.#hash.update(skipped);
        this.bytes += skipped.length;
        this.isInsideLine = ![10, 13].includes(skipped[skipped.length - 1]!);
        seek?.look(skipped);
      }
      const rest = chunk.subarray(skipped.length);
      if (rest.length === 0) continue;
      this.#ahead.push(rest);
      yield rest;
    }
  }

  /** Of the content up to the end of the last record. */
  get hash(): string {
    while (this.#taken > 0) {
      const chunk = this.#ahead.shift()!;
      const part = chunk.subarray(0, this.#taken);
      this.#hash.update(part);
      this.#taken -= part.length;
      if (part.length < chunk.length) this.#ahead.unshift(chunk.subarray(part.length));
    }
    return this.#hash.copy().digest('hex');
  }

  add(record: FileRecord, event: UsageEvent | string | undefined, isRest: boolean): void {
    this.bytes += record.size;
    this.#taken += record.size;
    this.records += 1;
    const line = isRest ? this.lines : this.lines + 1;
    this.lines = line + record.lines - 1;
    this.isInsideLine = !record.finished;
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
}

function readRest(text: string): string | undefined {
  return text.trim() === '' ? undefined : 'the line was taken while it was being written; the rest of it is left out';
}

function beingImported({ name }: ImportFile): HeadroomError {
  return new HeadroomError('source', `${name} is being imported, or taken back, by another run: wait for that one.`);
}

/** Thrown to roll back the commit of a dry run, once its result is known. */
class RolledBack extends Error {}

/**
 * Stores what a part holds, and adds it to the outcome. `checkFirst` runs in the transaction of a file's first part,
 * while no other run of the source can end one.
 */
function createStore(
  part: Part,
  outcome: ImportOutcome,
  options: ImportOptions,
  checkFirst: (trx: Db) => Promise<void>,
): () => Promise<void> {
  const { db, writer, source, dryRun } = options;
  const { file } = part;
  /** Ids of a dry run, of which nothing stays stored. */
  const seen = new Set<string>();

  const advance = async (trx: Db, result: IngestResult): Promise<void> => {
    const nowMs = options.now();
    const refused = new Set(result.rejected.map(({ index }) => index));
    const times = part.events.filter((_, index) => !refused.has(index)).map(({ timeMs }) => timeMs ?? nowMs);
    const span = spanOf(file, times);
    pending = { result, span };
    if (dryRun) throw new RolledBack();
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
      lastEventMs: span.lastEventMs ?? undefined,
      imported: true,
    });
    if (file.bytes === 0) await checkFirst(trx);
  };
  let pending: { result: IngestResult; span: ReturnType<typeof spanOf> } | undefined;

  return async () => {
    const { events } = part;
    const none: IngestResult = { accepted: 0, duplicates: 0, conflicts: 0, rejected: [] };
    const request = { source, events, receivedMs: options.now(), importId: file.id, allowOld: true };
    const run = events.length === 0 ? transact(db, (trx) => advance(trx, none)) : writer.append(request, advance);
    await run.catch((error) => {
      if (!(error instanceof RolledBack)) throw error;
    });
    const { result, span } = pending!;
    const again = dryRun ? countSeen(events, seen) : 0;
    const refused = result.rejected.map(({ index, error }) => ({ line: part.eventLines[index]!, error }));
    const faults = [...part.faults, ...refused].sort((a, b) => a.line - b.line);
    for (const { line, error } of faults) options.onFault?.(line, error);
    outcome.events += result.accepted - again;
    outcome.duplicates += result.duplicates + again;
    outcome.rejected += faults.length;
    Object.assign(file, { bytes: part.bytes, lines: part.lines, ...span });
    part.clear();
  };
}

/** How many of these ids came before, in an earlier part; those of one part the writer counts. */
function countSeen(events: readonly UsageEvent[], seen: Set<string>): number {
  const ids = new Set(events.flatMap(({ id }) => id ?? []));
  let again = 0;
  for (const id of ids) {
    if (seen.has(id)) again += 1;
    seen.add(id);
  }
  return again;
}

/** From the earliest to the latest of these times and those of the part of the file taken before. */
function spanOf(file: ImportFile, times: readonly number[]): Pick<ImportFile, 'firstEventMs' | 'lastEventMs'> {
  return {
    firstEventMs: times.reduce<number | null>((a, b) => Math.min(a ?? b, b), file.firstEventMs),
    lastEventMs: times.reduce<number | null>((a, b) => Math.max(a ?? b, b), file.lastEventMs),
  };
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
