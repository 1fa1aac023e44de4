import type { Browser, Locator, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createLogger } from '../../src/log.ts';
import { type Demo, startDemo } from '../../src/playground/demo.ts';
import { findChromium, launchChromium, shoot, type, visit } from './chromium.ts';

const SOON = { timeout: 25_000 };
/** 10:30 in Berlin. */
const FRIDAY = Date.UTC(2026, 10, 20, 9, 30);

/** Pixels that a message may take on a phone 390 wide, its frame included. */
const MOST = { answer: 700, digest: 900, alert: 420 } as const;

/** A sentence, a picture or a few bullets, a line of context, a row of controls. */
const ANSWERS = [
  '/usage',
  '/usage top clients 7d',
  '/usage top clients 7d table',
  '/usage top users 30d',
  '/usage status 7d',
  '/usage pool',
  '/usage daily 30d',
  '/usage day yesterday',
  '/usage history',
  '/usage client "Acme CRM"',
  '/usage route /v1/jobs/{id}',
  '/usage why "Warehouse Export"',
  '/usage advice',
  '/usage explain',
  '/usage sources',
  '/usage licences',
  '/usage status 7d private',
];

/** Of the browser's own types, what the tests ask for. */
interface Shown {
  readonly scrollWidth: number;
  readonly clientWidth: number;
  readonly textContent: string | null;
  querySelectorAll(selector: string): Iterable<Shown>;
}

/** Texts that are cut off at the side, or end in the sign of something left out; menus may shorten what they list. */
function findCut(message: Shown): string[] {
  const texts = [...message.querySelectorAll('.block:not(.actions) :is(p, li)')];
  return texts
    .filter((one) => one.scrollWidth > one.clientWidth + 1 || /…$/.test(one.textContent ?? ''))
    .map((one) => one.textContent ?? '');
}

const absent = !findChromium() && !process.env.CI;

describe.skipIf(absent)('a phone shows a message at once', { timeout: 90_000 }, () => {
  let demo: Demo;
  let browser: Browser;
  let page: Page;

  beforeAll(async () => {
    [demo, browser] = await Promise.all([
      startDemo({ log: createLogger('silent'), pagePort: 0, botPort: 0, startMs: FRIDAY }),
      launchChromium(),
    ]);
    ({ page } = await visit(browser, demo.pageUrl, { phone: true, channel: 'C01LEADS' }));
  }, 120_000);

  afterAll(async () => {
    await browser?.close();
    await demo?.stop();
  });

  const messages = (): Locator => page.getByRole('log', { name: 'Messages' }).getByRole('article');

  /** Once all of it is there: its pictures take their room when they are loaded. */
  async function measure(message: Locator): Promise<number> {
    for (const image of await message.getByRole('img').all()) {
      await image.scrollIntoViewIfNeeded();
      const width = () => image.evaluate((node) => Number(Reflect.get(node, 'naturalWidth') ?? 1));
      await expect.poll(width, SOON).toBeGreaterThan(0);
    }
    expect(await message.evaluate(findCut as unknown as (node: unknown) => string[])).toEqual([]);
    expect(await page.locator('html').evaluate((node) => Number(Reflect.get(node, 'scrollWidth')))).toBe(390);
    return (await message.boundingBox())!.height;
  }

  test.each(ANSWERS)('%s', async (command) => {
    const before = await messages().count();
    await type(page, command);
    await expect.poll(() => messages().count(), SOON).toBeGreaterThan(before);
    const answer = messages().last();
    const drawn = !/table|why|advice|explain|sources|licences/.test(command);
    if (drawn) await answer.locator('img, svg[role="img"]').first().waitFor();
    expect(await answer.getByRole('group', { name: /row/ }).count()).toBe(0);
    expect(await measure(answer)).toBeLessThanOrEqual(MOST.answer);
  });

  test('the digest of a day', async () => {
    await type(page, '/usage digest add daily 09:00');
    await page.getByRole('button', { name: 'Next digest' }).click();
    const digest = messages()
      .filter({ has: page.getByRole('heading') })
      .last();
    await digest.locator('img').first().waitFor();
    await shoot(page, 'phone-digest');
    expect(await measure(digest)).toBeLessThanOrEqual(MOST.digest);
  });

  test('an alert', async () => {
    await page.getByRole('button', { name: 'Traffic burst' }).click();
    const { page: oncall } = await visit(browser, demo.pageUrl, { phone: true, channel: 'C01ONCALL' });
    page = oncall;
    const alert = messages()
      .filter({ has: page.getByRole('button', { name: 'Acknowledge' }) })
      .last();
    await alert.locator('img').first().waitFor();
    await shoot(page, 'phone-alert');
    expect(await measure(alert)).toBeLessThanOrEqual(MOST.alert);
  });
});
