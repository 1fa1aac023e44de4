import type { Kysely } from 'kysely';
import { columnTypes } from './dialect/columns.ts';

export async function up(db: Kysely<unknown>): Promise<void> {
  const { bigint, addId } = columnTypes(db);

  await addId(db.schema.createTable('delivery'), 'id')
    .addColumn('key', 'text', (column) => column.notNull().unique())
    .addColumn('kind', 'text', (column) => column.notNull())
    .addColumn('channel', 'text', (column) => column.notNull())
    .addColumn('content', 'text', (column) => column.notNull())
    .addColumn('thread_key', 'text')
    .addColumn('broadcast', 'integer', (column) => column.notNull())
    .addColumn('updates_key', 'text')
    .addColumn('rank', 'integer', (column) => column.notNull())
    .addColumn('due_ms', bigint, (column) => column.notNull())
    .addColumn('state', 'text', (column) => column.notNull())
    .addColumn('next_ms', bigint, (column) => column.notNull())
    .addColumn('attempts', 'integer', (column) => column.notNull())
    .addColumn('attempt_id', 'text')
    .addColumn('lease_until_ms', bigint, (column) => column.notNull())
    .addColumn('first_call_ms', bigint)
    .addColumn('unclear', 'integer', (column) => column.notNull())
    .addColumn('superseded', 'integer', (column) => column.notNull())
    .addColumn('degraded', 'integer', (column) => column.notNull())
    .addColumn('sent_channel', 'text')
    .addColumn('sent_ts', 'text')
    .addColumn('sent_ms', bigint)
    .addColumn('swept_ms', bigint, (column) => column.notNull())
    .addColumn('error', 'text')
    .execute();
  await db.schema.createIndex('delivery_due').on('delivery').columns(['state', 'next_ms']).execute();
  await db.schema.createIndex('delivery_sent').on('delivery').columns(['unclear', 'sent_ms']).execute();

  await addId(db.schema.createTable('subscription'), 'id')
    .addColumn('channel', 'text', (column) => column.notNull())
    .addColumn('owner', 'text', (column) => column.notNull())
    .addColumn('schedule', 'text', (column) => column.notNull())
    .addColumn('what', 'text', (column) => column.notNull())
    .addColumn('paused', 'integer', (column) => column.notNull())
    .addColumn('paused_until_ms', bigint)
    .addColumn('broken', 'text')
    .addColumn('next_due_ms', bigint)
    .addColumn('created_ms', bigint, (column) => column.notNull())
    .addColumn('removed_ms', bigint)
    .execute();
  await db.schema.createIndex('subscription_due').on('subscription').column('next_due_ms').execute();

  // One row per posted (or skipped) date: what makes a second post of the same date impossible.
  await db.schema
    .createTable('digest')
    .addColumn('subscription_id', bigint, (column) => column.notNull())
    .addColumn('local_day', 'integer', (column) => column.notNull())
    .addColumn('due_ms', bigint, (column) => column.notNull())
    .addColumn('claimed_ms', bigint, (column) => column.notNull())
    .addColumn('delivery_key', 'text', (column) => column.notNull())
    .addColumn('headline', 'text')
    .addPrimaryKeyConstraint('digest_date', ['subscription_id', 'local_day'])
    .execute();

  await db.schema
    .createTable('lease')
    .addColumn('name', 'text', (column) => column.primaryKey())
    .addColumn('holder', 'text', (column) => column.notNull())
    .addColumn('until_ms', bigint, (column) => column.notNull())
    .execute();

  await db.schema
    .createTable('instance')
    .addColumn('id', 'text', (column) => column.primaryKey())
    .addColumn('version', 'text', (column) => column.notNull())
    .addColumn('started_ms', bigint, (column) => column.notNull())
    .addColumn('seen_ms', bigint, (column) => column.notNull())
    .execute();
}
