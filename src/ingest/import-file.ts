import { createHash } from 'node:crypto';
import { stat } from 'node:fs/promises';
import { basename } from 'node:path';
import type { IngestResult, UsageEvent } from '../domain/event.ts';
import { HeadroomError } from '../errors.ts';
import { type Db, transact } from '../store/database.ts';
import { type ImportFile, insertImportFile, listImportFiles, updateImportFile } from '../store/import-repository.ts';
import { addSourceCounts } from '../store/source-repository.ts';
import type { AppendRequest } from './adapter.ts';
import { createCsvCutter } from './csv.ts';
import { type Cutter, createJsonCutter, type FileRecord, LineCutter, readContent, readHead } from './import-content.ts';
import { createRecordReader, detectFormat, type ImportFormat } from './import-records.ts';
import type { SourceOptions } from './source-options.ts';

/** Records of one transaction. */
const BATCH_RECORDS = 5000;
/** Detect the format from the first 1 MiB of a file. */
const HEAD_BYTES = 1024 * 1024;
/** Refuse longer lines, which cannot be lines of a log or table. A whole file of JSON may be one line. */
const MAX_LINE_BYTES = 16 * 1024 * 1024;
const MAX_JSON_BYTES = 256 * 1024 * 1024;

/** Appends events; `also` runs in the same transaction. */
export interface ImportWriter {
  append(request: AppendRequest, also: (db: Db, result: IngestResult) => Promise<void>): Promise<IngestResult>;
}

export interface ImportOptions {
  db: Db;
  writer: ImportWriter;
  source: { id: number; name: string };
  options: SourceOptions;
  /** Zone for days without a time in CSV. */
  zone: string;
  /** Absent: detected from the content. */
  format?: ImportFormat;
  /** Reads and counts, and stores nothing. */
  dryRun?: boolean;
  now: () => number;
  /** Stops after the part that is being stored; another run continues from there. */
  signal?: AbortSignal;
  onProgress?: (readBytes: number, totalBytes: number) => void;
  /** Called for each rejected line, with its number in the file. */
  onFault?: (line: number, error: string) => void;
}

export interface ImportOutcome {
  file: ImportFile;
  /** Counts of this run. */
  events: number;
  duplicates: number;
  rejected: number;
  /** Bytes of content that an earlier run had imported. */
  skippedBytes: number;
  stopped: boolean;
  /** True if a last line without its end was left for the next run. */
  unfinished: boolean;
}

/** A file of which nothing is stored yet. */
const UNTAKEN = {
  ...{ id: 0, bytes: 0, lines: 0, events: 0, duplicates: 0, rejected: 0 },
  ...{ firstEventMs: null, lastEventMs: null, startedMs: 0, updatedMs: 0 },
};

/**
 * Imports a file's records, each exactly once: a part and the note of how far the file was imported are one transaction, so a run
 * may end anywhere. The file is recognised by its content, whatever its name: the import continues after the longest part that
 * was imported before. A last line without its end that cannot be read yet is left for the next run.
 */
export async function importFile(path: string, options: ImportOptions): Promise<ImportOutcome> {
  const { db, source, dryRun } = options;
  const { size } = await stat(path).catch((error: Error) => {
    throw new HeadroomError('unreadable', `${path} cannot be read: ${error.message}.`, { cause: error });
  });
  const head = await readHead(path, HEAD_BYTES);
  const { format, preset }: { format: ImportFormat; preset?: string } = options.format
    ? { format: options.format }
    : detectFormat(head, path, options.options);
  const header = head.split(/\r?\n|\r/).find((line) => line.trim() !== '') ?? '';
  const settings = preset === undefined ? options.options : { ...options.options, format: preset };
  const read = createRecordReader(format, header, settings, options.zone);
  const known = await listImportFiles(db, source.id);
  const hash = createHash('sha256').digest('hex');
  const begun = { sourceId: source.id, name: basename(path), format: preset ?? format, hash, nowMs: options.now() };
  const file =
    (await findTakenPart(path, known)) ?? (dryRun ? { ...begun, ...UNTAKEN } : await insertImportFile(db, begun));
  /** Throws if another run has begun with the same content meanwhile. */
  const checkFirst = async (trx: Db): Promise<void> => {
    const files = await listImportFiles(trx, source.id);
    const moved = files.filter(
      ({ id, bytes }) => id !== file.id && bytes !== known.find((old) => old.id === id)?.bytes,
    );
    if (await findTakenPart(path, moved)) throw beingImported(file);
  };
  const part = new Part(file, options, checkFirst);
  const lines = new LineCutter(format === 'json' ? MAX_JSON_BYTES : MAX_LINE_BYTES, format === 'access-log');
  const cut: Cutter =
    format === 'csv'
      ? createCsvCutter(header)
      : format === 'json'
        ? createJsonCutter(head, file.bytes === 0)
        : (found) => found;

  /** Returns false if the run was stopped. */
  const take = async (found: Iterable<FileRecord>, isLast: boolean): Promise<boolean> => {
    for (const record of cut(found, isLast)) {
      const rest = format !== 'json' && part.isInsideLine;
      const event = rest ? readRest(record.text) : read(record);
      part.outcome.unfinished = !record.finished && typeof event === 'string';
      if (part.outcome.unfinished) return true;
      part.add(record, event, rest);
      if (part.records < BATCH_RECORDS || record.size === 0) continue;
      await part.store();
      if (options.signal?.aborted) return false;
    }
    return true;
  };

  // The last header of the W3C's format may be in the part that was imported before: read it again.
  const skipped = head.includes('#Fields:') ? new LineCutter(MAX_LINE_BYTES, true) : undefined;
  const onSkip = (chunk: Uint8Array): void => {
    for (const line of skipped?.push(chunk) ?? []) if (line.text.startsWith('#Fields:')) read(line);
  };
  const content = readContent(path, (bytes) => options.onProgress?.(bytes, size));
  for await (const chunk of part.skipTaken(content, onSkip)) {
    if (!(await take(lines.push(chunk), false))) return { ...part.outcome, stopped: true };
  }
  await take(lines.end(), true);
  if (part.records > 0) await part.store();
  return part.outcome;
}

function readRest(text: string): string | undefined {
  return text.trim() === '' ? undefined : 'the line was taken while it was being written; the rest of it is left out';
}

function beingImported({ name }: ImportFile): HeadroomError {
  return new HeadroomError('source', `${name} is being imported, or taken back, by another run: wait for that one.`);
}

type Span = Pick<ImportFile, 'firstEventMs' | 'lastEventMs'>;

/** Thrown to roll back the commit of a dry run, once its result is known. */
class RolledBack extends Error {}

/** The part of a file that is about to be stored, and how far it goes. */
class Part {
  readonly outcome: ImportOutcome;
  readonly #file: ImportFile;
  readonly #options: ImportOptions;
  readonly #checkFirst: (trx: Db) => Promise<void>;
  readonly #hash = createHash('sha256');
  /** Ids seen in a dry run, which stores nothing to compare with. */
  readonly #seen = new Set<string>();
  /** Content that was read but is not hashed yet. */
  #ahead: Uint8Array[] = [];
  /** Bytes of `#ahead` that records have taken. */
  #taken = 0;
  /** True if the last line was taken without its end: next comes that end, or the rest of a line that was being written. */
  isInsideLine = false;
  records = 0;
  #bytes = 0;
  #lines: number;
  #events: UsageEvent[] = [];
  /** Line number in the file of each event. */
  #eventLines: number[] = [];
  #faults: { line: number; error: string }[] = [];

  /** `checkFirst` runs in the transaction of a file's first part, when no other run of the source can commit. */
  constructor(file: ImportFile, options: ImportOptions, checkFirst: (trx: Db) => Promise<void>) {
    this.#file = file;
    this.#options = options;
    this.#checkFirst = checkFirst;
    this.#lines = file.lines;
    const nothing = { events: 0, duplicates: 0, rejected: 0, stopped: false, unfinished: false };
    this.outcome = { file, ...nothing, skippedBytes: file.bytes };
  }

  /** Yields the content after the part that was imported before. */
  async *skipTaken(
    content: AsyncIterable<Uint8Array>,
    onSkip: (chunk: Uint8Array) => void,
  ): AsyncGenerator<Uint8Array> {
    const end = this.#file.bytes;
    for await (const chunk of content) {
      const skipped = chunk.subarray(0, Math.max(0, end - this.#bytes));
      if (skipped.length > 0) {
        this.#hash.update(skipped);
        this.#bytes += skipped.length;
        this.isInsideLine = ![10, 13].includes(skipped[skipped.length - 1]!);
        onSkip(skipped);
      }
      const rest = chunk.subarray(skipped.length);
      if (rest.length === 0) continue;
      this.#ahead.push(rest);
      yield rest;
    }
  }

  add(record: FileRecord, event: UsageEvent | string | undefined, isRest: boolean): void {
    this.#bytes += record.size;
    this.#taken += record.size;
    this.records += 1;
    const line = isRest ? this.#lines : this.#lines + 1;
    this.#lines = line + record.lines - 1;
    this.isInsideLine = !record.finished;
    if (typeof event === 'string') this.#faults.push({ line, error: event });
    else if (event) {
      this.#events.push(event);
      this.#eventLines.push(line);
    }
  }

  /** Stores what was added, and adds it to the outcome. */
  async store(): Promise<void> {
    const { db, writer, source, dryRun, onFault, now } = this.#options;
    const events = this.#events;
    let result: IngestResult = { accepted: 0, duplicates: 0, conflicts: 0, rejected: [] };
    let span = this.#spanOf(result);
    const advance = async (trx: Db, stored: IngestResult): Promise<void> => {
      [result, span] = [stored, this.#spanOf(stored)];
      if (dryRun) throw new RolledBack();
      await this.#advance(trx, result, span);
    };
    const request = { source, events, receivedMs: now(), importId: this.#file.id, allowOld: true };
    const run = events.length === 0 ? transact(db, (trx) => advance(trx, result)) : writer.append(request, advance);
    await run.catch((error) => {
      if (!(error instanceof RolledBack)) throw error;
    });
    const again = dryRun ? countSeen(events, this.#seen) : 0;
    const refused = result.rejected.map(({ index, error }) => ({ line: this.#eventLines[index]!, error }));
    const faults = [...this.#faults, ...refused].sort((a, b) => a.line - b.line);
    for (const { line, error } of faults) onFault?.(line, error);
    this.outcome.events += result.accepted - again;
    this.outcome.duplicates += result.duplicates + again;
    this.outcome.rejected += faults.length;
    Object.assign(this.#file, { bytes: this.#bytes, lines: this.#lines, ...span });
    [this.records, this.#events, this.#eventLines, this.#faults] = [0, [], [], []];
  }

  /** Notes how far the file was imported, and counts its events for `/usage sources`. */
  async #advance(trx: Db, result: IngestResult, span: Span): Promise<void> {
    const { id, bytes, lines } = this.#file;
    const { accepted, duplicates, conflicts } = result;
    const [nowMs, rejected] = [this.#options.now(), this.#faults.length + result.rejected.length];
    const state = { bytes: this.#bytes, hash: this.#digest(), ...span, nowMs };
    const step = { ...state, lines: this.#lines - lines, events: accepted, duplicates, rejected };
    if (!(await updateImportFile(trx, id, bytes, step))) throw beingImported(this.#file);
    await addSourceCounts(trx, this.#options.source.id, {
      ...{ accepted, duplicates, conflicts, rejected, withoutId: 0, late: 0, receivedMs: nowMs, imported: true },
      lastEventMs: span.lastEventMs ?? undefined,
    });
    if (bytes === 0) await this.#checkFirst(trx);
  }

  /** Returns the hash of the content up to the end of the last record. */
  #digest(): string {
    while (this.#taken > 0) {
      const chunk = this.#ahead.shift()!;
      const part = chunk.subarray(0, this.#taken);
      this.#hash.update(part);
      this.#taken -= part.length;
      if (part.length < chunk.length) this.#ahead.unshift(chunk.subarray(part.length));
    }
    return this.#hash.copy().digest('hex');
  }

  /** Returns the earliest and the latest time of the stored events, and of those stored before. */
  #spanOf({ rejected }: IngestResult): Span {
    const refused = new Set(rejected.map(({ index }) => index));
    let { firstEventMs, lastEventMs } = this.#file;
    for (const [index, { timeMs = this.#options.now() }] of this.#events.entries()) {
      if (refused.has(index)) continue;
      firstEventMs = Math.min(firstEventMs ?? timeMs, timeMs);
      lastEventMs = Math.max(lastEventMs ?? timeMs, timeMs);
    }
    return { firstEventMs, lastEventMs };
  }
}

/** Counts ids that an earlier part had. The writer counts repeated ids within a part. */
function countSeen(events: readonly UsageEvent[], seen: Set<string>): number {
  const ids = new Set(events.flatMap(({ id }) => id ?? []));
  let again = 0;
  for (const id of ids) {
    if (seen.has(id)) again += 1;
    seen.add(id);
  }
  return again;
}

/** Finds the file whose imported part this content begins with; of several, the one that was imported furthest. */
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
