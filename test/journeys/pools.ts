import type { Locator, Page } from 'playwright-core';
import { expect, test } from 'vitest';
import { shoot, type, type Visit } from './chromium.ts';
import type { Journey } from './journey.ts';

/** Tests of an admin in the playground. */
export function describePools(journey: Journey): void {
  const open = (options: Visit = {}): Promise<Page> => journey.open({ user: 'U01ADMIN', ...options });
  const dialog = (page: Page, name: string): Locator => page.getByRole('dialog', { name });
  const field = (form: Locator, name: string): Locator => form.getByLabel(name, { exact: true });

  test('changes a pool and gives it a grant, after a fault at its field', async () => {
    const page = await open();
    await type(page, '/usage pool edit');
    const list = dialog(page, 'Pools');
    await list.getByText('Integration Service').first().waitFor();
    await shoot(page, 'pools-list');
    await list.getByRole('button', { name: 'Open Integration Service' }).click();
    await list.getByRole('button', { name: 'All scopes' }).waitFor();
    await shoot(page, 'pools-scope');
    await list.getByRole('button', { name: 'Edit Bundled licences' }).click();
    const form = dialog(page, 'Change pool');
    await field(form, 'Period').waitFor();
    await shoot(page, 'pool-form');
    await form.getByRole('button', { name: /Add a grant/ }).click();
    await expect.poll(() => form.getByText(/^Grant 3$/).count()).toBe(1);
    // The pressed button is still in view.
    expect(
      await form.locator('.modal-body').evaluate((node) => Number(Reflect.get(node, 'scrollTop'))),
    ).toBeGreaterThan(0);
    await form.getByLabel('Quantity').nth(2).fill('5');
    await form.getByLabel('Credits each').nth(2).fill('2000');
    await form.getByLabel('Name of the grant').nth(2).fill('Users');
    const warn = form.getByLabel(/^Warn at/);
    await warn.fill('90, 75');
    await form.getByRole('button', { name: 'Save' }).click();
    await expect.poll(() => warn.getAttribute('aria-invalid')).toBe('true');
    await shoot(page, 'pool-form-fault');
    await warn.fill('60, 90');
    await form.getByRole('button', { name: 'Save' }).click();
    await list
      .getByText(/5 × 2,000 Users/)
      .first()
      .waitFor();
    await list.getByText(/thresholds 75, 90 → 60, 90/).waitFor();
    await shoot(page, 'pools-saved');
    await list.getByRole('button', { name: 'Add an add-on' }).click();
    await dialog(page, 'New add-on').waitFor();
    await shoot(page, 'pool-addon');
    await dialog(page, 'New add-on').getByRole('button', { name: 'Cancel' }).click();
    await list.getByRole('button', { name: 'Close' }).last().click();
    await list.waitFor({ state: 'hidden' });
  });

  test('chooses where alerts go', async () => {
    const page = await open({ channel: 'C01ONCALL' });
    await type(page, '/usage alerts route');
    const form = dialog(page, 'Alert routing');
    await form.getByLabel('User group', { exact: true }).waitFor();
    await shoot(page, 'routing');
    await form.getByLabel('One person').click();
    await form.getByLabel('Person', { exact: true }).waitFor();
    await form.getByRole('button', { name: 'Save' }).click();
    await form.getByText('Please complete this required field.').waitFor();
    await shoot(page, 'routing-fault');
    await form.getByLabel('Nobody').click();
    await form.getByLabel('Person', { exact: true }).waitFor({ state: 'hidden' });
    await form.getByRole('button', { name: 'Save' }).click();
    await page.locator('article.ephemeral').filter({ hasText: 'no one is mentioned' }).waitFor();
    await shoot(page, 'routing-saved');
  });

  test('in the dark, and on a phone', async () => {
    const dark = await open({ theme: 'dark' });
    await type(dark, '/usage pool edit crm');
    await dialog(dark, 'Pools').getByRole('button', { name: 'All scopes' }).waitFor();
    await shoot(dark, 'pools-scope-dark');
    await dialog(dark, 'Pools').getByRole('button', { name: 'Add a grant' }).click();
    await dialog(dark, 'Change pool').getByLabel('Quantity').waitFor();
    await shoot(dark, 'pool-form-dark');
    await dialog(dark, 'Change pool').getByRole('button', { name: 'Cancel' }).click();
    await dialog(dark, 'Pools').getByRole('button', { name: 'Close' }).last().click();
    await dialog(dark, 'Pools').waitFor({ state: 'hidden' });
    const phone = await open({ phone: true, user: 'U01ADMIN' });
    await type(phone, '/usage pool edit integration-service');
    await dialog(phone, 'Pools').getByRole('button', { name: 'All scopes' }).waitFor();
    await shoot(phone, 'pools-scope-phone');
    await dialog(phone, 'Pools').getByRole('button', { name: 'Edit Bundled licences' }).click();
    await dialog(phone, 'Change pool').getByLabel('Quantity').first().waitFor();
    await shoot(phone, 'pool-form-phone');
    expect(await phone.locator('html').evaluate((node) => Number(Reflect.get(node, 'scrollWidth')))).toBe(390);
  });

  test('a member is refused, politely, and sees no form', async () => {
    const page = await open({ user: 'U01ALICE' });
    await type(page, '/usage pool edit crm');
    await page.locator('article.ephemeral').filter({ hasText: 'Only admins may change that' }).waitFor();
    expect(await page.getByRole('dialog').count()).toBe(0);
    await shoot(page, 'pools-refused');
  });
}
