import type { Kysely } from 'kysely';
import { columnTypes } from './dialect/columns.ts';

/** The texts of one dimension, found without reading those of all; in SQLite `value_text` begins with the dimension. */
export async function up(db: Kysely<unknown>): Promise<void> {
  if (columnTypes(db).postgres) {
    await db.schema.createIndex('value_dimension').on('value').column('dimension').execute();
  }
}
