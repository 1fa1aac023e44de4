import type { Latency } from '../domain/usage.ts';
import { type Column, orderBySorting } from './batch.ts';

/** The longest duration that fits into 32 bits, in microseconds: 71 minutes. Longer calls are rare, and kept in a map. */
const MOST = 0xffffffff;
const LEAST_ROOM = 64;

/**
 * Durations in any order, and how many calls each stands for; without `calls`, one. A value may occur several times, and a
 * negative number takes calls out again.
 */
export interface Counted {
  values: Uint32Array;
  calls?: Int32Array | undefined;
}

/** Collects how long single calls took, group by group; percentiles are exact. */
export class Durations {
  /** Per group: durations of one call each, and durations with a number of calls. */
  readonly #ones: CountedList[] = [];
  readonly #many: CountedList[] = [];
  /** Per group: durations above MOST, with their number of calls. */
  readonly #longer: Map<number, number>[] = [];

  /**
   * Adds rows. Each has a group (below `groupCount`) and a duration as segments hold it (microseconds + 1; 0: no duration, the
   * row is skipped), of one call or of as many as `calls` says.
   */
  add(groups: Uint32Array, durations: Column, groupCount: number, calls?: Column): void {
    while (this.#longer.length < groupCount) {
      this.#ones.push(new CountedList());
      this.#many.push(new CountedList());
      this.#longer.push(new Map());
    }
    const lists = calls ? this.#many : this.#ones;
    for (let row = 0; row < groups.length; row += 1) {
      const duration = durations[row]! - 1;
      if (duration < 0) continue;
      const group = groups[row]!;
      if (duration <= MOST) lists[group]!.add(duration, calls?.[row]);
      else this.#longer[group]!.set(duration, (this.#longer[group]!.get(duration) ?? 0) + (calls?.[row] ?? 1));
    }
  }

  /** Returns the percentiles of one group, or of all together; undefined: no call has a duration. */
  latencyOf(group?: number): Latency | undefined {
    const groups = group === undefined ? [...this.#longer.keys()] : [group];
    const lists = groups
      .flatMap((each) => [this.#ones[each]!, this.#many[each]!])
      .filter(({ length }) => length > 0)
      .map((list) => list.read());
    const longer = groups
      .flatMap((each) => [...this.#longer[each]!])
      .flatMap(([duration, calls]) => new Array<number>(calls).fill(duration))
      .sort((a, b) => a - b);
    const shorter = countCalls(lists);
    const timed = shorter + longer.length;
    if (timed === 0) return undefined;
    const places = [...[50, 95, 99].map((percent) => toPlace(percent, timed)), timed - 1];
    const within = places.filter((place) => place < shorter);
    const found = [
      ...findAtPlaces(lists, within),
      ...places.slice(within.length).map((place) => longer[place - shorter]!),
    ];
    const [p50Ms, p95Ms, p99Ms, slowestMs] = found.map((us) => us / 1000) as [number, number, number, number];
    return { timed, p50Ms, p95Ms, p99Ms, slowestMs };
  }
}

class CountedList {
  length = 0;
  #values: Uint32Array<ArrayBuffer> = new Uint32Array(0);
  #calls: Int32Array<ArrayBuffer> | undefined;

  add(value: number, calls: number | undefined): void {
    if (this.length === this.#values.length) this.#grow(calls !== undefined);
    this.#values[this.length] = value;
    if (calls !== undefined) this.#calls![this.length] = calls;
    this.length += 1;
  }

  read(): Counted {
    return { values: this.#values.subarray(0, this.length), calls: this.#calls?.subarray(0, this.length) };
  }

  #grow(isCounted: boolean): void {
    const room = Math.max(LEAST_ROOM, this.length * 2);
    const values = new Uint32Array(room);
    values.set(this.#values);
    this.#values = values;
    if (!isCounted) return;
    const calls = new Int32Array(room);
    if (this.#calls) calls.set(this.#calls);
    this.#calls = calls;
  }
}

/** From this many values on, counting them is quicker than sorting. */
const LEAST_COUNTED = 2048;
/** Few enough counters to fit into the processor's nearest cache. */
const BUCKETS = 2048;

/**
 * Returns the 0-based place of a percentile among `count` values in ascending order, by nearest rank: ⌈percent/100 × count⌉
 * counted from 1. Whole numbers are multiplied first, because 0.95 × 20 is not 19 in binary fractions.
 */
export function toPlace(percent: number, count: number): number {
  return Math.max(0, Math.ceil((percent * count) / 100) - 1);
}

/** Returns the values at these places in the ascending order of all calls. Exact; leaves the lists unchanged. */
export function findAtPlaces(lists: readonly Counted[], places: readonly number[]): number[] {
  const length = lists.reduce((sum, { values }) => sum + values.length, 0);
  return length < LEAST_COUNTED ? findBySorting(lists, length, places) : findByCounting(lists, places);
}

function countCalls(lists: readonly Counted[]): number {
  let count = 0;
  for (const { values, calls } of lists) {
    if (!calls) count += values.length;
    else for (let i = 0; i < calls.length; i += 1) count += calls[i]!;
  }
  return count;
}

function findBySorting(lists: readonly Counted[], length: number, places: readonly number[]): number[] {
  const values = new Uint32Array(length);
  const calls = new Int32Array(length).fill(1);
  let row = 0;
  for (const list of lists) {
    values.set(list.values, row);
    if (list.calls) calls.set(list.calls, row);
    row += list.values.length;
  }
  const order = orderBySorting(values);
  return places.map((place) => {
    let before = 0;
    let value = 0;
    for (let at = 0; before <= place; ) {
      value = values[order[at]!]!;
      // A value may occur several times, with negative numbers too: only their sum counts.
      for (; at < length && values[order[at]!] === value; at += 1) before += calls[order[at]!]!;
    }
    return value;
  });
}

/** Counts calls by ranges of values, then looks only into the ranges that hold a wanted place. */
function findByCounting(lists: readonly Counted[], places: readonly number[]): number[] {
  const { least, most } = findBounds(lists);
  const shift = Math.max(0, 32 - Math.clz32(most - least) - Math.log2(BUCKETS));
  const { calls, rows } = countRanges(lists, least, shift);
  const found = places.map((place) => {
    let before = 0;
    let bucket = 0;
    while (before + calls[bucket]! <= place) {
      before += calls[bucket]!;
      bucket += 1;
    }
    return { bucket, place: place - before };
  });
  if (shift === 0) return found.map(({ bucket }) => least + bucket);
  const wanted = [...new Set(found.map(({ bucket }) => bucket))];
  const ranges = collectRanges(lists, least, shift, new Map(wanted.map((bucket) => [bucket, rows[bucket]!])));
  return found.map(({ bucket, place }) => findAtPlaces([ranges.get(bucket)!], [place])[0]!);
}

function findBounds(lists: readonly Counted[]): { least: number; most: number } {
  let least = 0xffffffff;
  let most = 0;
  for (const { values } of lists) {
    for (let i = 0; i < values.length; i += 1) {
      const value = values[i]!;
      if (value < least) least = value;
      if (value > most) most = value;
    }
  }
  return { least, most };
}

/** Counts the calls and the values in each range. */
function countRanges(lists: readonly Counted[], least: number, shift: number) {
  const rows = new Uint32Array(BUCKETS);
  const more = new Float64Array(BUCKETS);
  for (const { values, calls } of lists) {
    for (let i = 0; i < values.length; i += 1) {
      const bucket = (values[i]! - least) >>> shift;
      rows[bucket]! += 1;
      if (calls) more[bucket]! += calls[i]! - 1;
    }
  }
  return { rows, calls: more.map((count, bucket) => count + rows[bucket]!) };
}

/** Collects the values of some ranges; `sizes` says how many values each has. */
function collectRanges(
  lists: readonly Counted[],
  least: number,
  shift: number,
  sizes: ReadonlyMap<number, number>,
): Map<number, Required<Counted>> {
  const ranges = [...sizes.values()].map((size) => ({ values: new Uint32Array(size), calls: new Int32Array(size) }));
  const lengths = new Uint32Array(ranges.length);
  /** Number of the range that each bucket is, + 1; 0: not wanted. */
  const rangeOf = new Uint8Array(BUCKETS);
  for (const [index, bucket] of [...sizes.keys()].entries()) rangeOf[bucket] = index + 1;
  for (const { values, calls } of lists) {
    for (let i = 0; i < values.length; i += 1) {
      const value = values[i]!;
      const range = rangeOf[(value - least) >>> shift]!;
      if (range === 0) continue;
      const at = lengths[range - 1]!;
      ranges[range - 1]!.values[at] = value;
      ranges[range - 1]!.calls[at] = calls ? calls[i]! : 1;
      lengths[range - 1] = at + 1;
    }
  }
  return new Map([...sizes.keys()].map((bucket, index) => [bucket, ranges[index]!]));
}
