import { afterEach, expect, test } from 'vitest';
import type { Emulator, EmulatorOptions } from '../../support/emulator.ts';
import { start, startHttpApp, stopAll } from './support.ts';

afterEach(stopAll);

async function run(options: EmulatorOptions = {}, channel = 'C01USAGE') {
  const emulator = await start(options);
  const app = await startHttpApp(emulator);
  app.command('/usage', ({ ack }) => ack());
  const result = await emulator.command({ user: 'alice', channel, text: '' });
  return { emulator, result };
}

async function send(_emulator: Emulator, url: string, body: object): Promise<[number, string | undefined]> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  return [response.status, ((await response.json()) as { error?: string }).error];
}

test('five messages, then it is used up', async () => {
  const { emulator, result } = await run();
  for (let count = 1; count <= 5; count += 1) {
    expect(await send(emulator, result.responseUrl, { text: `${count}` })).toEqual([200, undefined]);
  }
  expect(await send(emulator, result.responseUrl, { text: '6' })).toEqual([404, 'used_url']);
  expect(result.messages.map((message) => message.text)).toEqual(['1', '2', '3', '4', '5']);
  expect(emulator.takeProblems()).toMatchObject([{ kind: 'response_url', detail: 'used_url' }]);
});

test('thirty minutes, then it is expired', async () => {
  let now = Date.now();
  const { emulator, result } = await run({ now: () => now });
  now += 30 * 60_000 + 1;
  expect(await send(emulator, result.responseUrl, { text: 'late' })).toEqual([404, 'expired_url']);
  expect(emulator.takeProblems()).toHaveLength(1);
});

test('it reaches conversations that the bot is not in', async () => {
  const { emulator, result } = await run({}, 'C01FINANCE');
  await send(emulator, result.responseUrl, { response_type: 'in_channel', text: 'for all' });
  await send(emulator, result.responseUrl, { text: 'for one' });
  expect(emulator.messages('finance')).toMatchObject([{ text: 'for all', bot_id: emulator.botId }]);
  expect(emulator.ephemerals('alice', 'finance')).toMatchObject([{ text: 'for one' }]);
  emulator.assertNoProblems();
});

test('a private message through it stays in no thread', async () => {
  const { emulator, result } = await run();
  await send(emulator, result.responseUrl, { text: 'for one', thread_ts: '1795165200.000000' });
  expect(emulator.ephemerals('alice')[0]).not.toHaveProperty('thread_ts');
  expect(emulator.takeProblems()).toMatchObject([{ kind: 'ephemeral', where: 'response_url' }]);
});

test('wrong blocks are refused, and can fail on demand', async () => {
  const { emulator, result } = await run();
  const blocks = [{ type: 'marquee' }];
  expect(await send(emulator, result.responseUrl, { text: 'x', blocks })).toEqual([404, 'invalid_blocks']);
  expect(emulator.takeProblems()).toMatchObject([{ kind: 'invalid_blocks', where: 'response_url' }]);
  emulator.faults.fail('response_url', { drop: true });
  await expect(send(emulator, result.responseUrl, { text: 'x' })).rejects.toThrow();
});

test('after a slash command there is no original to replace', async () => {
  const { emulator, result } = await run();
  await send(emulator, result.responseUrl, { text: 'thinking' });
  await send(emulator, result.responseUrl, { replace_original: true, text: 'done' });
  expect(result.messages.map((message) => message.text)).toEqual(['thinking', 'done']);
  expect(emulator.takeProblems()).toMatchObject([{ kind: 'response_url' }]);
});

test('a click can delete what was clicked, also when it is private', async () => {
  const emulator = await start();
  const app = await startHttpApp(emulator);
  app.action('close', async ({ ack, respond }) => {
    await ack();
    await respond({ delete_original: true });
  });
  const elements = [{ type: 'button', action_id: 'close', text: { type: 'plain_text', text: 'Close' } }];
  const message = { channel: 'C01USAGE', text: 'x', blocks: [{ type: 'actions', elements }] };
  await app.client.apiCall('chat.postEphemeral', { ...message, user: 'U01ALICE' });
  await emulator.click({ user: 'alice', message: emulator.ephemerals('alice')[0]!, action_id: 'close' });
  await emulator.waitFor(() => emulator.ephemerals('alice').length === 0, 'the private message is gone');
  emulator.assertNoProblems();
});
