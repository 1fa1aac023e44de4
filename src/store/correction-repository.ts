import type { Thousandths } from '../domain/event.ts';
import type { Span } from '../domain/usage.ts';
import type { Db } from './database.ts';

/** An entry that adds to (or takes from) what a meter counted. */
export interface Correction {
  id: number;
  /** Name of a scope, or `scope/limit`. */
  meter: string;
  /** The time it applies to. */
  timeMs: number;
  credits: Thousandths;
  requests: number;
  reason: string;
  actor: string;
  enteredMs: number;
}

/** Enters a correction and returns its number. */
export async function insertCorrection(db: Db, correction: Omit<Correction, 'id'>): Promise<number> {
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
): Promise<Correction[]> {
  let query = db
    .selectFrom('correction')
    .select(['id', 'meter', 'time_ms', 'credits', 'requests', 'reason', 'actor', 'entered_ms']);
  if (meter !== undefined) query = query.where('meter', '=', meter);
  if (span) query = query.where('time_ms', '>=', span.fromMs).where('time_ms', '<', span.toMs);
  if (enteredSinceMs !== undefined) query = query.where('entered_ms', '>=', enteredSinceMs);
  const rows = await query.orderBy('time_ms').orderBy('id').execute();
  return rows.map(({ time_ms, entered_ms, ...row }) => ({ ...row, timeMs: time_ms, enteredMs: entered_ms }));
}
