import type { Amount, AmountVersion } from './definition.ts';
import type { Thousandths } from './event.ts';
import { multiplyCredits, smallerOf, sumCredits } from './thousandths.ts';

/** The largest number of thousandths that one event may carry: 10^9 credits. */
export const MAX_EVENT_CREDITS = 1e12;

/** Reads `52500`, `0.5`, `12.125` exactly, from its digits, as thousandths; undefined for anything else, a sign included. */
export function parseCredits(text: string): number | undefined {
  const parts = /^(\d{1,12})(?:\.(\d{1,3}))?$/.exec(text);
  if (!parts) return undefined;
  return Number(parts[1]) * 1000 + Number((parts[2] ?? '').padEnd(3, '0'));
}

/** `1,234.5`: all digits that there are, never rounded. */
export function formatCredits(credits: Thousandths): string {
  return toDecimal(credits).replace(/\B(?<!\.\d*)(?=(\d{3})+(?!\d))/g, ',');
}

/** Thousandths as a plain decimal without grouping, exact: 1250500 → `1250.5`. */
export function toDecimal(credits: Thousandths): string {
  const digits = String(credits < 0 ? -credits : credits).padStart(4, '0');
  const fraction = digits.slice(-3).replace(/0+$/, '');
  return `${credits < 0 ? '-' : ''}${digits.slice(0, -3)}${fraction && `.${fraction}`}`;
}

/** Credits for programs: a number where it is exact, which floats are up to 10^12 credits, else text. */
export function toNumberOrText(credits: Thousandths): number | string {
  return credits <= EXACT_FLOAT && credits >= -EXACT_FLOAT ? Number(credits) / 1000 : toDecimal(credits);
}

const EXACT_FLOAT = 1e15;

/** min(base + Σ quantity × each, max). */
export function amountOf(version: Amount): Thousandths {
  const grants = version.grants.map(({ quantity, each }) => multiplyCredits(each, quantity));
  const sum = sumCredits([version.base, ...grants]);
  return smallerOf(sum, version.max ?? sum);
}

/** Writes an amount as its arithmetic: `50,000 + 10 × 250 Users = 52,500`; a bare base stands alone. */
export function formatArithmetic(version: Amount): string {
  const sum = amountOf({ ...version, max: undefined });
  const terms = version.grants.map((grant) => `${grant.quantity} × ${formatCredits(grant.each)} ${grant.name}`);
  if (version.base > 0 || terms.length === 0) terms.unshift(formatCredits(version.base));
  const equation = version.grants.length > 0 ? `${terms.join(' + ')} = ${formatCredits(sum)}` : terms.join();
  return amountOf(version) < sum ? `${equation}, at most ${formatCredits(amountOf(version))}` : equation;
}

/** The same amount with other quantities, by the grant's name in any case (`{ users: 25 }`); for what-if questions. */
export function supposeQuantities<A extends Amount>(version: A, suppose: Readonly<Record<string, number>>): A {
  const wanted = new Map(Object.entries(suppose).map(([name, quantity]) => [name.toLowerCase(), quantity]));
  return {
    ...version,
    grants: version.grants.map((grant) => ({
      ...grant,
      quantity: wanted.get(grant.name.toLowerCase()) ?? grant.quantity,
    })),
  };
}

/** The version in force on a day; before the first one, that one. */
export function versionOn(amounts: readonly AmountVersion[], day: number): AmountVersion {
  return amounts.findLast((version) => version.fromDay <= day) ?? amounts[0]!;
}
