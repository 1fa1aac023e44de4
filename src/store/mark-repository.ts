import { DAY_MS } from '../domain/calendar.ts';
import type { TimeMark } from '../domain/report.ts';
import type { Span } from '../domain/usage.ts';
import { type Db, didChange, insertNew, transact } from './database.ts';

/** A source can set at most 100 marks on one day of UTC. */
export const MOST_MARKS_A_DAY = 100;

/** Stores a mark of a source, or does nothing if it is there already. False if the source has set too many on that day. */
export function insertMark(db: Db, { atMs, label }: TimeMark, source: string): Promise<boolean> {
  const fromMs = Math.floor(atMs / DAY_MS) * DAY_MS;
  return transact(db, async (trx) => {
    // Locks the source's row, so that marks that arrive at the same time are counted one after the other.
    await trx.updateTable('source').set({ name: source }).where('name', '=', source).execute();
    const ofDay = await trx
      .selectFrom('mark')
      .select(['at_ms as atMs', 'label', 'source'])
      .where('at_ms', '>=', fromMs)
      .where('at_ms', '<', fromMs + DAY_MS)
      .execute();
    if (ofDay.some((known) => known.atMs === atMs && known.label === label)) return true;
    if (ofDay.filter((known) => known.source === source).length >= MOST_MARKS_A_DAY) return false;
    await insertNew(trx.insertInto('mark').values({ at_ms: atMs, label, source }));
    return true;
  });
}

/** Deletes a mark of a source; false if there is none. */
export function deleteMark(db: Db, { atMs, label }: TimeMark, source: string): Promise<boolean> {
  const same = db.deleteFrom('mark').where('at_ms', '=', atMs).where('label', '=', label);
  return didChange(same.where('source', '=', source));
}

/** Lists the newest `limit` marks within a span, in order of time. */
export async function listMarks(db: Db, { fromMs, toMs }: Span, limit: number): Promise<TimeMark[]> {
  const newest = await db
    .selectFrom('mark')
    .select(['at_ms as atMs', 'label'])
    .where('at_ms', '>=', fromMs)
    .where('at_ms', '<', toMs)
    .orderBy('at_ms', 'desc')
    .orderBy('label')
    .limit(limit)
    .execute();
  return newest.reverse();
}
