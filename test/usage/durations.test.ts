import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Counted, Durations, findAtPlaces, toPlace } from '../../src/usage/durations.ts';

/** Returns each distinct value with its number of calls. */
function countEqual(list: Uint32Array): Counted {
  const calls = new Map<number, number>();
  for (const value of list) calls.set(value, (calls.get(value) ?? 0) + 1);
  return { values: Uint32Array.from(calls.keys()), calls: Int32Array.from(calls.values()) };
}

describe('nearest ranks', () => {
  it('are what sorting gives, in few values and in many, over several lists', () => {
    const value = fc.oneof(
      fc.integer({ min: 0, max: 50 }),
      fc.integer({ min: 0, max: 400_000 }),
      fc.integer({ min: 0, max: 0xffffffff }),
    );
    const lists = fc.tuple(
      fc.array(fc.array(value, { minLength: 1, maxLength: 30 }), { minLength: 1, maxLength: 4 }),
      fc.constantFrom(1, 300),
    );
    fc.assert(
      fc.property(lists, fc.integer({ min: 1, max: 100 }), ([given, times], percent) => {
        const typed = given.map((list) => Uint32Array.from(Array.from({ length: times }, () => list).flat()));
        const sorted = typed.flatMap((list) => [...list]).sort((a, b) => a - b);
        const place = toPlace(percent, sorted.length);
        expect((place + 1) * 100).toBeGreaterThanOrEqual(percent * sorted.length);
        expect(place * 100).toBeLessThan(percent * sorted.length);
        const found = [sorted[place], sorted[0], sorted.at(-1)];
        const ones = typed.map((values) => ({ values }));
        expect(findAtPlaces(ones, [place, 0, sorted.length - 1])).toEqual(found);
        // The same result with equal values counted together, and with values that negative counts take out again.
        const gone = {
          values: Uint32Array.of(7, sorted.at(-1)!, 0xffffffff, 7, 0xffffffff, sorted.at(-1)!),
          calls: Int32Array.of(5, -2, 9, -5, -9, 2),
        };
        expect(findAtPlaces([...typed.map(countEqual), gone], [place, 0, sorted.length - 1])).toEqual(found);
        expect(findAtPlaces([gone, ...ones.slice(1), countEqual(typed[0]!)], [place])).toEqual([sorted[place]]);
      }),
      { numRuns: 60, seed: 3 },
    );
  });

  it('have no rounding of their own: 95% of 20 is the 19th, of 21 the 20th', () => {
    expect([toPlace(95, 20), toPlace(95, 21), toPlace(50, 1), toPlace(99, 100), toPlace(99, 101)]).toEqual([
      18, 19, 0, 98, 99,
    ]);
  });

  it('tell calls of hours from calls of minutes, and leave out what has none', () => {
    const durations = new Durations();
    const add = (group: number, ms: number | undefined, calls?: Float64Array<ArrayBuffer>) =>
      durations.add(Uint32Array.of(group), Float64Array.of(ms === undefined ? 0 : ms * 1000 + 1), 4, calls);
    const hour = 3_600_000;
    for (const ms of [5 * hour, 0, 40.5, 2 * hour, undefined]) add(1, ms);
    expect(durations.latencyOf(0)).toBeUndefined();
    expect(durations.latencyOf(1)).toEqual({
      ...{ timed: 4, p50Ms: 40.5, p95Ms: 5 * hour, p99Ms: 5 * hour, slowestMs: 5 * hour },
    });
    add(3, 1);
    expect(durations.latencyOf()).toMatchObject({ timed: 5, p50Ms: 40.5, slowestMs: 5 * hour });
    add(2, 3 * hour, Float64Array.of(4));
    add(2, 8, Float64Array.of(5));
    add(2, 3 * hour, Float64Array.of(-3));
    expect(durations.latencyOf(2)).toMatchObject({ timed: 6, p50Ms: 8, p95Ms: 3 * hour });
  });
});
