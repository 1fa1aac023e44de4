import type { Kysely } from 'kysely';

/** A block that Slack refuses is replaced within one attempt, so nothing is kept between attempts. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema.alterTable('delivery').dropColumn('degraded').execute();
}
