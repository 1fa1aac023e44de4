import { sql } from 'kysely';
import type { Calendar } from '../domain/calendar.ts';
import { type IngestResult, MAX_AHEAD_MS, type UsageEvent } from '../domain/event.ts';
import { compileOnce, type Db, send } from '../store/database.ts';
import { type Batch, gather } from './batch.ts';
import { type Assign, EventBatchBuilder } from './event-batch.ts';
import { CONFLICT, type EventIdentity, NEW } from './event-identity.ts';
import { isAbsent, KEY_WORDS } from './ids.ts';
import { encodeSegment } from './segment.ts';
import type { CommitSnapshot } from './snapshot.ts';
import type { Learned, ValueDictionary } from './values.ts';

/**
 * Send a statement after this many events, to keep the connection alive: PostgreSQL ends a transaction that is idle for 4 s, and
 * reading a request of hundreds of thousands of events takes longer.
 */
export const EVENTS_PER_SIGN = 50_000;

export interface Append {
  source: { id: number; name: string };
  events: readonly UsageEvent[];
  /** Place of each event in its request; absent: its place in `events`. */
  indexes?: readonly number[];
  receivedMs: number;
}

export interface AppendOptions {
  importId?: number;
  /** Take events even if they are older than raw events are kept. */
  allowOld?: boolean;
  /** Runs in the transaction that stores the events, with their results: for changes that must commit together with them. */
  also?: (db: Db, results: readonly IngestResult[]) => Promise<void>;
}

/** Settings and helpers of a commit. */
export interface CommitContext extends AppendOptions {
  calendar: Calendar;
  rawRetentionDays: number;
  assign: Assign;
  /** Seed of the hashes of ids, random per database. */
  seed: number;
  dictionary: ValueDictionary;
  identity: EventIdentity;
  /** Read under the lock on commits. */
  snapshot: CommitSnapshot;
}

/** Outcome of a commit. `learned`: texts that the dictionary may remember once the transaction is on disk. */
export interface Committed {
  /** One per request, in order. */
  results: IngestResult[];
  events: number;
  learned: Learned;
}

/** Stores the new events of all requests as one row of `inbox`, in the caller's transaction and under the lock on commits. */
export async function storeEvents(trx: Db, requests: readonly Append[], context: CommitContext): Promise<Committed> {
  const { calendar, dictionary, identity, snapshot, importId, also } = context;
  const { builder, results, requestOf } = await admit(trx, requests, context);
  const learned = await dictionary.resolve(trx, builder.missing());
  builder.finish(learned);
  for (let row = 0; row < builder.length; row += EVENTS_PER_SIGN) {
    if (row > 0) await keepAlive(trx);
    builder.addContent(row, Math.min(row + EVENTS_PER_SIGN, builder.length));
  }
  const verdicts = await identity.claim(trx, snapshot, builder, importId);
  const today = requests.map((request) => calendar.dayOf(request.receivedMs));
  const { time, received } = builder.batch.columns;
  const taken = new Uint32Array(builder.length);
  let events = 0;
  let firstDay = Number.POSITIVE_INFINITY;
  let lastDay = Number.NEGATIVE_INFINITY;
  let receivedMs = 0;
  for (let row = 0; row < builder.length; row += 1) {
    const result = results[requestOf[row]!]!;
    if (verdicts[row] !== NEW) {
      result.duplicates += 1;
      if (verdicts[row] === CONFLICT) result.conflicts += 1;
      continue;
    }
    taken[events] = row;
    events += 1;
    result.accepted += 1;
    result.lastEventMs = Math.max(result.lastEventMs ?? 0, time![row]!);
    const day = builder.days[row]!;
    if (isAbsent(builder.keys, row * KEY_WORDS)) result.withoutId! += 1;
    if (day < today[requestOf[row]!]!) result.late! += 1;
    firstDay = Math.min(firstDay, day);
    lastDay = Math.max(lastDay, day);
    receivedMs = Math.max(receivedMs, received![row]!);
  }
  await also?.(trx, results);
  if (events > 0) {
    let batch: Batch = { ...builder.batch, ids: builder.sentIds.pack() };
    if (events < builder.length) batch = gather(batch, taken.subarray(0, events));
    if (events > EVENTS_PER_SIGN) await keepAlive(trx);
    const row = [
      receivedMs,
      firstDay,
      lastDay,
      events,
      importId ?? null,
      encodeSegment(batch),
      batch.ids!.encode(),
    ] as const;
    await send(trx, insert(trx, ...row));
  }
  return { results, events, learned };
}

const NO_BYTES = new Uint8Array();
const insert = compileOnce((db) =>
  db
    .insertInto('inbox')
    .values({ received_ms: 0, first_day: 0, last_day: 0, events: 0, import_id: null, body: NO_BYTES, ids: NO_BYTES })
    .compile(),
);

/**
 * Turns events with an acceptable time into columns, and tells which request each row came with. The results list the others as
 * rejected.
 */
async function admit(
  trx: Db,
  requests: readonly Append[],
  { calendar, dictionary, assign, seed, rawRetentionDays, allowOld }: CommitContext,
): Promise<{ builder: EventBatchBuilder; results: IngestResult[]; requestOf: Uint32Array }> {
  const capacity = requests.reduce((sum, request) => sum + request.events.length, 0);
  const builder = new EventBatchBuilder(capacity, dictionary, calendar, assign, seed);
  const requestOf = new Uint32Array(capacity);
  const results: IngestResult[] = [];
  let seen = 0;
  for (const { source, events, indexes, receivedMs } of requests) {
    const result: IngestResult = { accepted: 0, duplicates: 0, conflicts: 0, rejected: [], withoutId: 0, late: 0 };
    // Ids of older days are forgotten, so a repeated event would count twice.
    const oldestMs = allowOld
      ? Number.NEGATIVE_INFINITY
      : calendar.startOfDay(calendar.dayOf(receivedMs) - rawRetentionDays);
    for (const [place, event] of events.entries()) {
      seen += 1;
      if (seen % EVENTS_PER_SIGN === 0) await keepAlive(trx);
      const error = refuseTime(event.timeMs, receivedMs, oldestMs, rawRetentionDays);
      if (error) {
        const index = indexes?.[place] ?? place;
        result.rejected.push(
          event.id === undefined ? { index, error } : { index, id: event.shownId ?? event.id, error },
        );
        continue;
      }
      requestOf[builder.length] = results.length;
      builder.add(event, source, receivedMs);
    }
    results.push(result);
  }
  return { builder, results, requestOf };
}

async function keepAlive(trx: Db): Promise<void> {
  await sql`select 1`.execute(trx);
}

function refuseTime(
  timeMs: number | undefined,
  receivedMs: number,
  oldestMs: number,
  rawRetentionDays: number,
): string | undefined {
  if (timeMs === undefined) return undefined;
  if (timeMs > receivedMs + MAX_AHEAD_MS) {
    return `time: ${new Date(timeMs).toISOString()} is more than 5 minutes ahead of this server (${new Date(receivedMs).toISOString()}); check the sender's clock`;
  }
  if (timeMs < oldestMs) {
    return `time: ${new Date(timeMs).toISOString()} is older than raw events are kept (${rawRetentionDays} days); bring old usage in with "headroom import"`;
  }
  return undefined;
}
