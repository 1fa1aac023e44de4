import type { Kysely } from 'kysely';

/** The armed levels follow from amounts and usage, so they are no longer stored. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema.alterTable('alert').dropColumn('rearmed').execute();
}
