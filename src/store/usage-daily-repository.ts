import type { Db } from './database.ts';

/**
 * Marks one day of `usage_daily` to be written again. Call it in the transaction that changes the day's totals, under their lock,
 * or that enters a correction. An existing mark is locked too: the writer of the rows deletes it first, and so waits for the
 * change.
 */
export async function markDay(trx: Db, day: number): Promise<void> {
  await trx
    .insertInto('usage_daily_due')
    .values({ day })
    .onConflict((conflict) => conflict.column('day').doUpdateSet({ day }))
    .execute();
}
