import type { Db } from '../store/database.ts';
import { type Batch, concatenate, decodeEvents, encodeSegment } from './segment.ts';
import { takeFullTiers } from './tiers.ts';

/** A segment of so many is still read quickly. */
const MAX_EVENTS = 131_072;

/** Where raw events came from; they are kept apart by import, so that one can be taken back. */
export interface EventOrigin {
  importId: number | null;
  firstSeq: number;
  lastSeq: number;
  receivedMs: number;
}

/**
 * Stores a day's raw events, in the caller's transaction. Small segments are merged as they
 * gather: a sender of one event a second would otherwise leave thousands a day.
 */
export async function addEventSegment(db: Db, day: number, events: Batch, origin: EventOrigin): Promise<void> {
  const sameImport = origin.importId === null ? ('is' as const) : ('=' as const);
  const segments = await db
    .selectFrom('event_segment')
    .select(['id', 'events', 'first_seq', 'last_seq', 'received_ms'])
    .where('day', '=', day)
    .where('import_id', sameImport, origin.importId)
    .orderBy('id', 'desc')
    .limit(64)
    .execute();
  const merged = takeFullTiers(segments, (segment) => segment.events, events.length, MAX_EVENTS);
  const parts = [events];
  for (const { id } of merged) {
    const { body } = await db.selectFrom('event_segment').select('body').where('id', '=', id).executeTakeFirstOrThrow();
    parts.push(decodeEvents(body));
  }
  if (merged.length > 0)
    await db
      .deleteFrom('event_segment')
      .where(
        'id',
        'in',
        merged.map(({ id }) => id),
      )
      .execute();
  const batch = concatenate(parts);
  await db
    .insertInto('event_segment')
    .values({
      day,
      first_seq: Math.min(origin.firstSeq, ...merged.map((segment) => segment.first_seq)),
      last_seq: Math.max(origin.lastSeq, ...merged.map((segment) => segment.last_seq)),
      received_ms: Math.max(origin.receivedMs, ...merged.map((segment) => segment.received_ms)),
      events: batch.length,
      import_id: origin.importId,
      body: encodeSegment(batch),
    })
    .execute();
}
