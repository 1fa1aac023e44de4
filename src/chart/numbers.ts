import type { Thousandths } from '../domain/event.ts';
import { ratioOf } from '../domain/thousandths.ts';
import { formatCount } from '../report/format.ts';

const compact = new Intl.NumberFormat('en-US', { notation: 'compact', maximumSignificantDigits: 3 });

/** Three digits, for a picture: `9,412` (exact below ten thousand), `86.1k`, `2.31M`, `9B`. */
export function formatCompact(value: number): string {
  if (Math.abs(value) < 10_000)
    return Number.isInteger(value) || Math.abs(value) >= 100 ? formatCount(value) : String(Math.round(value * 10) / 10);
  return compact.format(value).replace('K', 'k');
}

export function formatCompactCredits(credits: Thousandths): string {
  return formatCompact(ratioOf(credits, 1000));
}
