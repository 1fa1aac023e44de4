import type { Calendar } from '../domain/calendar.ts';
import { type Db, type DialectName, send } from '../store/database.ts';
import { type Batch, concatenate } from './batch.ts';
import { decodeEvents, encodeSegment, takeFullTiers } from './segment.ts';
import { addToTotals, lockDays, splitByDay } from './totals.ts';
import type { ValuePlaces } from './value-places.ts';

/** One fold takes at most this much, so that its transaction stays short. */
const MAX_EVENTS = 200_000;
const MAX_COMMITS = 4_000;
/** Commits listed in one query. */
const CHUNK = 25;

interface FoldOptions {
  dialect: DialectName;
  calendar: Calendar;
  places: ValuePlaces;
  /** Fold no commits newer than this one. */
  through?: number | undefined;
  /** Wait for commits that another process is folding, instead of skipping them. */
  wait?: boolean;
}

/**
 * Moves the oldest commits into raw segments by day and adds them to the totals, in the caller's transaction. Call it after
 * `shareTotals`, so that folds of other days need not wait. Returns how much was folded; zeros: nothing is left.
 */
export async function foldInbox(db: Db, options: FoldOptions): Promise<{ events: number; commits: number }> {
  const { dialect, calendar, places } = options;
  const taken = await takeCommits(db, options);
  if (taken.length === 0) return { events: 0, commits: 0 };
  const parts = [...Map.groupBy(taken, ({ import_id }) => import_id)].map(([importId, commits]) => ({
    origin: {
      importId,
      firstSeq: commits[0]!.seq,
      lastSeq: commits.at(-1)!.seq,
      receivedMs: Math.max(...commits.map(({ received_ms }) => received_ms)),
    },
    days: splitByDay(concatenate(commits.map(({ body, ids }) => decodeEvents(body, ids))), calendar),
  }));
  await lockDays(db, dialect, [...new Set(parts.flatMap(({ days }) => [...days.keys()]))]);
  for (const { origin, days } of parts) {
    for (const [day, events] of days) {
      await addEventSegment(db, day, events, origin);
      await addToTotals(db, day, events, calendar, places);
    }
  }
  const seqs = taken.map(({ seq }) => seq);
  await send(db, db.deleteFrom('inbox').where('seq', 'in', seqs));
  return { events: taken.reduce((sum, { events }) => sum + events, 0), commits: taken.length };
}

/** Moves all raw events back into `inbox`, to be folded into the days of another zone. Returns the number of events there. */
export async function unfold(db: Db): Promise<number> {
  await db
    .insertInto('inbox')
    .columns(['received_ms', 'first_day', 'last_day', 'events', 'import_id', 'body', 'ids'])
    .expression((of) =>
      of
        .selectFrom('event_segment')
        .select(['received_ms', 'day as first_day', 'day as last_day', 'events', 'import_id', 'body', 'ids'])
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

/** Takes the oldest commits, and keeps other processes from folding them until the transaction ends. */
async function takeCommits(db: Db, { dialect, through, wait }: FoldOptions) {
  const taken: number[] = [];
  let events = 0;
  let isFull = false;
  while (!isFull) {
    let query = db
      .selectFrom('inbox')
      .select(['seq', 'events'])
      .where('seq', '>', taken.at(-1) ?? 0)
      .orderBy('seq')
      .limit(CHUNK);
    if (through !== undefined) query = query.where('seq', '<=', through);
    if (dialect === 'postgres') query = wait ? query.forUpdate() : query.forUpdate().skipLocked();
    const rows = await query.execute();
    for (const row of rows) {
      isFull = taken.length > 0 && events + row.events > MAX_EVENTS;
      if (isFull) break;
      taken.push(row.seq);
      events += row.events;
    }
    isFull ||= rows.length < CHUNK || taken.length >= MAX_COMMITS;
  }
  if (taken.length === 0) return [];
  return db
    .selectFrom('inbox')
    .select(['seq', 'events', 'import_id', 'received_ms', 'body', 'ids'])
    .where('seq', 'in', taken)
    .orderBy('seq')
    .execute();
}

/** Segments are not merged beyond this size, so that one is read quickly. */
const MAX_SEGMENT_EVENTS = 131_072;

/** The commits and the import that raw events came from. Each import has segments of its own, so that it can be undone. */
interface EventOrigin {
  importId: number | null;
  firstSeq: number;
  lastSeq: number;
  receivedMs: number;
}

/**
 * Stores a day's raw events, in the caller's transaction. Small segments are merged as they
 * gather: a sender of one event a second would otherwise leave thousands a day.
 */
async function addEventSegment(db: Db, day: number, events: Batch, origin: EventOrigin): Promise<void> {
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
    const stored = db.selectFrom('event_segment').select(['body', 'ids']).where('id', '=', id);
    const { body, ids } = await stored.executeTakeFirstOrThrow();
    parts.push(decodeEvents(body, ids));
  }
  const ids = merged.map(({ id }) => id);
  if (ids.length > 0) await send(db, db.deleteFrom('event_segment').where('id', 'in', ids));
  const batch = concatenate(parts);
  const insert = db.insertInto('event_segment').values({
    day,
    first_seq: Math.min(origin.firstSeq, ...merged.map((segment) => segment.first_seq)),
    last_seq: Math.max(origin.lastSeq, ...merged.map((segment) => segment.last_seq)),
    received_ms: Math.max(origin.receivedMs, ...merged.map((segment) => segment.received_ms)),
    events: batch.length,
    import_id: origin.importId,
    body: encodeSegment(batch),
    ids: batch.ids?.encode() ?? new Uint8Array(),
  });
  await send(db, insert);
}
