import type { Locator, Page } from 'playwright-core';
import { expect, test } from 'vitest';
import { shoot, type } from './chromium.ts';
import type { Journey } from './journey.ts';

/** Largest height of a message in pixels, with its frame, on a phone 390 pixels wide. */
const MOST = { answer: 700, preview: 700, digest: 900, alert: 420 } as const;

/** Commands whose answers must be short: a sentence, a picture or a few bullets, a line of context, a row of controls. */
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
  '/usage latency 7d',
  '/usage latency daily 30d',
  '/usage events limit 9',
  '/usage client "Acme CRM"',
  '/usage client "Acme CRM" vs',
  '/usage status vs',
  '/usage top teams',
  '/usage route /v1/jobs/{id}',
  '/usage why "Warehouse Export"',
  '/usage advice',
  '/usage explain',
  '/usage sources',
  '/usage licences',
  '/usage status 7d private',
];

/** Reports whose answers have no picture. */
const TOLD = /table|why|advice|explain|sources|licences|events/;

/** The part of the browser's element type that the tests use. */
interface Shown {
  readonly scrollWidth: number;
  readonly clientWidth: number;
  readonly textContent: string | null;
  /** On pictures only. */
  readonly naturalWidth: number;
  scrollIntoView(): void;
  querySelectorAll(selector: string): Iterable<Shown>;
}

/** Lists texts that are cut off at the side or end in an ellipsis. Menus may shorten their entries. */
function findCut(message: Shown): string[] {
  const texts = [...message.querySelectorAll('.block:not(.actions) :is(p, li)')];
  return texts
    .filter((one) => one.scrollWidth > one.clientWidth + 1 || /…$/.test(one.textContent ?? ''))
    .map((one) => one.textContent ?? '');
}

/** Scrolls each picture into view, so that it is loaded. Returns true once all are. */
function seePictures(message: Shown): boolean {
  const pictures = [...message.querySelectorAll('img')];
  for (const picture of pictures) picture.scrollIntoView();
  return pictures.every((picture) => picture.naturalWidth > 0);
}

/** Tests of a person with a phone. */
export function describeHeights(journey: Journey): void {
  const messages = (page: Page): Locator => page.getByRole('log', { name: 'Messages' }).getByRole('article');

  /** Measures a message once its pictures are loaded, because only then they take their space. */
  async function measure(page: Page, message: Locator): Promise<number> {
    // One call in the browser, because the page may draw a message again at any time.
    const seen = () => message.evaluate(seePictures as unknown as (node: unknown) => boolean).catch(() => false);
    await expect.poll(seen).toBe(true);
    expect(await message.evaluate(findCut as unknown as (node: unknown) => string[])).toEqual([]);
    expect(await page.locator('html').evaluate((node) => Number(Reflect.get(node, 'scrollWidth')))).toBe(390);
    return (await message.boundingBox())!.height;
  }

  test('sees each answer at once', async () => {
    const page = await journey.open({ phone: true, channel: 'C01LEADS' });
    for (const command of ANSWERS) {
      const before = await messages(page).count();
      await type(page, command);
      await expect.poll(() => messages(page).count()).toBeGreaterThan(before);
      const answer = messages(page).last();
      if (!TOLD.test(command)) await answer.locator('img, svg[role="img"]').first().waitFor();
      expect(await measure(page, answer), command).toBeLessThanOrEqual(MOST.answer);
    }
  });

  test('sees a page of a long ranking at once', async () => {
    const page = await journey.open({ phone: true, channel: 'C01LEADS' });
    for (const command of ['/usage top routes 7d', '/usage top clients 7d']) {
      await type(page, command);
      const answer = messages(page).last();
      await answer.locator('img').first().waitFor();
      await answer.locator('select').last().selectOption({ label: 'View all' });
      await answer.locator('table').waitFor();
      expect(await measure(page, answer), command).toBeLessThanOrEqual(MOST.answer);
    }
  });

  test('sees an alert at once', async () => {
    const page = await journey.open({ phone: true, channel: 'C01ONCALL' });
    await page.getByRole('button', { name: 'Traffic burst' }).click();
    const alert = messages(page)
      .filter({ hasText: 'CRM API', has: page.getByRole('button', { name: 'Top clients' }) })
      .last();
    await alert.locator('img').first().waitFor();
    await shoot(page, 'phone-alert');
    expect(await measure(page, alert)).toBeLessThanOrEqual(MOST.alert);
    await alert.getByRole('button', { name: 'Acknowledge' }).click();
    await alert.getByText('acknowledged by').waitFor();
    expect(await measure(page, alert)).toBeLessThanOrEqual(MOST.alert);
  });

  test('sees an alert about one of two pools at once', async () => {
    const page = await journey.open({ phone: true, channel: 'C01ONCALL', user: 'U01ADMIN' });
    await type(page, '/usage pool edit integration-service');
    const [list, form] = ['Pools', 'Change pool'].map((name) => page.getByRole('dialog', { name })) as [
      Locator,
      Locator,
    ];
    await list.getByRole('button', { name: 'Edit Bundled licences' }).click();
    await form.getByLabel('Quantity').first().waitFor();
    for (const quantity of await form.getByLabel('Quantity').all()) await quantity.fill('1');
    await form.getByRole('button', { name: 'Save' }).click();
    await form.waitFor({ state: 'hidden' });
    await list.getByRole('button', { name: 'Close' }).last().click();
    await list.waitFor({ state: 'hidden' });
    const alert = messages(page)
      .filter({ hasText: 'Integration Service', has: page.getByRole('button', { name: 'Acknowledge' }) })
      .last();
    await alert.locator('img').first().waitFor();
    await shoot(page, 'phone-alert-two-pools');
    expect(await measure(page, alert)).toBeLessThanOrEqual(MOST.alert);
  });

  test('sees a digest at once', async () => {
    const page = await journey.open({ phone: true, channel: 'C01LEADS' });
    await type(page, '/usage digest add daily 09:00');
    await page.locator('article.ephemeral').filter({ hasText: 'Added' }).last().waitFor();
    await type(page, '/usage digest preview');
    const preview = page.locator('article.ephemeral').filter({ hasText: 'Preview' }).last();
    await preview.locator('svg[role="img"]').first().waitFor();
    expect(await measure(page, preview)).toBeLessThanOrEqual(MOST.preview);
    await page.getByRole('button', { name: 'Next digest' }).click();
    const digest = messages(page)
      .filter({ has: page.getByRole('heading', { name: /^API usage/ }) })
      .last();
    await digest.locator('img').first().waitFor();
    await shoot(page, 'phone-digest');
    expect(await measure(page, digest)).toBeLessThanOrEqual(MOST.digest);
  });
}
