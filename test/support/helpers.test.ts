import { globSync, readFileSync } from 'node:fs';
import { expect, it } from 'vitest';

// Test files share processes: a helper is loaded once for many of them, and a hook that it registered as it was loaded would
// hold for the first of them alone.
it('no helper registers a hook as it is loaded', () => {
  const helpers = globSync('test/**/*.ts').filter((path) => !/\.test\.ts$|open-handles\.ts$/.test(path));
  expect(helpers.length).toBeGreaterThan(10);
  const early = helpers.filter((path) => /^(before|after)(Each|All)\(/m.test(readFileSync(path, 'utf8')));
  expect(early).toEqual([]);
});
