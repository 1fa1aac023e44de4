import type { Dimension } from '../domain/dimension.ts';
import type { Db } from './database.ts';

/** Texts are interned per dimension; `meters` and `exclusion` are combinations of names that the rules gave. */
export type Vocabulary = Dimension | 'meters' | 'exclusion';

const MAX_REMEMBERED = 2_000_000;
const CHUNK = 400;

/**
 * Texts as numbers, for good: a text keeps its number, so a segment written years ago reads the same. The memory of it
 * is a cache; the table `value` is the truth, also for other processes.
 */
export class ValueDictionary {
  readonly #ids = new Map<Vocabulary, Map<string, number>>();
  #size = 0;

  /** The number of a text, if this process has met it; 0 stands for no text at all. */
  idsOf(vocabulary: Vocabulary): Map<string, number> {
    let ids = this.#ids.get(vocabulary);
    if (!ids) {
      ids = new Map([['', 0]]);
      this.#ids.set(vocabulary, ids);
    }
    return ids;
  }

  /**
   * Numbers for texts that `idsOf` does not hold yet, given in the caller's transaction. They enter the cache only with
   * `remember`, once that transaction is on disk.
   */
  async resolve(db: Db, vocabulary: Vocabulary, texts: ReadonlySet<string>): Promise<Map<string, number>> {
    const found = new Map<string, number>();
    // In order of the text, so that two instances that meet the same new texts wait for each other instead of deadlocking.
    const sorted = [...texts].sort();
    for (let at = 0; at < sorted.length; at += CHUNK) {
      const chunk = sorted.slice(at, at + CHUNK);
      const known = await db
        .selectFrom('value')
        .select(['id', 'text'])
        .where('dimension', '=', vocabulary)
        .where('text', 'in', chunk)
        .execute();
      for (const row of known) found.set(row.text, row.id);
      const missing = chunk.filter((text) => !found.has(text));
      if (missing.length === 0) continue;
      const inserted = await db
        .insertInto('value')
        .values(missing.map((text) => ({ dimension: vocabulary, text, place_day: 0 })))
        .onConflict((conflict) =>
          conflict.columns(['dimension', 'text']).doUpdateSet({ place_day: (eb) => eb.ref('value.place_day') }),
        )
        .returning(['id', 'text'])
        .execute();
      for (const row of inserted) found.set(row.text, row.id);
    }
    return found;
  }

  remember(vocabulary: Vocabulary, found: ReadonlyMap<string, number>): void {
    if (this.#size + found.size > MAX_REMEMBERED) this.forget();
    const ids = this.idsOf(vocabulary);
    for (const [text, id] of found) ids.set(text, id);
    this.#size += found.size;
  }

  /** Empties the cache: too large, or another process has renamed values. */
  forget(): void {
    this.#ids.clear();
    this.#size = 0;
  }
}
