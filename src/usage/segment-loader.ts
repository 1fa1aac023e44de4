import type { Selectable } from 'kysely';
import type { Calendar } from '../domain/calendar.ts';
import type { Span } from '../domain/usage.ts';
import type { Db } from '../store/database.ts';
import type { Database } from '../store/schema.ts';
import type { Cube } from './cube.ts';
import { Segment } from './segment.ts';
import { SentIds } from './sent-ids.ts';

const CHUNK = 200;
const CACHE_BYTES = 128 * 1024 * 1024;

/** A segment of raw events, the database row that holds it, and whether its events were imported from a file. */
export interface RawSegment {
  segment: Segment;
  row: { table: 'event_segment' | 'inbox'; key: number };
  imported: boolean;
}

/** Facts about a raw segment that are known without reading it; `received_ms` is the receipt of its newest event. */
export type RawSegmentRow = Pick<Selectable<Database['event_segment']>, 'day' | 'received_ms' | 'import_id'>;

/** Raw events of one day. */
interface DaySegment extends RawSegment {
  day: number;
}

/** A commit that is not folded yet, with the first and last day of its events. */
export interface InboxSegment extends RawSegment {
  firstDay: number;
  lastDay: number;
}

/**
 * Loads the segments that a question needs. Segments of totals are cached by id, because they never change; those not used for
 * longest make room. A question that needs more than fits caches a part, and reads the rest each time.
 */
export class SegmentLoader {
  readonly #calendar: Calendar;
  readonly #segments = new Map<number, Segment>();
  #cachedBytes = 0;

  constructor(calendar: Calendar) {
    this.#calendar = calendar;
  }

  /** Loads the segments of each total in its buckets, in the order of `parts`, with one lookup for all. */
  async loadTotals(
    db: Db,
    parts: readonly { cube: Cube; buckets: readonly number[] }[],
  ): Promise<{ bucket: number; segment: Segment }[][]> {
    const asked = parts.filter(({ buckets }) => buckets.length > 0);
    if (asked.length === 0) return parts.map(() => []);
    const rows = await db
      .selectFrom('total_segment')
      .select(['id', 'cube', 'bucket'])
      .where((of) =>
        of.or(
          asked.map(({ cube, buckets }) =>
            of.and([
              of('cube', '=', cube.name),
              of('bucket', '>=', Math.min(...buckets)),
              of('bucket', '<=', Math.max(...buckets)),
            ]),
          ),
        ),
      )
      .execute();
    const byCube = Map.groupBy(rows, ({ cube }) => cube);
    const needed = parts.map(({ cube, buckets }) => {
      const wanted = new Set(buckets);
      return (byCube.get(cube.name) ?? []).filter(({ bucket }) => wanted.has(bucket));
    });
    const segments = await this.#loadBodies(db, new Set(needed.flat().map(({ id }) => id)));
    return needed.map((part) => part.map(({ id, bucket }) => ({ bucket, segment: segments.get(id)! })));
  }

  async #loadBodies(db: Db, ids: ReadonlySet<number>): Promise<ReadonlyMap<number, Segment>> {
    // Keep a reference: while the others are read, another question may push this one out of the cache.
    const held = new Map<number, Segment>();
    const missing: number[] = [];
    for (const id of ids) {
      const known = this.#segments.get(id);
      if (!known) {
        missing.push(id);
        continue;
      }
      held.set(id, known);
      // A map keeps the order of insertion: move it to the end, as the one used last.
      this.#segments.delete(id);
      this.#segments.set(id, known);
    }
    for (let at = 0; at < missing.length; at += CHUNK) {
      const rows = await db
        .selectFrom('total_segment')
        .select(['id', 'body'])
        .where('id', 'in', missing.slice(at, at + CHUNK))
        .execute();
      for (const { id, body } of rows) {
        const segment = new Segment(body);
        this.#remember(id, segment, held);
        held.set(id, segment);
      }
    }
    return held;
  }

  #remember(id: number, segment: Segment, held: ReadonlyMap<number, Segment>): void {
    if (this.#segments.has(id)) return;
    for (const [oldest, dropped] of this.#segments) {
      if (this.#cachedBytes + segment.sizeBytes <= CACHE_BYTES || held.has(oldest)) break;
      this.#segments.delete(oldest);
      this.#cachedBytes -= dropped.sizeBytes;
    }
    if (this.#cachedBytes + segment.sizeBytes > CACHE_BYTES) return;
    this.#segments.set(id, segment);
    this.#cachedBytes += segment.sizeBytes;
  }

  /**
   * Streams raw events of the days that a span touches, day by day, a few segments at a time. `isWanted` skips segments without
   * reading them.
   */
  async *loadRaw(
    db: Db,
    span: Span,
    {
      newestFirst = false,
      isWanted = () => true,
    }: { newestFirst?: boolean; isWanted?: (segment: RawSegmentRow) => boolean } = {},
  ): AsyncGenerator<DaySegment> {
    const order = newestFirst ? 'desc' : 'asc';
    const listed = await db
      .selectFrom('event_segment')
      .select(['id', 'day', 'received_ms', 'import_id'])
      .where('day', '>=', this.#calendar.dayOf(span.fromMs))
      .where('day', '<=', this.#calendar.dayOf(span.toMs - 1))
      .orderBy('day', order)
      .orderBy('id')
      .execute();
    const ids = listed.filter(isWanted);
    for (let at = 0; at < ids.length; at += 8) {
      const chunk = ids.slice(at, at + 8).map(({ id }) => id);
      const rows = await db
        .selectFrom('event_segment')
        .select(['id', 'day', 'body', 'import_id'])
        .where('id', 'in', chunk)
        .execute();
      // Not ordered by the database, which would copy every body to sort it.
      rows.sort((a, b) => chunk.indexOf(a.id) - chunk.indexOf(b.id));
      for (const row of rows) yield { ...toRawSegment(row, 'event_segment', row.id), day: row.day };
    }
  }

  /** Loads the commits that are not folded yet and may have events of the days that a span touches. */
  async loadInbox(db: Db, span: Span): Promise<InboxSegment[]> {
    const rows = await db
      .selectFrom('inbox')
      .select(['seq', 'body', 'import_id', 'first_day', 'last_day'])
      .where('last_day', '>=', this.#calendar.dayOf(span.fromMs))
      .where('first_day', '<=', this.#calendar.dayOf(span.toMs - 1))
      .execute();
    return rows.map((row) => ({
      ...toRawSegment(row, 'inbox', row.seq),
      firstDay: row.first_day,
      lastDay: row.last_day,
    }));
  }
}

function toRawSegment(
  { body, import_id }: { body: Uint8Array; import_id: number | null },
  table: RawSegment['row']['table'],
  key: number,
): RawSegment {
  return { segment: new Segment(body), row: { table, key }, imported: import_id !== null };
}

/** Reads the ids of a segment's events as they were sent; undefined: no event has one. */
export async function loadSentIds(db: Db, { table, key }: RawSegment['row']): Promise<SentIds | undefined> {
  const select =
    table === 'inbox'
      ? db.selectFrom('inbox').select('ids').where('seq', '=', key)
      : db.selectFrom('event_segment').select('ids').where('id', '=', key);
  return SentIds.decode((await select.executeTakeFirstOrThrow()).ids);
}
