import { type Batch, type Column, type ColumnName, createColumn } from './segment.ts';

/**
 * Groups rows by key columns and sums the measures: how events become totals, totals are merged and reports are answered.
 * Add any number of batches, then read the groups. Works a column at a time, so that each loop is over plain typed arrays.
 */
export class Grouping {
  readonly #keyNames: readonly ColumnName[];
  readonly #measureNames: readonly ColumnName[];
  #keys: Uint32Array<ArrayBuffer>[];
  #sums: Float64Array<ArrayBuffer>[];
  #hashes: Uint32Array<ArrayBuffer>;
  /** Open addressing: group number + 1, or 0. */
  #slots: Uint32Array<ArrayBuffer>;
  #groups = 0;

  constructor(keys: readonly ColumnName[], measures: readonly ColumnName[]) {
    this.#keyNames = keys;
    this.#measureNames = measures;
    this.#keys = keys.map(() => new Uint32Array(64));
    this.#sums = measures.map(() => new Float64Array(64));
    this.#hashes = new Uint32Array(64);
    this.#slots = new Uint32Array(128);
  }

  get size(): number {
    return this.#groups;
  }

  /**
   * `selected`: only these rows. `sign` −1 takes the rows out again. Columns that a batch lacks count as 0; `columns`
   * overrides the batch's own.
   */
  add(
    batch: Batch,
    options: { selected?: Uint32Array | undefined; sign?: 1 | -1; columns?: Batch['columns'] } = {},
  ): void {
    const { selected, sign = 1, columns } = options;
    const rows = selected ? selected.length : batch.length;
    if (rows === 0) return;
    const keys = this.#keyNames.map((name) => columns?.[name] ?? batch.columns[name]);
    const groupOf = this.#findGroups(keys, rows, selected);
    this.#measureNames.forEach((name, index) => {
      const values = columns?.[name] ?? batch.columns[name];
      if (!values) return;
      const sums = this.#sums[index]!;
      if (selected) for (let i = 0; i < rows; i += 1) sums[groupOf[i]!]! += sign * values[selected[i]!]!;
      else for (let i = 0; i < rows; i += 1) sums[groupOf[i]!]! += sign * values[i]!;
    });
  }

  /** One row per group, in order of first appearance; groups whose measures are all 0 are left out. */
  toBatch(): Batch {
    const kept = new Uint32Array(this.#groups);
    let count = 0;
    for (let group = 0; group < this.#groups; group += 1) {
      if (this.#sums.some((sums) => sums[group] !== 0)) {
        kept[count] = group;
        count += 1;
      }
    }
    const batch: Batch = { length: count, columns: {} };
    const take = (name: ColumnName, from: Column): void => {
      const column = createColumn(name, count);
      for (let i = 0; i < count; i += 1) column[i] = from[kept[i]!]!;
      batch.columns[name] = column;
    };
    this.#keyNames.forEach((name, index) => {
      take(name, this.#keys[index]!);
    });
    this.#measureNames.forEach((name, index) => {
      take(name, this.#sums[index]!);
    });
    return batch;
  }

  #findGroups(keys: readonly (Column | undefined)[], rows: number, selected: Uint32Array | undefined): Uint32Array {
    const hashes = new Uint32Array(rows);
    for (const values of keys) {
      if (!values) continue;
      if (selected) for (let i = 0; i < rows; i += 1) hashes[i] = mix(hashes[i]!, values[selected[i]!]!);
      else for (let i = 0; i < rows; i += 1) hashes[i] = mix(hashes[i]!, values[i]!);
    }
    const groupOf = new Uint32Array(rows);
    for (let i = 0; i < rows; i += 1) {
      const row = selected ? selected[i]! : i;
      const hash = hashes[i]!;
      let mask = this.#slots.length - 1;
      let slot = (hash ^ (hash >>> 15)) & mask;
      let found = -1;
      for (let entry = this.#slots[slot]!; entry !== 0; entry = this.#slots[slot]!) {
        const group = entry - 1;
        if (this.#hashes[group] === hash && this.#equals(group, keys, row)) {
          found = group;
          break;
        }
        slot = (slot + 1) & mask;
      }
      if (found < 0) {
        if (this.#groups * 2 >= this.#slots.length) {
          this.#grow();
          mask = this.#slots.length - 1;
          slot = (hash ^ (hash >>> 15)) & mask;
          while (this.#slots[slot] !== 0) slot = (slot + 1) & mask;
        }
        found = this.#groups;
        this.#groups += 1;
        this.#slots[slot] = found + 1;
        this.#hashes[found] = hash;
        for (let k = 0; k < keys.length; k += 1) this.#keys[k]![found] = keys[k] ? keys[k]![row]! : 0;
      }
      groupOf[i] = found;
    }
    return groupOf;
  }

  #equals(group: number, keys: readonly (Column | undefined)[], row: number): boolean {
    for (let k = 0; k < keys.length; k += 1) {
      const values = keys[k];
      if (this.#keys[k]![group] !== (values ? values[row]! : 0)) return false;
    }
    return true;
  }

  #grow(): void {
    const capacity = this.#slots.length;
    this.#keys = this.#keys.map((old) => enlarge(old, new Uint32Array(capacity)));
    this.#sums = this.#sums.map((old) => enlarge(old, new Float64Array(capacity)));
    this.#hashes = enlarge(this.#hashes, new Uint32Array(capacity));
    this.#slots = new Uint32Array(capacity * 2);
    const mask = this.#slots.length - 1;
    for (let group = 0; group < this.#groups; group += 1) {
      const hash = this.#hashes[group]!;
      let slot = (hash ^ (hash >>> 15)) & mask;
      while (this.#slots[slot] !== 0) slot = (slot + 1) & mask;
      this.#slots[slot] = group + 1;
    }
  }
}

function enlarge<T extends Uint32Array | Float64Array>(old: T, larger: T): T {
  larger.set(old as never);
  return larger;
}

function mix(hash: number, value: number): number {
  return Math.imul(hash ^ Math.imul(value, 0x85ebca6b), 0xc2b2ae35) ^ (hash >>> 13);
}
