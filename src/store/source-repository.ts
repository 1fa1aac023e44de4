import type { Selectable } from 'kysely';
import type { Rejection } from '../domain/event.ts';
import type { SourceHealth } from '../domain/source-health.ts';
import { type Db, transact } from './database.ts';
import { COUNTS, OPTIONS, readColumn, SAMPLES } from './json-columns.ts';
import type { Database } from './schema.ts';

/** A configured sender. */
export interface Source {
  id: number;
  name: string;
  adapter: string;
  options: Readonly<Record<string, unknown>>;
  tokenHash: string;
  /** Still sealed. */
  sealedSecret: string | undefined;
  /** Credentials from before a rotation, still accepted until `untilMs`. */
  old: { tokenHash: string; sealedSecret: string | undefined; untilMs: number } | undefined;
  createdMs: number;
  revokedMs: number | undefined;
}

export interface NewSource {
  name: string;
  adapter: string;
  options: Readonly<Record<string, unknown>>;
  tokenHash: string;
  sealedSecret?: string | undefined;
}

/** Counts of a source to add to the stored ones. */
export interface SourceCounts {
  accepted: number;
  duplicates: number;
  conflicts: number;
  rejected: number;
  withoutId: number;
  late: number;
  /** Requests that were refused because the source was over its limit. */
  limited?: number | undefined;
  receivedMs: number;
  lastEventMs?: number | undefined;
  /** For each field that is not read, the number of events that had it. */
  unread?: Readonly<Record<string, number>> | undefined;
  /** Set by imports, whose time says nothing about how often or how late the sender sends. */
  imported?: true;
}

/** Keep the latest 50 samples of the time between receipts and of the lag; the median needs at least 5 gaps. */
const SAMPLES_KEPT = 50;
const SAMPLES_NEEDED = 5;
/** Keep 50 names of fields that are not read: a sender may make up any number of them. */
const UNREAD_KEPT = 50;

const SOURCE = [
  ...(['id', 'name', 'adapter', 'options', 'token_hash', 'secret', 'created_ms', 'revoked_ms'] as const),
  ...(['old_token_hash', 'old_secret', 'old_until_ms'] as const),
];

const NO_OLD = { old_token_hash: null, old_secret: null, old_until_ms: null };

/**
 * Adds a source, or changes the one of that name: it gets these credentials and is no longer revoked. It keeps its id, and with
 * it the events that it sent before.
 */
export async function upsertSource(db: Db, source: NewSource, nowMs: number): Promise<Source> {
  const row = {
    adapter: source.adapter,
    options: JSON.stringify(source.options),
    token_hash: source.tokenHash,
    secret: source.sealedSecret ?? null,
    ...NO_OLD,
    revoked_ms: null,
  };
  const stored = await db
    .insertInto('source')
    .values({ name: source.name, ...row, created_ms: nowMs })
    .onConflict((conflict) => conflict.column('name').doUpdateSet(row))
    .returning(SOURCE)
    .executeTakeFirstOrThrow();
  return toSource(stored);
}

/** Gives a source new credentials. With `old`, its present token and that secret are accepted until `untilMs`; otherwise not. */
export async function updateCredentials(
  db: Db,
  id: number,
  { tokenHash, sealedSecret }: { tokenHash: string; sealedSecret: string | undefined },
  old?: { sealedSecret: string | undefined; untilMs: number },
): Promise<void> {
  await db
    .updateTable('source')
    .set((eb) => ({
      ...(old
        ? { old_token_hash: eb.ref('token_hash'), old_secret: old.sealedSecret ?? null, old_until_ms: old.untilMs }
        : NO_OLD),
      token_hash: tokenHash,
      secret: sealedSecret ?? null,
    }))
    .where('id', '=', id)
    .execute();
}

/** Changes how a source's bodies are read; running instances see it within a second. */
export async function updateSourceOptions(
  db: Db,
  id: number,
  options: Readonly<Record<string, unknown>>,
): Promise<void> {
  await db
    .updateTable('source')
    .set({ options: JSON.stringify(options) })
    .where('id', '=', id)
    .execute();
}

/** Revokes a source: it accepts nothing any more, and its events stay counted. */
export async function revokeSource(db: Db, id: number, nowMs: number): Promise<void> {
  await db.updateTable('source').set({ revoked_ms: nowMs }).where('id', '=', id).execute();
}

/** Finds a source by name, revoked ones included. */
export async function findSource(db: Db, name: string): Promise<Source | undefined> {
  const row = await db.selectFrom('source').select(SOURCE).where('name', '=', name).executeTakeFirst();
  return row && toSource(row);
}

/** Lists sources by name; revoked ones only if asked for. */
export async function listSources(db: Db, options: { revoked?: boolean } = {}): Promise<Source[]> {
  let query = db.selectFrom('source').select(SOURCE).orderBy('name');
  if (!options.revoked) query = query.where('revoked_ms', 'is', null);
  return (await query.execute()).map(toSource);
}

/**
 * Adds to a source's counts, in the caller's transaction or in a new one. Safe with several instances: the first statement locks
 * the row, so that the values it returns are still true when the second writes.
 */
export function addSourceCounts(db: Db, sourceId: number, counts: SourceCounts): Promise<void> {
  return transact(db, async (trx) => {
    const known = await trx
      .updateTable('source')
      .set((eb) => ({
        accepted: eb('accepted', '+', counts.accepted),
        duplicates: eb('duplicates', '+', counts.duplicates),
        conflicts: eb('conflicts', '+', counts.conflicts),
        rejected: eb('rejected', '+', counts.rejected),
        without_id: eb('without_id', '+', counts.withoutId),
        late: eb('late', '+', counts.late),
        limited: eb('limited', '+', counts.limited ?? 0),
      }))
      .where('id', '=', sourceId)
      .returning(['last_received_ms', 'last_event_ms', 'gaps_ms', 'lags_ms', 'unread'])
      .executeTakeFirst();
    if (!known) return;
    const { last_received_ms: lastMs, last_event_ms: lastEventMs } = known;
    const { receivedMs, imported } = counts;
    const gap = imported || lastMs === null || receivedMs <= lastMs ? undefined : receivedMs - lastMs;
    const lag = imported || counts.lastEventMs === undefined ? undefined : Math.max(0, receivedMs - counts.lastEventMs);
    await trx
      .updateTable('source')
      .set({
        last_received_ms: Math.max(lastMs ?? 0, receivedMs),
        last_event_ms: counts.lastEventMs === undefined ? lastEventMs : Math.max(lastEventMs ?? 0, counts.lastEventMs),
        gaps_ms: addSample(known.gaps_ms, gap),
        lags_ms: addSample(known.lags_ms, lag),
        unread: addUnread(known.unread, counts.unread),
      })
      .where('id', '=', sourceId)
      .execute();
  });
}

/** Subtracts an import from its source's counts. Its conflicts are not known; they are capped at the remaining duplicates. */
export async function subtractSourceCounts(
  db: Db,
  sourceId: number,
  counts: { events: number; duplicates: number; rejected: number },
): Promise<void> {
  await db
    .updateTable('source')
    .set((eb) => {
      const duplicates = eb('duplicates', '-', counts.duplicates);
      const conflicts = eb.ref('conflicts');
      return {
        accepted: eb('accepted', '-', counts.events),
        duplicates,
        conflicts: eb.case().when(conflicts, '>', duplicates).then(duplicates).else(conflicts).end(),
        rejected: eb('rejected', '-', counts.rejected),
      };
    })
    .where('id', '=', sourceId)
    .execute();
}

/** Returns the health of each source that is not revoked, by name. */
export async function listSourceHealth(db: Db): Promise<SourceHealth[]> {
  const rows = await db
    .selectFrom('source')
    .select(['id', 'name', 'adapter', 'last_received_ms', 'gaps_ms', 'lags_ms'])
    .select(['accepted', 'duplicates', 'conflicts', 'rejected', 'without_id', 'late', 'limited', 'unread', 'options'])
    .where('revoked_ms', 'is', null)
    .orderBy('name')
    .execute();
  const reasons = await countReasons(db);
  return rows.map((row) => ({
    name: row.name,
    adapter: row.adapter,
    lastReceivedMs: row.last_received_ms ?? undefined,
    usualGapMs: median(row.gaps_ms),
    accepted: row.accepted,
    duplicates: row.duplicates,
    conflicts: row.conflicts,
    rejected: row.rejected,
    reasons: reasons.filter(({ sourceId }) => sourceId === row.id).slice(0, 5),
    unread: readColumn('source.unread', COUNTS, row.unread).map(([name, events]) => ({ name, events })),
    withoutId: row.without_id,
    late: row.late,
    limit: toLimit(readColumn('source.options', OPTIONS, row.options)),
    limited: row.limited,
    medianLagMs: median(row.lags_ms, 1),
  }));
}

function toSource(row: Pick<Selectable<Database['source']>, (typeof SOURCE)[number]>): Source {
  return {
    id: row.id,
    name: row.name,
    adapter: row.adapter,
    options: readColumn('source.options', OPTIONS, row.options),
    tokenHash: row.token_hash,
    sealedSecret: row.secret ?? undefined,
    old:
      row.old_token_hash === null || row.old_until_ms === null
        ? undefined
        : {
            tokenHash: row.old_token_hash,
            sealedSecret: row.old_secret ?? undefined,
            untilMs: row.old_until_ms,
          },
    createdMs: row.created_ms,
    revokedMs: row.revoked_ms ?? undefined,
  };
}

function toLimit({ limit }: Source['options']): string | undefined {
  return typeof limit === 'string' ? limit : undefined;
}

function addSample(samples: string, sample: number | undefined): string {
  if (sample === undefined) return samples;
  return JSON.stringify([...readColumn('samples of source', SAMPLES, samples), sample].slice(-SAMPLES_KEPT));
}

/** Adds counts of fields that are not read; keeps the names with the most events. */
function addUnread(known: string, added: Readonly<Record<string, number>> | undefined): string {
  if (added === undefined) return known;
  const sums = new Map(readColumn('source.unread', COUNTS, known));
  for (const [sent, count] of Object.entries(added)) {
    const name = sent.replaceAll('\0', '\ufffd');
    sums.set(name, (sums.get(name) ?? 0) + count);
  }
  return JSON.stringify(Object.fromEntries([...sums].sort(([, a], [, b]) => b - a).slice(0, UNREAD_KEPT)));
}

function median(samples: string, needed = SAMPLES_NEEDED): number | undefined {
  const sorted = readColumn('samples of source', SAMPLES, samples).sort((a, b) => a - b);
  return sorted.length < needed ? undefined : sorted[Math.floor((sorted.length - 1) / 2)];
}

/** Keep the newest 500 rejected events of each source. */
export const REJECTED_EVENTS_KEPT = 500;
/** Rejected events longer than 8192 characters are not kept whole, so they cannot be sent again. */
const MAX_SENT_LENGTH = 8192;

/** `atMs` is the time of receipt, `sent` a body with this event alone; null if it was not kept whole. */
export interface RejectedEvent {
  id: number;
  atMs: number;
  eventId: string | null;
  reason: string;
  excerpt: string | null;
  sent: string | null;
}

/** Stores rejected events with their reasons, and deletes the oldest above `REJECTED_EVENTS_KEPT`. */
export async function insertRejectedEvents(
  db: Db,
  sourceId: number,
  rejected: readonly Rejection[],
  atMs: number,
): Promise<void> {
  if (rejected.length === 0) return;
  const rows = rejected.slice(-REJECTED_EVENTS_KEPT).map(({ id, error, excerpt, sent }) => ({
    source_id: sourceId,
    at_ms: atMs,
    event_id: id === undefined ? null : toStorable(id),
    reason: toStorable(error),
    excerpt: excerpt === undefined ? null : toStorable(excerpt),
    // Keep the body only if it can be stored unchanged: a changed one would be another event.
    sent:
      sent === undefined || sent.length > MAX_SENT_LENGTH || toStorable(sent, MAX_SENT_LENGTH) !== sent ? null : sent,
  }));
  await db.insertInto('rejected_event').values(rows).execute();
  const oldest = await db
    .selectFrom('rejected_event')
    .select('id')
    .where('source_id', '=', sourceId)
    .orderBy('id', 'desc')
    .offset(REJECTED_EVENTS_KEPT)
    .limit(1)
    .executeTakeFirst();
  if (!oldest) return;
  await db.deleteFrom('rejected_event').where('source_id', '=', sourceId).where('id', '<=', oldest.id).execute();
}

/** Lists a source's rejected events, newest first. */
export function listRejectedEvents(db: Db, sourceId: number): Promise<RejectedEvent[]> {
  return db
    .selectFrom('rejected_event')
    .select(['id', 'at_ms as atMs', 'event_id as eventId', 'reason', 'excerpt', 'sent'])
    .where('source_id', '=', sourceId)
    .orderBy('id', 'desc')
    .limit(REJECTED_EVENTS_KEPT)
    .execute();
}

/** Deletes rejected events; returns how many of them still existed. */
export async function deleteRejectedEvents(db: Db, ids: readonly number[]): Promise<number> {
  if (ids.length === 0) return 0;
  const { numDeletedRows } = await db.deleteFrom('rejected_event').where('id', 'in', ids).executeTakeFirstOrThrow();
  return Number(numDeletedRows);
}

/** Replaces the reason of a rejected event that was sent again and rejected again. */
export async function updateReason(db: Db, id: number, reason: string): Promise<void> {
  await db
    .updateTable('rejected_event')
    .set({ reason: toStorable(reason) })
    .where('id', '=', id)
    .execute();
}

export interface ReasonCount {
  sourceId: number;
  reason: string;
  events: number;
  /** The newest of them. */
  atMs: number;
  excerpt?: string;
}

/** Counts rejected events by source and reason, the most common first, each with its newest event. */
export async function countReasons(db: Db): Promise<ReasonCount[]> {
  const rows = await db
    .selectFrom(({ selectFrom }) =>
      selectFrom('rejected_event')
        .select(({ fn }) => ['source_id', 'reason', fn.countAll<number>().as('events'), fn.max('id').as('newest')])
        .groupBy(['source_id', 'reason'])
        .as('counted'),
    )
    .innerJoin('rejected_event as newest', 'newest.id', 'counted.newest')
    .select(['counted.source_id as sourceId', 'counted.reason', 'counted.events', 'newest.at_ms as atMs'])
    .select('newest.excerpt')
    .orderBy('counted.events', 'desc')
    .execute();
  return rows.map(({ excerpt, ...counted }) => ({ ...counted, ...(excerpt === null ? {} : { excerpt }) }));
}

/** Shortens a text and replaces NUL, which PostgreSQL cannot store. */
function toStorable(text: string, maxLength = 1000): string {
  return text.replaceAll('\0', '\ufffd').slice(0, maxLength).toWellFormed();
}
