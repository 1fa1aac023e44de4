import { type Kysely, sql } from 'kysely';
import { columnTypes } from './dialect/columns.ts';

/** When what an alert warns of was over. */
export async function up(db: Kysely<unknown>): Promise<void> {
  const { bigint } = columnTypes(db);
  await db.schema.alterTable('alert').addColumn('over_ms', bigint).execute();
  // Nobody was told of these in a way that ends.
  await sql`update alert set over_ms = at_ms`.execute(db);
}
