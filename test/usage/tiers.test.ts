import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { takeFullTiers } from '../../src/usage/segment.ts';

/** Adds parts of these sizes one after the other, and merges segments as the store does. The newest comes first. */
function gather(sizes: readonly number[], maxRows?: number): { segments: number[]; moved: number } {
  let segments: number[] = [];
  let moved = 0;
  for (const size of sizes) {
    const merged = takeFullTiers(segments, (rows) => rows, size, maxRows);
    expect(segments.slice(0, merged.length)).toEqual(merged);
    const rows = merged.reduce((sum, old) => sum + old, size);
    if (maxRows !== undefined && merged.length > 0) expect(rows).toBeLessThanOrEqual(maxRows);
    moved += rows;
    segments = [rows, ...segments.slice(merged.length)];
  }
  return { segments, moved };
}

describe('tiers of segments', () => {
  it('stay few, with each row moved seldom, and lose nothing', () => {
    const sizes = fc.array(fc.integer({ min: 1, max: 5000 }), { minLength: 1, maxLength: 600 });
    fc.assert(
      fc.property(sizes, (parts) => {
        const total = parts.reduce((sum, size) => sum + size, 0);
        const { segments, moved } = gather(parts);
        const tiers = Math.ceil(Math.log(total) / Math.log(4)) + 1;
        // Each move of a row makes its segment larger by at least a quarter.
        const moves = Math.ceil(Math.log(total) / Math.log(1.25)) + 1;
        expect(segments.reduce((sum, rows) => sum + rows, 0)).toBe(total);
        expect(segments.length).toBeLessThanOrEqual(3 * tiers);
        expect(moved).toBeLessThanOrEqual(total * moves);
      }),
    );
  });

  it('are not merged beyond what one segment may hold', () => {
    const parts: number[] = Array(64).fill(1);
    expect(Math.max(...gather(parts).segments)).toBeGreaterThan(16);
    expect(Math.max(...gather(parts, 16).segments)).toBeLessThanOrEqual(16);
  });
});
