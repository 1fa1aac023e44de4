import fc from 'fast-check';
import { expect, it } from 'vitest';
import {
  amountOf,
  formatArithmetic,
  formatCredits,
  parseCredits,
  supposeQuantities,
} from '../../src/domain/definition.ts';

const users = (quantity: number, max?: number) => ({
  base: 50_000_000,
  grants: [{ name: 'Users', quantity, each: 250_000 }],
  ...(max === undefined ? {} : { max }),
});

it('is base and grants, up to the cap', () => {
  expect(amountOf(users(10))).toBe(52_500_000);
  expect(amountOf(users(300, 100_000_000))).toBe(100_000_000);
  expect(amountOf(supposeQuantities(users(10), { USERS: 25, robots: 3 }))).toBe(56_250_000);
});

it('says how it comes about', () => {
  expect(formatArithmetic(users(10, 100_000_000))).toBe('50,000 + 10 × 250 Users = 52,500');
  expect(formatArithmetic(users(300, 100_000_000))).toBe('50,000 + 300 × 250 Users = 125,000, at most 100,000');
  expect(formatArithmetic({ base: 3_000_000_000, grants: [] })).toBe('3,000,000');
  expect(formatArithmetic({ base: 0, grants: [] })).toBe('0');
});

it('reads credits from their digits, exactly', () => {
  expect(['0', '52500', '0.1', '12.125', '007.50'].map(parseCredits)).toEqual([0, 52_500_000, 100, 12_125, 7500]);
  expect(['', '-1', '+1', '1.', '.5', '1.0001', '1e3', '1,000', '1 000', '٣'].map(parseCredits)).toEqual(
    Array.from({ length: 10 }, () => undefined),
  );
});

it('writes credits as they are read', () => {
  expect([1_234_567_890, 500, -5_000_000, 0].map(formatCredits)).toEqual(['1,234,567.89', '0.5', '-5,000', '0']);
  fc.assert(
    fc.property(fc.nat(10 ** 15 - 1), (credits) => {
      expect(parseCredits(formatCredits(credits).replaceAll(',', ''))).toBe(credits);
    }),
  );
});
