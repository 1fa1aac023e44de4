import type { Correction } from '../domain/correction.ts';
import type { Span } from '../domain/usage.ts';
import type { Db } from './database.ts';

export interface EnteredCorrection extends Correction {
  id: number;
  enteredMs: number;
}

/** Enters a correction and returns its number. */
export async function insertCorrection(db: Db, correction: Omit<EnteredCorrection, 'id'>): Promise<number> {
  const { id } = await db
    .insertInto('correction')
    .values({
      meter: correction.meter,
      time_ms: correction.timeMs,
      credits: correction.credits,
      requests: correction.requests,
      reason: correction.reason,
      actor: correction.actor,
      entered_ms: correction.enteredMs,
    })
    .returning('id')
    .executeTakeFirstOrThrow();
  return id;
}

/** Corrections in the order of the time they apply to; `span` by that time, `enteredSinceMs` by when they were made. */
export async function listCorrections(
  db: Db,
  { meter, span, enteredSinceMs }: { meter?: string; span?: Span; enteredSinceMs?: number } = {},
): Promise<EnteredCorrection[]> {
  let query = db
    .selectFrom('correction')
    .select(['id', 'meter', 'time_ms', 'credits', 'requests', 'reason', 'actor', 'entered_ms']);
  if (meter !== undefined) query = query.where('meter', '=', meter);
  if (span) query = query.where('time_ms', '>=', span.fromMs).where('time_ms', '<', span.toMs);
  if (enteredSinceMs !== undefined) query = query.where('entered_ms', '>=', enteredSinceMs);
  const rows = await query.orderBy('time_ms').orderBy('id').execute();
  return rows.map(({ time_ms, entered_ms, ...row }) => ({ ...row, timeMs: time_ms, enteredMs: entered_ms }));
}
