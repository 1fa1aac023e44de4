import { type Kysely, sql } from 'kysely';
import { columnTypes } from './dialect/columns.ts';

/** Credits of a day as whole thousandths, which every database adds up exactly. All rows are written anew. */
export async function up(db: Kysely<unknown>): Promise<void> {
  const { postgres } = columnTypes(db);
  await db.schema
    .alterTable('usage_daily')
    .addColumn('credits_thousandths', postgres ? 'numeric' : 'integer', (column) => column.notNull().defaultTo(0))
    .execute();
  await sql`insert into usage_daily_due (day) select distinct bucket from total_segment where cube = 'day'
    and bucket not in (select day from usage_daily_due)`.execute(db);
}
