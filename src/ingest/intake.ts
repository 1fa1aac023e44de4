import type { Config } from '../config.ts';
import { createCalendar } from '../domain/calendar.ts';
import type { IngestResult, Rejection } from '../domain/event.ts';
import { compileRules, type RuleBook } from '../domain/rules.ts';
import { HeadroomError } from '../errors.ts';
import { getDefinitions } from '../store/configuration-repository.ts';
import { type Db, dialectOf, dropPages, openDatabase } from '../store/database.ts';
import { REJECTED_EVENTS_KEPT } from '../store/source-repository.ts';
import type { Append } from '../usage/commit.ts';
import type { Assign } from '../usage/event-batch.ts';
import { UsageWriter } from '../usage/usage-writer.ts';
import type { AppendRequest, IngestRequest, ParsedRequest } from './adapter.ts';
import { getAdapter } from './adapters.ts';
import { decompress, toUtf8 } from './body.ts';
import { countPoints } from './cumulative.ts';
import { redact, truncateAddresses, truncateRejection } from './privacy.ts';

/** Settings of the intake; plain data, so that a thread can receive them. */
export interface IntakeSettings {
  databaseUrl: string;
  zone: string;
  rawRetentionDays: number;
  totalsRetentionMonths?: number | undefined;
  maxBodyBytes: number;
  /** True for `PRIVACY=truncate-ip`: no whole address is stored. */
  truncateAddresses?: boolean;
  /** Number of values of a dimension that a day's totals list by name. */
  dimensionCap?: number | undefined;
}

/** Picks the settings that the intake needs. */
export function toIntakeSettings(config: Config, zone: string): IntakeSettings {
  return {
    databaseUrl: config.databaseUrl.reveal(),
    zone,
    rawRetentionDays: config.rawRetentionDays,
    totalsRetentionMonths: config.totalsRetentionMonths,
    maxBodyBytes: config.maxBodyBytes,
    truncateAddresses: config.privacy === 'truncate-ip',
  };
}

/**
 * One commit takes at most 50,000 events and 1 MiB of decompressed bodies, so that transactions are short and senders are answered
 * while the next commit is prepared. A single request may be larger.
 */
export const GROUP_EVENTS = 50_000;
export const GROUP_BYTES = 1024 * 1024;

/** Parse no more requests for a commit after 100 ms of processor time: slow ones must not keep the others waiting. */
const READ_MS = 100;

/** A request up to 8 KiB may join a commit that waits for its turn; a larger one would delay it while it is parsed. */
const LATE_BYTES = 8 * 1024;

/** 4 MiB are enough: commits and folds read pages that were just written, which the operating system still caches. */
const CACHE_MIB = 4;

/** A commit in the last second proves that commits are possible. */
const PROOF_MS = 1000;

/** A parsed request: its events, or the error that refuses it as a whole. */
interface ReadRequest {
  request: IngestRequest;
  /** Decompressed. */
  bytes: number;
  parsed: ParsedRequest | Error;
}

/** Turns authenticated requests into committed events, in the calling thread. */
export class Intake {
  readonly usage: UsageWriter;
  readonly #db: Db;
  readonly #settings: IntakeSettings;
  #committedAt = Number.NEGATIVE_INFINITY;
  #rules: { version: number; assign: Assign } | undefined;
  /** Parsed requests that are not committed yet, so that each is parsed only once. */
  readonly #read = new Map<IngestRequest, ReadRequest>();

  constructor(settings: IntakeSettings) {
    this.#settings = settings;
    this.#db = openDatabase(settings.databaseUrl, { connections: 2, cacheMiB: CACHE_MIB });
    this.usage = new UsageWriter(this.#db, {
      dialect: dialectOf(settings.databaseUrl),
      calendar: createCalendar(settings.zone),
      rawRetentionDays: settings.rawRetentionDays,
      totalsRetentionMonths: settings.totalsRetentionMonths,
      ...(settings.dimensionCap ? { dimensionCap: settings.dimensionCap } : {}),
      rules: (db, version) => this.#rulesOf(db, version),
    });
  }

  /**
   * Makes one commit of as many requests as it can hold, at least one. `look` lists the waiting requests; it is called again once
   * it is our turn to commit, so that later ones can join. Returns for each request taken, in the order of the last `look`, its
   * result or the error that refuses it. If the commit fails, nothing is stored and all get an error. Never rejects.
   */
  async take(look: () => readonly IngestRequest[]): Promise<(IngestResult | Error)[]> {
    let group = this.#readGroup(look());
    let results: readonly IngestResult[] = [];
    let failed: Error | undefined;
    if (group.some(({ parsed }) => holdsEvents(parsed))) {
      this.#committedAt = Number.NEGATIVE_INFINITY;
      try {
        results = await this.usage.append(async (trx) => {
          group = this.#readGroup(look(), isSmall);
          const appends: Append[] = [];
          for (const { request, parsed } of group) {
            const { envelope, receivedMs } = request;
            const source = { id: envelope.sourceId, name: envelope.sourceName };
            appends.push(await this.#toAppend(trx, source, receivedMs, parsed));
          }
          return appends;
        });
        this.#committedAt = performance.now();
      } catch (error) {
        const message = `Events cannot be stored right now (${(error as Error).message}); send the request again.`;
        failed = new HeadroomError('overloaded', message, { cause: error });
      }
    }
    return group.map(({ request, parsed }, index) => {
      this.#read.delete(request);
      if (parsed instanceof Error) return parsed;
      if (failed) return failed;
      const result = results[index] ?? { accepted: 0, duplicates: 0, conflicts: 0, rejected: [] };
      if (parsed.rejected.length > 0)
        result.rejected = [...parsed.rejected, ...result.rejected].sort((a, b) => a.index - b.index);
      if (Object.keys(parsed.unread ?? {}).length > 0) result.unread = parsed.unread!;
      this.#keepSent(result.rejected, parsed);
      return result;
    });
  }

  /** Adds to the newest rejected events the value as sent, without secrets, so that they can be read again. */
  #keepSent(rejected: Rejection[], { sentAt }: ParsedRequest): void {
    for (let at = Math.max(0, rejected.length - REJECTED_EVENTS_KEPT); at < rejected.length; at += 1) {
      const rejection = rejected[at]!;
      const entry = sentAt?.(rejection.index);
      const kept = entry === undefined ? undefined : redact(entry);
      if (kept !== undefined) rejection.sent = typeof kept === 'string' ? kept : JSON.stringify(kept);
      if (this.#settings.truncateAddresses) rejected[at] = truncateRejection(rejection);
    }
  }

  #readGroup(requests: readonly IngestRequest[], mayRead = (_: IngestRequest): boolean => true): ReadRequest[] {
    const group: ReadRequest[] = [];
    let bytes = 0;
    let events = 0;
    const reading = new Stopwatch();
    for (const request of requests) {
      const isLate = group.length > 0 && reading.hasTaken(READ_MS);
      if (!this.#read.has(request) && (isLate || !mayRead(request))) break;
      const read = this.#read.getOrInsertComputed(request, () => this.#parse(request));
      bytes += read.bytes;
      if (!(read.parsed instanceof Error)) events += read.parsed.events.length;
      if (group.length > 0 && (bytes > GROUP_BYTES || events > GROUP_EVENTS)) break;
      group.push(read);
    }
    return group;
  }

  #parse(request: IngestRequest): ReadRequest {
    const { envelope, receivedMs } = request;
    let bytes = request.body.length;
    try {
      const body = toUtf8(decompress(request.body, envelope.encoding, this.#settings.maxBodyBytes));
      bytes = body.length;
      const parsed = getAdapter(envelope.adapter).parse({ ...envelope, body, receivedMs });
      if (this.#settings.truncateAddresses) {
        for (const event of parsed.events) truncateAddresses(event);
        parsed.rejected = parsed.rejected.map(truncateRejection);
      }
      return { request, bytes, parsed };
    } catch (error) {
      return { request, bytes, parsed: error as Error };
    }
  }

  /** Adds the events of cumulative points to those of a request; this needs the stored series, read in the transaction. */
  async #toAppend(
    trx: Db,
    source: Append['source'],
    receivedMs: number,
    parsed: Omit<ParsedRequest, 'rejected'> | Error,
  ): Promise<Append> {
    if (parsed instanceof Error) return { source, events: [], receivedMs };
    const { events, indexes, cumulative = [] } = parsed;
    if (cumulative.length === 0) return { source, events, indexes, receivedMs };
    const { counted, earlier } = await countPoints(trx, source.id, cumulative, receivedMs);
    if (earlier > 0) parsed.unread = { ...parsed.unread, 'calls of long before the first point of a series': earlier };
    if (this.#settings.truncateAddresses) for (const { event } of counted) truncateAddresses(event);
    return {
      source,
      events: [...events, ...counted.map(({ event }) => event)],
      indexes: [...indexes, ...counted.map(({ index }) => index)],
      receivedMs,
    };
  }

  /** Commits events that a command has read. `also` runs in the same transaction. */
  async append(
    { source, events, cumulative = [], receivedMs, importId, allowOld }: AppendRequest,
    also?: (db: Db, result: IngestResult) => Promise<void>,
  ): Promise<IngestResult> {
    if (this.#settings.truncateAddresses) for (const event of events) truncateAddresses(event);
    const parsed = { events: [...events], indexes: [...events.keys()], cumulative };
    const toAppends = async (trx: Db) => [await this.#toAppend(trx, source, receivedMs, parsed)];
    const [result] = await this.usage.append(cumulative.length > 0 ? toAppends : [{ source, events, receivedMs }], {
      ...(importId === undefined ? {} : { importId }),
      ...(allowOld === undefined ? {} : { allowOld }),
      ...(also ? { also: (db, results) => also(db, results[0]!) } : {}),
    });
    return result!;
  }

  /**
   * Rejects if nothing can be committed now: disk full or read-only, database gone, locked for too long. A commit in the last
   * second is proof; otherwise it tries one, since reading would not show such faults.
   */
  async check(): Promise<void> {
    await this.usage.open();
    if (performance.now() - this.#committedAt < PROOF_MS) return;
    await this.usage.probe();
    this.#committedAt = performance.now();
  }

  /** Folds all committed events, and frees memory that the next request does not need. */
  async rest(): Promise<void> {
    await this.usage.foldAll();
    await dropPages(this.#db, this.#settings.databaseUrl);
  }

  async close(): Promise<void> {
    await this.#db.destroy();
  }

  /** Returns the rules of a version. Read in the transaction that uses them: a change holds from its commit on, in all instances. */
  async #rulesOf(db: Db, version: number): Promise<Assign> {
    if (this.#rules?.version !== version) {
      const book: RuleBook = compileRules(await getDefinitions(db));
      this.#rules = { version, assign: (event, source, day) => book.assign(event, source, day) };
    }
    return this.#rules!.assign;
  }
}

/** Measures the processor time of the calling thread, not that of others on a busy machine. */
class Stopwatch {
  readonly #beganMs = performance.now();
  readonly #began = process.threadCpuUsage();

  hasTaken(ms: number): boolean {
    // Cheap test first: if no more time has passed at all, the thread cannot have used more.
    if (performance.now() - this.#beganMs <= ms) return false;
    const { user, system } = process.threadCpuUsage(this.#began);
    return (user + system) / 1000 > ms;
  }
}

function holdsEvents(parsed: ParsedRequest | Error): boolean {
  return !(parsed instanceof Error) && parsed.events.length + (parsed.cumulative?.length ?? 0) > 0;
}

function isSmall({ envelope, body }: IngestRequest): boolean {
  return envelope.encoding === undefined && body.length <= LATE_BYTES;
}

/** A queue in which sources take turns: first in, first out within a source, and no source waits for another's backlog. */
export class FairQueue<T> {
  readonly #sourceOf: (item: T) => number;
  /** Items by source, in the order of turns; no list is empty. */
  readonly #waiting = new Map<number, T[]>();
  #size = 0;

  constructor(sourceOf: (item: T) => number) {
    this.#sourceOf = sourceOf;
  }

  get size(): number {
    return this.#size;
  }

  push(item: T): void {
    const source = this.#sourceOf(item);
    this.#waiting.getOrInsertComputed(source, () => []).push(item);
    this.#size += 1;
  }

  /** Returns at most `count` next items in the order of turns. They stay in the queue until they are dropped. */
  peek(count: number): T[] {
    const next: T[] = [];
    let sources = [...this.#waiting.values()];
    for (let place = 0; sources.length > 0; place += 1) {
      for (const own of sources) {
        if (next.length === count) return next;
        next.push(own[place]!);
      }
      sources = sources.filter((own) => own.length > place + 1);
    }
    return next;
  }

  /** Removes the items that `peek` returned, or the first of them. */
  drop(items: readonly T[]): void {
    const counts = new Map<number, number>();
    for (const item of items) {
      const source = this.#sourceOf(item);
      counts.set(source, (counts.get(source) ?? 0) + 1);
    }
    let rounds = 0;
    for (const taken of counts.values()) rounds = Math.max(rounds, taken);
    for (const [source, taken] of counts) {
      const own = this.#waiting.get(source)!;
      own.splice(0, taken);
      if (own.length === 0) this.#waiting.delete(source);
      else if (taken === rounds) {
        // The source has had its turn: move it behind the others.
        this.#waiting.delete(source);
        this.#waiting.set(source, own);
      }
      this.#size -= taken;
    }
  }
}
