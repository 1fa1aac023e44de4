import { afterEach, expect, test } from 'vitest';
import type { HttpDelivery } from '../../support/slack-http.ts';
import { start, startHttpApp, startRawApp, stopAll } from './support.ts';

afterEach(stopAll);

const button = (action_id: string, value: string) => ({
  type: 'actions',
  block_id: 'buttons',
  elements: [{ type: 'button', action_id, value, text: { type: 'plain_text', text: 'Press' } }],
});

test('a slash command is signed, acknowledged, and answered through its response_url', async () => {
  const emulator = await start();
  const app = await startHttpApp(emulator);
  app.command('/usage', async ({ ack, command, respond }) => {
    await ack();
    await respond({ text: `you said: ${command.text}` });
  });
  const result = await emulator.command({ user: 'alice', channel: '#api-usage', text: 'top clients' });
  expect(result).toMatchObject({ status: 200, ack: undefined, errors: {} });
  expect(result.ackMs).toBeLessThan(3000);
  const [answer] = await emulator.waitFor(() => result.messages.length > 0 && result.messages, 'the answer');
  expect(answer).toMatchObject({ text: 'you said: top clients', to: 'U01ALICE', channel: 'C01USAGE' });
  expect(emulator.messages('C01USAGE')).toEqual([]);
  expect(emulator.ephemerals('alice')).toHaveLength(1);
  emulator.assertNoProblems();
});

test('the acknowledgement itself may be the answer, to everyone', async () => {
  const emulator = await start();
  const app = await startHttpApp(emulator);
  app.command('/usage', ({ ack }) => ack({ response_type: 'in_channel', text: 'for all' }));
  const result = await emulator.command({ user: 'U01ALICE', channel: 'C01RANDOM', text: '' });
  expect(result.messages).toHaveLength(1);
  expect(emulator.messages('random')).toMatchObject([{ text: 'for all', bot_id: emulator.botId }]);
  emulator.assertNoProblems();
});

test('with should_escape, people, channels and groups arrive as ids', async () => {
  const emulator = await start();
  const app = await startHttpApp(emulator);
  let text = '';
  app.command('/usage', ({ ack, command }) => {
    text = command.text;
    return ack();
  });
  await emulator.command({ user: 'alice', channel: 'general', text: '@boris #oncall @on-call a&b <@U01ALICE> c@d' });
  expect(text).toBe('<@U01BORIS|boris> <#C01ONCALL|oncall> <!subteam^S0123|@on-call> a&amp;b <@U01ALICE> c@d');
});

test('a click carries the element, the message and a response_url that replaces it', async () => {
  const emulator = await start();
  const app = await startHttpApp(emulator);
  const seen: unknown[] = [];
  app.action('more', async ({ ack, body, respond }) => {
    await ack();
    seen.push(body);
    await respond({ replace_original: true, text: 'replaced' });
  });
  const post = await app.client.chat.postMessage({ channel: 'C01USAGE', text: 'hi', blocks: [button('more', '7d')] });
  await emulator.click({ user: 'boris', message: { channel: 'C01USAGE', ts: post.ts! }, action_id: 'more' });
  await emulator.waitFor(() => emulator.messages('api-usage')[0]?.text === 'replaced', 'the message is replaced');
  expect(seen[0]).toMatchObject({
    type: 'block_actions',
    user: { id: 'U01BORIS' },
    channel: { id: 'C01USAGE', name: 'api-usage' },
    container: { type: 'message', message_ts: post.ts, is_ephemeral: false },
    message: { ts: post.ts, text: 'hi' },
    actions: [{ type: 'button', action_id: 'more', block_id: 'buttons', value: '7d' }],
  });
  expect(emulator.messages('api-usage')[0]?.blocks).toBeUndefined();
  emulator.assertNoProblems();
});

test('control characters of labels come back as entities, values as they were', async () => {
  const emulator = await start();
  const app = await startHttpApp(emulator);
  const seen: unknown[] = [];
  app.action('pick', async ({ ack, body }) => {
    await ack();
    seen.push(body);
  });
  const options = ['A & B', '<x>'].map((text) => ({ text: { type: 'plain_text', text }, value: text }));
  const blocks = [{ type: 'actions', elements: [{ type: 'static_select', action_id: 'pick', options }] }];
  await app.client.apiCall('chat.postMessage', { channel: 'C01USAGE', text: 'x', blocks });
  const message = emulator.messages('C01USAGE')[0]!;
  await emulator.click({ user: 'alice', message, action_id: 'pick', selected_option: 'A & B' });
  const chosen = { selected_option: { text: { text: 'A &amp; B' }, value: 'A & B' } };
  expect(seen[0]).toMatchObject({ actions: [chosen], state: { values: { [message.blocks![0]!.block_id!]: {} } } });
  await expect(emulator.click({ user: 'alice', message, action_id: 'pick', selected_option: 'C' })).rejects.toThrow(
    'offers',
  );
  await expect(emulator.click({ user: 'alice', message, action_id: 'push' })).rejects.toThrow('there are: pick');
});

test('a message shortcut carries the message, and its response_url answers privately', async () => {
  const emulator = await start();
  const app = await startHttpApp(emulator);
  app.shortcut('usage_here', async ({ ack, shortcut, respond }) => {
    await ack();
    await respond(`about ${'message' in shortcut ? shortcut.message.text : ''}`);
  });
  const message = await emulator.say({ user: 'boris', channel: 'general', text: 'slow & failing' });
  expect(message.text).toBe('slow &amp; failing');
  const result = await emulator.shortcut({ user: 'alice', callback_id: 'usage_here', message });
  await emulator.waitFor(() => result.messages[0], 'the answer');
  expect(emulator.ephemerals('alice', 'general')).toMatchObject([{ text: 'about slow &amp; failing' }]);
  emulator.assertNoProblems();
});

test('a private message is changed through the response_url of a click on it, and by nothing else', async () => {
  const emulator = await start();
  const app = await startHttpApp(emulator);
  app.action('next', async ({ ack, respond, body }) => {
    await ack();
    expect(body).not.toHaveProperty('message');
    await respond({ replace_original: true, text: 'page 2' });
  });
  const posted = await app.client.chat.postEphemeral({
    channel: 'C01USAGE',
    user: 'U01ALICE',
    text: 'page 1',
    blocks: [button('next', '2')],
  });
  const result = await emulator.click({ user: 'alice', message: posted.message_ts!, action_id: 'next' });
  expect(result.status).toBe(200);
  await emulator.waitFor(() => emulator.ephemerals('alice')[0]?.text === 'page 2', 'page 2');
  emulator.assertNoProblems();
  await expect(emulator.click({ user: 'boris', message: posted.message_ts!, action_id: 'next' })).rejects.toThrow(
    'see',
  );
  const update = app.client.chat.update({ channel: 'C01USAGE', ts: posted.message_ts!, text: 'x' });
  await expect(update).rejects.toThrow('message_not_found');
  expect(emulator.takeProblems()).toMatchObject([{ kind: 'ephemeral', where: 'chat.update' }]);
});

test('an event that the app does not take is sent once more, with the retry headers and the same id', async () => {
  const emulator = await start();
  const attempts: unknown[] = [];
  await startRawApp(emulator, ({ headers }) => {
    attempts.push([headers['x-slack-retry-num'], headers['x-slack-retry-reason']]);
    return attempts.length === 1 ? 500 : 200;
  });
  const message = await emulator.mention({ user: 'chloe', channel: 'general', text: 'hello?' });
  expect(message.text).toBe(`<@${emulator.botUserId}> hello?`);
  expect(attempts).toEqual([
    [undefined, undefined],
    ['1', 'http_error'],
  ]);
  expect(emulator.takeProblems()).toMatchObject([{ kind: 'unacknowledged', where: 'events_api app_mention' }]);
});

test('an event can be delivered twice on demand', async () => {
  const emulator = await start();
  const app = await startHttpApp(emulator);
  const seen: unknown[] = [];
  app.event('app_mention', async ({ body, context }) => void seen.push([body.event_id, context.retryNum]));
  const event = { type: 'app_mention', user: 'U01ALICE', channel: 'C01USAGE', text: 'hi', ts: '1.000001' };
  const delivery = await emulator.event(event);
  await emulator.event(delivery!.payload, { num: 1, reason: 'http_timeout' });
  expect(seen).toEqual([
    [delivery!.payload.event_id, undefined],
    [delivery!.payload.event_id, 1],
  ]);
});

test('events come for direct messages and invitations; an archived channel puts bots out', async () => {
  const emulator = await start();
  const app = await startHttpApp(emulator);
  const seen: string[] = [];
  app.event('message', async ({ event }) => void seen.push(`${event.type} ${event.channel_type}`));
  app.event('member_joined_channel', async ({ event }) => void seen.push(`joined ${event.user} ${event.inviter}`));
  await emulator.directMessage('alice', 'usage please');
  await emulator.invite('bot', '#random', 'boris');
  await emulator.archive('#random');
  expect(seen).toEqual(['message im', `joined ${emulator.botUserId} U01BORIS`]);
  expect(emulator.directMessages('alice')).toMatchObject([{ text: 'usage please' }]);
  expect(emulator.workspace.channels.get('C01RANDOM')?.members.has(emulator.botUserId)).toBe(false);
  emulator.assertNoProblems();
});

test('a request nobody acknowledges is a problem, and so is an app that is not there', async () => {
  const emulator = await start();
  expect(await emulator.command({ user: 'alice', channel: 'general', text: '' })).toMatchObject({ status: 0 });
  emulator.eventsUrl = 'http://127.0.0.1:1/slack/events';
  expect(await emulator.command({ user: 'alice', channel: 'general', text: '' })).toMatchObject({ status: 0 });
  expect(emulator.takeProblems().map((problem) => problem.kind)).toEqual(['unacknowledged', 'unacknowledged']);
});

test('a late acknowledgement is a problem', async () => {
  const emulator = await start();
  const app = await startHttpApp(emulator);
  const { promise, resolve } = Promise.withResolvers<void>();
  app.command('/usage', () => promise);
  const result = await emulator.command({ user: 'alice', channel: 'general', text: '' });
  resolve();
  expect(result).toMatchObject({ status: 0 });
  expect(emulator.takeProblems()).toMatchObject([{ kind: 'late_ack', where: 'slash_commands /usage' }]);
});

test('the signature is of the clock that the emulator is given, and a request can be replayed', async () => {
  const emulator = await start({ now: () => Date.now() - 10 * 60_000 });
  const app = await startHttpApp(emulator);
  app.command('/usage', ({ ack }) => ack());
  const stale = await emulator.command({ user: 'alice', channel: 'general', text: '' });
  expect(stale.status).toBe(401);
  const again = await emulator.replay(stale.delivery!);
  const { body, headers } = stale.delivery as HttpDelivery;
  expect(again).toMatchObject({ status: 401, body, headers });
});
