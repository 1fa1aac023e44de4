import type { Config } from '../config.ts';
import { createCalendar } from '../domain/calendar.ts';
import type { IngestResult, Rejection } from '../domain/event.ts';
import { compileRules, type RuleBook } from '../domain/rules.ts';
import { HeadroomError } from '../errors.ts';
import { type Db, dialectOf, dropPages, openDatabase } from '../store/database.ts';
import { getDefinitions } from '../store/definition-repository.ts';
import { REJECTED_EVENTS_KEPT } from '../store/rejected-event-repository.ts';
import type { Append } from '../usage/commit.ts';
import type { Assign } from '../usage/event-batch.ts';
import { UsageWriter } from '../usage/usage-writer.ts';
import type { AppendRequest, IngestRequest, ParsedRequest } from './adapter.ts';
import { getAdapter } from './adapters.ts';
import { decompress, toUtf8 } from './body.ts';
import { countPoints } from './cumulative.ts';
import { redact, truncateAddresses, truncateRejection } from './privacy.ts';

/** Settings of the intake; plain data, so that they can be handed to a thread. */
export interface IntakeSettings {
  databaseUrl: string;
  zone: string;
  rawRetentionDays: number;
  totalsRetentionMonths?: number | undefined;
  maxBodyBytes: number;
  /** `PRIVACY=truncate-ip`: no address is stored whole. */
  truncateAddresses?: boolean;
  /** Values of a dimension that a day's totals list by name. */
  dimensionCap?: number | undefined;
}

/** The part of the settings that the intake needs. */
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
 * One commit takes at most this much of what requests hold once they are read, so that senders are answered while the
 * next is prepared, and no transaction is long; a single request may be larger.
 */
export const GROUP_EVENTS = 50_000;
export const GROUP_BYTES = 1024 * 1024;

/** What is slow to read keeps others waiting: for one commit no more is read after so much of the processor's time. */
const READ_MS = 100;

/** A request that comes while a commit waits for its turn goes with it if it is small: others wait while it is read. */
const LATE_BYTES = 8 * 1024;

/** A small cache of pages is enough: commits and folds read what was just written, which the operating system still holds. */
const CACHE_MIB = 4;

/** For so long a commit shows that another can be made. */
const PROOF_MS = 1000;

/** A request that has been read: its events, or what is wrong with it as a whole. */
interface ReadRequest {
  request: IngestRequest;
  /** Decompressed. */
  bytes: number;
  parsed: ParsedRequest | Error;
}

/** From the bytes of authenticated requests to committed events, in the calling thread. */
export class Intake {
  readonly usage: UsageWriter;
  readonly #db: Db;
  readonly #settings: IntakeSettings;
  #committedAt = Number.NEGATIVE_INFINITY;
  #rules: { version: number; assign: Assign } | undefined;
  /** Each is read once, before the commit that it is for or while that waits. */
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
   * One commit for as many of the first requests as it holds, at least one. They are looked at again once nobody else
   * commits: what came meanwhile goes with it. Per request taken, in the order of the last look: its result, or the error that
   * refuses it whole; where the commit itself fails nothing of any of them was stored. Never rejects.
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

  /** The newest rejected events are kept so that they can be read again. */
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

  /** A request with the events of its cumulative points, which only this transaction can tell. */
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

  /** Events that a command has read itself. `also` runs in the same transaction. */
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
   * Rejects where nothing can be committed now: disk full or read-only, database gone, locked for too long. A commit of
   * the last second is proof; else one is tried, since reading tells nothing of this.
   */
  async check(): Promise<void> {
    await this.usage.open();
    if (performance.now() - this.#committedAt < PROOF_MS) return;
    await this.usage.probe();
    this.#committedAt = performance.now();
  }

  /** Folds what is left, and keeps nothing in memory that the next request does not need. */
  async rest(): Promise<void> {
    await this.usage.foldAll();
    await dropPages(this.#db, this.#settings.databaseUrl);
  }

  async close(): Promise<void> {
    await this.#db.destroy();
  }

  /** Read in the transaction that uses them, so a change of the rules holds from its commit on, in every instance. */
  async #rulesOf(db: Db, version: number): Promise<Assign> {
    if (this.#rules?.version !== version) {
      const book: RuleBook = compileRules(await getDefinitions(db));
      this.#rules = { version, assign: (event, source, day) => book.assign(event, source, day) };
    }
    return this.#rules!.assign;
  }
}

/** Measures what the calling thread does, not what others do meanwhile on a busy machine. */
class Stopwatch {
  readonly #beganMs = performance.now();
  readonly #began = process.threadCpuUsage();

  hasTaken(ms: number): boolean {
    // Nearly always this is enough to know, and costs next to nothing.
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
