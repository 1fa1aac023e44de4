import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { distanceWithin, listNearest } from '../../src/domain/names.ts';

describe('listNearest', () => {
  test.each([
    ['tpo', ['top']],
    ['stat', ['status']],
    ['STATSU', ['status']],
    ['poool', ['pool']],
    ['xyzzy', []],
    ['', []],
  ])('near “%s”: %j', (word, expected) => {
    expect(listNearest(word, ['top', 'status', 'pool', 'history'])).toEqual(expected);
  });
});

describe('distanceWithin', () => {
  test.each([
    ['search', 'serach', 1],
    ['kitten', 'sitting', 3],
    ['abc', 'abc', 0],
    ['', 'ab', 2],
    ['abcdef', 'ghijkl', 4],
  ])('%s and %s', (a, b, expected) => {
    expect(distanceWithin(a, b, 3)).toBe(expected);
  });

  test('is the same both ways, and 0 only for equal texts', () => {
    const words = fc.string({ unit: fc.constantFrom('a', 'b', 'c'), maxLength: 8 });
    fc.assert(
      fc.property(words, words, (a, b) => {
        expect(distanceWithin(a, b, 3)).toBe(distanceWithin(b, a, 3));
        expect(distanceWithin(a, b, 3) === 0).toBe(a === b);
      }),
    );
  });
});
