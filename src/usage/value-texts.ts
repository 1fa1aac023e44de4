import { DIMENSIONS, type Dimension, type GroupKey, NONE, OTHER, REMOVED } from '../domain/dimension.ts';
import { toMatcher } from '../domain/filter.ts';
import type { Db } from '../store/database.ts';
import { setSetting } from '../store/setting-repository.ts';
import type { Batch, Column } from './segment.ts';
import type { Vocabulary } from './value-dictionary.ts';
import { OTHER_ID } from './value-places.ts';

const CHUNK = 500;
const MAX_REMEMBERED = 500_000;

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
    .where('text', '=', text)
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
   * The texts of these numbers, and perhaps of others. `renames`: as this snapshot has it (read-snapshot.ts). Questions
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
      for (const { id, text } of rows) texts.set(id, text.startsWith(FORGOTTEN) ? REMOVED : text);
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
    const query = db.selectFrom('value').select('id').where('dimension', '=', vocabulary);
    const found = text === REMOVED ? query.where('text', 'like', `${FORGOTTEN}%`) : query.where('text', '=', text);
    return (await found.execute()).map(({ id }) => id);
  }

  /** Numbers of the texts that fit a pattern; `*` matches any characters. */
  async find(db: Db, vocabulary: Vocabulary, pattern: string): Promise<number[]> {
    if (!pattern.includes('*')) return this.findExact(db, vocabulary, pattern);
    const query = db.selectFrom('value').select(['id', 'text']).where('dimension', '=', vocabulary);
    const matches = toMatcher(pattern);
    return (await query.execute()).filter(({ text }) => matches(text)).map(({ id }) => id);
  }
}

/** The numbers of texts in these columns, with repetitions. */
function* readKeys(cells: Batch, keys: readonly GroupKey[]): Generator<number> {
  for (const key of keys) if (key !== 'status') yield* (cells.columns[key] ?? []) as Column;
}

/** A value as people read it. */
export function textOf(key: GroupKey, value: number, texts: ReadonlyMap<number, string>): string {
  if (value === 0) return NONE;
  if (key === 'status') return String(value);
  if (value === OTHER_ID) return OTHER;
  return texts.get(value) ?? REMOVED;
}
