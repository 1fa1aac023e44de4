import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  creditsOf,
  formatAge,
  formatChange,
  formatDuration,
  formatPercent,
  formatRate,
  formatSigned,
  toDecimal,
} from '../../src/report/format.ts';

it('one credit is one', () => {
  expect([1000, 0, 2500, 1_234_000].map(creditsOf)).toEqual(['1 credit', '0 credits', '2.5 credits', '1,234 credits']);
});

it('differences have a sign, changes too small to show have none', () => {
  expect([196, -642, 0].map((change) => formatSigned(change))).toEqual(['+196', '-642', '0']);
  expect([0.04, -0.04, -0.4].map((change) => formatSigned(change, formatRate))).toEqual(['0', '0', '-0.4']);
  expect([7.7, -52.7, 0.02, -0.02, 0].map(formatChange)).toEqual(['+7.7%', '-52.7%', '<0.1%', '<0.1%', '0%']);
});

describe('formatPercent', () => {
  it.each([
    [0, '0%'],
    [100, '100%'],
    [28.000000000000004, '28%'],
    [0.02, '<0.1%'],
    [41.24, '41.2%'],
    [41, '41%'],
    [41.04, '41.0%'],
    [74.96, '74.9%'],
    [89.999999, '89.9%'],
    [99.99, '99.9%'],
    [100.01, '100.0%'],
    [1234.56, '1,234.6%'],
  ])('%f is %s', (percent, text) => {
    expect(formatPercent(percent)).toBe(text);
  });

  it('never shows a level that is not reached, nor hides one that is', () => {
    fc.assert(
      fc.property(fc.double({ min: 0, max: 150, noNaN: true }), fc.integer({ min: 1, max: 99 }), (percent, level) => {
        const shown = Number(formatPercent(percent, [level]).replace('%', '').replace('<0.1', '0.05'));
        for (const each of [level, 100]) expect(shown >= each).toBe(percent >= each);
        expect(Math.abs(shown - percent)).toBeLessThan(0.1001);
      }),
    );
  });
});

describe('credits and durations', () => {
  it('writes thousandths exactly', () => {
    fc.assert(
      fc.property(fc.integer({ min: -1e12, max: 1e12 }), (credits) => {
        const [whole, fraction = ''] = toDecimal(credits).replace('-', '').split('.');
        expect(Number(whole) * 1000 + Number(fraction.padEnd(3, '0'))).toBe(Math.abs(credits));
        expect(toDecimal(credits).startsWith('-')).toBe(credits < 0);
      }),
    );
  });

  it.each([
    [250, '250 ms'],
    [1000, '1 s'],
    [10_500, '10.5 s'],
    [60_000, '1 min'],
    [5_400_000, '1.5h'],
    [172_800_000, '2d'],
  ])('%i ms is %s', (ms, text) => {
    expect(formatDuration(ms)).toBe(text);
  });
});

describe('the age of numbers', () => {
  const at = (text: string) => Date.parse(`${text}Z`);
  const range = (from: string, to: string) => ({
    ...{ label: '', text: '', fromMs: at(from), toMs: at(to), firstDay: 0, lastDay: 0, grain: 'hour' as const },
    ...{ partial: true, timed: true as const },
  });
  it.each([
    ['2026-11-28T09:00', '2026-11-29T09:05', '2026-11-28T17:40', 'Sat 28 Nov 18:40'],
    ['2026-11-28T20:20', '2026-11-28T23:20', '2026-11-28T22:50', 'Sat 28 Nov 23:50'],
    ['2026-11-28T23:00', '2026-11-29T09:05', '2026-11-29T09:01', '10:01'],
  ])('of %s to %s, last of %s, is %s', (from, to, asOf, text) => {
    expect(formatAge({ asOfMs: at(asOf), range: range(from, to), zone: 'Europe/Berlin' })?.text).toBe(text);
  });
});
