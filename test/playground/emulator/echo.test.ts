import { afterEach, expect, test } from 'vitest';
import { createClient, start, startRawApp, stopAll } from './support.ts';

afterEach(stopAll);

test('the app hears of its own direct messages, and of changes in them', async () => {
  const emulator = await start();
  const heard: { subtype?: string }[] = [];
  await startRawApp(emulator, (_request, body) => {
    heard.push((JSON.parse(body) as { event: (typeof heard)[number] }).event);
    return 200;
  });
  const client = createClient(emulator);
  const channel = (await client.conversations.open({ users: 'U01ALICE' })).channel!.id!;
  const { ts = '' } = await client.chat.postMessage({ channel, text: 'one' });
  await client.chat.update({ channel, ts, text: 'two' });
  await client.chat.postMessage({ channel: 'C01USAGE', text: 'not in a channel' });
  await expect.poll(() => heard.length).toBe(2);
  const [posted, changed] = heard.toSorted((a, b) => (a.subtype ?? '').localeCompare(b.subtype ?? ''));
  expect(posted).toMatchObject({ type: 'message', channel_type: 'im', bot_id: emulator.botId, text: 'one' });
  expect(changed).toMatchObject({
    ...{ subtype: 'message_changed', message: { text: 'two' } },
    previous_message: { text: 'one' },
  });
});

test.each([
  ['who uses acme.com?', 'who uses <http://acme.com|acme.com>?'],
  ['user:ann@acme.com 7d', 'user:<mailto:ann@acme.com|ann@acme.com> 7d'],
  ['route:/v1/orders.json', 'route:/v1/orders.json'],
  ['see https://acme.com/x', 'see <https://acme.com/x>'],
  ['alerts of @alice in #oncall', 'alerts of <@U01ALICE> in <#C01ONCALL>'],
])('%s arrives as Slack writes it', async (typed, arrives) => {
  const emulator = await start();
  expect((await emulator.say({ user: 'alice', channel: 'random', text: typed })).text).toBe(arrives);
});
