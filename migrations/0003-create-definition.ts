import type { Kysely } from 'kysely';
import { columnTypes } from './dialect/columns.ts';

export async function up(db: Kysely<unknown>): Promise<void> {
  const { bigint, addId } = columnTypes(db);

  await db.schema
    .createTable('definition')
    .addColumn('version', 'integer', (column) => column.primaryKey())
    .addColumn('applied_ms', bigint, (column) => column.notNull())
    .addColumn('actor', 'text', (column) => column.notNull())
    .addColumn('body', 'text', (column) => column.notNull())
    .execute();

  await addId(db.schema.createTable('correction'), 'id')
    .addColumn('meter', 'text', (column) => column.notNull())
    .addColumn('time_ms', bigint, (column) => column.notNull())
    .addColumn('credits', bigint, (column) => column.notNull())
    .addColumn('requests', bigint, (column) => column.notNull())
    .addColumn('reason', 'text', (column) => column.notNull())
    .addColumn('actor', 'text', (column) => column.notNull())
    .addColumn('entered_ms', bigint, (column) => column.notNull())
    .execute();
  await db.schema.createIndex('correction_time').on('correction').columns(['meter', 'time_ms']).execute();
}
