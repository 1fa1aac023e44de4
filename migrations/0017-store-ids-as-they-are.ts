import { type Kysely, sql } from 'kysely';
import { columnTypes } from './dialect/columns.ts';

/**
 * PostgreSQL does not try to compress ids, which are random, and what stays in the inbox for seconds: it was half of its
 * work for a commit. A block of ids stays in its row: by default a value of over 2 kB is moved out of it, which is a second read.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  if (!columnTypes(db).postgres) return;
  await sql`alter table inbox alter column body set storage external`.execute(db);
  await sql`alter table id_batch alter column ids set storage external`.execute(db);
  await sql`alter table id_run alter column filter set storage external`.execute(db);
  await sql`alter table id_block set (toast_tuple_target = 8160)`.execute(db);
}
