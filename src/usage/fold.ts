import type { Calendar } from '../domain/calendar.ts';
import type { Db } from '../store/database.ts';
import { addEventSegment } from './event-segments.ts';
import { concatenate, decodeEvents } from './segment.ts';
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
