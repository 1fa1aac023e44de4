import fc from 'fast-check';
import { expect, it } from 'vitest';
import { toMatcher } from '../../src/domain/filter.ts';
import { size } from '../support/size.ts';

it('matches as the expression does that has .* for each star', () => {
  const text = fc.string({ unit: fc.constantFrom('a', 'b', '/', '\n'), maxLength: 8 });
  const pattern = fc.string({ unit: fc.constantFrom('a', 'b', '/', '*', '.'), maxLength: 6 });
  fc.assert(
    fc.property(pattern, text, (pattern, text) => {
      const parts = pattern.split('*').map((part) => part.replaceAll('.', '\\.'));
      expect(toMatcher(pattern)(text)).toBe(new RegExp(`^${parts.join('.*')}$`, 's').test(text));
    }),
    { numRuns: size(1250, 50_000) },
  );
});

it('is not slowed down by a hostile text', () => {
  expect(toMatcher('*-*-*-*x')('-'.repeat(1_000_000))).toBe(false);
});
