import type { UsageEvent } from '../domain/event.ts';
import { HeadroomError } from '../errors.ts';
import type { Db } from '../store/database.ts';
import {
  addSourceCounts,
  deleteRejectedEvents,
  listRejectedEvents,
  type RejectedEvent,
  type Source,
  updateReason,
} from '../store/source-repository.ts';
import type { CumulativePoint } from './adapter.ts';
import { getAdapter } from './adapters.ts';
import type { Intake } from './intake.ts';
import { parseOptions, type StoredOptions } from './source-options.ts';

interface RetryOutcome {
  counted: number;
  /** Events whose ids were counted meanwhile. */
  duplicates: number;
  /** Events that turned out not to be about a call. */
  passedOver: number;
  stillRejected: number;
  /** Events that were not stored whole, so they cannot be read again. */
  notKept: number;
}

interface Reading {
  row: RejectedEvent;
  events: UsageEvent[];
  cumulative: readonly CumulativePoint[];
  error?: string;
}

/**
 * Reads a source's rejected events again, with its present options, and counts those that can be read. Each is counted and taken
 * off the list in one transaction, so that it counts once, even if this runs several times at once.
 */
export async function retryRejected(db: Db, intake: Intake, source: Source): Promise<RetryOutcome> {
  const outcome: RetryOutcome = { counted: 0, duplicates: 0, passedOver: 0, stillRejected: 0, notKept: 0 };
  const options = parseOptions(source.options, source.name);
  const byReceipt = new Map<number, Reading[]>();
  for (const row of (await listRejectedEvents(db, source.id)).reverse()) {
    if (row.sent === null) {
      outcome.notKept += 1;
      continue;
    }
    const readings = byReceipt.getOrInsertComputed(row.atMs, () => []);
    readings.push({ row, ...read(row, source.adapter, options) });
  }
  for (const [receivedMs, readings] of byReceipt) await count(intake, source, receivedMs, readings, outcome);
  return outcome;
}

function read(row: RejectedEvent, name: string, options: StoredOptions): Omit<Reading, 'row'> {
  const adapter = getAdapter(name);
  try {
    const body = Buffer.from(adapter.rewrap?.(row.sent!) ?? row.sent!);
    const input = { body, contentType: '', headers: {}, receivedMs: row.atMs, options };
    const { events, cumulative = [], rejected } = adapter.parse(input);
    return { events, cumulative, ...(rejected[0] ? { error: rejected[0].error } : {}) };
  } catch (error) {
    // The stored text is still no body that can be read: keep the old reason.
    if (error instanceof HeadroomError) return { events: [], cumulative: [], error: row.reason };
    throw error;
  }
}

async function count(
  intake: Intake,
  source: Source,
  receivedMs: number,
  readings: readonly Reading[],
  outcome: RetryOutcome,
): Promise<void> {
  const readable = readings.filter(({ error }) => error === undefined);
  const owners = readable.flatMap((reading) => reading.events.map(() => reading));
  const cumulative = readable.flatMap((reading) =>
    reading.cumulative.map((point) => ({ ...point, index: owners.push(reading) - 1 })),
  );
  const events = readable.flatMap((reading) => reading.events);
  await intake.append({ source, events, cumulative, receivedMs }, async (trx, result) => {
    for (const { index, error } of result.rejected) owners[index]!.error ??= error;
    const gone = readings.filter(({ error }) => error === undefined).map(({ row }) => row.id);
    if ((await deleteRejectedEvents(trx, gone)) !== gone.length) {
      throw new HeadroomError('source', `Rejected events of ${source.name} are being sent again already: try later.`);
    }
    for (const { row, error } of readings) if (error !== undefined) await updateReason(trx, row.id, error);
    const { accepted, duplicates, conflicts, withoutId = 0, late = 0, lastEventMs } = result;
    const rejected = -gone.length;
    const counts = { accepted, duplicates, conflicts, rejected, withoutId, late, receivedMs, lastEventMs };
    await addSourceCounts(trx, source.id, { ...counts, imported: true });
    outcome.counted += accepted;
    outcome.duplicates += duplicates;
    outcome.passedOver += readable.filter((reading) => !owners.includes(reading)).length;
    outcome.stillRejected += readings.length - gone.length;
  });
}
