import type { Kysely } from 'kysely';

/** Which levels are armed follows from the amounts in force and from use; nothing is remembered of it. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema.alterTable('alert').dropColumn('rearmed').execute();
}
