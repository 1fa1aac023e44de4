import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  root: fileURLToPath(new URL('..', import.meta.url)),
  test: {
    include: ['test/**/*.test.ts'],
    env: { TZ: 'UTC' },
    pool: 'forks',
    maxWorkers: 2,
    // Generous: two slow cores may be shared with a browser, a database server and killed processes.
    testTimeout: 120_000,
    hookTimeout: 120_000,
  },
});
