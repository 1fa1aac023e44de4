import type { Kysely } from 'kysely';
import { columnTypes } from './dialect/columns.ts';

/** Credentials that were rotated may stay valid for a while, so that senders can change over. */
export async function up(db: Kysely<unknown>): Promise<void> {
  const { bigint } = columnTypes(db);
  await db.schema.alterTable('source').addColumn('old_token_hash', 'text').execute();
  await db.schema.alterTable('source').addColumn('old_secret', 'text').execute();
  await db.schema.alterTable('source').addColumn('old_until_ms', bigint).execute();
}
