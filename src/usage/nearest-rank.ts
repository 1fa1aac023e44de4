/** From this many values on, counting them is quicker than sorting. */
const LEAST_COUNTED = 4096;
const HALF = 0x10000;

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
  if (length >= LEAST_COUNTED) return countToPlaces(lists, places);
  const all = new Uint32Array(length);
  let at = 0;
  for (const list of lists) {
    all.set(list, at);
    at += list.length;
  }
  all.sort();
  return places.map((place) => all[place]!);
}

/** By the upper half of each value, then by the lower half of those that share a wanted upper half. */
function countToPlaces(lists: readonly Uint32Array[], places: readonly number[]): number[] {
  const upper = new Uint32Array(HALF);
  for (const list of lists) for (let i = 0; i < list.length; i += 1) upper[list[i]! >>> 16]! += 1;
  const lower = new Map<number, Uint32Array>();
  return places.map((place) => {
    const high = findPlace(upper, place);
    const counts = lower.getOrInsertComputed(high.at, () => countLower(lists, high.at));
    return high.at * HALF + findPlace(counts, place - high.before).at;
  });
}

function countLower(lists: readonly Uint32Array[], high: number): Uint32Array {
  const counts = new Uint32Array(HALF);
  for (const list of lists) {
    for (let i = 0; i < list.length; i += 1) {
      const value = list[i]!;
      if (value >>> 16 === high) counts[value & (HALF - 1)]! += 1;
    }
  }
  return counts;
}

/** Which of the counted values holds the place, and how many come before it. */
function findPlace(counts: Uint32Array, place: number): { at: number; before: number } {
  let before = 0;
  let at = 0;
  while (before + counts[at]! <= place) {
    before += counts[at]!;
    at += 1;
  }
  return { at, before };
}
