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

/** CHROMIUM_PATH, else the first browser of its kind on this machine. */
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
  /** Faults in the page's script, and what it wrote as an error. */
  faults: readonly string[];
  /** Another visit may have it: nothing of this one is left. Closed where a test failed in it, wherever that left it. */
  leave(options: { failed: boolean }): Promise<void>;
}

/** Storage of the page, in the browser. */
interface Kept {
  clear(): void;
  setItem(key: string, value: string): void;
}
declare const sessionStorage: Kept;
declare const localStorage: Kept;

/** Visits in one browser, each in a profile of its own. Those left are used again: a new one costs more than all that is done in most. */
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

/** Keeps a picture for looking at, in the folder SCREENSHOTS; none is taken where that is not set. */
export async function shoot(page: Page, name: string): Promise<void> {
  if (SCREENSHOTS) await page.screenshot({ path: join(SCREENSHOTS, `${name}.png`) });
}
