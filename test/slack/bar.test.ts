import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { drawGauge } from '../../src/messages/home.ts';
import { drawBar } from '../../src/report/table.ts';

const percents = fc.double({ min: 0, max: 200, noNaN: true });

describe('a gauge', () => {
  it('has 20 steps and its marks, and fills a step only once it is reached', () => {
    fc.assert(
      fc.property(percents, (percent) => {
        const gauge = drawGauge(percent, [75, 90]);
        expect(gauge.replaceAll('│', '')).toHaveLength(20);
        expect(gauge.split('│')).toHaveLength(3);
        const [below = '', between = ''] = gauge.split('│');
        expect(below).toHaveLength(15);
        expect(between).toHaveLength(3);
        if (percent < 75) expect(below).toContain('░');
        if (percent >= 75) expect(below).toBe('█'.repeat(15));
        if (percent < 90) expect(gauge.split('│')[2]).not.toContain('█');
        if (percent > 0) expect(gauge).toContain('█');
      }),
    );
  });
});

describe('a bar', () => {
  it('grows with its share, is empty for nothing only, and never longer than its width', () => {
    fc.assert(
      fc.property(percents, percents, (one, other) => {
        const [less, more] = [Math.min(one, other) / 100, Math.max(one, other) / 100];
        expect(drawBar(more).length).toBeGreaterThanOrEqual(drawBar(less).length);
        expect(drawBar(more).length).toBeLessThanOrEqual(10);
        expect(drawBar(more) === '').toBe(more === 0);
      }),
    );
  });
});
