import type { Locator, Page } from 'playwright-core';
import { describe, expect, test } from 'vitest';
import { expectAccessible } from './axe.ts';
import { shoot, type } from './chromium.ts';
import { type Journey, openHome } from './journey.ts';

/** The part of the browser's element type that the tests use. */
interface Shown {
  getBoundingClientRect(): { top: number; bottom: number; width: number };
  closest(selector: string): Shown | null;
  readonly scrollLeft: number;
  readonly scrollWidth: number;
}
interface TextRange {
  selectNodeContents(node: unknown): void;
  getClientRects(): Iterable<{ top: number }>;
}
declare const document: { createRange(): TextRange; getAnimations(): unknown[] };
declare const innerHeight: number;
declare function getComputedStyle(node: unknown): { outlineStyle: string; backgroundColor: string };

/** Runs `look` on an element in the browser and returns its result. */
function see<T>(node: Locator, look: (shown: Shown) => T): Promise<T> {
  return node.evaluate(look as unknown as (node: unknown) => T);
}

/** Tells whether an element has a visible focus ring and is on the screen. */
function showsFocus(node: Shown): boolean {
  const { top, bottom, width } = node.getBoundingClientRect();
  const ring = getComputedStyle(node.closest('.combo') ?? node).outlineStyle;
  return ring !== 'none' && bottom > 0 && top < innerHeight && width > 0;
}

/** Counts the lines of an element's text. */
function countLines(node: Shown): number {
  const range = document.createRange();
  range.selectNodeContents(node);
  return new Set([...range.getClientRects()].map(({ top }) => top)).size;
}

/** Tests of accessibility: keyboard only, screen reader, narrow window, forced colours. */
export function describeAccess({ open, demo }: Journey): void {
  function newest(page: Page): Locator {
    return page.getByRole('log', { name: 'Messages' }).getByRole('article').last();
  }

  /** Asks a question and waits for the answer with its picture or table. */
  async function ask(page: Page, command: string): Promise<Locator> {
    const all = page.getByRole('log', { name: 'Messages' }).getByRole('article');
    const before = await all.count();
    await type(page, command);
    await expect.poll(() => all.count()).toBeGreaterThan(before);
    const answer = newest(page);
    await answer.locator('img, table, .slack-blocks svg[role="img"]').first().waitFor();
    return answer;
  }

  async function closeForm(page: Page): Promise<void> {
    await page.keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'hidden' });
  }

  describe('axe-core finds nothing', () => {
    test.each(['light', 'dark'] as const)('in messages, menus, lists and threads, %s', async (theme) => {
      const page = await open({ theme, user: 'U01ADMIN', channel: 'C01LEADS' });
      await ask(page, '/usage');
      await ask(page, '/usage status 7d private');
      await type(page, '/usage tpo');
      await newest(page).getByText("I don't know").waitFor();
      await ask(page, '/usage top clients 7d');
      await expectAccessible(page, 'messages');
      await page.getByRole('button', { name: 'More actions' }).last().click();
      await page.getByRole('menuitem').first().waitFor();
      await expectAccessible(page, 'an open menu');
      await page.keyboard.press('Escape');
      await page.getByRole('combobox', { name: 'Message, or a command' }).fill('/usage top');
      await page.getByRole('listbox', { name: 'Commands' }).waitFor();
      await expectAccessible(page, 'commands to choose from');
      await page.keyboard.press('Escape');
      await newest(page).getByRole('button', { name: 'Reply in thread' }).click();
      await page.getByRole('log', { name: 'Replies' }).getByRole('article').waitFor();
      await expectAccessible(page, 'a thread');
    });

    test.each(['light', 'dark'] as const)('in forms and the Home tab, %s', async (theme) => {
      const page = await open({ theme, user: 'U01ADMIN', channel: 'C01LEADS' });
      await type(page, '/usage filters');
      await page.getByRole('dialog', { name: 'Filters' }).getByRole('combobox', { name: 'Clients' }).fill('a');
      await page.getByRole('listbox').getByRole('option').nth(1).waitFor();
      await expectAccessible(page, 'a list in a form');
      await page.keyboard.press('Enter');
      await page.getByRole('button', { name: /^Remove/ }).waitFor();
      await expectAccessible(page, 'something chosen');
      await closeForm(page);
      await type(page, '/usage digest add');
      const form = page.getByRole('dialog', { name: 'New digest' });
      await form.getByRole('textbox', { name: 'Time zone' }).fill('Europe/Nowhere');
      await expectAccessible(page, 'a form');
      await form.getByRole('button', { name: 'Save' }).click();
      await form.locator('.error:visible').waitFor();
      await expectAccessible(page, 'a form with a mistake');
      await closeForm(page);
      await ask(page, '/usage status 7d private');
      await newest(page).getByRole('button', { name: 'Share' }).click();
      await page.getByRole('dialog').waitFor();
      await expectAccessible(page, 'a question before sharing');
      await closeForm(page);
      await openHome(page, demo(), 'U01ADMIN');
      await expectAccessible(page, 'the Home tab');
      await page.getByRole('button', { name: 'Change pools' }).click();
      await page.getByRole('dialog').waitFor();
      await expectAccessible(page, 'a form for admins');
      await closeForm(page);
    });

    test('on a phone', async () => {
      const page = await open({ phone: true, user: 'U01ADMIN' });
      await ask(page, '/usage top users 30d');
      await expectAccessible(page, 'messages');
      await newest(page).getByRole('button', { name: 'Reply in thread' }).click();
      await page.getByRole('textbox', { name: 'Reply' }).waitFor();
      await expectAccessible(page, 'a thread');
      await page.getByRole('button', { name: 'Close thread' }).click();
      await page.getByRole('button', { name: 'Channels', exact: true }).click();
      await expectAccessible(page, 'channels');
      await openHome(page, demo(), 'U01ADMIN');
      await expectAccessible(page, 'the Home tab');
      await page.getByRole('button', { name: 'Set up a digest' }).click();
      await page.getByRole('dialog', { name: 'New digest' }).waitFor();
      await expectAccessible(page, 'a form');
      await closeForm(page);
    });
  });

  describe('the keyboard alone', () => {
    /** Returns the focused element as a screen reader names it: `button "CSV"`. */
    async function focused(page: Page): Promise<string> {
      const node = page.locator(':focus');
      let name = '';
      // An element that is drawn again between being found and being read has no name, so it is read again.
      const read = async () => (name = (await node.count()) === 0 ? 'nothing' : await node.ariaSnapshot());
      await expect.poll(read).not.toBe('');
      return name.split('\n')[0]!.replace(/^- |:$/g, '');
    }

    /** Presses Tab until `name` has the focus. Every element on the way must show its focus on the screen. */
    async function tabTo(page: Page, name: string | RegExp, key: 'Tab' | 'Shift+Tab' = 'Tab'): Promise<void> {
      const passed: string[] = [];
      for (let press = 0; press < 60; press += 1) {
        await page.keyboard.press(key);
        const here = await focused(page);
        if (here !== 'nothing') {
          await expect.poll(() => see(page.locator(':focus'), showsFocus), { message: here }).toBe(true);
        }
        if (typeof name === 'string' ? here.includes(name) : name.test(here)) return;
        passed.push(here);
      }
      throw new Error(`${String(name)} was not reached: ${passed.join(', ')}`);
    }

    /** Returns the text that screen readers were told last. */
    const told = (page: Page) => page.locator('#news').textContent();

    test('asks, hears of the answer, and asks for another range', async () => {
      const page = await open({ channel: 'C01LEADS' });
      await page.keyboard.press('Tab');
      expect(await focused(page)).toBe('link "Skip to the message field"');
      await page.keyboard.press('Enter');
      await page.keyboard.type('/usage top cl');
      await page.getByRole('listbox').getByRole('option').first().waitFor();
      await page.keyboard.press('ArrowDown');
      await page.keyboard.press('Enter');
      await page.keyboard.press('Enter');
      await expect.poll(() => told(page)).toMatch(/^Headroom, \d\d:\d\d\. ERP Connector made/);
      expect((await told(page))!.length).toBeLessThanOrEqual(300);
      await newest(page).getByRole('img').waitFor();

      await tabTo(page, 'combobox "Previous 7 days"', 'Shift+Tab');
      await page.keyboard.press('ArrowDown');
      await page.keyboard.press('ArrowDown');
      // Moving through an open menu sends nothing yet.
      expect(await page.locator('select:focus').inputValue()).toBe('7d');
      const before = await told(page);
      await page.keyboard.press('Enter');
      await expect.poll(() => told(page)).not.toBe(before);
      await expect.poll(() => newest(page).textContent()).toContain('21 Oct');
      expect(await focused(page)).toMatch(/^combobox/);
    });

    test('opens a menu and a form from it, and comes back to where it was', async () => {
      const page = await open({ channel: 'C01FINANCE' });
      await type(page, '/usage top clients 7d private');
      await newest(page).getByRole('button', { name: 'More actions' }).waitFor();
      await tabTo(page, 'button "More actions"', 'Shift+Tab');
      await page.keyboard.press('Enter');
      await expect.poll(() => focused(page)).toMatch(/^menuitem "CSV/);
      await page.keyboard.press('ArrowUp');
      await expect.poll(() => focused(page)).toBe('menuitem "Explain"');
      await page.keyboard.press('Escape');
      expect(await focused(page)).toContain('button "More actions"');
      expect(await page.getByRole('menu').count()).toBe(0);

      await page.keyboard.press('Enter');
      await expect.poll(() => focused(page)).toMatch(/^menuitem/);
      await page.keyboard.press('s');
      await page.keyboard.press('Enter');
      const save = page.getByRole('dialog', { name: 'Save as view' });
      await save.waitFor();
      await page.keyboard.press('Escape');
      await save.waitFor({ state: 'hidden' });
      expect(await focused(page)).toContain('button "More actions"');

      await type(page, '/usage filters');
      const form = page.getByRole('dialog', { name: 'Filters' });
      await form.waitFor();
      await expect.poll(() => focused(page)).toMatch(/combobox "Clients/);
      await page.keyboard.type('ware');
      await form.getByRole('option', { name: /Warehouse/ }).waitFor();
      await expect.poll(() => told(page)).toBe('1 choice');
      // Escape closes the list first, then the form.
      await page.keyboard.press('Escape');
      expect(await form.getByRole('option').count()).toBe(0);
      await page.keyboard.press('ArrowDown');
      await form.getByRole('option', { name: /Warehouse/ }).waitFor();
      await page.keyboard.press('Enter');
      await form.getByRole('button', { name: 'Remove Warehouse Export' }).waitFor();
      await tabTo(page, 'button "Apply"');
      await tabTo(page, 'button "Close"');
      await page.keyboard.press('Escape');
      await form.waitFor({ state: 'hidden' });
      expect(await focused(page)).toMatch(/^combobox "Message/);
    });

    test('mends a mistake in a form: the focus is on the field, and it says what is wrong', async () => {
      const page = await open({ user: 'U01BORIS' });
      await type(page, '/usage digest add');
      const form = page.getByRole('dialog', { name: 'New digest' });
      await form.waitFor();
      await tabTo(page, /textbox "Time zone/);
      await page.keyboard.press('ControlOrMeta+A');
      await page.keyboard.type('Europe/Nowhere');
      await page.keyboard.press('Tab');
      await page.keyboard.press('Shift+Tab');
      await page.keyboard.press('Enter');
      const zone = form.getByRole('textbox', { name: 'Time zone' });
      await expect.poll(() => zone.getAttribute('aria-invalid')).toBe('true');
      expect(await focused(page)).toMatch(/textbox "Time zone/);
      const about = (await zone.getAttribute('aria-describedby'))!.split(' ');
      const words = await Promise.all(about.map((id) => page.locator(`[id="${id}"]`).textContent()));
      expect(words.join(' ')).toMatch(/Nowhere.*IANA/s);
      await page.keyboard.press('Escape');
      await form.waitFor({ state: 'hidden' });
      expect(await focused(page)).toMatch(/^combobox "Message/);
    });

    test('replies in a thread, goes Home and to another channel, moves the clock', async () => {
      const page = await open({ channel: 'C01RANDOM' });
      await type(page, 'who calls so much?');
      await expect.poll(() => told(page)).toContain('who calls so much?');
      await tabTo(page, 'button "Reply in thread"', 'Shift+Tab');
      await page.keyboard.press('Enter');
      await expect.poll(() => focused(page)).toContain('textbox "Reply"');
      await page.keyboard.type('the robots');
      await page.keyboard.press('Enter');
      await expect.poll(() => told(page)).toContain('the robots');
      await page.keyboard.press('Escape');
      await page.getByRole('complementary', { name: 'Thread' }).waitFor({ state: 'hidden' });
      expect(await focused(page)).toContain('button "1 reply"');

      await tabTo(page, 'button "Headroom – Home"', 'Shift+Tab');
      await page.keyboard.press('Enter');
      await expect.poll(() => focused(page)).toContain('heading "Headroom – Home"');
      // The button that opened the form is drawn again while the form is open.
      await tabTo(page, 'button "Set up a digest"');
      await page.keyboard.press('Enter');
      await page.getByRole('dialog', { name: 'New digest' }).waitFor();
      await page.locator('#home').evaluate((node) => Reflect.set(node, 'innerHTML', Reflect.get(node, 'innerHTML')));
      await closeForm(page);
      expect(await focused(page)).toContain('button "Set up a digest"');
      await tabTo(page, 'button "+1 hour"', 'Shift+Tab');
      await page.keyboard.press('Space');
      await page.getByRole('status').filter({ hasText: 'Moved ahead one hour' }).waitFor();
      expect(await focused(page)).toContain('button "+1 hour"');
    });

    test('on a phone scrolls a wide table, and leaves the channels as it found them', async () => {
      const page = await open({ phone: true, channel: 'C01ONCALL' });
      const answer = await ask(page, '/usage top users 30d table');
      const table = answer.getByRole('group', { name: 'Table: table, scrolls sideways' });
      const sides = () => answer.locator('.block.table').getAttribute('data-more');
      expect(await sides()).toBe('end');
      await shoot(page, 'phone-table');
      await tabTo(page, 'group "Table: table', 'Shift+Tab');
      await page.keyboard.press('ArrowRight');
      await expect.poll(() => see(table, (node) => node.scrollLeft)).toBeGreaterThan(0);
      await expect.poll(sides).toBe('start end');
      await tabTo(page, 'button "Channels"', 'Shift+Tab');
      await page.keyboard.press('Enter');
      expect(await focused(page)).toContain('button "oncall"');
      await tabTo(page, 'button "Headroom – Home"');
      // Elements behind the open list cannot take the focus.
      await page.keyboard.press('Tab');
      expect(await focused(page)).not.toMatch(/combobox|group/);
      await page.keyboard.press('Escape');
      expect(await focused(page)).toContain('button "Channels"');
    });
  });

  describe('what a screen reader finds', () => {
    test('landmarks, headings, names and tables', async () => {
      const page = await open({ channel: 'C01LEADS' });
      const answer = await ask(page, '/usage top users 8 30d table');
      for (const role of ['banner', 'navigation', 'main'] as const) expect(await page.getByRole(role).count()).toBe(1);
      expect(await page.getByRole('heading', { level: 1 }).textContent()).toBe('leads');
      expect(await page.getByRole('heading', { level: 2, name: 'Today' }).count()).toBe(1);
      expect(await answer.getAttribute('aria-label')).toMatch(/^Headroom, \d\d:\d\d$/);
      const table = answer.getByRole('table', { name: 'Table' });
      expect(await table.getByRole('rowheader').allTextContents()).toContain('j.mendes@example.com');
      expect(await table.getByRole('columnheader').allTextContents()).toEqual([
        'User',
        'Requests',
        '%',
        'OK',
        'Failed',
        'Share',
      ]);
      // Bars are hidden from screen readers, so no block character is read.
      expect(await answer.ariaSnapshot()).not.toMatch(/[\u2580-\u259f]/);
      expect(await page.getByRole('button', { name: 'leads (private)' }).getAttribute('aria-current')).toBe('page');
    });

    test('an address is in one piece in a table, at any width', async () => {
      for (const phone of [false, true]) {
        const page = await open({ channel: 'C01LEADS', phone });
        const answer = await ask(page, '/usage top users 8 30d table');
        const cell = answer.getByRole('rowheader', { name: 'j.mendes@example.com' });
        expect(await see(cell, countLines)).toBe(1);
      }
    });
  });

  test.each([
    ['at 200 %', 640, 450],
    ['at 400 %', 320, 256],
  ])('nothing is cut %s: the page scrolls down, never sideways', async (_zoom, width, height) => {
    const page = await open({ channel: 'C01LEADS' });
    await page.setViewportSize({ width, height });
    await ask(page, '/usage top users 30d');
    expect(await see(page.locator('html'), (node) => node.scrollWidth)).toBe(width);
    expect((await page.getByRole('log', { name: 'Messages' }).boundingBox())!.height).toBeGreaterThan(100);
    const send = page.getByRole('button', { name: 'Send' }).first();
    await send.scrollIntoViewIfNeeded();
    const box = (await send.boundingBox())!;
    expect(box.y + box.height).toBeLessThanOrEqual(height);
  });

  test('in colours of the reader’s own what is chosen can be told, and nothing moves', async () => {
    const page = await open({ channel: 'C01LEADS' });
    await page.emulateMedia({ forcedColors: 'active', reducedMotion: 'reduce' });
    await ask(page, '/usage');
    const background = (node: Locator) => see(node, (one) => getComputedStyle(one).backgroundColor);
    const current = page.getByRole('button', { name: 'leads (private)' });
    expect(await background(current)).not.toBe(
      await background(page.getByRole('button', { name: 'finance (private)' })),
    );
    expect(await background(newest(page).locator('.sign.healthy').first())).toBe('rgb(31, 119, 208)');
    expect(await page.evaluate(() => document.getAnimations().length)).toBe(0);
    await shoot(page, 'forced-colors');
  });
}
