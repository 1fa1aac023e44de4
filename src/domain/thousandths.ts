import type { Thousandths } from './event.ts';

/** Sums any number of amounts. */
export function sumCredits(amounts: Iterable<Thousandths>): Thousandths {
  let sum: Thousandths = 0;
  for (const amount of amounts) sum = addCredits(sum, amount);
  return sum;
}

export function addCredits(a: Thousandths, b: Thousandths): Thousandths {
  if (typeof a === 'number' && typeof b === 'number') {
    const sum = a + b;
    if (Number.isSafeInteger(sum)) return sum;
  }
  return fromBigInt(BigInt(a) + BigInt(b));
}

export function subtractCredits(a: Thousandths, b: Thousandths): Thousandths {
  if (typeof a === 'number' && typeof b === 'number') {
    const difference = a - b;
    if (Number.isSafeInteger(difference)) return difference;
  }
  return fromBigInt(BigInt(a) - BigInt(b));
}

export function multiplyCredits(amount: Thousandths, times: number): Thousandths {
  const product = Number(amount) * times;
  return Number.isSafeInteger(product) ? product : fromBigInt(BigInt(amount) * BigInt(times));
}

export function smallerOf(a: Thousandths, b: Thousandths): Thousandths {
  return b < a ? b : a;
}

export function largerOf(a: Thousandths, b: Thousandths): Thousandths {
  return b > a ? b : a;
}

/** Orders amounts, the smaller first. */
export function compareCredits(a: Thousandths, b: Thousandths): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** Divides by a count or an amount, rounded as floats are, for charts, shares and forecasts. */
export function ratioOf(amount: Thousandths, to: Thousandths): number {
  return Number(amount) / Number(to);
}

export function fromBigInt(amount: bigint): Thousandths {
  const number = Number(amount);
  return Number.isSafeInteger(number) ? number : amount;
}

/** Returns the amount without its sign. */
export function withoutSign(amount: Thousandths): Thousandths {
  return amount < 0 ? -amount : amount;
}

/** Makes a number that JSON writes digit by digit, because a float would round it. */
export function toJsonNumber(digits: string): number {
  return (JSON as unknown as { rawJSON(text: string): number }).rawJSON(digits);
}

/** Writes JSON whose numbers may be bigints. */
export function toJson(value: unknown): string {
  return JSON.stringify(value, (_, each) => (typeof each === 'bigint' ? toJsonNumber(String(each)) : each));
}
