import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { type Browser, chromium, type Page } from 'playwright-core';

const NAMES = ['chromium', 'chromium-browser', 'google-chrome-stable', 'google-chrome', 'microsoft-edge'];
const ARGUMENTS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** Returns CHROMIUM_PATH, else the first Chromium on this machine. */
export function findChromium(): string | undefined {
  if (process.env.CHROMIUM_PATH) return process.env.CHROMIUM_PATH;
  const folders = ['/usr/bin', ...(process.env.PATH ?? '').split(delimiter)];
  return folders.flatMap((folder) => NAMES.map((name) => join(folder, name))).find((path) => existsSync(path));
}

export function launchChromium(): Promise<Browser> {
  const path = findChromium();
  if (!path) throw new Error('No Chromium here: install one, or set CHROMIUM_PATH to its executable.');
  return chromium.launch({ executablePath: path, args: ARGUMENTS });
}

export interface Visit {
  user?: string;
  channel?: string;
  theme?: 'light' | 'dark';
  phone?: boolean;
}

/** The playground in a tab, as one person in one channel. */
export interface Tab {
  page: Page;
  /** Uncaught errors of the page's script, and errors in its console. */
  faults: readonly string[];
  /** Resets the tab and hands it to the next visit. Closes it instead if the test failed, as it may then be in any state. */
  leave(options: { failed: boolean }): Promise<void>;
}

/** The part of the browser's storage type that is used here. */
interface Kept {
  clear(): void;
  setItem(key: string, value: string): void;
}
declare const sessionStorage: Kept;
declare const localStorage: Kept;

/**
 * Returns a function that opens a visit in a tab with its own profile. Tabs of ended visits are used again, because opening a
 * new one takes longer than most visits.
 */
export function keepTabs(browser: Browser): (url: string, options?: Visit) => Promise<Tab> {
  const left: Page[] = [];

  async function openTab(): Promise<Page> {
    const context = await browser.newContext({ acceptDownloads: true });
    context.setDefaultTimeout(25_000);
    return context.newPage();
  }

  return async (url, { user = 'U01ALICE', channel = 'C01USAGE', theme = 'light', phone = false } = {}) => {
    const page = left.pop() ?? (await openTab());
    await page.setViewportSize(phone ? { width: 390, height: 844 } : { width: 1280, height: 900 });
    await page.emulateMedia({ colorScheme: theme, forcedColors: 'none', reducedMotion: 'no-preference' });
    const faults: string[] = [];
    page.on('pageerror', (error) => faults.push(String(error)));
    page.on('console', (message) => void (message.type() === 'error' && faults.push(message.text())));
    const begin = await page.addInitScript(
      ([who, where]) => {
        sessionStorage.setItem('user', who!);
        sessionStorage.setItem('place', where!);
      },
      [user, channel],
    );
    await page.goto(url);
    await page.locator('html[data-ready]').waitFor();
    return {
      page,
      faults,
      async leave({ failed }) {
        page.removeAllListeners('pageerror').removeAllListeners('console');
        if (failed) return page.context().close();
        await begin.dispose();
        await page.unrouteAll();
        await page.mouse.move(0, 0);
        await page.evaluate(() => {
          for (const kept of [sessionStorage, localStorage]) kept.clear();
        });
        await page.goto('about:blank');
        left.push(page);
      },
    };
  };
}

/** Types into the message field and sends. */
export async function type(page: Page, text: string): Promise<void> {
  const field = page.getByRole('combobox', { name: 'Message, or a command' });
  await field.fill(text);
  await field.press('Escape');
  await field.press('Enter');
}

const { SCREENSHOTS } = process.env;

/** Saves a screenshot in the folder SCREENSHOTS. Does nothing if that is not set. */
export async function shoot(page: Page, name: string): Promise<void> {
  if (SCREENSHOTS) await page.screenshot({ path: join(SCREENSHOTS, `${name}.png`) });
}
