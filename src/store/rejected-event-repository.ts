import type { Rejection } from '../domain/event.ts';
import type { Db } from './database.ts';

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
