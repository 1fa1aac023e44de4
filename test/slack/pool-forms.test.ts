import { afterEach, describe, expect, it } from 'vitest';
import type { Block, View } from '../../src/emulator/workspace.ts';
import { startWholeApp, type WholeApp } from './whole-app.ts';

const NOW = Date.parse('2026-11-21T10:30:00Z');

const YAML = `scopes:
  - name: crm
    title: CRM calls
    match: [{ module: "crm*" }]
    costs: [{ kind: task, credits: 2 }]
    links: { addon: "https://example.com/addon" }
    limits: [{ name: Acme, period: day, base: 100, match: [{ client: acme }] }]
    pools:
      - { name: Daily credits, period: rolling-24h, base: 50000, grants: [{ name: Users, quantity: 10, each: 250 }], max: 100000 }
      - { name: Billing month, period: month, anchor: 15, base: 900000, priority: 2 }
  - name: public-api
    pools: [{ name: Monthly plan, period: month, base: 1000 }]
exclude: [{ kind: internal }]
`;

let bot: WholeApp;

afterEach(async () => {
  expect(bot.errors).toEqual([]);
  bot.slack.assertNoProblems();
  await bot.stop();
});

async function start(yaml = YAML): Promise<WholeApp> {
  bot = await startWholeApp({ nowMs: NOW });
  await bot.slack.command({ user: 'ada', channel: 'general', text: 'pool edit' });
  const list = await bot.slack.waitFor(() => bot.slack.modal('ada'), 'the list');
  await press(list, 'pool_text');
  const text = await seen('Pools as text');
  await bot.slack.submitView({ user: 'ada', viewId: text.id, values: { yaml } });
  await seen('Pools', 'new scope');
  await bot.slack.closeView({ user: 'ada', viewId: list.id });
  return bot;
}

/** The window in front of somebody, once it has this title and says this. */
function seen(title: string, words = '', user = 'ada'): Promise<View> {
  return bot.slack.waitFor(() => {
    const modal = bot.slack.modal(user);
    return (modal?.title as Block | undefined)?.text === title && JSON.stringify(modal).includes(words)
      ? modal
      : undefined;
  }, `${title}: ${words}`);
}

async function press(view: View, action: string, user = 'ada', given: object = {}): Promise<void> {
  await bot.slack.click({ user, message: view, action_id: action, ...given });
}

describe('pools in fields', () => {
  it('an admin looks through the scopes, and changes an amount', async () => {
    const { slack } = await start();
    await slack.command({ user: 'ada', channel: 'general', text: 'pool edit' });
    const list = await seen('Pools', 'CRM calls');
    expect(JSON.stringify(list)).toContain('50,000 + 10 × 250 Users = 52,500 in any 24 hours');
    await press(list, 'pool_scope:0');
    const scope = await seen('Pools', 'All scopes');
    await press(scope, 'pool_change:0');
    const form = await seen('Change pool');
    await slack.submitView({ user: 'ada', viewId: form.id, values: { base: '60000', 'grant-quantity:0': '12' } });
    const after = await seen('Pools', '60,000 + 12 × 250 Users = 63,000');
    expect(after.id).toBe(scope.id);
    expect(JSON.stringify(after)).toContain('crm/Daily credits: 50,000 + 10 × 250 Users = 52,500 → 60,000 +');
  });
});
