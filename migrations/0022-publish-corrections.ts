import { type Kysely, sql } from 'kysely';

/** `usage_daily` holds corrections too: marks the day of each in UTC and both beside it, one of which is its day in the report zone. */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const shift of [-1, 0, 1])
    await sql`insert into usage_daily_due (day) select distinct time_ms / 86400000 + ${sql.lit(shift)} from correction
      where time_ms / 86400000 + ${sql.lit(shift)} not in (select day from usage_daily_due)`.execute(db);
}
