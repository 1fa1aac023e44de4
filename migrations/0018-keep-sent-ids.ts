import { type Kysely, sql } from 'kysely';
import { columnTypes } from './dialect/columns.ts';

/** Ids as senders gave them (src/usage/sent-ids.ts) stay beside their raw events; those of events until now are not known. */
export async function up(db: Kysely<unknown>): Promise<void> {
  const { postgres, blob } = columnTypes(db);
  for (const table of ['inbox', 'event_segment'])
    await db.schema
      .alterTable(table)
      .addColumn('ids', blob, (column) => column.notNull().defaultTo(postgres ? sql`''::bytea` : sql`x''`))
      .execute();
  if (postgres) await sql`alter table inbox alter column ids set storage external`.execute(db);
}
