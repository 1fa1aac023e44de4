import { DAY_MS } from '../domain/calendar.ts';
import type { Db } from './database.ts';

/** A series since one of its starts. */
export interface SeriesRow {
  series: string;
  /** Nanoseconds, as text. */
  start: string;
  /** JSON that only the caller reads. */
  points: string;
}

/** Keep at most 50,000 series of a source; those that were not seen for longest are deleted. */
const SERIES_KEPT = 50_000;
const SERIES_DAYS = 35;
const CHUNK = 400;

/** Locks the series of a source against other instances until the transaction ends. */
export async function lockSeries(trx: Db, sourceId: number): Promise<void> {
  await trx
    .updateTable('source')
    .set(({ ref }) => ({ name: ref('name') }))
    .where('id', '=', sourceId)
    .execute();
}

export async function findSeries(db: Db, sourceId: number, series: readonly string[]): Promise<SeriesRow[]> {
  const rows: SeriesRow[] = [];
  for (let at = 0; at < series.length; at += CHUNK) {
    rows.push(
      ...(await db
        .selectFrom('otlp_series')
        .select(['series', 'start', 'points'])
        .where('source_id', '=', sourceId)
        .where('series', 'in', series.slice(at, at + CHUNK))
        .execute()),
    );
  }
  return rows;
}

/** Adds or replaces series, and deletes those that are too old or too many. */
export async function upsertSeries(db: Db, sourceId: number, rows: readonly SeriesRow[], nowMs: number): Promise<void> {
  for (let at = 0; at < rows.length; at += CHUNK) {
    const values = rows.slice(at, at + CHUNK).map((row) => ({ ...row, source_id: sourceId, seen_ms: nowMs }));
    await db
      .insertInto('otlp_series')
      .values(values)
      .onConflict((conflict) =>
        conflict.columns(['source_id', 'series', 'start']).doUpdateSet(({ ref }) => ({
          points: ref('excluded.points'),
          seen_ms: ref('excluded.seen_ms'),
        })),
      )
      .execute();
  }
  const last = await db
    .selectFrom('otlp_series')
    .select('seen_ms')
    .where('source_id', '=', sourceId)
    .orderBy('seen_ms', 'desc')
    .offset(SERIES_KEPT)
    .limit(1)
    .executeTakeFirst();
  const oldestMs = Math.max(nowMs - SERIES_DAYS * DAY_MS, last ? last.seen_ms + 1 : 0);
  await db.deleteFrom('otlp_series').where('source_id', '=', sourceId).where('seen_ms', '<', oldestMs).execute();
}
