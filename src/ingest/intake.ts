import { createCalendar } from '../domain/calendar.ts';
import type { IngestResult } from '../domain/event.ts';
import { compileRules, type RuleBook } from '../domain/rules.ts';
import { type Db, dialectOf, openDatabase } from '../store/database.ts';
import { getDefinitions } from '../store/definition-repository.ts';
import type { Assign } from '../store/event-batch.ts';
import { UsageWriter } from '../store/usage-writer.ts';
import type { AppendRequest, IngestRequest } from './adapter.ts';
import { getAdapter } from './adapters.ts';
import { decompress } from './decompress.ts';

/** What the writer needs to know; plain data, so that it can be handed to a thread. */
export interface IntakeSettings {
  databaseUrl: string;
  zone: string;
  rawRetentionDays: number;
  totalsRetentionMonths?: number | undefined;
  maxBodyBytes: number;
  /** Values of a dimension that a day's totals list by name. */
  dimensionCap?: number | undefined;
}

/** For so long a commit shows that another can be made. */
const PROOF_MS = 1000;

/** From the bytes of authenticated requests to committed events, in the calling thread. */
export class Intake {
  readonly usage: UsageWriter;
  readonly #db: Db;
  readonly #settings: IntakeSettings;
  #committedAt = Number.NEGATIVE_INFINITY;
  #rules: { version: number; assign: Assign } | undefined;

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
   * One commit for all requests that can be read. Per request, in order: its result, or the error that refuses it whole.
   * Rejects only where the commit itself fails; then nothing of any request was stored.
   */
  async take(requests: readonly IngestRequest[]): Promise<(IngestResult | Error)[]> {
    const outcomes: (IngestResult | Error)[] = [];
    const appends: Parameters<UsageWriter['append']>[0][number][] = [];
    const parsedRejections: IngestResult['rejected'][] = [];
    const places: number[] = [];
    for (const [place, request] of requests.entries()) {
      try {
        const { envelope, receivedMs } = request;
        const body = decompress(request.body, envelope.encoding, this.#settings.maxBodyBytes);
        const parsed = getAdapter(envelope.adapter).parse({ ...envelope, body, receivedMs });
        appends.push({
          source: { id: envelope.sourceId, name: envelope.sourceName },
          events: parsed.events,
          indexes: parsed.indexes,
          receivedMs,
        });
        parsedRejections.push(parsed.rejected);
        places.push(place);
      } catch (error) {
        outcomes[place] = error as Error;
      }
    }
    const results = appends.some((append) => append.events.length > 0)
      ? await this.#commit(appends)
      : appends.map((): IngestResult => ({ accepted: 0, duplicates: 0, conflicts: 0, rejected: [] }));
    for (const [index, result] of results.entries()) {
      result.rejected = [...parsedRejections[index]!, ...result.rejected].sort((a, b) => a.index - b.index);
      outcomes[places[index]!] = result;
    }
    return outcomes;
  }

  async #commit(appends: Parameters<UsageWriter['append']>[0]): Promise<IngestResult[]> {
    this.#committedAt = Number.NEGATIVE_INFINITY;
    const results = await this.usage.append(appends);
    this.#committedAt = performance.now();
    return results;
  }

  /** Events that a command has read itself. `also` runs in the same transaction. */
  async append(
    { source, events, receivedMs, importId, allowOld }: AppendRequest,
    also?: (db: Db, result: IngestResult) => Promise<void>,
  ): Promise<IngestResult> {
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
