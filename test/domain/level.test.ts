import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatLevelPercent, levelOf, listReached } from '../../src/domain/scope-state.ts';
import { size } from '../support/size.ts';

describe('the level', () => {
  it.each([
    [0, 1000, 'healthy'],
    [749, 1000, 'healthy'],
    [750, 1000, 'approaching'],
    [899, 1000, 'approaching'],
    [900, 1000, 'critical'],
    [999, 1000, 'critical'],
    [1000, 1000, 'exhausted'],
    [2000, 1000, 'exhausted'],
    [0, 0, 'healthy'],
    [1, 0, 'exhausted'],
    [749_999_999_999, 1_000_000_000_000, 'healthy'],
    [750_000_000_000, 1_000_000_000_000, 'approaching'],
  ] as const)('of %i of %i is %s', (used, amount, level) => {
    expect(levelOf(used, amount)).toBe(level);
  });

  it('goes by the thresholds of the pool', () => {
    expect(levelOf(80, 100, [80, 95])).toBe('approaching');
    expect(levelOf(94, 100, [50, 80, 95])).toBe('approaching');
    expect(levelOf(95, 100, [50, 80, 95])).toBe('critical');
    expect(levelOf(99, 100, [80])).toBe('approaching');
    expect(levelOf(99, 100, [])).toBe('healthy');
    expect(levelOf(100, 100, [])).toBe('exhausted');
    expect(listReached(825, 1000, [50, 82.5, 90])).toEqual([50, 82.5]);
    expect(listReached(100, 100, [90, 100])).toEqual([90, 100]);
  });
});

describe('a shown percentage', () => {
  it.each([
    [2, 3, '66.7'],
    [1, 3, '33.3'],
    [7496, 10_000, '74.9'],
    [8999, 10_000, '89.9'],
    [9999, 10_000, '99.9'],
    [75, 100, '75.0'],
    [12_345, 10_000, '123.5'],
    [0, 0, '0.0'],
    [3, 0, '100.0'],
  ])('of %i of %i is %s', (used, amount, text) => {
    expect(formatLevelPercent(used, amount)).toBe(text);
  });

  it('is not rounded up to a threshold of the pool', () => {
    expect(formatLevelPercent(7996, 10_000, [80])).toBe('79.9');
    expect(formatLevelPercent(7996, 10_000, [75, 90])).toBe('80.0');
  });

  it('always stands on the side of every threshold on which the use stands, within a tenth', () => {
    const anyThresholds = fc.uniqueArray(fc.integer({ min: 1, max: 1000 }), { maxLength: 5 });
    fc.assert(
      fc.property(fc.nat(10 ** 15), fc.integer({ min: 1, max: 10 ** 15 }), anyThresholds, (used, amount, tenths) => {
        const thresholds = tenths.sort((a, b) => a - b).map((tenth) => tenth / 10);
        const shown = Number(formatLevelPercent(used, amount, thresholds));
        expect(listReached(used, amount, thresholds)).toEqual(
          [...thresholds.filter((threshold) => threshold < 100), 100].filter((threshold) => shown >= threshold),
        );
        expect(Math.abs(shown - (used / amount) * 100)).toBeLessThanOrEqual(0.1 + shown * 1e-12);
      }),
      { numRuns: size(250, 10_000) },
    );
  });
});
