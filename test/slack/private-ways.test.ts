import { describe, expect, it } from 'vitest';
import type { Emulator } from '../support/emulator.ts';
import { entryOf, sendPayload, startRig } from './support.ts';

const told = (slack: Emulator) => slack.waitFor(() => slack.ephemerals('alice')[0], 'alice is told');
/** Lists the private messages sent so far: the method used, and the thread. */
const waysOf = (slack: Emulator) =>
  slack.calls
    .filter(({ method }) => ['chat.postEphemeral', 'response_url'].includes(method))
    .map(({ method, args }) => [method, args.thread_ts]);

// Slack shows a private message in a thread only if the thread has replies: docs.slack.dev/reference/methods/chat.postEphemeral.
describe('a private message', () => {
  it.each([
    '',
    'help',
    'tpo clinets',
    'alerts',
    'digest',
    'pool edit',
    'top clients private',
    'client nobody',
    'defect',
  ])('names no thread where a mention began one: %s', async (text) => {
    const { slack } = await startRig();
    await slack.mention({ user: 'alice', channel: 'api-usage', text });
    expect((await told(slack)).thread_ts).toBeUndefined();
    await slack.waitFor(() => waysOf(slack).length > 0, 'the call is recorded');
    expect(waysOf(slack)).toEqual([['chat.postEphemeral', undefined]]);
  });

  it('is in the thread where the mention was one of its replies', async () => {
    const { slack } = await startRig();
    const parent = await slack.say({ user: 'boris', channel: 'api-usage', text: 'who calls so much?' });
    await slack.mention({ user: 'alice', channel: 'api-usage', text: 'help', thread_ts: parent.ts });
    expect((await told(slack)).thread_ts).toBe(parent.ts);
  });

  it('is in the thread of the answer under which somebody pressed, and names it to Slack itself', async () => {
    const { slack } = await startRig();
    const asked = await slack.mention({ user: 'boris', channel: 'api-usage', text: 'top clients' });
    const answer = await slack.waitFor(() => slack.thread('api-usage', asked.ts)[1], 'the answer');
    await slack.click({ user: 'alice', message: answer, ...entryOf(answer, 'Name A–Z') });
    expect((await told(slack)).thread_ts).toBe(asked.ts);
    await slack.waitFor(() => waysOf(slack).length > 0, 'the call is recorded');
    expect(waysOf(slack)).toEqual([['chat.postEphemeral', asked.ts]]);
  });

  it('goes through the response URL where the bot was removed from the channel of a thread', async () => {
    const { slack } = await startRig();
    const asked = await slack.mention({ user: 'boris', channel: 'api-usage', text: 'top clients' });
    const answer = await slack.waitFor(() => slack.thread('api-usage', asked.ts)[1], 'the answer');
    await slack.remove('bot', 'api-usage');
    await slack.click({ user: 'alice', message: answer, ...entryOf(answer, 'Name A–Z') });
    await told(slack);
    await slack.waitFor(() => waysOf(slack).length > 1, 'the calls are recorded');
    expect(waysOf(slack)).toEqual([
      ['chat.postEphemeral', asked.ts],
      ['response_url', undefined],
    ]);
  });

  it.each([
    ['without replies', false],
    ['with replies', true],
  ])('of “Usage here” on a message %s is where it is seen', async (_what, replies) => {
    const { slack } = await startRig();
    const said = await slack.say({ user: 'boris', channel: 'api-usage', text: 'who calls so much?' });
    if (replies) await slack.say({ user: 'boris', channel: 'api-usage', text: 'anyone?', thread_ts: said.ts });
    await slack.shortcut({ user: 'alice', callback_id: 'usage_here', message: { channel: 'api-usage', ts: said.ts } });
    const modal = await slack.waitFor(() => slack.modal('alice'), 'the form');
    await slack.submitView({ user: 'alice', viewId: modal.id, values: { text: 'top clients private' } });
    expect((await told(slack)).thread_ts).toBe(replies ? said.ts : undefined);
  });

  it('comes by direct message where neither the channel nor the response URL takes it', async () => {
    const { slack } = await startRig();
    slack.faults.fail('response_url', { error: 'expired_url' });
    slack.faults.fail('chat.postEphemeral', { error: 'restricted_action' });
    await slack.command({ user: 'alice', channel: 'api-usage', text: 'help' });
    const direct = await slack.waitFor(() => slack.directMessages('alice')[0], 'the direct message');
    expect(direct.text).toContain('Getting started');
  });

  it('comes beside the thread of a direct message that is gone', async () => {
    const rig = await startRig();
    await rig.slack.directMessage('alice', 'help');
    await rig.slack.waitFor(() => rig.slack.directMessages('alice').length === 2, 'the answer');
    const channel = String(rig.slack.calls.findLast(({ method }) => method === 'chat.postMessage')?.args.channel);
    const told = rig.slack.directMessages('alice').length;
    await sendPayload(rig, {
      ...{ type: 'block_actions', user: { id: 'U01ALICE' }, channel: { id: channel } },
      container: { channel_id: channel, message_ts: '9.8', thread_ts: '9.7' },
      actions: [{ action_id: 'run', value: 'alerts' }],
    });
    await rig.slack.waitFor(() => rig.slack.directMessages('alice').length > told, 'alice is told');
    rig.slack.takeProblems();
  });
});
