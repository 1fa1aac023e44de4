import { type Kysely, sql } from 'kysely';

/** Rows of `usage_daily` hold corrections too: the days of those there are, in any zone, are to be written anew. */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const shift of [-1, 0, 1])
    await sql`insert into usage_daily_due (day) select distinct time_ms / 86400000 + ${sql.lit(shift)} from correction
      where time_ms / 86400000 + ${sql.lit(shift)} not in (select day from usage_daily_due)`.execute(db);
}
