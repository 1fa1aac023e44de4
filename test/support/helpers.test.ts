import { globSync, readFileSync } from 'node:fs';
import { expect, it } from 'vitest';

// Test files share processes, so a helper is loaded once for many of them. A hook registered while it is loaded would run for
// the first file only.
it('no helper registers a hook as it is loaded', () => {
  const helpers = globSync('test/**/*.ts').filter((path) => !/\.test\.ts$|open-handles\.ts$/.test(path));
  expect(helpers.length).toBeGreaterThan(10);
  const early = helpers.filter((path) => /^(before|after)(Each|All)\(/m.test(readFileSync(path, 'utf8')));
  expect(early).toEqual([]);
});
