import type { Kysely } from 'kysely';

/** What Slack refuses in a message is replaced within one attempt; nothing of it is kept between attempts. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema.alterTable('delivery').dropColumn('degraded').execute();
}
