import { afterEach, expect, it } from 'vitest';
import type { Block, View } from '../support/emulator.ts';
import { startWholeApp, type WholeApp } from './whole-app.ts';

const NOW = Date.parse('2026-11-21T10:30:00Z');
let bot: WholeApp;

afterEach(async () => {
  expect(bot.errors).toEqual([]);
  bot.slack.assertNoProblems();
  await bot.stop();
});

/** Waits until Ada's open window has this title and contains these words. */
function seen(title: string, words = ''): Promise<View> {
  return bot.slack.waitFor(() => {
    const modal = bot.slack.modal('ada');
    const isIt = (modal?.title as Block | undefined)?.text === title && JSON.stringify(modal).includes(words);
    return isIt ? modal : undefined;
  }, `${title}: ${words}`);
}

it('a client has its name, ids, owner and team in a form, which the next answer shows', async () => {
  bot = await startWholeApp({ nowMs: NOW });
  const { slack } = bot;
  const press = (view: View, action: string) => slack.click({ user: 'ada', message: view, action_id: action });
  const send = async (view: View, values: Record<string, string>) =>
    (await slack.submitView({ user: 'ada', viewId: view.id, values })).errors;
  await slack.command({ user: 'ada', channel: 'general', text: 'pool edit' });
  await press(await seen('Pools'), 'clients');
  await press(await seen('Clients', 'No client has a name'), 'client_edit');
  const form = await seen('New client');
  expect(await send(form, { name: 'Acme CRM', ids: ' \n' })).toEqual({
    ids: expect.stringMatching(/^Client ids is missing; give/),
  });
  expect(await send(form, { name: 'Acme CRM', ids: 'a', owner: 'ada' })).toEqual({
    owner: expect.stringContaining('give the id of a Slack user'),
  });
  expect(await send(form, { name: 'Acme CRM', ids: 'acme-1\nb9c1*', owner: 'S0123', team: 'Sales' })).toEqual({});
  const list = await seen('Clients', 'acme-1, b9c1* · team Sales · owner S0123');

  await press(list, 'client_edit');
  const other = await seen('New client');
  expect(await send(other, { name: 'Billing', ids: 'b9c1*' })).toEqual({
    ids: expect.stringContaining('"b9c1*" is an id of Acme CRM already.'),
  });
  expect(await send(other, { name: 'Billing', ids: 'billing', team: 'Finance' })).toEqual({});
  await press(await seen('Clients', 'billing · team Finance'), 'client_edit:0');
  expect(await send(await seen('Change client', 'acme-1'), { team: 'Field sales', ids: 'acme-1' })).toEqual({});
  const after = await seen('Clients', 'acme-1 · team Field sales');
  // Teams are looked up when calls are read, so earlier calls have the team too.
  await bot.send([{ client: 'acme-1' }, { client: 'acme-1' }, { client: 'billing' }]);
  await slack.command({ user: 'alice', channel: 'general', text: 'top teams today' });
  const answer = await slack.waitFor(() => slack.messages('general').at(-1), 'the answer');
  expect(JSON.stringify(answer)).toContain('Field sales made 66.7% of 3 requests');
  await press(after, 'client_end:1');
  await seen('Clients', 'Field sales');
  await slack.waitFor(() => !JSON.stringify(slack.modal('ada')).includes('Finance'), 'one client less');
});
