import type { Config } from '../config.ts';
import { createCalendar } from '../domain/calendar.ts';
import type { IngestResult, Rejection, UsageEvent } from '../domain/event.ts';
import { compileRules, type RuleBook } from '../domain/rules.ts';
import { HeadroomError } from '../errors.ts';
import { type Db, dialectOf, openDatabase } from '../store/database.ts';
import { getDefinitions } from '../store/definition-repository.ts';
import { REJECTED_EVENTS_KEPT } from '../store/rejected-event-repository.ts';
import type { Append } from '../usage/commit.ts';
import type { Assign } from '../usage/event-batch.ts';
import { UsageWriter } from '../usage/usage-writer.ts';
import type { AppendRequest, CumulativePoint, IngestRequest, ParsedRequest } from './adapter.ts';
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

/** For so long a commit shows that another can be made. */
const PROOF_MS = 1000;

/** The part of a request's result that is known before the transaction. */
interface OpenAppend {
  source: { id: number; name: string };
  events: UsageEvent[];
  indexes: number[];
  receivedMs: number;
  cumulative: readonly CumulativePoint[];
  unread: Record<string, number>;
}

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
  /** Read, but too much for the commit before: the first of the next. */
  #ahead: ReadRequest | undefined;

  constructor(settings: IntakeSettings) {
    this.#settings = settings;
    this.#db = openDatabase(settings.databaseUrl, { connections: 2 });
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
   * One commit for as many of the first requests as it holds, at least one. Per request taken, in order: its result, or
   * the error that refuses it whole; where the commit itself fails nothing of any of them was stored. Never rejects.
   */
  async take(requests: readonly IngestRequest[]): Promise<(IngestResult | Error)[]> {
    const group = this.#readGroup(requests);
    const appends: OpenAppend[] = [];
    for (const { request, parsed } of group) {
      if (parsed instanceof Error) continue;
      const { envelope, receivedMs } = request;
      const source = { id: envelope.sourceId, name: envelope.sourceName };
      const { events, indexes, cumulative = [], unread } = parsed;
      appends.push({ source, events, indexes, receivedMs, cumulative, unread: { ...unread } });
    }
    let results: IngestResult[];
    try {
      results = await this.#commit(appends);
    } catch (error) {
      const message = `Events cannot be stored right now (${(error as Error).message}); send the request again.`;
      const failed = new HeadroomError('overloaded', message, { cause: error });
      return group.map(({ parsed }) => (parsed instanceof Error ? parsed : failed));
    }
    let next = 0;
    return group.map(({ parsed }) => {
      if (parsed instanceof Error) return parsed;
      const result = results[next]!;
      const { unread } = appends[next]!;
      next += 1;
      if (parsed.rejected.length > 0)
        result.rejected = [...parsed.rejected, ...result.rejected].sort((a, b) => a.index - b.index);
      if (Object.keys(unread).length > 0) result.unread = unread;
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

  #readGroup(requests: readonly IngestRequest[]): ReadRequest[] {
    const group: ReadRequest[] = [];
    let bytes = 0;
    let events = 0;
    for (const request of requests) {
      const read = this.#ahead?.request === request ? this.#ahead : this.#read(request);
      this.#ahead = undefined;
      bytes += read.bytes;
      if (!(read.parsed instanceof Error)) events += read.parsed.events.length;
      if (group.length > 0 && (bytes > GROUP_BYTES || events > GROUP_EVENTS)) {
        this.#ahead = read;
        break;
      }
      group.push(read);
    }
    return group;
  }

  #read(request: IngestRequest): ReadRequest {
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

  async #commit(appends: readonly OpenAppend[]): Promise<IngestResult[]> {
    if (appends.every(({ events, cumulative }) => events.length + cumulative.length === 0)) {
      return appends.map(() => ({ accepted: 0, duplicates: 0, conflicts: 0, rejected: [] }));
    }
    this.#committedAt = Number.NEGATIVE_INFINITY;
    const isOpen = appends.some(({ cumulative }) => cumulative.length > 0);
    const results = await this.usage.append(
      appends,
      isOpen ? { prepare: (trx) => this.#countPoints(trx, appends) } : {},
    );
    this.#committedAt = performance.now();
    return results;
  }

  /** The requests with the events of their cumulative points, which only this transaction can tell. */
  async #countPoints(trx: Db, appends: readonly OpenAppend[]): Promise<Append[]> {
    const whole: Append[] = [];
    for (const append of appends) {
      const { source, cumulative, unread, receivedMs } = append;
      const events = [...append.events];
      const indexes = [...append.indexes];
      if (cumulative.length > 0) {
        const { counted, earlier } = await countPoints(trx, source.id, cumulative, receivedMs);
        if (earlier > 0) unread['calls of long before the first point of a series'] = earlier;
        for (const { index, event } of counted) {
          if (this.#settings.truncateAddresses) truncateAddresses(event);
          events.push(event);
          indexes.push(index);
        }
      }
      whole.push({ source, events, indexes, receivedMs });
    }
    return whole;
  }

  /** Events that a command has read itself. `also` runs in the same transaction. */
  async append(
    { source, events, receivedMs, importId, allowOld }: AppendRequest,
    also?: (db: Db, result: IngestResult) => Promise<void>,
  ): Promise<IngestResult> {
    if (this.#settings.truncateAddresses) for (const event of events) truncateAddresses(event);
    const [result] = await this.usage.append([{ source, events, receivedMs }], {
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
