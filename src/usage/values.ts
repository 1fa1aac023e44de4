import { sql } from 'kysely';
import { DIMENSIONS, type Dimension, type GroupKey, NONE, OTHER, REMOVED } from '../domain/dimension.ts';
import { toMatcher } from '../domain/filter.ts';
import { setSetting } from '../store/configuration-repository.ts';
import { compileOnce, type Db, type DialectName, send } from '../store/database.ts';
import type { Batch, Column } from './batch.ts';
import { OTHER_ID } from './value-places.ts';

/**
 * Kinds of text that are stored as numbers: the values of each dimension, combinations of meter names (`meters`), and exclusion
 * rules (`exclusion`).
 */
export type Vocabulary = Dimension | 'meters' | 'exclusion';

/** Numbers that a transaction found for texts, or gave to new ones. */
export type Learned = ReadonlyMap<Vocabulary, ReadonlyMap<string, number>>;

/**
 * The cache is emptied at about this many bytes. Bytes are counted instead of texts because a hostile sender may send texts of
 * 2,000 characters.
 */
const MAX_REMEMBERED_BYTES = 64 * 1024 * 1024;
const BYTES_PER_TEXT = 100;
const CHUNK = 400;

/**
 * Gives each text a number, for writers. A text keeps its number for ever, so a segment written years ago still reads the same.
 * The memory is a cache of the table `value`, which all processes share.
 */
export class ValueDictionary {
  readonly #ids = new Map<Vocabulary, Map<string, number>>();
  readonly #dialect: DialectName;
  #bytes = 0;

  constructor(dialect: DialectName) {
    this.#dialect = dialect;
  }

  /** Returns the numbers of the texts that this process has met. The empty text is 0: no value. */
  idsOf(vocabulary: Vocabulary): Map<string, number> {
    return this.#ids.getOrInsertComputed(vocabulary, () => new Map([['', 0]]));
  }

  /**
   * Finds or inserts texts that `idsOf` does not hold yet, in the caller's transaction, and returns their numbers. Call
   * `remember` once the transaction is on disk: only then may they enter the cache.
   */
  async resolve(db: Db, texts: ReadonlyMap<Vocabulary, ReadonlySet<string>>): Promise<Learned> {
    const found = new Map([...texts.keys()].map((vocabulary) => [vocabulary, new Map<string, number>()]));
    // Sorted: two processes that insert the same new texts then wait for each other instead of deadlocking.
    let missing = [...texts].flatMap(([dimension, own]) => [...own].map((text) => [dimension, text] as const)).sort();
    while (missing.length > 0) {
      const wanted = JSON.stringify(missing);
      const { answer } = await send(db, SELECT[this.#dialect](wanted).compile(db));
      const { rows: added } = await db.executeQuery(INSERT[this.#dialect](db, wanted));
      const { rows: known } = await answer;
      for (const { id, dimension, text } of [...known, ...added]) found.get(dimension)!.set(text, id);
      // Another process may have inserted some between the two statements: the next round finds them.
      missing = missing.filter(([dimension, text]) => !found.get(dimension)!.has(text));
    }
    return found;
  }

  remember(learned: Learned): void {
    for (const [vocabulary, found] of learned) {
      let bytes = 0;
      for (const text of found.keys()) bytes += BYTES_PER_TEXT + text.length;
      if (this.#bytes + bytes > MAX_REMEMBERED_BYTES) this.forget();
      this.#bytes += bytes;
      const ids = this.idsOf(vocabulary);
      for (const [text, id] of found) ids.set(text, id);
    }
  }

  /** Empties the cache, because it is too large or another process has renamed values. */
  forget(): void {
    this.#ids.clear();
    this.#bytes = 0;
  }
}

interface StoredValue {
  id: number;
  dimension: Vocabulary;
  text: string;
}

/** One row per pair of a JSON array of [dimension, text] pairs. */
const EACH = {
  sqlite: (pairs: string) => sql`json_each(${pairs})`,
  postgres: (pairs: string) => sql`json_array_elements(${pairs}::json)`,
};

/**
 * Compiled for each call: PostgreSQL would keep the plan made while the table was small, and scan the whole table for each text.
 */
const SELECT = {
  sqlite: (pairs: string) =>
    sql<StoredValue>`select value.id, value.dimension, value.text from ${EACH.sqlite(pairs)} as wanted
      cross join value on value.dimension = wanted.value ->> 0 and value.text = wanted.value ->> 1`,
  postgres: (pairs: string) =>
    sql<StoredValue>`select known.* from ${EACH.postgres(pairs)} as wanted cross join lateral (
        select id, dimension, text from value
        where dimension || E'\\x1f' || text = (wanted.value ->> 0) || E'\\x1f' || (wanted.value ->> 1) offset 0
      ) as known`,
};

const insertInto = (dialect: DialectName) =>
  compileOnce((db) =>
    sql<StoredValue>`insert into value (dimension, text, place_day)
      select wanted.value ->> 0, wanted.value ->> 1, 0 from ${EACH[dialect]('')} as wanted where true
      on conflict do nothing returning id, dimension, text`.compile(db),
  );
const INSERT = { sqlite: insertInto('sqlite'), postgres: insertInto('postgres') };

const MAX_REMEMBERED = 200_000;

/** Setting that changes whenever a value is renamed. A process that caches texts compares it to see whether its cache is stale. */
export const RENAMES = 'value_renames';

/** Prefix of the text of a forgotten value; the value's number follows, because texts are unique. */
export const FORGOTTEN = `${REMOVED}\u001f`;

/**
 * Replaces a value by `(removed)` in all stored usage; its totals stay. Returns false where there is no such value. A later event
 * with the same text makes a new value.
 */
export async function forgetValue(db: Db, dimension: Dimension, text: string): Promise<boolean> {
  const value = await db
    .selectFrom('value')
    .select('id')
    .where('dimension', '=', dimension)
    .where('text', '=', toSentText(text))
    .executeTakeFirst();
  if (!value) return false;
  await db
    .updateTable('value')
    .set({ text: `${FORGOTTEN}${value.id}` })
    .where('id', '=', value.id)
    .execute();
  await setSetting(db, RENAMES, String(value.id));
  return true;
}

/** Turns numbers back into texts, and texts or patterns into numbers, for readers. */
export class ValueTexts {
  #texts = new Map<number, string>();
  #renames: string | undefined;

  /**
   * Returns the texts of these numbers, and perhaps of others. `renames`: the setting RENAMES as the snapshot holds it. The
   * returned map stays valid for its caller when another question starts a new cache.
   */
  async resolve(db: Db, renames: string | undefined, ids: Iterable<number>): Promise<ReadonlyMap<number, string>> {
    if (renames !== this.#renames || this.#texts.size > MAX_REMEMBERED) this.#texts = new Map();
    this.#renames = renames;
    const texts = this.#texts;
    const unknown = new Set<number>();
    for (const id of ids) if (id !== 0 && id !== OTHER_ID && !texts.has(id)) unknown.add(id);
    const missing = [...unknown];
    for (let at = 0; at < missing.length; at += CHUNK) {
      const rows = await db
        .selectFrom('value')
        .select(['id', 'text'])
        .where('id', 'in', missing.slice(at, at + CHUNK))
        .execute();
      for (const { id, text } of rows) texts.set(id, text.startsWith(FORGOTTEN) ? REMOVED : toShownText(text));
    }
    return texts;
  }

  /** Resolves the texts in the key columns of an answer. */
  resolveAll(
    db: Db,
    renames: string | undefined,
    cells: Batch,
    keys: readonly GroupKey[],
  ): Promise<ReadonlyMap<number, string>> {
    return this.resolve(db, renames, readKeys(cells, keys));
  }

  /** Resolves the texts of every dimension of some raw events. */
  async resolveMany(
    db: Db,
    renames: string | undefined,
    batches: Iterable<Batch>,
  ): Promise<ReadonlyMap<number, string>> {
    const ids = new Set<number>();
    for (const { columns, length } of batches)
      for (const key of DIMENSIONS) {
        const values = columns[key];
        // Most events have the value of the one before in most dimensions.
        if (values)
          for (let row = 0; row < length; row += 1) if (values[row] !== values[row - 1]) ids.add(values[row]!);
      }
    return this.resolve(db, renames, ids);
  }

  async list(db: Db, vocabulary: Vocabulary): Promise<{ id: number; text: string }[]> {
    return db.selectFrom('value').select(['id', 'text']).where('dimension', '=', vocabulary).execute();
  }

  /** Finds the number of exactly this text. `(removed)` stands for all forgotten values, so it may have several. */
  async findExact(db: Db, vocabulary: Vocabulary, text: string): Promise<number[]> {
    if (text === NONE || text === OTHER) return [];
    const query = db.selectFrom('value').select('id').where('dimension', '=', vocabulary);
    const found =
      text === REMOVED ? query.where('text', 'like', `${FORGOTTEN}%`) : query.where('text', '=', toSentText(text));
    return (await found.execute()).map(({ id }) => id);
  }

  /** Finds the numbers of texts that match a pattern; `*` stands for any characters. */
  async find(db: Db, vocabulary: Vocabulary, pattern: string): Promise<number[]> {
    if (!pattern.includes('*')) return this.findExact(db, vocabulary, pattern);
    const query = db.selectFrom('value').select(['id', 'text']).where('dimension', '=', vocabulary);
    const matches = toMatcher(pattern);
    return (await query.execute()).filter(({ text }) => matches(toShownText(text))).map(({ id }) => id);
  }
}

/** Yields the text numbers in these columns, with repetitions. */
function* readKeys(cells: Batch, keys: readonly GroupKey[]): Generator<number> {
  for (const key of keys) if (key !== 'status') yield* (cells.columns[key] ?? []) as Column;
}

/** Words that Headroom shows for values which no sender gave. */
const RESERVED: readonly string[] = [NONE, OTHER, REMOVED];
/** Prefix of a reserved word that a sender really gave as a value: `named (other)`. */
export const NAMED = 'named ';

/**
 * Converts a sent text to the one that people see and type. A reserved word gets a prefix, so that it is not mistaken for
 * Headroom's own.
 */
export function toShownText(sent: string): string {
  return sent.endsWith(')') && RESERVED.includes(sent.replaceAll(NAMED, '')) ? NAMED + sent : sent;
}

/** Converts a shown text back to the one that its sender gave. */
export function toSentText(shown: string): string {
  return shown.startsWith(NAMED) && toShownText(shown) !== shown ? shown.slice(NAMED.length) : shown;
}

/** Returns a value as people read it. */
export function textOf(key: GroupKey, value: number, texts: ReadonlyMap<number, string>): string {
  if (value === 0) return NONE;
  if (key === 'status') return String(value);
  if (value === OTHER_ID) return OTHER;
  return texts.get(value) ?? REMOVED;
}
