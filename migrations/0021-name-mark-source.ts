import type { Kysely } from 'kysely';

/** The source whose pipeline set a mark; of earlier ones nobody knows. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .alterTable('mark')
    .addColumn('source', 'text', (column) => column.notNull().defaultTo(''))
    .execute();
}
