import type { Thousandths } from '../domain/event.ts';
import { formatCount } from '../report/format.ts';

const compactWith = (digits: number) =>
  new Intl.NumberFormat('en-US', { notation: 'compact', maximumSignificantDigits: digits });
const compact = { 2: compactWith(2), 3: compactWith(3) } as const;
const SUFFIXES: Readonly<Record<string, string>> = { K: ' k', M: ' M', B: ' bn', T: ' tn' };

/** Short enough for a picture, with three digits or two: `9,412`, `86.1 k`, `2.31 M`. Below ten thousand it is exact. */
export function formatCompact(value: number, digits: 2 | 3 = 3): string {
  if (Math.abs(value) < 10_000)
    return Number.isInteger(value) ? formatCount(value) : String(Math.round(value * 10) / 10);
  return compact[digits].format(value).replace(/[KMBT]$/, (suffix) => SUFFIXES[suffix]!);
}

export function formatCompactCredits(credits: Thousandths): string {
  return formatCompact(credits / 1000);
}

/** Round numbers from 0 up to `max`, at most `count` steps of 1, 2 or 5 × 10ⁿ, never below 1. `[0]` for nothing. */
export function pickTicks(max: number, count = 4): number[] {
  if (!(max > 0)) return [0];
  const power = 10 ** Math.floor(Math.log10(max / count));
  const step = Math.max(1, [1, 2, 5, 10].map((factor) => factor * power).find((size) => max / size <= count)!);
  return Array.from({ length: Math.floor(max / step) + 1 }, (_, index) => index * step);
}
