import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, onTestFinished } from 'vitest';
import { createLogger } from '../../src/log.ts';
import { type Demo, startDemo } from '../../src/playground/demo.ts';
import { watch } from '../support/emulator.ts';
import { SlackFaults } from '../support/slack-faults.ts';
import { keepTabs, launchChromium, type Visit } from './chromium.ts';

/** 10:30 in Berlin. */
const FRIDAY = Date.UTC(2026, 10, 20, 9, 30);

export interface Journey {
  /** Opens the playground in its own tab. The test fails on any error of the page, and on anything that Slack would refuse. */
  open(options?: Visit): Promise<Page>;
  demo(): Demo;
  /** Lines of the log that are warnings or errors. */
  log: readonly string[];
}

/**
 * Opens the Home tab and waits until the page shows the newly published one. An older one, left by another journey, has buttons
 * that Slack no longer knows.
 */
export async function openHome(page: Page, demo: Demo, user: string): Promise<void> {
  const emulator = watch(demo.world.emulator);
  const publications = () => emulator.calls.filter(({ method }) => method === 'views.publish').length;
  const before = publications();
  await page.getByRole('button', { name: 'Headroom – Home' }).click();
  await expect.poll(publications).toBeGreaterThan(before);
  const shown = page.locator('.home [data-block]').last();
  const newest = () => emulator.home(user)!.blocks.findLast(({ type }) => type === 'actions')!.block_id;
  await expect.poll(() => shown.getAttribute('data-block')).toBe(newest());
}

/** Starts one demo and one browser for all tests of the surrounding suite. */
export function setUpJourney(): Journey {
  let demo: Demo;
  let browser: Browser;
  let visit: ReturnType<typeof keepTabs>;
  const log: string[] = [];
  beforeAll(async () => {
    const logger = createLogger('warn', { write: (line) => void log.push(line) });
    [demo, browser] = await Promise.all([
      startDemo({ faults: new SlackFaults(), log: logger, pagePort: 0, botPort: 0, startMs: FRIDAY }),
      launchChromium(),
    ]);
    visit = keepTabs(browser);
  });
  afterAll(async () => {
    await browser?.close();
    await demo?.stop();
  });
  return {
    demo: () => demo,
    log,
    async open(options = {}) {
      const { user = 'U01ALICE' } = options;
      const { page, faults, leave } = await visit(demo.pageUrl, { ...options, user });
      onTestFinished(async ({ task }) => {
        await leave({ failed: task.result?.state === 'fail' });
        expect(faults.filter((fault) => !/Failed to load resource: net::/.test(fault))).toEqual([]);
        const emulator = watch(demo.world.emulator);
        // The next test must find no open form, and no problem that this one has caused.
        for (let form = emulator.modal(user); form; form = emulator.modal(user))
          await emulator.closeView({ user, viewId: form.id });
        expect(emulator.takeProblems()).toEqual([]);
      });
      return page;
    },
  };
}
