import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

const JOURNEYS = 'test/journeys/**/*.test.ts';

export default defineConfig({
  root: fileURLToPath(new URL('..', import.meta.url)),
  test: {
    env: { TZ: 'UTC' },
    globalSetup: fileURLToPath(new URL('support/global-setup.ts', import.meta.url)),
    pool: 'forks',
    // Generous: two slow cores may be shared with a browser, a database server and killed processes.
    testTimeout: 120_000,
    hookTimeout: 120_000,
    projects: [
      {
        extends: true,
        test: {
          name: 'bot',
          include: ['test/**/*.test.ts'],
          exclude: [JOURNEYS],
          maxWorkers: 2,
          sequence: { groupOrder: 0 },
        },
      },
      // A browser, its page and the whole bot are enough for two cores.
      {
        extends: true,
        test: { name: 'journeys', include: [JOURNEYS], maxWorkers: 1, sequence: { groupOrder: 1 } },
      },
    ],
  },
});
