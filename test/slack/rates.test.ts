import { expect, it } from 'vitest';
import { ACTIONS } from '../../src/messages/action-ids.ts';
import { type Rig, sendPayload, startRig } from './support.ts';

const callsOf = ({ slack }: Rig, method: string) => slack.calls.filter((call) => call.method === method).length;

it('asks for the user groups once while somebody types', async () => {
  const rig = await startRig();
  for (const value of ['', 'o', 'on', 'on-', 'on-c']) {
    const search = { type: 'block_suggestion', user: { id: 'U01ADMIN' }, action_id: ACTIONS.alertGroup, value };
    expect(JSON.parse((await sendPayload(rig, search)).text).options).toHaveLength(1);
  }
  expect(callsOf(rig, 'usergroups.list')).toBe(1);
});

it('never waits for a limit while somebody types', async () => {
  const rig = await startRig({ wait: () => new Promise(() => {}) });
  rig.slack.faults.rateLimit('usergroups.list', { retryAfter: 1 });
  const search = { type: 'block_suggestion', user: { id: 'U01ADMIN' }, action_id: ACTIONS.alertGroup, value: 'on' };
  expect(JSON.parse((await sendPayload(rig, search)).text)).toEqual({ options: [] });
  const more = { ...search, value: 'on-' };
  expect(JSON.parse((await sendPayload(rig, more)).text).options).toHaveLength(1);
});

it('offers no user groups where the plan has none, and answers the search for them', async () => {
  const rig = await startRig();
  rig.slack.faults.fail('usergroups.list', { error: 'plan_upgrade_required', times: 9 });
  await rig.slack.command({ user: 'ada', channel: 'api-usage', text: 'alerts route' });
  const form = await rig.slack.waitFor(() => rig.slack.modal('ada'), 'the form');
  const offered = () => JSON.stringify(rig.slack.modal('ada')!.blocks.find(({ block_id: id }) => id === 'who'));
  expect(form.callback_id).toBe('alert_route');
  expect(offered()).toContain('One person');
  expect(offered()).not.toContain('A user group');
  await rig.slack.click({ user: 'ada', message: form, action_id: 'alert_form:who', selected_option: 'person' });
  await rig.slack.waitFor(() => JSON.stringify(rig.slack.modal('ada')!.blocks).includes('users_select'), 'the field');
  expect(offered()).not.toContain('A user group');
  const search = { type: 'block_suggestion', user: { id: 'U01ADMIN' }, action_id: ACTIONS.alertGroup, value: 'on' };
  expect(JSON.parse((await sendPayload(rig, search)).text)).toEqual({ options: [] });
  rig.slack.assertNoProblems();
});

it('asks once what a channel is for answers that follow one another, and anew where the bot is not a member', async () => {
  const rig = await startRig();
  for (let count = 1; count <= 3; count += 1) {
    await rig.slack.command({ user: 'alice', channel: 'api-usage', text: 'status' });
    await rig.slack.waitFor(() => rig.slack.messages('api-usage').length === count, 'an answer');
  }
  expect(callsOf(rig, 'conversations.info')).toBe(1);
  await rig.slack.command({ user: 'alice', channel: 'finance', text: 'status' });
  await rig.slack.waitFor(() => rig.slack.ephemerals('alice')[0], 'the private answer');
  await rig.slack.invite('bot', 'finance');
  await rig.slack.command({ user: 'alice', channel: 'finance', text: 'status' });
  await rig.slack.waitFor(() => rig.slack.messages('finance').find(({ blocks }) => blocks), 'an answer in the channel');
});

it('stays within the calls that Slack takes in a minute while sixty questions and as many looks at Home come', async () => {
  const rig = await startRig();
  rig.slack.faults.keepRates = true;
  const [people, channels] = [
    ['alice', 'boris', 'chloe', 'ada'],
    ['api-usage', 'general', 'oncall', 'leads'],
  ];
  const seen = () => channels.flatMap((channel) => rig.slack.messages(channel)).filter(({ blocks }) => blocks);
  for (let count = 0; count < 60; count += 1) {
    const [user, channel] = [people[count % 4]!, channels[(count >> 2) % 4]!];
    await rig.slack.command({ user: channel === 'leads' ? 'alice' : user, channel, text: 'top clients' });
    await rig.slack.openHome(user);
  }
  await rig.slack.waitFor(() => seen().length === 60, 'sixty answers');
  expect(seen().filter(({ blocks }) => blocks!.some(({ type }) => type === 'image'))).toHaveLength(60);
  expect(rig.slack.calls.filter(({ status }) => status === 429)).toEqual([]);
});

it('looks at an uploaded picture at once, then after 300 ms, 1 s, 2 s', async () => {
  const pauses: number[] = [];
  const rig = await startRig({
    wait: async (ms) => {
      pauses.push(ms);
      if (![300, 1000, 2000].includes(ms)) await new Promise(() => {});
      if (ms === 2000) rig.slack.faults.fileNeverReady = false;
    },
  });
  rig.slack.faults.fileNeverReady = true;
  await rig.slack.command({ user: 'alice', channel: 'api-usage', text: 'top clients' });
  await rig.slack.waitFor(() => callsOf(rig, 'files.info') === 4, 'the fourth look');
  expect(pauses.filter((ms) => [300, 1000, 2000].includes(ms))).toEqual(expect.arrayContaining([300, 1000, 2000]));
});
