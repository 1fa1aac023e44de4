import type { Db } from './database.ts';

/** A lease that ends over a minute after one's own would comes from a clock that was ahead, and is not respected. */
const MOST_SKEW_MS = 60_000;

/**
 * Takes or renews the lease `name` until `untilMs`; false where another holder's has not expired. It saves double work
 * and proves nothing: a frozen holder wakes up believing in it, so what must be unique has a unique row.
 */
export async function takeLease(
  db: Db,
  name: string,
  holder: string,
  nowMs: number,
  untilMs: number,
): Promise<boolean> {
  const { numInsertedOrUpdatedRows } = await db
    .insertInto('lease')
    .values({ name, holder, until_ms: untilMs })
    .onConflict((conflict) =>
      conflict
        .column('name')
        .doUpdateSet({ holder, until_ms: untilMs })
        .where((where) =>
          where.or([
            where('lease.holder', '=', holder),
            where('lease.until_ms', '<=', nowMs),
            where('lease.until_ms', '>', untilMs + MOST_SKEW_MS),
          ]),
        ),
    )
    .executeTakeFirst();
  return Number(numInsertedOrUpdatedRows) === 1;
}

/** Gives the lease up if `holder` has it. */
export async function deleteLease(db: Db, name: string, holder: string): Promise<void> {
  await db.deleteFrom('lease').where('name', '=', name).where('holder', '=', holder).execute();
}
