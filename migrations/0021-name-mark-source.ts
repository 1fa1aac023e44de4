import type { Kysely } from 'kysely';

/** The source that set a mark, which alone may take it back; empty where that was before this column. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .alterTable('mark')
    .addColumn('source', 'text', (column) => column.notNull().defaultTo(''))
    .execute();
}
