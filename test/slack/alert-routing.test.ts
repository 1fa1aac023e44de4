import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { View } from '../support/emulator.ts';
import { findModal, typePools } from '../support/pool-text.ts';
import { startWholeApp, type WholeApp } from './whole-app.ts';

const NOW = Date.parse('2026-11-21T10:30:00Z');
const TITLE = 'Alert routing';

let bot: WholeApp;

beforeEach(async () => {
  bot = await startWholeApp({ nowMs: NOW });
});

afterEach(async () => {
  expect(bot.errors).toEqual([]);
  bot.slack.assertNoProblems();
  await bot.stop();
});

async function open(user = 'ada'): Promise<View> {
  await bot.slack.command({ user, channel: 'general', text: 'alerts route' });
  return seen((form) => form !== undefined);
}

function seen(test: (form: View) => boolean, user = 'ada'): Promise<View> {
  return bot.slack.waitFor(() => {
    const form = findModal(bot.slack, user, TITLE);
    return form && test(form) ? form : undefined;
  }, 'the form');
}

const has = (form: View, id: string) => form.blocks.some(({ block_id }) => block_id === id);

async function told(words: string, user = 'ada'): Promise<string> {
  const message = await bot.slack.waitFor(
    () => bot.slack.ephemerals(user).find((one) => JSON.stringify(one).includes(words)),
    `${user} is told ${words}`,
  );
  return JSON.stringify(message);
}

async function audit(words: string): Promise<number> {
  const before = bot.slack.ephemerals('ada').length;
  await bot.slack.command({ user: 'ada', channel: 'random', text: 'audit' });
  const shown = await bot.slack.waitFor(() => bot.slack.ephemerals('ada')[before], 'the changes');
  return JSON.stringify(shown.blocks).split(words).length - 1;
}

describe('where alerts go, in a form', () => {
  it('begins with what holds, and what is saved is where the next alert goes and whom it mentions', async () => {
    const { slack } = bot;
    const form = await open();
    const state = JSON.stringify(form.blocks);
    for (const now of ['"initial_conversation":"C01ONCALL"', '"value":"S0123"', 'A pool reaches 75%, 90% or 100%'])
      expect(state).toContain(now);
    await slack.click({ user: 'ada', message: form, action_id: 'alert_form:who', selected_option: 'person' });
    const person = await seen((one) => has(one, 'person') && !has(one, 'group'));
    await slack.submitView({
      user: 'ada',
      viewId: person.id,
      values: { channel: 'C01USAGE', person: 'U01BORIS', kinds: ['level', 'run-out'] },
    });
    const line = await told('Alerts go to ');
    expect(line).toContain('"channel_id":"C01USAGE"');
    expect(line).toContain('"user_id":"U01BORIS"');
    expect(line).toContain('2 of 8 kinds are on.');
    expect([
      await audit('sent alerts to '),
      await audit('had alerts mention '),
      await audit('turned on alerts '),
    ]).toEqual([1, 1, 1]);
    expect(JSON.stringify(bot.slack.ephemerals('ada').at(-1)!.blocks)).toContain('"type":"channel","channel_id":"C');
    const yaml = 'scopes: [{ name: crm, pools: [{ name: Monthly, period: month, base: 100 }] }]';
    await typePools(slack, { user: 'ada', channel: 'general', yaml });
    await bot.send([{ id: 'a', time: new Date(NOW).toISOString(), client: 'x', scope: 'crm', count: 95 }]);
    const alert = () => slack.messages('api-usage').find(({ text }) => text.includes('its monthly'));
    const { ts } = await slack.waitFor(alert, 'the alert', 10_000);
    // Looks at the text as posted, because the chart is added by an edit, which mentions nobody.
    const posted = await slack.waitFor(() => slack.calls.find(({ answer }) => answer.ts === ts), 'the call');
    expect(posted.args.text).toContain('<@U01BORIS>');
    // The question "who did it" is answered in the alert's thread.
    const parent = await slack.waitFor(() => slack.messages('api-usage').find((one) => one.ts === ts), 'the parent');
    await slack.click({ user: 'alice', message: parent, action_id: 'alert_ask:who' });
    const inThread = ({ thread_ts, text }: { thread_ts?: string; text: string }) =>
      thread_ts === ts && text.includes('x made all 95 requests');
    await slack.waitFor(() => slack.messages('api-usage').find(inThread), 'the answer in the thread');
    expect(slack.messages('oncall')).toEqual([]);
    const again = JSON.stringify((await open()).blocks);
    expect(again).toContain('"initial_user":"U01BORIS"');
    expect(again).toContain('"initial_conversation":"C01USAGE"');
  });

  it('goes to the admins and mentions nobody, where that is chosen; sent as it is, nothing changes', async () => {
    const { slack } = bot;
    const form = await open();
    await slack.click({ user: 'ada', message: form, action_id: 'alert_form:to', selected_option: 'admins' });
    await seen((one) => !has(one, 'channel'));
    await slack.click({ user: 'ada', message: form, action_id: 'alert_form:who', selected_option: 'nobody' });
    const bare = await seen((one) => !has(one, 'group'));
    await slack.submitView({ user: 'ada', viewId: bare.id });
    expect(await told('no one is mentioned')).toContain('the admins by direct message');
    const before = await audit('alerts ');
    await slack.submitView({ user: 'ada', viewId: (await open()).id });
    await told('Nothing differs');
    expect(await audit('alerts ')).toBe(before);
    await slack.command({ user: 'ada', channel: 'general', text: 'alerts test' });
    await slack.waitFor(() => slack.directMessages('ada').find(({ text }) => text.includes('TEST')), 'the alert');
    await slack.command({ user: 'ada', channel: 'general', text: 'debug' });
    const checked = await told('As was chosen in Slack: alerts go to the admins by direct message.');
    expect(checked).toContain('As was chosen in Slack: no one is mentioned at 90% and 100%.');
  });

  it('says at the field what cannot be, and joins a public channel', async () => {
    const { slack } = bot;
    const form = await open();
    const submit = async (values: Record<string, unknown>) =>
      (await slack.submitView({ user: 'ada', viewId: form.id, values })).errors;
    expect(await submit({ channel: null })).toEqual({ channel: expect.stringContaining('complete this') });
    // The form is sent before its new field appears.
    const early = { channel: 'C01USAGE', 'alert_form:who': 'person' };
    expect(await submit(early)).toEqual({ who: 'Choose the person.' });
    expect(await submit({ 'alert_form:who': 'group', channel: 'C01FINANCE' })).toEqual({
      channel: expect.stringContaining('/invite'),
    });
    await slack.click({ user: 'ada', message: form, action_id: 'alert_form:who', selected_option: 'person' });
    await seen((one) => has(one, 'person'));
    expect(await submit({ channel: 'C01USAGE', person: 'U01GUEST' })).toEqual({
      person: expect.stringContaining('full member'),
    });
    expect(await submit({ channel: 'C01RANDOM', person: 'U01ALICE' })).toEqual({});
    await told('"channel_id":"C01RANDOM"');
  });

  it('is for admins: at the opening, and for whoever sends it', async () => {
    const { slack } = bot;
    await slack.command({ user: 'alice', channel: 'general', text: 'alerts route' });
    await told('Only admins', 'alice');
    expect(slack.modal('alice')).toBeUndefined();
    const form = await open();
    slack.workspace.findUser('ada')!.is_admin = false;
    bot.setNow(NOW + 61_000);
    await slack.submitView({ user: 'ada', viewId: form.id, values: { channel: 'C01USAGE' } });
    await told('Only admins');
    slack.workspace.findUser('ada')!.is_admin = true;
    bot.setNow(NOW + 130_000);
    expect(await audit('alerts ')).toBe(0);
  });

  it('is opened from the list of alerts, from Home, and from an alert', async () => {
    const { slack } = bot;
    const close = async (user = 'ada') => slack.closeView({ user, viewId: (await seen(() => true, user)).id });
    await slack.command({ user: 'ada', channel: 'general', text: 'alerts' });
    const list = await slack.waitFor(() => slack.ephemerals('ada')[0], 'the list');
    await slack.click({ user: 'ada', message: list, action_id: 'alert_route' });
    await close();
    const home = await slack.openHome('ada');
    await slack.click({ user: 'ada', message: home, action_id: 'alert_route' });
    await close();
    await slack.command({ user: 'ada', channel: 'general', text: 'alerts test' });
    const alert = await slack.waitFor(() => slack.messages('oncall').find(({ text }) => text.includes('TEST')), 'it');
    await slack.click({ user: 'ada', message: alert, action_id: 'alert_more', selected_option: 'route' });
    await close();
    await slack.click({ user: 'boris', message: alert, action_id: 'alert_more', selected_option: 'route' });
    await told('Only admins', 'boris');
    expect(slack.modal('boris')).toBeUndefined();
  });
});

describe('the command', () => {
  it('does the same by words, and refuses a channel that it cannot post to', async () => {
    const { slack } = bot;
    await slack.command({ user: 'ada', channel: 'general', text: 'alerts route #finance' });
    await told('/invite');
    await slack.command({ user: 'ada', channel: 'general', text: 'alerts route #nowhere' });
    await told('did not say which channel #nowhere is');
    await slack.command({ user: 'ada', channel: 'general', text: 'alerts route #api-usage' });
    await told('Alerts go to #api-usage from now on.');
    await slack.command({ user: 'ada', channel: 'general', text: 'alerts route admins' });
    await told('Alerts go to the admins by direct message from now on.');
    await slack.command({ user: 'ada', channel: 'api-usage', text: 'alerts route here' });
    await told('Alerts go to this channel from now on.');
    expect(JSON.stringify((await open()).blocks)).toContain('"initial_conversation":"C01USAGE"');
    expect(await audit('sent alerts to ')).toBe(3);
  });
});
