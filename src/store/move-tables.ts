import { createHash, type Hash } from 'node:crypto';
import { sql } from 'kysely';
import { HeadroomError } from '../errors.ts';
import type { Db } from './database.ts';

/** Move rows in pages of about 4 MiB: few statements, and little memory. */
const PAGE_BYTES = 4 * 1024 * 1024;
const MOST_ROWS = 2000;
/** A statement of PostgreSQL takes at most 65,535 values. */
const MOST_VALUES = 60_000;
/** Estimate for a row without its blobs, for the progress bar. */
const ROW_BYTES = 100;
/** Wait 30 s for locks: a move that was killed may hold its tables until the server notices. */
const LOCK_WAIT = '30s';

/** Tables that are not moved: they list processes on the old database, which do not run on the new one. */
const STAYING = ['instance', 'lease'];

type Row = Record<string, string | number | Uint8Array | null>;

interface Table {
  name: string;
  columns: readonly string[];
  rows: number;
  bytes: number;
}

export interface MoveOptions {
  signal: AbortSignal;
  onProgress(bytes: number, total: number): void;
}

export interface Moved {
  tables: number;
  rows: number;
}

/** Lists those of the named tables that hold more rows than the migrations inserted. */
export async function listFilledTables(target: Db, names: readonly string[]): Promise<string[]> {
  const filled: string[] = [];
  for (const name of names) {
    const { rows } = await sql<{
      exists: boolean;
    }>`select to_regclass(quote_ident(${name})) is not null as exists`.execute(target);
    if (!rows[0]!.exists) continue;
    // The migrations insert one value without a dimension: the name for values beyond a dimension's cap.
    const ours = sql.raw(name === 'value' ? "where dimension <> ''" : '');
    const { rows: found } = await sql`select 1 from ${sql.table(name)} ${ours} limit 1`.execute(target);
    if (found.length > 0) filled.push(name);
  }
  return filled;
}

export async function listTables(db: Db) {
  return (await db.introspection.getTables()).filter(({ isView }) => !isView);
}

/**
 * Copies a SQLite database, as of one moment, into an empty PostgreSQL of the same schema, in one transaction. `verify` can
 * compare both before the commit. The source is only read; if something writes to it meanwhile, nothing is moved.
 */
export async function moveDatabase<T>(
  source: Db,
  target: Db,
  options: MoveOptions,
  verify: (from: Db, to: Db) => Promise<T>,
): Promise<Moved & { verified: T }> {
  return target.transaction().execute(async (to) => {
    await sql`set local idle_in_transaction_session_timeout = 0`.execute(to);
    await sql`set local lock_timeout = ${sql.lit(LOCK_WAIT)}`.execute(to);
    const { version, ...moved } = await source
      .transaction()
      .setAccessMode('read only')
      .execute(async (from) => {
        const tables = await moveTables(from, to, options);
        return { ...tables, verified: await verify(from, to), version: await readVersion(from) };
      });
    if ((await readVersion(source)) !== version)
      throw new HeadroomError(
        'database',
        'Another command wrote to the SQLite database meanwhile, so nothing was moved: let it end, then run this again.',
      );
    return moved;
  });
}

/** Returns a number that changes when another connection has written. */
async function readVersion(db: Db): Promise<number> {
  const { rows } = await sql<{ data_version: number }>`pragma data_version`.execute(db);
  return rows[0]!.data_version;
}

/**
 * Copies every table of SQLite's schema except `STAYING`, reads all rows back and compares them, and continues the ids where
 * they were. Throws if a row differs.
 */
async function moveTables(source: Db, target: Db, { signal, onProgress }: MoveOptions): Promise<Moved> {
  const tables: Table[] = [];
  for (const { name, columns } of await listTables(source))
    if (!STAYING.includes(name)) tables.push(await weigh(source, name, columns));
  const total = 2 * tables.reduce((sum, { bytes }) => sum + bytes, 0);
  let done = 0;
  const follow = async function* (pages: AsyncIterable<Row[]>, table: Table): AsyncGenerator<Row[]> {
    const before = done;
    for await (const rows of pages) {
      signal.throwIfAborted();
      yield rows;
      for (const row of rows) done += weighRow(row);
      onProgress(done, total);
    }
    done = before + table.bytes;
  };
  const names = tables.map(({ name }) => name);
  // Locked: other writers wait, and then find the tables filled.
  await sql`lock table ${sql.join(names.map((name) => sql.table(name)))} in exclusive mode`.execute(target);
  const filled = await listFilledTables(target, names);
  if (filled.length > 0) throw new HeadroomError('database', describeFilled(filled));
  const before = new Map<string, string>();
  for (const table of tables) {
    const digest = new Digest(table);
    await sql`delete from ${sql.table(table.name)}`.execute(target);
    for await (const rows of follow(readSqlite(source, table), table)) {
      digest.add(rows);
      await target
        .insertInto(table.name as 'setting')
        .values(rows as never)
        .execute();
    }
    before.set(table.name, digest.toString());
  }
  await continueIds(source, target);
  for (const table of tables) {
    const digest = new Digest(table);
    for await (const rows of follow(readPostgres(target, table), table)) digest.add(rows);
    if (digest.toString() !== before.get(table.name))
      throw new HeadroomError(
        'database',
        `Rows of the table ${table.name} are not the same after the move (${before.get(table.name)} before, ${digest} after). Nothing was moved.`,
      );
    await sql`analyze ${sql.table(table.name)}`.execute(target);
  }
  return { tables: tables.length, rows: tables.reduce((sum, { rows }) => sum + rows, 0) };
}

/** Says that the target is not empty, and what to do. */
export function describeFilled(tables: readonly string[]): string {
  const most = tables.slice(0, 3).join(', ');
  const more = tables.length > 3 ? ` and ${tables.length - 3} more` : '';
  return `The target already holds data of Headroom (in ${most}${more}): name an empty database, such as a new one of "createdb headroom".`;
}

async function weigh(db: Db, name: string, columns: readonly { name: string; dataType: string }[]): Promise<Table> {
  const blobs = columns.filter(({ dataType }) => /blob/i.test(dataType));
  const lengths = blobs.map((blob) => sql`+ coalesce(sum(length(${sql.ref(blob.name)})), 0)`);
  const { rows } = await sql<{ rows: number; bytes: number }>`
    select count(*) as rows, count(*) * ${ROW_BYTES} ${sql.join(lengths, sql` `)} as bytes
    from ${sql.table(name)}`.execute(db);
  return { name, columns: columns.map((column) => column.name), ...rows[0]! };
}

function weighRow(row: Row): number {
  let bytes = ROW_BYTES;
  for (const value of Object.values(row)) if (value instanceof Uint8Array) bytes += value.length;
  return bytes;
}

async function* readSqlite(db: Db, { name, columns }: Table): AsyncGenerator<Row[]> {
  const most = mostRows(columns);
  let limit = 1;
  let last = Number.MIN_SAFE_INTEGER;
  for (;;) {
    const { rows } = await sql<Row & { row_id: number }>`
      select rowid as row_id, * from ${sql.table(name)} where rowid > ${last} order by rowid limit ${limit}`.execute(
      db,
    );
    if (rows.length === 0) return;
    last = rows.at(-1)!.row_id;
    yield rows.map(({ row_id: _, ...row }) => toStorable(row));
    limit = nextLimit(rows, most);
  }
}

async function* readPostgres(db: Db, { name, columns }: Table): AsyncGenerator<Row[]> {
  const most = mostRows(columns);
  let limit = 1;
  await sql`declare moved cursor for select * from ${sql.table(name)}`.execute(db);
  for (;;) {
    const { rows } = await sql<Row>`fetch ${sql.lit(limit)} from moved`.execute(db);
    if (rows.length === 0) break;
    yield rows;
    limit = nextLimit(rows, most);
  }
  await sql`close moved`.execute(db);
}

function mostRows(columns: readonly string[]): number {
  return Math.min(MOST_ROWS, Math.floor(MOST_VALUES / columns.length));
}

/** Estimates how many rows fill a page, by the size of the rows just read. */
function nextLimit(rows: readonly Row[], most: number): number {
  const bytes = rows.reduce((sum, row) => sum + weighRow(row), 0);
  return Math.max(1, Math.min(most, rows.length * 8, Math.floor((rows.length * PAGE_BYTES) / bytes)));
}

/** Replaces NUL in texts, which PostgreSQL cannot store. */
function toStorable(row: Row): Row {
  for (const [name, value] of Object.entries(row))
    if (typeof value === 'string' && value.includes('\0')) row[name] = value.replaceAll('\0', '\ufffd');
  return row;
}

/** Continues the ids after the highest that was ever given, so that ids of deleted rows are not given again. */
async function continueIds(source: Db, target: Db): Promise<void> {
  const { rows } = await sql<{ name: string; last: number }>`select name, seq as last from sqlite_sequence`.execute(
    source,
  );
  const columns = (await listTables(target)).flatMap(({ name, columns }) =>
    columns.filter(({ isAutoIncrementing }) => isAutoIncrementing).map((column) => ({ table: name, id: column.name })),
  );
  for (const { table, id } of columns) {
    const last = rows.find(({ name }) => name === table)?.last ?? 0;
    await sql`select setval(pg_get_serial_sequence(quote_ident(${table}), ${id}), ${Math.max(last, 1)}, ${last > 0})`.execute(
      target,
    );
  }
}

/** Digest of a table that does not depend on the order of its rows: their number, and the sum of their hashes. */
class Digest {
  readonly #columns: readonly string[];
  readonly #words = new Uint32Array(8);
  #rows = 0;

  constructor({ columns }: Table) {
    this.#columns = columns;
  }

  add(rows: readonly Row[]): void {
    for (const row of rows) {
      const hash = createHash('sha256');
      for (const column of this.#columns) addValue(hash, row[column]!);
      const words = new Uint32Array(new Uint8Array(hash.digest()).buffer);
      for (let word = 0; word < words.length; word += 1) this.#words[word]! += words[word]!;
      this.#rows += 1;
    }
  }

  toString(): string {
    return `${this.#rows} rows, ${Buffer.from(this.#words.buffer).toString('hex').slice(0, 16)}`;
  }
}

function addValue(hash: Hash, value: Row[string]): void {
  if (value instanceof Uint8Array) hash.update(`bytes ${value.length} `).update(value);
  else hash.update(JSON.stringify(value));
}
