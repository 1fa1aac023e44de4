import type { TimeMark } from '../domain/report.ts';
import type { Span } from '../domain/usage.ts';
import type { Db } from './database.ts';

/** Keeps a mark; the same one once more changes nothing. */
export async function insertMark(db: Db, { atMs, label }: TimeMark): Promise<void> {
  await db
    .insertInto('mark')
    .values({ at_ms: atMs, label })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
}

/** The newest `limit` marks within a span, in order of time. */
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
