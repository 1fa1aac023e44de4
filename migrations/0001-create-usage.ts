import { type Kysely, sql } from 'kysely';
import { columnTypes } from './dialect/columns.ts';

export async function up(db: Kysely<unknown>): Promise<void> {
  const { postgres, blob, bigint, addId } = columnTypes(db);

  await db.schema
    .createTable('setting')
    .addColumn('name', 'text', (column) => column.primaryKey())
    .addColumn('value', 'text', (column) => column.notNull())
    .execute();

  const values = addId(db.schema.createTable('value'), 'id')
    .addColumn('dimension', 'text', (column) => column.notNull())
    .addColumn('text', 'text', (column) => column.notNull())
    .addColumn('place_day', 'integer', (column) => column.notNull());
  if (postgres) {
    await values.execute();
    // A text may be longer than an entry of a B-tree (2,704 bytes); hashes take any length and compare the whole text.
    await sql`create index value_text on value using hash (text)`.execute(db);
    await sql`alter table value add constraint value_once
      exclude using hash ((dimension || E'\x1f' || text) with =)`.execute(db);
  } else await values.addUniqueConstraint('value_text', ['dimension', 'text']).execute();

  // Takes the number 1, by which totals know what is beyond a dimension's cap.
  await sql`insert into value (dimension, text, place_day) values ('', '(other)', 0)`.execute(db);

  await db.schema
    .createTable('value_places')
    .addColumn('dimension', 'text', (column) => column.notNull())
    .addColumn('day', 'integer', (column) => column.notNull())
    .addColumn('places', 'integer', (column) => column.notNull())
    .addPrimaryKeyConstraint('value_places_pk', ['dimension', 'day'])
    .execute();

  // Where several instances write, the database decides which id is new; SQLite's one writer knows (memory-identity.ts).
  if (postgres) {
    await db.schema
      .createTable('event_id')
      .addColumn('id', sql`uuid`, (column) => column.primaryKey())
      .addColumn('content', 'integer', (column) => column.notNull())
      .addColumn('day', 'integer', (column) => column.notNull())
      .execute();
    await db.schema.createIndex('event_id_day').on('event_id').column('day').execute();
  }

  await addId(db.schema.createTable('inbox'), 'seq')
    .addColumn('received_ms', bigint, (column) => column.notNull())
    .addColumn('first_day', 'integer', (column) => column.notNull())
    .addColumn('last_day', 'integer', (column) => column.notNull())
    .addColumn('events', 'integer', (column) => column.notNull())
    .addColumn('import_id', 'integer')
    .addColumn('keys', blob, (column) => column.notNull())
    .addColumn('body', blob, (column) => column.notNull())
    .execute();

  await addId(db.schema.createTable('event_segment'), 'id')
    .addColumn('day', 'integer', (column) => column.notNull())
    .addColumn('first_seq', bigint, (column) => column.notNull())
    .addColumn('last_seq', bigint, (column) => column.notNull())
    .addColumn('received_ms', bigint, (column) => column.notNull())
    .addColumn('events', 'integer', (column) => column.notNull())
    .addColumn('import_id', 'integer')
    .addColumn('keys', blob, (column) => column.notNull())
    .addColumn('body', blob, (column) => column.notNull())
    .execute();
  await db.schema.createIndex('event_segment_day').on('event_segment').column('day').execute();
  await db.schema.createIndex('event_segment_received').on('event_segment').column('received_ms').execute();
  await db.schema.createIndex('event_segment_seq').on('event_segment').column('last_seq').execute();

  await addId(db.schema.createTable('total_segment'), 'id')
    .addColumn('cube', 'text', (column) => column.notNull())
    .addColumn('bucket', 'integer', (column) => column.notNull())
    .addColumn('cells', 'integer', (column) => column.notNull())
    .addColumn('body', blob, (column) => column.notNull())
    .execute();
  await db.schema.createIndex('total_segment_bucket').on('total_segment').columns(['cube', 'bucket']).execute();
}
