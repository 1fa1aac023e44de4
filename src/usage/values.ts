import { sql } from 'kysely';
import { DIMENSIONS, type Dimension, type GroupKey, NONE, OTHER, REMOVED } from '../domain/dimension.ts';
import { toMatcher } from '../domain/filter.ts';
import { compileOnce, type Db, type DialectName, send } from '../store/database.ts';
import { setSetting } from '../store/setting-repository.ts';
import type { Batch, Column } from './segment.ts';
import { OTHER_ID } from './value-places.ts';

/** Texts are interned per dimension; `meters` and `exclusion` are combinations of names that the rules gave. */
export type Vocabulary = Dimension | 'meters' | 'exclusion';

/** Numbers of texts, given or found in a transaction. */
export type Learned = ReadonlyMap<Vocabulary, ReadonlyMap<string, number>>;

/** Bytes that the cache may take, about: texts are short as a rule, and up to 2,000 characters if a sender means harm. */
const MAX_REMEMBERED_BYTES = 64 * 1024 * 1024;
const BYTES_PER_TEXT = 100;
const CHUNK = 400;

/**
 * Texts as numbers, for good: a text keeps its number, so a segment written years ago reads the same. The memory of it
 * is a cache; the table `value` is the truth, also for other processes.
 */
export class ValueDictionary {
  readonly #ids = new Map<Vocabulary, Map<string, number>>();
  readonly #dialect: DialectName;
  #bytes = 0;

  constructor(dialect: DialectName) {
    this.#dialect = dialect;
  }

  /** The number of a text, if this process has met it; 0 stands for no text at all. */
  idsOf(vocabulary: Vocabulary): Map<string, number> {
    return this.#ids.getOrInsertComputed(vocabulary, () => new Map([['', 0]]));
  }

  /**
   * Numbers for texts that `idsOf` does not hold yet, given in the caller's transaction: most are new to the database too.
   * They enter the cache only with `remember`, once that transaction is on disk.
   */
  async resolve(db: Db, texts: ReadonlyMap<Vocabulary, ReadonlySet<string>>): Promise<Learned> {
    const found = new Map([...texts.keys()].map((vocabulary) => [vocabulary, new Map<string, number>()]));
    // In one order, so that processes that meet the same new texts wait for each other instead of deadlocking.
    let missing = [...texts].flatMap(([dimension, own]) => [...own].map((text) => [dimension, text] as const)).sort();
    while (missing.length > 0) {
      const wanted = JSON.stringify(missing);
      const { answer } = await send(db, SELECT[this.#dialect](wanted).compile(db));
      const { rows: added } = await db.executeQuery(INSERT[this.#dialect](db, wanted));
      const { rows: known } = await answer;
      for (const { id, dimension, text } of [...known, ...added]) found.get(dimension)!.set(text, id);
      // Between the two another process may have inserted some: these are found now.
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

  /** Empties the cache: too large, or another process has renamed values. */
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

/** The pairs [dimension, text] of a JSON array. */
const EACH = {
  sqlite: (pairs: string) => sql`json_each(${pairs})`,
  postgres: (pairs: string) => sql`json_array_elements(${pairs}::json)`,
};

/**
 * Not compiled once: PostgreSQL would go on with the plan that was best while there were few values, and go through all of
 * them for each.
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

/** Setting that changes whenever values are renamed: what processes remember of texts is stale then. */
export const RENAMES = 'value_renames';

/** Stands before the number of a value that was forgotten, in the place of its text. */
export const FORGOTTEN = `${REMOVED}\u001f`;

/**
 * Replaces a value by `(removed)` wherever usage names it, past and present; its totals stay. Answers whether there was
 * such a value. Events that name it later make it a new value.
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

/** Numbers back to texts, and texts (or patterns of them) to the numbers that stand for them. For readers. */
export class ValueTexts {
  #texts = new Map<number, string>();
  #renames: string | undefined;

  /**
   * The texts of these numbers, and perhaps of others. `renames`: as this snapshot has it (snapshot.ts). Questions
   * may overlap: what one was given stays as it is when another begins a new memory.
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

  /** For the key columns of an answer. */
  resolveAll(
    db: Db,
    renames: string | undefined,
    cells: Batch,
    keys: readonly GroupKey[],
  ): Promise<ReadonlyMap<number, string>> {
    return this.resolve(db, renames, readKeys(cells, keys));
  }

  /** For every dimension of some raw events. */
  async resolveMany(
    db: Db,
    renames: string | undefined,
    rows: readonly { batch: Batch; row: number }[],
  ): Promise<ReadonlyMap<number, string>> {
    const ids = new Set<number>();
    for (const { batch, row } of rows) for (const key of DIMENSIONS) ids.add(batch.columns[key]?.[row] ?? 0);
    return this.resolve(db, renames, ids);
  }

  async list(db: Db, vocabulary: Vocabulary): Promise<{ id: number; text: string }[]> {
    return db.selectFrom('value').select(['id', 'text']).where('dimension', '=', vocabulary).execute();
  }

  /** Numbers of a text as it is; a forgotten value stands for several. */
  async findExact(db: Db, vocabulary: Vocabulary, text: string): Promise<number[]> {
    if (text === NONE || text === OTHER) return [];
    const query = db.selectFrom('value').select('id').where('dimension', '=', vocabulary);
    const found =
      text === REMOVED ? query.where('text', 'like', `${FORGOTTEN}%`) : query.where('text', '=', toSentText(text));
    return (await found.execute()).map(({ id }) => id);
  }

  /** Numbers of the texts that fit a pattern; `*` matches any characters. */
  async find(db: Db, vocabulary: Vocabulary, pattern: string): Promise<number[]> {
    if (!pattern.includes('*')) return this.findExact(db, vocabulary, pattern);
    const query = db.selectFrom('value').select(['id', 'text']).where('dimension', '=', vocabulary);
    const matches = toMatcher(pattern);
    return (await query.execute()).filter(({ text }) => matches(toShownText(text))).map(({ id }) => id);
  }
}

/** The numbers of texts in these columns, with repetitions. */
function* readKeys(cells: Batch, keys: readonly GroupKey[]): Generator<number> {
  for (const key of keys) if (key !== 'status') yield* (cells.columns[key] ?? []) as Column;
}

/** Words that stand for values which no sender gave. */
const RESERVED: readonly string[] = [NONE, OTHER, REMOVED];
/** Stands before such a word where a sender gave it as a name: `named (other)`. */
export const NAMED = 'named ';

/** A sent text as it is shown and asked for: never one of the words that stand for no text, or for many. */
export function toShownText(sent: string): string {
  return sent.endsWith(')') && RESERVED.includes(sent.replaceAll(NAMED, '')) ? NAMED + sent : sent;
}

/** The text that a sender gave for one that is shown. */
export function toSentText(shown: string): string {
  return shown.startsWith(NAMED) && toShownText(shown) !== shown ? shown.slice(NAMED.length) : shown;
}

/** A value as people read it. */
export function textOf(key: GroupKey, value: number, texts: ReadonlyMap<number, string>): string {
  if (value === 0) return NONE;
  if (key === 'status') return String(value);
  if (value === OTHER_ID) return OTHER;
  return texts.get(value) ?? REMOVED;
}
