import axe from 'axe-core';
import type { Page } from 'playwright-core';
import { expect } from 'vitest';

/** WCAG 2.2, levels A and AA, and axe's best practices. */
const RULES = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];

/** Asserts that the page now breaks no rule, and that colours were checked. */
export async function expectAccessible(page: Page, state: string): Promise<void> {
  if (!(await page.evaluate(() => Reflect.has(globalThis, 'axe')))) await page.evaluate(axe.source);
  const { violations, passes } = await page.evaluate(
    (values) => (Reflect.get(globalThis, 'axe') as typeof axe).run({ runOnly: { type: 'tag', values } }),
    RULES,
  );
  const found = violations.flatMap(({ id, nodes }) =>
    nodes.map(({ html, failureSummary }) => `${id}: ${html.slice(0, 200)} ${failureSummary}`),
  );
  expect(found, state).toEqual([]);
  expect(
    passes.map(({ id }) => id),
    state,
  ).toEqual(expect.arrayContaining(['color-contrast', 'button-name']));
}
