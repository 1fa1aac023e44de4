import type { Correction, Span } from '../domain/usage.ts';
import { type Db, upsert } from './database.ts';

export interface EnteredCorrection extends Correction {
  id: number;
  enteredMs: number;
}

/** Inserts a correction and returns its id. */
export async function insertCorrection(
  db: Db,
  { timeMs, enteredMs, ...correction }: Omit<EnteredCorrection, 'id'>,
): Promise<number> {
  const { id } = await db
    .insertInto('correction')
    .values({ ...correction, requests: 0, time_ms: timeMs, entered_ms: enteredMs })
    .returning('id')
    .executeTakeFirstOrThrow();
  return id;
}

/** Lists corrections by the time they apply to, which `span` limits; `enteredSinceMs` limits when they were entered. */
export function listCorrections(
  db: Db,
  { meter, span, enteredSinceMs }: { meter?: string; span?: Span; enteredSinceMs?: number } = {},
): Promise<EnteredCorrection[]> {
  let query = db
    .selectFrom('correction')
    .select(['id', 'meter', 'time_ms as timeMs', 'credits', 'reason', 'actor', 'entered_ms as enteredMs']);
  if (meter !== undefined) query = query.where('meter', '=', meter);
  if (span) query = query.where('time_ms', '>=', span.fromMs).where('time_ms', '<', span.toMs);
  if (enteredSinceMs !== undefined) query = query.where('entered_ms', '>=', enteredSinceMs);
  return query.orderBy('time_ms').orderBy('id').execute();
}

/**
 * Marks one day of `usage_daily` to be written again. Call it in the transaction that changes the day's totals, under their lock,
 * or that enters a correction. An existing mark is locked too: the writer of the rows deletes it first, and so waits for the
 * change.
 */
export function markDay(trx: Db, day: number): Promise<void> {
  return upsert(trx, 'usage_daily_due', { day }, { day });
}
