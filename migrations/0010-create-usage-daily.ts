import { type Kysely, sql } from 'kysely';
import { columnTypes } from './dialect/columns.ts';

/** Daily totals as rows for tools that speak SQL, and the days whose rows are to be written anew: at first, all of them. */
export async function up(db: Kysely<unknown>): Promise<void> {
  const { postgres, bigint } = columnTypes(db);

  await db.schema
    .createTable('usage_daily')
    .addColumn('day', postgres ? 'date' : 'text', (column) => column.notNull())
    .addColumn('dimension', 'text', (column) => column.notNull())
    .addColumn('value', 'text', (column) => column.notNull())
    .addColumn('status', 'integer')
    .addColumn('requests', bigint, (column) => column.notNull())
    .addColumn('ok', bigint, (column) => column.notNull())
    .addColumn('failed', bigint, (column) => column.notNull())
    .addColumn('credits', 'numeric', (column) => column.notNull())
    .execute();
  await db.schema.createIndex('usage_daily_day').on('usage_daily').columns(['dimension', 'day']).execute();

  await db.schema
    .createTable('usage_daily_due')
    .addColumn('day', 'integer', (column) => column.primaryKey())
    .execute();
  await sql`insert into usage_daily_due (day) select distinct bucket from total_segment where cube = 'day'`.execute(db);
}
