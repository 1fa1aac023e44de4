import type { Db } from './database.ts';

/**
 * Leaves the rows of `usage_daily` of one day to be written anew: call it where the day's totals change, under their lock, or
 * a correction is entered. A mark that is there is locked too: whoever writes the rows takes it away first, and so waits for
 * the change.
 */
export async function markDay(trx: Db, day: number): Promise<void> {
  await trx
    .insertInto('usage_daily_due')
    .values({ day })
    .onConflict((conflict) => conflict.column('day').doUpdateSet({ day }))
    .execute();
}
