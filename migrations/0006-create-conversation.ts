import type { Kysely } from 'kysely';
import { columnTypes } from './dialect/columns.ts';

export async function up(db: Kysely<unknown>): Promise<void> {
  const { bigint, addId } = columnTypes(db);

  await db.schema
    .createTable('slack_request')
    .addColumn('key', 'text', (column) => column.primaryKey())
    .addColumn('seen_ms', bigint, (column) => column.notNull())
    .execute();

  await db.schema
    .createTable('answer')
    .addColumn('id', 'text', (column) => column.primaryKey())
    .addColumn('asker', 'text', (column) => column.notNull())
    .addColumn('channel', 'text', (column) => column.notNull())
    .addColumn('ts', 'text')
    .addColumn('thread_ts', 'text')
    .addColumn('private', 'integer', (column) => column.notNull())
    .addColumn('question', 'text', (column) => column.notNull())
    .addColumn('drill', 'text', (column) => column.notNull())
    .addColumn('created_ms', bigint, (column) => column.notNull())
    .execute();
  await db.schema.createIndex('answer_created').on('answer').column('created_ms').execute();

  await db.schema
    .createTable('saved_view')
    .addColumn('owner', 'text', (column) => column.notNull())
    .addColumn('name', 'text', (column) => column.notNull())
    .addColumn('question', 'text', (column) => column.notNull())
    .addColumn('saved_by', 'text', (column) => column.notNull())
    .addColumn('saved_ms', bigint, (column) => column.notNull())
    .addPrimaryKeyConstraint('saved_view_key', ['owner', 'name'])
    .execute();

  await db.schema
    .createTable('chosen_filter')
    .addColumn('user', 'text', (column) => column.notNull())
    .addColumn('channel', 'text', (column) => column.notNull())
    .addColumn('filters', 'text', (column) => column.notNull())
    .addPrimaryKeyConstraint('chosen_filter_key', ['user', 'channel'])
    .execute();

  await db.schema
    .createTable('greeting')
    .addColumn('channel', 'text', (column) => column.primaryKey())
    .addColumn('greeted_ms', bigint, (column) => column.notNull())
    .execute();

  await addId(db.schema.createTable('audit'), 'id')
    .addColumn('at_ms', bigint, (column) => column.notNull())
    .addColumn('actor', 'text', (column) => column.notNull())
    .addColumn('action', 'text', (column) => column.notNull())
    .addColumn('detail', 'text', (column) => column.notNull())
    .execute();
}
