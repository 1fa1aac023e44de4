import { globSync, readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';
import { LongestFirst } from './support/sequencer.ts';
import { isLong } from './support/size.ts';

const support = (name: string): string => fileURLToPath(new URL(`support/${name}`, import.meta.url));

const root = fileURLToPath(new URL('..', import.meta.url));
/** Tells whether a test file has a longer form in `npm run torture`, or tallies figures. */
const hasLongForm = (file: string): boolean =>
  /support\/(size|figures)\.ts/.test(readFileSync(`${root}${file}`, 'utf8'));
const all = globSync('test/**/*.test.ts', { cwd: root });

export default defineConfig({
  root,
  test: {
    name: 'bot',
    include: isLong ? all.filter(hasLongForm) : all,
    env: { TZ: 'UTC' },
    globalSetup: support('global-setup.ts'),
    setupFiles: [support('open-handles.ts'), support('seed.ts')],
    pool: 'forks',
    // Files may share processes: modules keep no state between apps, so no test leaves any to the next.
    isolate: false,
    // Three workers even on two cores, because one often waits for a browser, a database or a killed process.
    maxWorkers: Math.max(3, availableParallelism()),
    sequence: { sequencer: LongestFirst },
    // Generous, because two slow cores may be shared with a browser, a database server and killed processes.
    testTimeout: isLong ? 3_600_000 : 120_000,
    hookTimeout: 120_000,
    expect: { poll: { timeout: 30_000 } },
  },
});
