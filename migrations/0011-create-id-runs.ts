import { type Kysely, sql } from 'kysely';
import { columnTypes } from './dialect/columns.ts';

const KEY_WORDS = 5;
const ID_WORDS = 7;
const DAY_S = 86_400;

/** Remembered ids leave the rows of their events, and PostgreSQL's index over them, for tables that are the same on both. */
export async function up(db: Kysely<unknown>): Promise<void> {
  const { postgres, blob, bigint, addId } = columnTypes(db);

  await addId(db.schema.createTable('id_batch'), 'id')
    .addColumn('count', 'integer', (column) => column.notNull())
    .addColumn('ids', blob, (column) => column.notNull())
    .execute();
  await addId(db.schema.createTable('id_run'), 'id')
    .addColumn('part', 'integer', (column) => column.notNull())
    .addColumn('count', 'integer', (column) => column.notNull())
    .addColumn('blocks', 'integer', (column) => column.notNull())
    .addColumn('until_s', bigint, (column) => column.notNull())
    .addColumn('filter', blob, (column) => column.notNull())
    .execute();
  await db.schema
    .createTable('id_block')
    .addColumn('id', bigint, (column) => column.primaryKey())
    .addColumn('ids', blob, (column) => column.notNull())
    .execute();

  await moveKeys(db, 'inbox', 'seq', 'last_day');
  await moveKeys(db, 'event_segment', 'id', 'day');
  for (const table of ['inbox', 'event_segment']) await db.schema.alterTable(table).dropColumn('keys').execute();
  if (postgres) await db.schema.dropTable('event_id').execute();
}

/** Keys of a table's rows; they are kept for the day, and one more, since that of a zone may end later than that of UTC. */
async function moveKeys(db: Kysely<unknown>, table: string, id: string, day: string): Promise<void> {
  const rows = await sql<{ id: number; day: number; import_id: number | null; received_ms: number }>`
    select ${sql.ref(id)} as id, ${sql.ref(day)} as day, import_id, received_ms
    from ${sql.table(table)} order by 1`.execute(db);
  for (const row of rows.rows) {
    const found = await sql<{ keys: Uint8Array }>`
      select keys from ${sql.table(table)} where ${sql.ref(id)} = ${row.id}`.execute(db);
    const keys = new Uint32Array(new Uint8Array(found.rows[0]!.keys).buffer);
    const received = row.import_id === null ? 0 : row.received_ms / 1000;
    const until = Math.max((row.day + 2) * DAY_S, received, 0);
    const ids = new Uint32Array((keys.length / KEY_WORDS) * ID_WORDS);
    let end = 0;
    for (let at = 0; at < keys.length; at += KEY_WORDS) {
      if (keys.subarray(at, at + 4).every((word) => word === 0)) continue;
      ids.set(keys.subarray(at, at + KEY_WORDS), end);
      ids[end + 5] = until;
      ids[end + 6] = row.import_id ?? 0;
      end += ID_WORDS;
    }
    await insertBatch(db, ids.subarray(0, end));
  }
}

async function insertBatch(db: Kysely<unknown>, ids: Uint32Array<ArrayBuffer>): Promise<void> {
  if (ids.length === 0) return;
  const bytes = Buffer.from(ids.buffer, ids.byteOffset, ids.byteLength);
  await sql`insert into id_batch (count, ids) values (${ids.length / ID_WORDS}, ${bytes})`.execute(db);
}
