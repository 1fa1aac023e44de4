import type { Kysely } from 'kysely';
import { columnTypes } from './dialect/columns.ts';

export async function up(db: Kysely<unknown>): Promise<void> {
  const { bigint, addId } = columnTypes(db);

  // A row is what makes an alert unique: it is written in one transaction with its deliveries.
  await addId(db.schema.createTable('alert'), 'id')
    .addColumn('key', 'text', (column) => column.notNull().unique())
    .addColumn('kind', 'text', (column) => column.notNull())
    .addColumn('subject', 'text', (column) => column.notNull())
    .addColumn('period', 'text', (column) => column.notNull())
    .addColumn('level', 'double precision')
    .addColumn('arm', 'integer', (column) => column.notNull())
    .addColumn('amount', bigint)
    .addColumn('covered', 'integer', (column) => column.notNull())
    .addColumn('rearmed', 'integer', (column) => column.notNull())
    .addColumn('content', 'text', (column) => column.notNull())
    .addColumn('delivery_keys', 'text', (column) => column.notNull())
    .addColumn('at_ms', bigint, (column) => column.notNull())
    .addColumn('acked_by', 'text')
    .addColumn('acked_ms', bigint)
    .execute();
  await db.schema.createIndex('alert_subject').on('alert').columns(['subject', 'period']).execute();
  await db.schema.createIndex('alert_at').on('alert').column('at_ms').execute();

  // Episodes of rolling pools: the open one has no end.
  await db.schema
    .createTable('alert_episode')
    .addColumn('subject', 'text', (column) => column.notNull())
    .addColumn('number', 'integer', (column) => column.notNull())
    .addColumn('started_ms', bigint, (column) => column.notNull())
    .addColumn('below_since_ms', bigint)
    .addColumn('ended_ms', bigint)
    .addPrimaryKeyConstraint('alert_episode_number', ['subject', 'number'])
    .execute();

  await db.schema
    .createTable('alert_mute')
    .addColumn('what', 'text', (column) => column.primaryKey())
    .addColumn('until_ms', bigint)
    .addColumn('muted_by', 'text', (column) => column.notNull())
    .execute();

  await db.schema
    .createTable('alert_rule')
    .addColumn('name', 'text', (column) => column.primaryKey())
    .addColumn('question', 'text', (column) => column.notNull())
    .addColumn('over', bigint, (column) => column.notNull())
    .addColumn('per', 'text', (column) => column.notNull())
    .addColumn('added_by', 'text', (column) => column.notNull())
    .execute();
}
