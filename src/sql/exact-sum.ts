import { toNumberOrText } from '../domain/definition.ts';
import type { Thousandths } from '../domain/event.ts';
import { addCredits, fromBigInt, multiplyCredits, subtractCredits } from '../domain/thousandths.ts';
import type { QuerySqlite } from '../store/sqlite.ts';

/** Running sums of a group: whole numbers, numbers with up to three decimals (in thousandths), and all other numbers. */
interface Sums {
  count: number;
  whole: Thousandths;
  thousandths: Thousandths;
  floats: number;
  hasDecimals: boolean;
  hasFloats: boolean;
}

/**
 * Replaces SQLite's `sum`, which adds decimals as floats, with an exact one, so that credits and milliseconds add up to the last
 * digit. A sum with more digits than a float holds is returned as text.
 */
export function replaceSum(db: QuerySqlite): void {
  const change = (sums: Sums, value: unknown, sign: 1 | -1): Sums => {
    if (value === null) return sums;
    const add = sign === 1 ? addCredits : subtractCredits;
    sums.count += sign;
    if (typeof value === 'bigint') sums.whole = add(sums.whole, fromBigInt(value));
    else {
      const exact = toThousandths(value);
      sums.hasDecimals = true;
      if (exact !== undefined) sums.thousandths = add(sums.thousandths, exact);
      else {
        sums.hasFloats = true;
        sums.floats += sign * (Number.parseFloat(String(value)) || 0);
      }
    }
    return sums;
  };
  db.aggregate('sum', {
    safeIntegers: true,
    deterministic: true,
    start: (): Sums => ({ count: 0, whole: 0, thousandths: 0, floats: 0, hasDecimals: false, hasFloats: false }),
    step: (sums: Sums, value: unknown) => change(sums, value, 1),
    inverse: (sums: Sums, value: unknown) => change(sums, value, -1),
    result(sums: Sums): bigint | number | string | null {
      if (sums.count === 0) return null;
      if (!sums.hasDecimals) return BigInt(sums.whole);
      const exact = toNumberOrText(addCredits(multiplyCredits(sums.whole, 1000), sums.thousandths));
      return sums.hasFloats ? Number(exact) + sums.floats : exact;
    },
  });
}

/** Up to 10¹² a float distinguishes every number with three decimals; larger ones are added as floats. */
const EXACT = 1e12;

function toThousandths(value: unknown): Thousandths | undefined {
  if (typeof value === 'number') {
    const thousandths = Math.round(value * 1000);
    return Math.abs(value) <= EXACT && thousandths / 1000 === value ? thousandths : undefined;
  }
  const parts = typeof value === 'string' ? /^(-?\d+)\.(\d{1,3})$/.exec(value) : null;
  return parts ? fromBigInt(BigInt(parts[1]! + parts[2]!.padEnd(3, '0'))) : undefined;
}
