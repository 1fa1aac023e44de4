import type { Dimension } from '../domain/dimension.ts';
import type { Db } from '../store/database.ts';

/** Texts are interned per dimension; `meters` and `exclusion` are combinations of names that the rules gave. */
export type Vocabulary = Dimension | 'meters' | 'exclusion';

/** Bytes that the cache may take, about: texts are short as a rule, and up to 2,000 characters if a sender means harm. */
const MAX_REMEMBERED_BYTES = 256 * 1024 * 1024;
const BYTES_PER_TEXT = 100;
const CHUNK = 400;

/**
 * Texts as numbers, for good: a text keeps its number, so a segment written years ago reads the same. The memory of it
 * is a cache; the table `value` is the truth, also for other processes.
 */
export class ValueDictionary {
  readonly #ids = new Map<Vocabulary, Map<string, number>>();
  #bytes = 0;

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
      let missing = sorted.slice(at, at + CHUNK);
      while (missing.length > 0) {
        const known = await db
          .selectFrom('value')
          .select(['id', 'text'])
          .where('dimension', '=', vocabulary)
          .where('text', 'in', missing)
          .execute();
        for (const row of known) found.set(row.text, row.id);
        missing = missing.filter((text) => !found.has(text));
        if (missing.length === 0) break;
        // What another instance has just inserted is found at the next look; its row is not locked, so nobody waits for it.
        const inserted = await db
          .insertInto('value')
          .values(missing.map((text) => ({ dimension: vocabulary, text, place_day: 0 })))
          .onConflict((conflict) => conflict.doNothing())
          .returning(['id', 'text'])
          .execute();
        for (const row of inserted) found.set(row.text, row.id);
        missing = missing.filter((text) => !found.has(text));
      }
    }
    return found;
  }

  remember(vocabulary: Vocabulary, found: ReadonlyMap<string, number>): void {
    let bytes = 0;
    for (const text of found.keys()) bytes += BYTES_PER_TEXT + text.length;
    if (this.#bytes + bytes > MAX_REMEMBERED_BYTES) this.forget();
    this.#bytes += bytes;
    const ids = this.idsOf(vocabulary);
    for (const [text, id] of found) ids.set(text, id);
  }

  /** Empties the cache: too large, or another process has renamed values. */
  forget(): void {
    this.#ids.clear();
    this.#bytes = 0;
  }
}
