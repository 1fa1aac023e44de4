import { sql } from 'kysely';
import { DIMENSIONS, type Dimension } from '../domain/dimension.ts';
import { compileOnce, type Db, type DialectName, send } from '../store/database.ts';
import type { Batch } from './batch.ts';
import { decodeSegment } from './segment.ts';

/** Number of `(other)` in every dimension; the first migration reserves it. */
export const OTHER_ID = 1;

/** A value keeps its place for this many days after the last day on which it had one. */
const KEPT_DAYS = 30;
const CHUNK = 500;
const MAX_REMEMBERED = 500_000;

/** Number of the PostgreSQL advisory lock; no other lock of Headroom has it. */
const PLACES_LOCK = 0x4845_414a;

const takeLock = compileOnce((db) => sql`select pg_advisory_xact_lock(${sql.lit(PLACES_LOCK)})`.compile(db));

/**
 * Decides which values have a place: a day's totals list them by name, and count all others as `(other)`. A value gets a place if
 * it had one in the last 30 days, or while its dimension has given fewer than `cap` on that day. Raw events keep every value.
 */
export class ValuePlaces {
  readonly #cap: number;
  /** Last day on which a value had a place, as far as this process knows. */
  readonly #lastPlace = new Map<number, number>();
  /**
   * Per value, the day for which it was last refused a place; per dimension and day, the number of places that counted then.
   * While that number is the same, the value is refused without a query.
   */
  readonly #refused = new Map<number, number>();
  readonly #placesThen = new Map<string, number>();
  /** Values that were given a place and are not stored yet, by day. */
  readonly #placed = new Map<number, number[]>();

  constructor(cap: number) {
    this.#cap = cap;
  }

  /** Returns the columns in which values without a place became `(other)`; columns without such values are left out. */
  async assign(db: Db, day: number, events: Batch, selected: Uint32Array | undefined): Promise<Batch['columns']> {
    if (this.#lastPlace.size > MAX_REMEMBERED) this.#clear();
    const unplaced = new Map<Dimension, number[]>();
    for (const dimension of DIMENSIONS) {
      const values = events.columns[dimension];
      if (!values) continue;
      const met = new Set<number>();
      if (selected) for (const row of selected) met.add(values[row]!);
      else for (let row = 0; row < events.length; row += 1) met.add(values[row]!);
      met.delete(0);
      const ids = [...met].filter((id) => (this.#lastPlace.get(id) ?? Number.NEGATIVE_INFINITY) < day);
      if (ids.length > 0) unplaced.set(dimension, ids);
    }
    const replaced: Batch['columns'] = {};
    if (unplaced.size === 0) return replaced;
    for (const [dimension, without] of await this.#findWithout(db, day, unplaced)) {
      const column = new Uint32Array(events.columns[dimension]!);
      for (let row = 0; row < column.length; row += 1) if (without.has(column[row]!)) column[row] = OTHER_ID;
      replaced[dimension] = column;
    }
    return replaced;
  }

  /** Returns those of these values that get no place, by dimension. Reads what it needs of all dimensions at once. */
  async #findWithout(db: Db, day: number, unplaced: ReadonlyMap<Dimension, readonly number[]>) {
    const given = await db
      .selectFrom('value_places')
      .select(['dimension', 'day', 'places'])
      .where('day', '>=', day - KEPT_DAYS)
      .execute();
    const isKept = (last: number): boolean => last > 0 && last >= day - KEPT_DAYS;
    const asked = [...unplaced].map(([dimension, ids]) => {
      const rows = given.filter((row) => row.dimension === dimension);
      const places = rows.find((row) => row.day === day)?.places ?? 0;
      // Places given on the other days of the last 30: a value with one of these has a place today.
      const elsewhere = rows.reduce((sum, row) => sum + (row.day === day ? 0 : row.places), 0);
      const isSame = elsewhere + places === this.#placesThen.get(`${dimension} ${day}`);
      // While no place was given since, refuse without a query: on a full day the same values come again and again.
      const isRefused = (id: number): boolean =>
        isSame && this.#refused.get(id) === day && !isKept(this.#lastPlace.get(id) ?? 0);
      const { refused = [], unknown = [] } = Object.groupBy(ids, (id) => (isRefused(id) ? 'refused' : 'unknown'));
      return { dimension, places, elsewhere, refused, unknown };
    });
    const lastDay = await readLastDays(
      db,
      asked.flatMap(({ unknown }) => unknown),
    );
    const all = new Map<Dimension, ReadonlySet<number>>();
    const counts: { dimension: Dimension; day: number; places: number }[] = [];
    for (const { dimension, places: before, elsewhere, refused, unknown } of asked) {
      const without = new Set(refused);
      let places = before;
      for (const id of unknown) {
        const last = lastDay.get(id) ?? 0;
        this.#lastPlace.set(id, last);
        if (last >= day) continue;
        if (isKept(last) || places < this.#cap) {
          this.#lastPlace.set(id, day);
          this.#placed.getOrInsertComputed(day, () => []).push(id);
          places += 1;
        } else {
          without.add(id);
          this.#refused.set(id, day);
        }
      }
      this.#placesThen.set(`${dimension} ${day}`, elsewhere + places);
      if (without.size > 0) all.set(dimension, without);
      if (places > before) counts.push({ dimension, day, places });
    }
    if (counts.length === 0) return all;
    const insert = db
      .insertInto('value_places')
      .values(counts)
      .onConflict((conflict) =>
        conflict.columns(['dimension', 'day']).doUpdateSet(({ ref }) => ({ places: ref('excluded.places') })),
      );
    await send(db, insert);
    return all;
  }

  /**
   * Stores the places given. Call it last in the transaction: values belong to no day, so its lock makes processes wait for each
   * other even where they change totals of different days.
   */
  async store(trx: Db, dialect: DialectName): Promise<void> {
    if (this.#placed.size === 0) return;
    if (dialect === 'postgres') await send(trx, takeLock(trx));
    for (const [day, ids] of this.#placed) {
      for (let at = 0; at < ids.length; at += CHUNK) {
        const chunk = ids.slice(at, at + CHUNK);
        const update = trx.updateTable('value').set({ place_day: day }).where('id', 'in', chunk);
        await send(trx, update.where('place_day', '<', day));
      }
    }
    this.#placed.clear();
  }

  /**
   * Does what `assign` does, for events that are taken out of a day's totals again: a value has a place if these totals hold it.
   */
  async findAssigned(db: Db, day: number, events: Batch): Promise<Batch['columns']> {
    const replaced: Batch['columns'] = {};
    for (const dimension of DIMENSIONS) {
      const values = events.columns[dimension];
      if (!values) continue;
      const placed = new Set<number>([0]);
      const totals = await db
        .selectFrom('total_segment')
        .select('body')
        .where('cube', '=', `day.${dimension}`)
        .where('bucket', '=', day)
        .execute();
      for (const { body } of totals)
        for (const id of decodeSegment(body, [dimension]).columns[dimension] ?? []) placed.add(id);
      const column = new Uint32Array(values);
      for (let row = 0; row < column.length; row += 1) if (!placed.has(column[row]!)) column[row] = OTHER_ID;
      replaced[dimension] = column;
    }
    return replaced;
  }

  /** Empties the memory. Call it after a transaction that did not commit: the places it gave were not stored. */
  forget(): void {
    this.#placed.clear();
    this.#clear();
  }

  #clear(): void {
    this.#lastPlace.clear();
    this.#refused.clear();
    this.#placesThen.clear();
  }
}

/** Returns the last day on which each value had a place; those that never had one are missing, or 0. */
async function readLastDays(db: Db, ids: readonly number[]): Promise<Map<number, number>> {
  const last = new Map<number, number>();
  for (let at = 0; at < ids.length; at += CHUNK) {
    const chunk = ids.slice(at, at + CHUNK);
    const rows = await db.selectFrom('value').select(['id', 'place_day']).where('id', 'in', chunk).execute();
    for (const { id, place_day } of rows) last.set(id, place_day);
  }
  return last;
}
