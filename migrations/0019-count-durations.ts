import { type Kysely, sql } from 'kysely';

/**
 * Totals of durations (src/usage/cube.ts) hold what comes from now on: percentiles of days until now, and of the day after,
 * in which an instance of the version before may still fold, are made of raw events.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
    insert into setting (name, value)
    select 'durations_from_day', cast(max(day) + 2 as text) from event_segment having max(day) is not null`.execute(db);
}
