import { afterEach, describe, expect, it } from 'vitest';
import type { Block, View } from '../support/emulator.ts';
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
  await seen('Pools', yaml === 'scopes: []' ? 'Nothing differs' : 'new scope');
  await bot.slack.closeView({ user: 'ada', viewId: list.id });
  return bot;
}

/** Waits until a person's open window has this title and contains these words. */
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
    await slack.submitView({ user: 'ada', viewId: form.id, values: { base: '60000', 'grants.0.quantity': '12' } });
    const after = await seen('Pools', '60,000 + 12 × 250 Users = 63,000');
    expect(after.id).toBe(scope.id);
    expect(JSON.stringify(after)).toContain('crm/Daily credits: 50,000 + 10 × 250 Users = 52,500 → 60,000 +');
  });
});

/** Opens the window with the pools of a scope. */
async function openScope(scope: string): Promise<View> {
  await bot.slack.command({ user: 'ada', channel: 'general', text: `pool edit ${scope}` });
  return seen('Pools', 'All scopes');
}

/** Returns the YAML of a scope as an admin sees it. */
async function readText(scope: string): Promise<string> {
  const list = await openScope(scope);
  await press(list, 'pool_text');
  const form = await seen('Pools as text');
  const element = form.blocks.find(({ block_id }) => block_id === 'yaml')!.element as { initial_value: string };
  await bot.slack.closeView({ user: 'ada', viewId: form.id, clear: true });
  return element.initial_value;
}

/** Counts the changes of pools in the audit list. */
async function countChanges(user = 'ada'): Promise<number> {
  const before = bot.slack.ephemerals(user).length;
  await bot.slack.command({ user, channel: 'general', text: 'audit' });
  const shown = await bot.slack.waitFor(() => bot.slack.ephemerals(user)[before], 'the changes');
  return JSON.stringify(shown.blocks).split('changed ').length - 1;
}

describe('the form of a pool', () => {
  it('has the fields of its period, and keeps what is typed while grants come and go', async () => {
    await start();
    await press(await openScope('crm'), 'pool_grant:0');
    const form = await seen('Change pool', 'grants.1.name');
    const state = { 'grants.1.name': 'Robots', 'grants.1.each': '7.5', base: '100' };
    await press(form, 'pool_form:drop', 'ada', { block_id: 'grants.0', state });
    const isShort = (view: View) => !JSON.stringify(view.blocks).includes('grants.0.name') && view;
    const shorter = await bot.slack.waitFor(() => isShort(bot.slack.modal('ada')!), 'one grant less');
    expect(JSON.stringify(shorter.blocks)).toContain('Robots');
    await press(shorter, 'pool_form:period', 'ada', { selected_option: 'once' });
    const once = await seen('Change add-on', '"block_id":"from"');
    expect(JSON.stringify(once.blocks)).not.toContain('"block_id":"anchor"');
    const values = { from: '2026-12-31', until: '2026-12-01', max: null };
    const wrong = await bot.slack.submitView({ user: 'ada', viewId: form.id, values });
    expect(wrong.errors).toEqual({ until: expect.stringMatching(/^Last day lies before the first day/) });
    await bot.slack.submitView({ user: 'ada', viewId: form.id, values: { ...values, until: '2027-01-31' } });
    await seen('Pools', 'Saved:');
    expect(await readText('crm')).toContain(
      'period: once\n        from: 2026-12-31\n        until: 2027-01-31\n        base: 100\n',
    );
  });

  it('holds what a field begins with that came with another period or grant, though Slack sends nothing of it', async () => {
    await start();
    await press(await openScope('crm'), 'pool_change:0');
    const form = await seen('Change pool');
    await press(form, 'pool_form:period', 'ada', { selected_option: 'month' });
    const month = await seen('Change pool', '"block_id":"anchor"');
    await press(month, 'pool_form:grant');
    const longer = await seen('Change pool', 'grants.1.name');
    const values = { 'grants.1.name': 'Robots', 'grants.1.each': '5', max: null };
    await press(longer, 'pool_form:grant');
    const longest = await seen('Change pool', 'grants.2.name');
    expect(longest.blocks!.find(({ block_id }) => block_id === 'grants.1.quantity')).toMatchObject({
      element: { initial_value: '1' },
    });
    const more = { ...values, 'grants.2.name': 'Cranes', 'grants.2.each': '7' };
    expect((await bot.slack.submitView({ user: 'ada', viewId: longer.id, values: more })).errors).toEqual({});
    await seen('Pools', 'Saved:');
    const text = await readText('crm');
    expect(text).toContain('name: Daily credits\n        period: month\n        base: 50000\n');
    expect(text).toContain('{ name: Robots, quantity: 1, each: 5 }');
  });

  it('has its faults at their fields, also those of a grant', async () => {
    await start();
    const before = await countChanges();
    await press(await openScope('crm'), 'pool_change:0');
    const form = await seen('Change pool');
    const submit = async (values: object) =>
      (await bot.slack.submitView({ user: 'ada', viewId: form.id, values: { ...values } })).errors;
    expect(await submit({ base: '9'.repeat(13) })).toEqual({ base: expect.stringMatching(/^Amount is .*at most/) });
    expect(await submit({ base: '1', 'grants.0.each': '1.2345', thresholds: '90, 75' })).toEqual({
      'grants.0.each': expect.stringMatching(/^Credits each is "1.2345"; give at most three decimals/),
      thresholds: expect.stringContaining('ascending'),
    });
    await press(form, 'pool_form:grant');
    const longer = await seen('Change pool', 'grants.1.name');
    expect(await submit({ 'grants.1.name': 'users', 'grants.1.each': '5' })).toEqual({
      'grants.0.each': expect.stringMatching(/three decimals/),
      'grants.1.name': expect.stringMatching(/^Name of the grant is that of another grant here/),
    });
    await press(longer, 'pool_form:drop', 'ada', { block_id: 'grants.1' });
    await bot.slack.waitFor(
      () => !JSON.stringify(bot.slack.modal('ada')!.blocks).includes('grants.1.name') || undefined,
      'the grant is gone',
    );
    expect(await submit({ thresholds: '75', 'grants.0.quantity': '999999999', 'grants.0.each': '999999999' })).toEqual({
      base: expect.stringMatching(/^Grants come to more than/),
    });
    expect(await countChanges()).toBe(before);
  });

  it('keeps what it does not show: rules, costs, links, other pools, and which calls a limit counts', async () => {
    await start();
    const before = await readText('crm');
    await press(await openScope('crm'), 'pool_change:2');
    const form = await seen('Change limit');
    await bot.slack.submitView({ user: 'ada', viewId: form.id, values: { base: '150' } });
    await seen('Pools', 'crm/Acme: 100 → 150, from Sat 21 Nov 2026');
    expect(await readText('crm')).toBe(before.replace('base: 100\n', 'base: 150\n'));
  });

  it('sent twice changes once; sent as it is, nothing', async () => {
    const { slack } = await start();
    const before = await countChanges();
    await press(await openScope('crm'), 'pool_change:1');
    const form = await seen('Change pool');
    const given = await slack.submitView({ user: 'ada', viewId: form.id });
    expect(given.errors).toEqual({});
    await seen('Pools', 'Nothing differs');
    expect(await countChanges()).toBe(before);
    await press(slack.modal('ada')!, 'pool_add:addon');
    const fresh = await seen('New add-on');
    const values = { name: 'Winter', from: '2026-12-01', until: '2027-02-28', base: '5000' };
    const submit = () => slack.submitView({ user: 'ada', viewId: fresh.id, values });
    for (const { status, errors } of await Promise.all([submit(), submit()]))
      expect([status, errors]).toEqual([200, {}]);
    await seen('Pools', 'crm/Winter: 5,000, once');
    expect(await countChanges()).toBe(before + 1);
  });

  it('does not overwrite what somebody else changed in the meantime', async () => {
    const { slack } = await start();
    slack.workspace.findUser('boris')!.is_admin = true;
    await press(await openScope('crm'), 'pool_change:1');
    const form = await seen('Change pool');
    await slack.command({ user: 'boris', channel: 'general', text: 'pool edit crm' });
    await press(await seen('Pools', 'All scopes', 'boris'), 'pool_change:1', 'boris');
    const other = await seen('Change pool', '', 'boris');
    await slack.submitView({ user: 'boris', viewId: other.id, values: { base: '1' } });
    await seen('Pools', 'Saved:', 'boris');
    const late = await slack.submitView({ user: 'ada', viewId: form.id, values: { base: '2' } });
    expect(late.errors).toEqual({ base: expect.stringContaining('changed by somebody else') });
    expect(await readText('crm')).toContain('base: 1 }');
  });

  it('a pool ends, and the text of its scope is a press away', async () => {
    await start();
    const list = await openScope('crm');
    await press(list, 'pool_end:1');
    const after = await seen('Pools', 'crm/Billing month: ends on Sat 21 Nov 2026');
    expect(JSON.stringify(after.blocks)).not.toContain('End Billing month');
    await press(after, 'pool_change:0');
    await press(await seen('Change pool'), 'pool_form:text');
    const text = await seen('Pools as text', 'Daily credits');
    await bot.slack.submitView({ user: 'ada', viewId: text.id, values: { yaml: 'scopes: [{ name: crm }]' } });
    await seen('Pools', 'This scope has no pool');
  });

  it('rules that change say how calls that came before are counted by them', async () => {
    const { slack } = await start();
    const list = await openScope('crm');
    await press(list, 'pool_text');
    const text = await seen('Pools as text');
    const yaml = 'scopes: [{ name: crm, match: [{ module: sales }] }]';
    await slack.submitView({ user: 'ada', viewId: text.id, values: { yaml } });
    await seen('Pools', 'headroom recount --from 2026-11-21');
  });

  it('a change that is planned stands in the form with its day', async () => {
    const { slack } = await start();
    const list = await openScope('crm');
    await press(list, 'pool_change:1');
    const form = await seen('Change pool');
    await slack.submitView({ user: 'ada', viewId: form.id, values: { base: '1000000', valid_from: '2026-12-15' } });
    await seen('Pools', 'From Tue 15 Dec 2026 on');
    await press(list, 'pool_change:1');
    const planned = await seen('Change pool', 'This is planned from Tue 15 Dec 2026 on');
    await slack.submitView({ user: 'ada', viewId: planned.id });
    await seen('Pools', 'Nothing differs');
  });

  it('is for admins: at the opening, at each press, and for whoever sends it', async () => {
    const { slack } = await start();
    await slack.command({ user: 'alice', channel: 'general', text: 'pool edit crm' });
    await refused('alice');
    expect(slack.modal('alice')).toBeUndefined();
    const list = await openScope('crm');
    await press(list, 'pool_change:0');
    const form = await seen('Change pool');
    slack.workspace.findUser('boris')!.is_admin = true;
    const before = await countChanges('boris');
    slack.workspace.findUser('ada')!.is_admin = false;
    bot.setNow(NOW + 61_000);
    await press(form, 'pool_form:grant');
    await refused('ada');
    expect((await slack.submitView({ user: 'ada', viewId: form.id, values: { base: '1' } })).errors).toEqual({});
    await slack.waitFor(() => countRefusals('ada') === 2, 'a refusal');
    await press(list, 'pool_end:0');
    await slack.waitFor(() => countRefusals('ada') === 3, 'another');
    expect(await countChanges('boris')).toBe(before);
  });
});

describe('the form of a scope', () => {
  it('begins a declaration without a line of text, with its faults at their fields', async () => {
    const { slack } = await start('scopes: []');
    await slack.command({ user: 'ada', channel: 'general', text: 'pool edit' });
    await press(await seen('Pools', 'No scope is declared yet'), 'pool_scope_edit');
    const form = await seen('New scope');
    const submit = async (values: Record<string, unknown>) =>
      (await slack.submitView({ user: 'ada', viewId: form.id, values })).errors;
    expect(await submit({ name: 'crm/x', 'links.addon': 'example.com', rate_limit_per_minute: '1000000001' })).toEqual({
      name: expect.stringMatching(/^Name is .*leave out the/),
      'links.addon': expect.stringMatching(/^Address to buy an add-on is .*https/),
      rate_limit_per_minute: expect.stringMatching(/^Rate limit per minute is .*whole number/),
    });
    expect(
      await submit({ name: 'crm', title: 'CRM', 'links.addon': 'https://example.com', rate_limit_per_minute: '600' }),
    ).toEqual({});
    const scope = await seen('Pools', 'crm: new scope');
    await press(scope, 'pool_add:pool');
    const pool = await seen('New pool');
    await slack.submitView({ user: 'ada', viewId: pool.id, values: { name: 'Monthly', base: '9000' } });
    await seen('Pools', 'crm/Monthly: 9,000 per month');
    expect(await readText('crm')).toBe(
      'scopes:\n  - name: crm\n    title: CRM\n    rate_limit_per_minute: 600\n    links: { addon: https://example.com }\n    pools:\n      - { name: Monthly, period: month, base: 9000 }\n',
    );
  });

  it('changes title, limit and links, keeps the rest, and takes no name that there is', async () => {
    const { slack } = await start();
    const before = await readText('crm');
    const list = await openScope('crm');
    await press(list, 'pool_scope_edit');
    const form = await seen('Change scope');
    await slack.submitView({ user: 'ada', viewId: form.id, values: { title: 'Sales' } });
    await seen('Pools', 'crm: title');
    expect(await readText('crm')).toBe(before.replace('title: CRM calls', 'title: Sales'));
    await slack.command({ user: 'ada', channel: 'general', text: 'pool edit' });
    await press(await seen('Pools', 'Add a scope'), 'pool_scope_edit');
    const fresh = await seen('New scope');
    const taken = await slack.submitView({ user: 'ada', viewId: fresh.id, values: { name: 'crm' } });
    expect(taken.errors).toEqual({ name: expect.stringContaining("already a scope's name") });
  });
});

it('among many scopes one is found by search', async () => {
  const many = Array.from({ length: 120 }, (_, index) => `{ name: scope-${index}, title: "Service ${index}" }`);
  const { slack } = await start(
    `scopes: [${many
      .join(', ')
      .slice(0, 2900)
      .replace(/, \{[^}]*$/, '')}]`,
  );
  await slack.command({ user: 'ada', channel: 'general', text: 'pool edit' });
  const list = await seen('Pools', 'Find one of');
  const offered = await slack.suggest({ user: 'ada', action_id: 'pool_find', value: 'service 41', container: list });
  expect(offered).toHaveLength(1);
  await press(list, 'pool_find', 'ada', { selected_option: offered[0] });
  await seen('Pools', 'Service 41');
});

function countRefusals(user: string): number {
  return bot.slack.ephemerals(user).filter(({ text }) => text.includes('Only admins may change that')).length;
}

function refused(user: string): Promise<unknown> {
  return bot.slack.waitFor(() => countRefusals(user) > 0, `${user} is refused`);
}

it('the menu of an alert leads an admin to the pools of its scope, and nobody else', async () => {
  const { slack } = await start();
  await bot.send([{ id: 'a', time: new Date(NOW).toISOString(), client: 'x', scope: 'public-api', count: 950 }]);
  const alert = await slack.waitFor(
    () => slack.messages('oncall').find(({ text }) => text.includes('90%')),
    'it',
    10_000,
  );
  const menu = alert
    .blocks!.flatMap(({ elements }) => (elements ?? []) as Block[])
    .find(({ type }) => type === 'overflow')!;
  const option = (menu.options as { value: string }[]).find(({ value }) => value.startsWith('pools:'))!.value;
  await press(alert as never, 'alert_more', 'boris', { selected_option: option });
  await refused('boris');
  expect(slack.modal('boris')).toBeUndefined();
  await press(alert as never, 'alert_more', 'ada', { selected_option: option });
  expect(JSON.stringify(await seen('Pools', 'All scopes'))).toContain('Monthly plan');
});
