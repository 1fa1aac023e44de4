import type { Amount, AmountVersion } from './definition.ts';
import type { Thousandths } from './event.ts';

/** The largest number of credits that one event may carry: 10^9. */
export const MAX_EVENT_CREDITS: Thousandths = 1e12;

/** Reads `52500`, `0.5`, `12.125` exactly, from its digits; undefined for anything else, a sign included. */
export function parseCredits(text: string): Thousandths | undefined {
  const parts = /^(\d{1,12})(?:\.(\d{1,3}))?$/.exec(text);
  if (!parts) return undefined;
  return Number(parts[1]) * 1000 + Number((parts[2] ?? '').padEnd(3, '0'));
}

/** `1,234.5`: all digits that there are, never rounded. */
export function formatCredits(credits: Thousandths): string {
  const whole = Math.trunc(Math.abs(credits) / 1000);
  const rest = String(Math.abs(credits) % 1000)
    .padStart(3, '0')
    .replace(/0+$/, '');
  const digits = String(whole).replace(/\B(?=(\d{3})+$)/g, ',');
  return `${credits < 0 ? '-' : ''}${digits}${rest && `.${rest}`}`;
}

/** min(base + Σ quantity × each, max). */
export function amountOf(version: Amount): Thousandths {
  const sum = version.grants.reduce((total, grant) => total + grant.quantity * grant.each, version.base);
  return Math.min(sum, version.max ?? sum);
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
