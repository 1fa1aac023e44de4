import fc from 'fast-check';
import { expect, it } from 'vitest';
import { describePosition, findJsonFault } from '../../src/ingest/json-scan.ts';
import { size } from '../support/size.ts';

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

it('finds no fault in JSON', () => {
  fc.assert(
    fc.property(fc.json(), (text) => {
      expect(findJsonFault(text)).toBe(-1);
    }),
  );
});

it('agrees with JSON.parse on texts that were damaged', () => {
  const damage = fc.tuple(fc.json(), fc.nat(), fc.constantFrom('', ',', '"', '{', ']', '\\', '\n', '0', 'e', '-', 't'));
  fc.assert(
    fc.property(damage, ([text, at, put]) => {
      const place = at % (text.length + 1);
      const damaged = text.slice(0, place) + put + text.slice(place + 1);
      expect(findJsonFault(damaged) === -1).toBe(isJson(damaged));
    }),
    { numRuns: size(750, 30_000) },
  );
});

it('follows any nesting, and tells its brackets apart', () => {
  const opening = '[{"a":'.repeat(300_000);
  const closing = '}]'.repeat(300_000);
  expect(findJsonFault(`${opening}1${closing}`)).toBe(-1);
  expect(findJsonFault(opening)).toBe(opening.length);
  expect(findJsonFault(`${opening}1${closing.slice(0, -2)}]`)).toBe(opening.length + closing.length - 1);
});

it('names the first offset from which nothing that follows could help', () => {
  const text = '{"a": [1, 2,, 3]}';
  expect(findJsonFault(text)).toBe(12);
  expect(findJsonFault('{"a": 1')).toBe(7);
  expect(findJsonFault('')).toBe(0);
  expect(describePosition('a\nbc', 3)).toBe('line 2, column 2 (position 3), near "a\\nbc"');
});
