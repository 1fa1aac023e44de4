import type { Dimension } from '../domain/dimension.ts';
import { type Batch, CARRY, type Column, type ColumnName, createColumn, sortBy } from './batch.ts';
import { findRuns } from './segment.ts';
import { OTHER_ID } from './value-places.ts';

/** Up to this many keys are compared by the faster code. Nearly every question has no more: two dimensions and status. */
const KEYS_AT_ONCE = 3;
/** A single key below this is looked up in an array instead of the hash table: value ids are small and lie close together. */
const MAX_DIRECT = 4_000_000;

/**
 * Groups rows by key columns and sums measures: so events become totals, totals are merged, and questions are answered. Add any
 * number of batches, then read the groups. Works on plain typed arrays: an open-addressing table finds each row's group, then
 * each measure is added up by group number.
 */
export class Grouping {
  readonly #keyNames: readonly ColumnName[];
  readonly #measureNames: readonly ColumnName[];
  readonly #keys: Uint32Array<ArrayBuffer>[] = [];
  readonly #sums: Float64Array<ArrayBuffer>[] = [];
  /** For each sum of credits, the part above CARRY in units of CARRY; absent while no sum is that large. */
  #carried: Float64Array<ArrayBuffer> | undefined;
  /** For a single key: group number + 1 at the key's index. Undefined: there are several keys, or one is too large. */
  #direct: Uint32Array<ArrayBuffer> | undefined;
  /** Hash table: group number + 1, or 0 for a free slot. */
  #slots: Uint32Array<ArrayBuffer> = new Uint32Array(0);
  #capacity = 0;
  #groups = 0;
  /** Reused by each `add`: the group of each row. */
  #groupOf: Uint32Array<ArrayBuffer> = new Uint32Array(0);
  /** Reused by each `add`: a key that is 0 in every row. */
  #zeros: Uint32Array<ArrayBuffer> = new Uint32Array(0);

  constructor(keys: readonly ColumnName[], measures: readonly ColumnName[]) {
    this.#keyNames = keys;
    this.#measureNames = measures;
    if (keys.length === 1) this.#direct = new Uint32Array(0);
  }

  get size(): number {
    return this.#groups;
  }

  /**
   * Adds rows and returns the group of each, until the next `add`: a number from 0 on, in order of first appearance.
   * `selected`: only these rows. `sign` −1 takes the rows out again. Columns that a batch lacks count as 0; `columns` overrides
   * the batch's own.
   */
  add(
    batch: Batch,
    options: { selected?: Uint32Array | undefined; sign?: 1 | -1; columns?: Batch['columns'] } = {},
  ): Uint32Array<ArrayBuffer> {
    const { selected, sign = 1, columns } = options;
    const rows = selected ? selected.length : batch.length;
    if (rows === 0) return new Uint32Array(0);
    if (this.#capacity === 0) this.#allocate(2 ** Math.min(20, Math.max(4, Math.ceil(Math.log2(rows)))));
    const read = (name: ColumnName): Column | undefined => columns?.[name] ?? batch.columns[name];
    const keys = this.#keyNames.map((name) => {
      const values = read(name);
      return values ? takeKeys(values, selected) : this.#takeZeros(rows);
    });
    if (this.#groupOf.length < rows) this.#groupOf = new Uint32Array(rows);
    const groupOf = this.#groupOf.subarray(0, rows);
    if (!this.#direct || !this.#findDirectly(keys[0]!, groupOf)) {
      while (keys.length < KEYS_AT_ONCE) keys.push(this.#takeZeros(rows));
      if (keys.length === KEYS_AT_ONCE) this.#findByThree(keys, groupOf);
      else this.#findByMany(keys, groupOf);
    }
    for (const [index, name] of this.#measureNames.entries()) {
      const values = read(name);
      if (!values) continue;
      if (name !== 'credits') addUp(this.#sums[index]!, groupOf, values, selected, sign);
      else this.#addCredits(this.#sums[index]!, groupOf, values, selected, sign);
      const carried = name === 'credits' ? read('carried') : undefined;
      if (carried) addUp(this.#getCarried(), groupOf, carried, selected, sign);
    }
    return groupOf;
  }

  /** Returns one row per group, in order of first appearance; groups whose measures are all 0 are left out. */
  toBatch(): Batch {
    const kept = this.listNonZero();
    const batch: Batch = { length: kept.length, columns: {} };
    const take = (name: ColumnName, from: Column): void => {
      const column = createColumn(name, kept.length);
      for (let i = 0; i < kept.length; i += 1) column[i] = from[kept[i]!]!;
      batch.columns[name] = column;
    };
    for (const [index, name] of this.#keyNames.entries()) take(name, this.#keys[index] ?? kept);
    for (const [index, name] of this.#measureNames.entries()) take(name, this.#sums[index] ?? kept);
    if (this.#carried) take('carried', this.#carried);
    return batch;
  }

  /** Lists the first key of each group. */
  listKeys(): Uint32Array {
    return this.#keys[0]?.subarray(0, this.#groups) ?? new Uint32Array(0);
  }

  #takeZeros(rows: number): Uint32Array {
    if (this.#zeros.length < rows) this.#zeros = new Uint32Array(rows);
    return this.#zeros.subarray(0, rows);
  }

  #addCredits(
    sums: Float64Array,
    groupOf: Uint32Array,
    values: Column,
    selected: Uint32Array | undefined,
    sign: 1 | -1,
  ): void {
    const own = selected ? takeValues(values, selected) : values;
    for (let i = 0; i < groupOf.length; i += 1) {
      const group = groupOf[i]!;
      const sum = sums[group]! + sign * own[i]!;
      if (sum < CARRY && sum > -CARRY) sums[group] = sum;
      else this.#carry(sums, group, sign * own[i]!);
    }
  }

  #carry(sums: Float64Array, group: number, value: number): void {
    const low = sums[group]! + (value % CARRY);
    sums[group] = low % CARRY;
    this.#getCarried()[group]! += Math.trunc(value / CARRY) + Math.trunc(low / CARRY);
  }

  #getCarried(): Float64Array<ArrayBuffer> {
    this.#carried ??= new Float64Array(this.#capacity);
    return this.#carried;
  }

  /** Lists the groups that `toBatch` returns, in that order. */
  listNonZero(): Uint32Array<ArrayBuffer> {
    const kept = new Uint32Array(this.#groups);
    let count = 0;
    for (let group = 0; group < this.#groups; group += 1) {
      let nonZero = this.#carried !== undefined && this.#carried[group] !== 0;
      for (let m = 0; m < this.#sums.length; m += 1) nonZero ||= this.#sums[m]![group] !== 0;
      if (nonZero) {
        kept[count] = group;
        count += 1;
      }
    }
    return kept.subarray(0, count);
  }

  /** Returns false if a key is too large for the array: keys are hashed from then on. */
  #findDirectly(keys: Uint32Array, groupOf: Uint32Array): boolean {
    let largest = 0;
    for (let i = 0; i < groupOf.length; i += 1) if (keys[i]! > largest) largest = keys[i]!;
    if (largest >= MAX_DIRECT) {
      this.#direct = undefined;
      this.#allocate(this.#capacity);
      return false;
    }
    if (largest >= this.#direct!.length) this.#direct = enlarge(new Uint32Array(largest * 2 + 16), this.#direct);
    const table = this.#direct!;
    for (let i = 0; i < groupOf.length; i += 1) {
      const key = keys[i]!;
      let entry = table[key]!;
      if (entry === 0) {
        if (this.#groups === this.#capacity) this.#allocate(this.#capacity * 2);
        this.#keys[0]![this.#groups] = key;
        this.#groups += 1;
        entry = this.#groups;
        table[key] = entry;
      }
      groupOf[i] = entry - 1;
    }
    return true;
  }

  #findByThree(keys: readonly Uint32Array[], groupOf: Uint32Array): void {
    const [a, b, c] = keys as [Uint32Array, Uint32Array, Uint32Array];
    let [knownA, knownB, knownC] = this.#keys as [Uint32Array, Uint32Array, Uint32Array];
    let slots = this.#slots;
    let mask = slots.length - 1;
    for (let i = 0; i < groupOf.length; i += 1) {
      const keyA = a[i]!;
      const keyB = b[i]!;
      const keyC = c[i]!;
      const hash = hashThree(keyA, keyB, keyC);
      let slot = hash & mask;
      let entry = slots[slot]!;
      while (entry !== 0 && !(knownA[entry - 1] === keyA && knownB[entry - 1] === keyB && knownC[entry - 1] === keyC)) {
        slot = (slot + 1) & mask;
        entry = slots[slot]!;
      }
      if (entry === 0) {
        if (this.#groups === this.#capacity) {
          this.#allocate(this.#capacity * 2);
          [knownA, knownB, knownC] = this.#keys as [Uint32Array, Uint32Array, Uint32Array];
          slots = this.#slots;
          mask = slots.length - 1;
          slot = this.#freeSlot(hash);
        }
        knownA[this.#groups] = keyA;
        knownB[this.#groups] = keyB;
        knownC[this.#groups] = keyC;
        this.#groups += 1;
        entry = this.#groups;
        slots[slot] = entry;
      }
      groupOf[i] = entry - 1;
    }
  }

  #findByMany(keys: readonly Uint32Array[], groupOf: Uint32Array): void {
    const key = new Uint32Array(keys.length);
    for (let i = 0; i < groupOf.length; i += 1) {
      for (let k = 0; k < keys.length; k += 1) key[k] = keys[k]![i]!;
      const hash = hashMany(key);
      let slot = hash & (this.#slots.length - 1);
      while (this.#slots[slot] !== 0 && !this.#equals(this.#slots[slot]! - 1, key))
        slot = (slot + 1) & (this.#slots.length - 1);
      if (this.#slots[slot] === 0) {
        if (this.#groups === this.#capacity) {
          this.#allocate(this.#capacity * 2);
          slot = this.#freeSlot(hash);
        }
        for (let k = 0; k < key.length; k += 1) this.#keys[k]![this.#groups] = key[k]!;
        this.#groups += 1;
        this.#slots[slot] = this.#groups;
      }
      groupOf[i] = this.#slots[slot]! - 1;
    }
  }

  #equals(group: number, key: Uint32Array): boolean {
    for (let k = 0; k < key.length; k += 1) if (this.#keys[k]![group] !== key[k]) return false;
    return true;
  }

  #freeSlot(hash: number): number {
    const mask = this.#slots.length - 1;
    let slot = hash & mask;
    while (this.#slots[slot] !== 0) slot = (slot + 1) & mask;
    return slot;
  }

  /** Makes room for `capacity` groups, and keeps the known ones. */
  #allocate(capacity: number): void {
    this.#capacity = capacity;
    const keyCount = Math.max(KEYS_AT_ONCE, this.#keyNames.length);
    for (let k = 0; k < keyCount; k += 1) this.#keys[k] = enlarge(new Uint32Array(capacity), this.#keys[k]);
    for (let m = 0; m < this.#measureNames.length; m += 1)
      this.#sums[m] = enlarge(new Float64Array(capacity), this.#sums[m]);
    if (this.#carried) this.#carried = enlarge(new Float64Array(capacity), this.#carried);
    if (!this.#direct) this.#findPlaces(keyCount);
  }

  /** Builds the hash table again, with two slots per group that fits. */
  #findPlaces(keyCount: number): void {
    const slots = new Uint32Array(this.#capacity * 2);
    const mask = slots.length - 1;
    const [a, b, c] = this.#keys as [Uint32Array, Uint32Array, Uint32Array];
    const key = new Uint32Array(keyCount);
    for (let group = 0; group < this.#groups; group += 1) {
      let slot: number;
      if (keyCount === KEYS_AT_ONCE) slot = hashThree(a[group]!, b[group]!, c[group]!) & mask;
      else {
        for (let k = 0; k < keyCount; k += 1) key[k] = this.#keys[k]![group]!;
        slot = hashMany(key) & mask;
      }
      while (slots[slot] !== 0) slot = (slot + 1) & mask;
      slots[slot] = group + 1;
    }
    this.#slots = slots;
  }
}

/** Counts the distinct values of a dimension in each group of a grouping; `(none)` and `(other)` do not count. */
export class DistinctValues {
  /** Numbers the values from 0 on, so that a small array has a place for each. */
  readonly #values: Grouping;
  /** Rows of each group: numbers of values, and their requests. */
  readonly #rows = new Map<number, { numbers: Column; requests: Column }[]>();
  /** True if some values were counted as `(other)`: the counts are too low then. */
  capped = false;

  constructor(dimension: Dimension) {
    this.#values = new Grouping([dimension], []);
  }

  /** `groups`: the group of each row, as `Grouping.add` returns it. */
  add(groups: Uint32Array<ArrayBuffer>, batch: Batch): void {
    const { length, columns } = batch;
    const rows = { key0: groups, key1: this.#values.add(batch), requests: columns.requests! };
    const { key0, key1, requests } = sortBy({ length, columns: rows }, 'key0').columns as Required<typeof rows>;
    let first = 0;
    for (const end of findRuns(key0, length)) {
      const own = { numbers: key1.subarray(first, end), requests: requests.subarray(first, end) };
      this.#rows.getOrInsertComputed(key0[first]!, () => []).push(own);
      first = end;
    }
  }

  /** Returns the number of distinct values of each of these groups, in their order. Values without requests do not count. */
  count(groups: Uint32Array): Column {
    const ids = this.#values.listKeys();
    const sums = new Float64Array(ids.length);
    return Float64Array.from(groups, (group) => {
      const rows = this.#rows.get(group) ?? [];
      for (const { numbers, requests } of rows)
        for (let row = 0; row < numbers.length; row += 1) sums[numbers[row]!]! += requests[row]!;
      let count = 0;
      for (const { numbers } of rows) {
        for (let row = 0; row < numbers.length; row += 1) {
          const value = numbers[row]!;
          if (sums[value] === 0) continue;
          sums[value] = 0;
          if (ids[value] === OTHER_ID) this.capped = true;
          else if (ids[value] !== 0) count += 1;
        }
      }
      return count;
    });
  }
}

function takeKeys(values: Column, selected: Uint32Array | undefined): Uint32Array {
  if (!selected) return values as Uint32Array;
  const taken = new Uint32Array(selected.length);
  for (let i = 0; i < taken.length; i += 1) taken[i] = values[selected[i]!]!;
  return taken;
}

function takeValues(values: Column, selected: Uint32Array): Column {
  const taken = new Float64Array(selected.length);
  for (let i = 0; i < selected.length; i += 1) taken[i] = values[selected[i]!]!;
  return taken;
}

function addUp(
  sums: Float64Array,
  groupOf: Uint32Array,
  values: Column,
  selected: Uint32Array | undefined,
  sign: 1 | -1,
): void {
  if (selected) for (let i = 0; i < selected.length; i += 1) sums[groupOf[i]!]! += sign * values[selected[i]!]!;
  else for (let i = 0; i < groupOf.length; i += 1) sums[groupOf[i]!]! += sign * values[i]!;
}

function hashThree(a: number, b: number, c: number): number {
  let hash = Math.imul(a, 0x9e3779b1) ^ Math.imul(b, 0x85ebca6b) ^ Math.imul(c, 0xc2b2ae35);
  hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d);
  return hash ^ (hash >>> 13);
}

function hashMany(key: Uint32Array): number {
  let hash = 0;
  for (let k = 0; k < key.length; k += 1)
    hash = Math.imul(hash ^ Math.imul(key[k]!, 0x9e3779b1), 0x85ebca6b) ^ (hash >>> 15);
  return hash ^ (hash >>> 13);
}

function enlarge<T extends Uint32Array | Float64Array>(larger: T, old: T | undefined): T {
  if (old) larger.set(old as never);
  return larger;
}
