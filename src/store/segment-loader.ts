import type { Calendar } from '../domain/calendar.ts';
import type { Span } from '../domain/usage.ts';
import type { Cube } from './cube.ts';
import type { Db } from './database.ts';
import { Segment } from './segment.ts';

const CHUNK = 200;
const CACHE_BYTES = 256 * 1024 * 1024;

/** Raw events, and whether they were brought in from a file instead of sent. */
export interface RawSegment {
  segment: Segment;
  imported: boolean;
}

/** Finds the segments that a question needs. Totals are kept in memory by their number: segments never change. */
export class SegmentLoader {
  readonly #calendar: Calendar;
  readonly #segments = new Map<number, Segment>();
  #cachedBytes = 0;

  constructor(calendar: Calendar) {
    this.#calendar = calendar;
  }

  /** The segments of a total in these buckets. */
  async loadTotals(db: Db, cube: Cube, buckets: readonly number[]): Promise<{ bucket: number; segment: Segment }[]> {
    if (buckets.length === 0) return [];
    const wanted = new Set(buckets);
    const segments = await db
      .selectFrom('total_segment')
      .select(['id', 'bucket'])
      .where('cube', '=', cube.name)
      .where('bucket', '>=', Math.min(...buckets))
      .where('bucket', '<=', Math.max(...buckets))
      .execute();
    const needed = segments.filter((segment) => wanted.has(segment.bucket));
    const missing = needed.filter((segment) => !this.#segments.has(segment.id)).map((segment) => segment.id);
    const fresh = new Map<number, Segment>();
    for (let at = 0; at < missing.length; at += CHUNK) {
      const rows = await db
        .selectFrom('total_segment')
        .select(['id', 'body'])
        .where('id', 'in', missing.slice(at, at + CHUNK))
        .execute();
      for (const { id, body } of rows) fresh.set(id, new Segment(body));
    }
    const loaded = needed.map(({ id, bucket }) => ({ bucket, segment: fresh.get(id) ?? this.#segments.get(id)! }));
    for (const [id, segment] of fresh) this.#remember(id, segment);
    return loaded;
  }

  #remember(id: number, segment: Segment): void {
    this.#segments.set(id, segment);
    this.#cachedBytes += segment.sizeBytes;
    for (const [oldest, dropped] of this.#segments) {
      if (this.#cachedBytes <= CACHE_BYTES) break;
      this.#segments.delete(oldest);
      this.#cachedBytes -= dropped.sizeBytes;
    }
  }

  /** Raw events of the days that a span touches, a few segments at a time. */
  async *loadRaw(db: Db, span: Span): AsyncGenerator<RawSegment> {
    const ids = await db
      .selectFrom('event_segment')
      .select('id')
      .where('day', '>=', this.#calendar.dayOf(span.fromMs))
      .where('day', '<=', this.#calendar.dayOf(span.toMs - 1))
      .orderBy('day')
      .execute();
    for (let at = 0; at < ids.length; at += 8) {
      const chunk = ids.slice(at, at + 8).map(({ id }) => id);
      const rows = await db
        .selectFrom('event_segment')
        .select(['body', 'import_id'])
        .where('id', 'in', chunk)
        .execute();
      for (const row of rows) yield toRawSegment(row);
    }
  }

  /** Commits that the totals do not hold yet and that have events of the days that a span touches. */
  async loadInbox(db: Db, span: Span): Promise<RawSegment[]> {
    const rows = await db
      .selectFrom('inbox')
      .select(['body', 'import_id'])
      .where('last_day', '>=', this.#calendar.dayOf(span.fromMs))
      .where('first_day', '<=', this.#calendar.dayOf(span.toMs - 1))
      .execute();
    return rows.map(toRawSegment);
  }
}

function toRawSegment({ body, import_id }: { body: Uint8Array; import_id: number | null }): RawSegment {
  return { segment: new Segment(body), imported: import_id !== null };
}
