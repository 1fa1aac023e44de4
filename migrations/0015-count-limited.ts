import type { Kysely } from 'kysely';
import { columnTypes } from './dialect/columns.ts';

/** Requests that a source was refused because it was over its limit. */
export async function up(db: Kysely<unknown>): Promise<void> {
  const { bigint } = columnTypes(db);
  await db.schema
    .alterTable('source')
    .addColumn('limited', bigint, (column) => column.notNull().defaultTo(0))
    .execute();
}
