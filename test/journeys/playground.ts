import { readFile } from 'node:fs/promises';
import type { Locator, Page } from 'playwright-core';
import { expect, test } from 'vitest';
import { shoot, type } from './chromium.ts';
import { type Journey, openHome } from './journey.ts';

/** Tests of a person in the playground. The last one resets the demo. */
export function describePlayground({ open, demo, log }: Journey): void {
  /** Finds the newest answer in the channel that contains a text. */
  function answer(page: Page, text: string | RegExp = 'asked by'): Locator {
    return page.getByRole('log', { name: 'Messages' }).getByRole('article').filter({ hasText: text }).last();
  }

  async function seePicture(message: Locator): Promise<void> {
    const image = message.getByRole('img');
    await image.waitFor();
    await image.scrollIntoViewIfNeeded();
    await expect.poll(() => image.evaluate((node) => Number(Reflect.get(node, 'naturalWidth')))).toBeGreaterThan(100);
  }

  test('asks by completing a command, and gets a sentence, a chart, and behind it the table', async () => {
    const page = await open();
    const field = page.getByRole('combobox', { name: 'Message, or a command' });
    await field.fill('/usage top cl');
    await page
      .getByRole('option', { name: /^\/usage top clients/ })
      .first()
      .waitFor();
    await shoot(page, 'hints');
    await type(page, '/usage top clients 7d');
    const message = answer(page, 'ERP Connector made');
    await seePicture(message);
    expect(await message.getByRole('img').getAttribute('alt')).toMatch(/ERP Connector/);
    expect(await message.textContent()).toContain('Europe/Berlin');
    await shoot(page, 'answer');
    await message.getByRole('button', { name: 'Table' }).click();
    await expect.poll(() => message.getByRole('columnheader').first().textContent()).toBe('Client');
    expect(await message.getByRole('row').count()).toBe(6);
    expect(await message.getByRole('img').count()).toBe(0);
    await shoot(page, 'table');
    await message.getByRole('button', { name: 'Chart' }).click();
    await seePicture(message);
  });

  test('changes the range, looks closer, and gets a CSV', async () => {
    const page = await open({ channel: 'C01GENERAL' });
    await type(page, '/usage top clients 7d');
    await seePicture(answer(page));
    // Keeps the message by its timestamp, because its text will change.
    const ts = await answer(page).getAttribute('data-ts');
    const message = page.locator(`#log [data-ts="${ts}"]`);
    const before = await message.textContent();
    await message.getByRole('combobox').first().selectOption('yesterday');
    await expect.poll(() => message.textContent()).not.toBe(before);
    const second = message.getByRole('combobox').nth(1);
    const closer = await second.locator('option').allTextContents();
    await message.getByRole('button', { name: 'More actions' }).click();
    await message.getByRole('menuitem', { name: 'CSV' }).click();
    await message.getByRole('button', { name: '1 reply' }).click();
    const file = page.getByRole('log', { name: 'Replies' }).getByRole('link', { name: /\.csv/ });
    const [download] = await Promise.all([page.waitForEvent('download'), file.click()]);
    const csv = await readFile((await download.path())!, 'utf8');
    expect(csv.split('\r\n')[0]).toMatch(/^name,requests,share_percent,ok,failed/);
    expect(csv).toContain('ERP Connector');
    await second.selectOption({ label: closer.find((label) => label.includes('Warehouse Export'))! });
    await expect.poll(() => message.textContent()).toContain('/v1/jobs/{id}');
    await seePicture(message);
    await shoot(page, 'closer');
  });

  test('asks privately, then shares after seeing who will read it', async () => {
    const page = await open();
    await type(page, '/usage status 7d private');
    const message = page.locator('article.ephemeral').filter({ hasText: 'requests failed' }).last();
    await message.getByText('Only visible to you').waitFor();
    await shoot(page, 'private');
    await message.getByRole('button', { name: 'Share' }).click();
    const sure = page.getByRole('dialog');
    expect(await sure.textContent()).toContain('#api-usage');
    await shoot(page, 'share');
    await sure.getByRole('button', { name: 'Share' }).click();
    await page.locator('article:not(.ephemeral)').filter({ hasText: 'requests failed' }).last().waitFor();
    const other = await open({ user: 'U01BORIS' });
    await answer(other, 'requests failed').waitFor();
  });

  test('sets up a digest in a form, moves the clock, and reads it', async () => {
    const page = await open({ user: 'U01BORIS', channel: 'C01GENERAL' });
    await type(page, '/usage digest add');
    const form = page.getByRole('dialog', { name: 'New digest' });
    await form.waitFor();
    const zone = form.getByRole('textbox', { name: 'Time zone' });
    await zone.fill('Europe/Nowhere');
    await shoot(page, 'digest-form');
    await form.getByRole('button', { name: 'Save' }).click();
    await expect.poll(() => zone.getAttribute('aria-invalid')).toBe('true');
    await shoot(page, 'digest-form-error');
    // An error stays shown while other fields change the form.
    await zone.fill('Asia/Tokyo');
    const section = form.getByRole('group', { name: 'In its thread' }).getByRole('checkbox').first();
    const { promise, resolve: show } = Promise.withResolvers<void>();
    await page.route(/playground\/state/, (route) => promise.then(() => route.continue()));
    await zone.press('Tab');
    // A choice made before the form is drawn again stays.
    await section.uncheck();
    show();
    await form.getByText('(Asia/Tokyo)').waitFor();
    await page.unroute(/playground\/state/);
    expect(await section.isChecked()).toBe(false);
    expect(await zone.getAttribute('aria-invalid')).toBe('true');
    // A press reaches its button, even if the form is drawn again between press and release.
    await zone.fill('Europe/Berlin');
    const drawn = page.waitForResponse(async (response) => (await response.text()).includes('(Europe/Berlin)'));
    await form.getByRole('button', { name: 'Save' }).hover();
    await page.mouse.down();
    await drawn;
    await page.mouse.up();
    await form.waitFor({ state: 'hidden' });
    const before = await page.locator('#clock').textContent();
    await page.getByRole('button', { name: 'Next digest' }).click();
    const digest = page
      .locator('article:not(.ephemeral)')
      .filter({ has: page.getByRole('heading', { name: /^API usage · / }) })
      .last();
    await digest.waitFor();
    await expect.poll(() => page.locator('#clock').textContent()).not.toBe(before);
    await expect.poll(() => page.locator('#clock').textContent()).toContain('09:0');
    await digest.getByRole('button', { name: /repl/i }).click();
    await page.getByRole('log', { name: 'Replies' }).getByRole('article').nth(1).waitFor();
    await shoot(page, 'digest');
  });

  test('sends a burst, sees the alert come, and acknowledges it', async () => {
    const page = await open({ user: 'U01CHLOE', channel: 'C01ONCALL' });
    await page.getByRole('button', { name: 'Traffic burst' }).click();
    await page
      .getByRole('status')
      .filter({ hasText: /Acme CRM made [\d,]+ calls/ })
      .waitFor();
    // Finds the alert by its button, because another journey's burst may have raised an earlier one; then by its timestamp,
    // because the button will be gone.
    const raised = page
      .getByRole('log', { name: 'Messages' })
      .getByRole('article')
      .filter({ hasText: 'Daily credits' })
      .filter({ has: page.getByRole('button', { name: 'Acknowledge' }) })
      .last();
    const alert = page.locator(`#log [data-ts="${await raised.getAttribute('data-ts')}"]`);
    // The picture arrives later, and message and button are then drawn again.
    await seePicture(alert);
    await shoot(page, 'alert');
    await alert.getByRole('button', { name: 'Acknowledge' }).click();
    await expect.poll(() => alert.textContent()).toMatch(/acknowledged/i);
    await shoot(page, 'alert-acknowledged');
  });

  test('chooses filters by search, with the keyboard alone', async () => {
    const page = await open();
    await type(page, '/usage filters');
    const form = page.getByRole('dialog', { name: 'Filters' });
    const clients = form.getByRole('combobox', { name: 'Clients' });
    await clients.waitFor();
    await form.locator('.combo').first().locator('input:focus').waitFor();
    await page.keyboard.type('ware');
    await form.getByRole('option', { name: /warehouse-export|Warehouse Export/ }).waitFor();
    await page.keyboard.press('Enter');
    await form.getByRole('button', { name: /^Remove/ }).waitFor();
    await shoot(page, 'filters');
    await page.keyboard.press('Escape');
    await form.waitFor({ state: 'hidden' });
  });

  test('opens the Home tab, and an admin sees more there', async () => {
    const page = await open({ user: 'U01ADMIN' });
    await openHome(page, demo(), 'U01ADMIN');
    await page.getByRole('heading', { name: 'For admins' }).waitFor();
    await shoot(page, 'home');
    await page.getByRole('button', { name: 'Change pools' }).click();
    await page.getByRole('dialog', { name: 'Pools' }).getByRole('button', { name: 'Edit as text' }).waitFor();
    await shoot(page, 'pools-form');
  });

  test('asks in the thread of a message by its shortcut', async () => {
    const page = await open({ channel: 'C01ONCALL' });
    await type(page, 'who is calling so much?');
    const message = page
      .getByRole('log', { name: 'Messages' })
      .getByRole('article')
      .filter({ hasText: 'who is calling' });
    await message.getByRole('button', { name: 'Usage here' }).click();
    const form = page.getByRole('dialog');
    await form.getByRole('textbox').fill('top clients today');
    await form.locator('[type="submit"]').click();
    await message.getByRole('button', { name: /repl/ }).click({ trial: true });
    await message.getByText('1 reply').click();
    await page.getByRole('log', { name: 'Replies' }).getByText('asked by').waitFor();
    await shoot(page, 'shortcut');
  });

  test('is refused as a guest', async () => {
    const page = await open({ user: 'U01GUEST' });
    await type(page, '/usage');
    const refusal = page.locator('article.ephemeral').last();
    await refusal.waitFor();
    expect(await refusal.textContent()).toMatch(/full members/);
    await shoot(page, 'guest');
  });

  test('reads it in the dark', async () => {
    const page = await open({ theme: 'dark', user: 'U01BORIS' });
    await type(page, '/usage');
    await seePicture(answer(page));
    await shoot(page, 'dark');
    await type(page, '/usage status 7d private');
    await page.locator('article.ephemeral svg').last().waitFor();
    await shoot(page, 'dark-chart');
  });

  test('reads it on a phone: nothing is wider than the screen', async () => {
    const page = await open({ phone: true });
    await type(page, '/usage top routes');
    await seePicture(answer(page));
    await shoot(page, 'phone');
    expect(await page.locator('html').evaluate((node) => Number(Reflect.get(node, 'scrollWidth')))).toBe(390);
    await page.getByRole('button', { name: 'Channels' }).click();
    await shoot(page, 'phone-sidebar');
    await page.getByRole('button', { name: 'Headroom – Home' }).click();
    await page.getByRole('heading', { name: 'Digests' }).waitFor();
    await shoot(page, 'phone-home');
  });

  test('starts anew; what the terminal says to send is still taken', async () => {
    const page = await open();
    const { botUrl, token } = demo();
    await page.getByRole('button', { name: 'Reset' }).click();
    await page.waitForEvent('load', { timeout: 60_000 });
    await page.locator('html[data-ready]').waitFor();
    await answer(page).waitFor();
    const sent = await fetch(`${botUrl}/v1/events`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: '{"client": "my-app"}',
    });
    expect(await sent.json()).toMatchObject({ accepted: 1 });
    expect(log.filter((line) => line.includes('"error"'))).toEqual([]);
  });
}
