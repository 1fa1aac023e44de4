import type { Kysely } from 'kysely';
import { columnTypes } from './dialect/columns.ts';

export async function up(db: Kysely<unknown>): Promise<void> {
  const { bigint } = columnTypes(db);
  await db.schema
    .createTable('mark')
    .addColumn('at_ms', bigint, (column) => column.notNull())
    .addColumn('label', 'text', (column) => column.notNull())
    .addPrimaryKeyConstraint('mark_key', ['at_ms', 'label'])
    .execute();
}
