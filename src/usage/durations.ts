import type { Latency } from '../domain/usage.ts';
import type { Column } from './segment.ts';

/** Microseconds that 32 bits hold: 71 minutes. Calls that took longer are rare, and kept apart. */
const MOST = 0xffffffff;
const LEAST_ROOM = 64;

/** Collects how long single calls took, group by group, in four bytes a call; percentiles are exact. */
export class Durations {
  readonly #lists: Uint32Array<ArrayBuffer>[] = [];
  readonly #longer: number[][] = [];
  #lengths: Uint32Array<ArrayBuffer> = new Uint32Array(0);

  /**
   * One row per event: its group (below `groupCount`), the calls that it stands for, and its duration as segments hold it
   * (microseconds + 1; 0: none was sent). An event of several calls does not say how long each took, and is passed over.
   */
  add(groups: Uint32Array, counts: Column, durations: Column, groupCount: number): void {
    this.#makeRoom(groupCount);
    const [lists, lengths] = [this.#lists, this.#lengths];
    for (let row = 0; row < groups.length; row += 1) {
      const duration = durations[row]! - 1;
      if (duration < 0 || counts[row] !== 1) continue;
      const group = groups[row]!;
      if (duration > MOST) {
        this.#longer[group]!.push(duration);
        continue;
      }
      const length = lengths[group]!;
      let list = lists[group]!;
      if (length === list.length) {
        list = new Uint32Array(Math.max(LEAST_ROOM, length * 2));
        list.set(lists[group]!);
        lists[group] = list;
      }
      list[length] = duration;
      lengths[group] = length + 1;
    }
  }

  /** Of one group, or of all; undefined where no call has a duration. */
  latencyOf(group?: number): Latency | undefined {
    const groups = group === undefined ? [...this.#lists.keys()] : [group];
    const lists = groups.map((each) => this.#lists[each]!.subarray(0, this.#lengths[each]));
    const longer = groups.flatMap((each) => this.#longer[each]!).sort((a, b) => a - b);
    const shorter = lists.reduce((sum, list) => sum + list.length, 0);
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

  #makeRoom(groupCount: number): void {
    if (groupCount > this.#lengths.length) {
      const lengths = new Uint32Array(groupCount * 2);
      lengths.set(this.#lengths);
      this.#lengths = lengths;
    }
    while (this.#lists.length < groupCount) {
      this.#lists.push(new Uint32Array(0));
      this.#longer.push([]);
    }
  }
}

/** From this many values on, counting them is quicker than sorting. */
const LEAST_COUNTED = 2048;
/** Few enough counters to stay in the processor's nearest memory. */
const BUCKETS = 2048;

/**
 * The 0-based place of a percentile among `count` values in ascending order, by nearest rank: ⌈percent/100 × count⌉ counted
 * from 1. Whole numbers are multiplied first: 0.95 × 20 is not 19 in binary fractions.
 */
export function toPlace(percent: number, count: number): number {
  return Math.max(0, Math.ceil((percent * count) / 100) - 1);
}

/** The values at these places, were all the lists one in ascending order. Exact, and the lists stay as they are. */
export function findAtPlaces(lists: readonly Uint32Array[], places: readonly number[]): number[] {
  const length = lists.reduce((sum, list) => sum + list.length, 0);
  if (length >= LEAST_COUNTED) return findByCounting(lists, places);
  const all = new Uint32Array(length);
  let at = 0;
  for (const list of lists) {
    all.set(list, at);
    at += list.length;
  }
  all.sort();
  return places.map((place) => all[place]!);
}

/** Counts values by their range, and looks again only at the ranges that hold a wanted place. */
function findByCounting(lists: readonly Uint32Array[], places: readonly number[]): number[] {
  const { least, most } = findBounds(lists);
  const shift = Math.max(0, 32 - Math.clz32(most - least) - Math.log2(BUCKETS));
  const counts = countRanges(lists, least, shift);
  const found = places.map((place) => {
    let before = 0;
    let bucket = 0;
    while (before + counts[bucket]! <= place) {
      before += counts[bucket]!;
      bucket += 1;
    }
    return { bucket, place: place - before };
  });
  if (shift === 0) return found.map(({ bucket }) => least + bucket);
  const wanted = [...new Set(found.map(({ bucket }) => bucket))];
  const ranges = collectRanges(lists, least, shift, new Map(wanted.map((bucket) => [bucket, counts[bucket]!])));
  return found.map(({ bucket, place }) => findAtPlaces([ranges.get(bucket)!], [place])[0]!);
}

function findBounds(lists: readonly Uint32Array[]): { least: number; most: number } {
  let least = 0xffffffff;
  let most = 0;
  for (const list of lists) {
    for (let i = 0; i < list.length; i += 1) {
      const value = list[i]!;
      if (value < least) least = value;
      if (value > most) most = value;
    }
  }
  return { least, most };
}

function countRanges(lists: readonly Uint32Array[], least: number, shift: number): Uint32Array {
  const counts = new Uint32Array(BUCKETS);
  for (const list of lists) for (let i = 0; i < list.length; i += 1) counts[(list[i]! - least) >>> shift]! += 1;
  return counts;
}

/** The values of some ranges, of which the sizes are known. */
function collectRanges(
  lists: readonly Uint32Array[],
  least: number,
  shift: number,
  sizes: ReadonlyMap<number, number>,
): Map<number, Uint32Array> {
  const ranges = [...sizes.values()].map((size) => new Uint32Array(size));
  const lengths = new Uint32Array(ranges.length);
  /** Which range each bucket is, + 1; 0: none that is wanted. */
  const rangeOf = new Uint8Array(BUCKETS);
  for (const [index, bucket] of [...sizes.keys()].entries()) rangeOf[bucket] = index + 1;
  for (const list of lists) {
    for (let i = 0; i < list.length; i += 1) {
      const value = list[i]!;
      const range = rangeOf[(value - least) >>> shift]!;
      if (range === 0) continue;
      ranges[range - 1]![lengths[range - 1]!] = value;
      lengths[range - 1]! += 1;
    }
  }
  return new Map([...sizes.keys()].map((bucket, index) => [bucket, ranges[index]!]));
}
