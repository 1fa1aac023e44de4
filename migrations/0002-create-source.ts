import type { Kysely } from 'kysely';
import { columnTypes } from './dialect/columns.ts';

export async function up(db: Kysely<unknown>): Promise<void> {
  const { bigint, addId } = columnTypes(db);

  await addId(db.schema.createTable('source'), 'id')
    .addColumn('name', 'text', (column) => column.notNull().unique())
    .addColumn('adapter', 'text', (column) => column.notNull())
    .addColumn('options', 'text', (column) => column.notNull())
    .addColumn('token_hash', 'text', (column) => column.notNull().unique())
    .addColumn('secret', 'text')
    .addColumn('created_ms', bigint, (column) => column.notNull())
    .addColumn('revoked_ms', bigint)
    .addColumn('accepted', bigint, (column) => column.notNull().defaultTo(0))
    .addColumn('duplicates', bigint, (column) => column.notNull().defaultTo(0))
    .addColumn('conflicts', bigint, (column) => column.notNull().defaultTo(0))
    .addColumn('rejected', bigint, (column) => column.notNull().defaultTo(0))
    .addColumn('without_id', bigint, (column) => column.notNull().defaultTo(0))
    .addColumn('late', bigint, (column) => column.notNull().defaultTo(0))
    .addColumn('last_event_ms', bigint)
    .addColumn('last_received_ms', bigint)
    .addColumn('gaps_ms', 'text', (column) => column.notNull().defaultTo('[]'))
    .addColumn('lags_ms', 'text', (column) => column.notNull().defaultTo('[]'))
    .execute();

  await addId(db.schema.createTable('rejected_event'), 'id')
    .addColumn('source_id', 'integer', (column) => column.notNull())
    .addColumn('at_ms', bigint, (column) => column.notNull())
    .addColumn('event_id', 'text')
    .addColumn('reason', 'text', (column) => column.notNull())
    .addColumn('excerpt', 'text')
    .execute();
  await db.schema.createIndex('rejected_event_source').on('rejected_event').columns(['source_id', 'id']).execute();

  await addId(db.schema.createTable('import_file'), 'id')
    .addColumn('source_id', 'integer', (column) => column.notNull())
    .addColumn('name', 'text', (column) => column.notNull())
    .addColumn('format', 'text', (column) => column.notNull())
    .addColumn('bytes', bigint, (column) => column.notNull())
    .addColumn('hash', 'text', (column) => column.notNull())
    .addColumn('lines', bigint, (column) => column.notNull())
    .addColumn('events', bigint, (column) => column.notNull())
    .addColumn('duplicates', bigint, (column) => column.notNull())
    .addColumn('rejected', bigint, (column) => column.notNull())
    .addColumn('first_event_ms', bigint)
    .addColumn('last_event_ms', bigint)
    .addColumn('started_ms', bigint, (column) => column.notNull())
    .addColumn('updated_ms', bigint, (column) => column.notNull())
    .execute();
}
