import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Durations, findAtPlaces, toPlace } from '../../src/usage/durations.ts';

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
        expect(findAtPlaces(typed, [place, 0, sorted.length - 1])).toEqual([sorted[place], sorted[0], sorted.at(-1)]);
      }),
      { numRuns: 60, seed: 3 },
    );
  });

  it('have no rounding of their own: 95% of 20 is the 19th, of 21 the 20th', () => {
    expect([toPlace(95, 20), toPlace(95, 21), toPlace(50, 1), toPlace(99, 100), toPlace(99, 101)]).toEqual([
      18, 19, 0, 98, 99,
    ]);
  });

  it('tell calls of hours from calls of minutes, and leave out what has no duration of its own', () => {
    const durations = new Durations();
    const add = (group: number, ms: number | undefined, count = 1) =>
      durations.add(
        Uint32Array.of(group),
        Float64Array.of(count),
        Float64Array.of(ms === undefined ? 0 : ms * 1000 + 1),
        4,
      );
    const hour = 3_600_000;
    for (const ms of [5 * hour, 0, 40.5, 2 * hour, undefined]) add(1, ms);
    add(1, 7, 3);
    expect(durations.latencyOf(0)).toBeUndefined();
    expect(durations.latencyOf(1)).toEqual({
      ...{ timed: 4, p50Ms: 40.5, p95Ms: 5 * hour, p99Ms: 5 * hour, slowestMs: 5 * hour },
    });
    add(3, 1);
    expect(durations.latencyOf()).toMatchObject({ timed: 5, p50Ms: 40.5, slowestMs: 5 * hour });
  });
});
