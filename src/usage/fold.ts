import type { Calendar } from '../domain/calendar.ts';
import type { Db } from '../store/database.ts';
import { type Batch, concatenate, decodeEvents, encodeSegment } from './segment.ts';
import { takeFullTiers } from './tiers.ts';
import { addToTotals, splitByDay } from './totals.ts';
import type { ValuePlaces } from './value-places.ts';

/** One fold takes at most this much, so that its transaction stays short. */
const MAX_EVENTS = 200_000;
const MAX_COMMITS = 4_000;

/**
 * Moves the oldest commits, none newer than `through`, into raw segments by day and adds them to the totals, in the
 * caller's transaction. Answers how much that was; zeros: nothing is left.
 */
export async function foldInbox(
  db: Db,
  calendar: Calendar,
  places: ValuePlaces,
  through?: number,
): Promise<{ events: number; commits: number }> {
  let query = db.selectFrom('inbox').select(['seq', 'events', 'import_id']).orderBy('seq').limit(MAX_COMMITS);
  if (through !== undefined) query = query.where('seq', '<=', through);
  const commits = await query.execute();
  const taken: typeof commits = [];
  let events = 0;
  for (const commit of commits) {
    if (taken.length > 0 && events + commit.events > MAX_EVENTS) break;
    taken.push(commit);
    events += commit.events;
  }
  if (taken.length === 0) return { events: 0, commits: 0 };
  for (const importId of new Set(taken.map((commit) => commit.import_id))) {
    const seqs = taken.filter((commit) => commit.import_id === importId).map((commit) => commit.seq);
    await foldCommits(db, seqs, importId, calendar, places);
  }
  await db
    .deleteFrom('inbox')
    .where(
      'seq',
      'in',
      taken.map((commit) => commit.seq),
    )
    .execute();
  return { events, commits: taken.length };
}

/** Puts all raw events back among what is to be folded, for other days than they were folded into. Answers their number. */
export async function unfold(db: Db): Promise<number> {
  await db
    .insertInto('inbox')
    .columns(['received_ms', 'first_day', 'last_day', 'events', 'import_id', 'body'])
    .expression((of) =>
      of
        .selectFrom('event_segment')
        .select(['received_ms', 'day as first_day', 'day as last_day', 'events', 'import_id', 'body'])
        .orderBy('day')
        .orderBy('id'),
    )
    .execute();
  const { events } = await db
    .selectFrom('inbox')
    .select(({ fn }) => fn.sum<number | null>('events').as('events'))
    .executeTakeFirstOrThrow();
  await db.deleteFrom('event_segment').execute();
  return Number(events ?? 0);
}

async function foldCommits(
  db: Db,
  seqs: readonly number[],
  importId: number | null,
  calendar: Calendar,
  places: ValuePlaces,
): Promise<void> {
  const rows = await db
    .selectFrom('inbox')
    .select(['seq', 'received_ms', 'body'])
    .where('seq', 'in', [...seqs])
    .orderBy('seq')
    .execute();
  const all = concatenate(rows.map((row) => decodeEvents(row.body)));
  const origin = {
    importId,
    firstSeq: rows[0]!.seq,
    lastSeq: rows.at(-1)!.seq,
    receivedMs: Math.max(...rows.map((row) => row.received_ms)),
  };
  for (const [day, events] of splitByDay(all, calendar)) {
    await addEventSegment(db, day, events, origin);
    await addToTotals(db, day, events, calendar, places);
  }
}

/** A segment of so many is still read quickly. */
const MAX_SEGMENT_EVENTS = 131_072;

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
  const merged = takeFullTiers(segments, (segment) => segment.events, events.length, MAX_SEGMENT_EVENTS);
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
