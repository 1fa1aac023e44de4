import { afterEach, expect, test } from 'vitest';
import { start, startSocketApp, stopAll } from './support.ts';

afterEach(stopAll);

test('commands, clicks and events go over Socket Mode when the app is connected', async () => {
  const emulator = await start();
  const seen: string[] = [];
  await startSocketApp(emulator, (app) => {
    app.command('/usage', async ({ ack, command, say }) => {
      await ack({ text: `ok ${command.text}` });
      const text = { type: 'plain_text' as const, text: 'Go' };
      await say({ text: 'card', blocks: [{ type: 'actions', elements: [{ type: 'button', action_id: 'go', text }] }] });
    });
    app.action('go', async ({ ack, body }) => {
      seen.push(body.user.id);
      await ack();
    });
    app.event('app_mention', async ({ event }) => void seen.push(event.text));
  });
  expect(emulator.connected).toBe(1);
  const result = await emulator.command({ user: 'alice', channel: 'api-usage', text: 'pool' });
  expect(result).toMatchObject({ status: 200, ack: { text: 'ok pool' }, delivery: { transport: 'socket' } });
  expect(emulator.ephemerals('alice')).toMatchObject([{ text: 'ok pool' }]);
  const card = await emulator.waitFor(() => emulator.messages('api-usage')[0], 'the card');
  await emulator.click({ user: 'boris', message: card, action_id: 'go' });
  const mention = await emulator.mention({ user: 'chloe', channel: 'general', text: 'hi' });
  await emulator.waitFor(() => seen.length === 2, 'the mention is heard');
  expect(seen).toEqual(['U01BORIS', mention.text]);
  emulator.assertNoProblems();
});

test('asked to refresh, or cut off, the app connects again', async () => {
  const emulator = await start();
  await startSocketApp(emulator, (app) => {
    app.command('/usage', ({ ack }) => ack());
  });
  for (const reason of ['refresh_requested', 'drop'] as const) {
    const before = emulator.calls.length;
    emulator.disconnectSockets(reason);
    const reconnected = () => emulator.calls.length > before && emulator.connected === 1;
    await emulator.waitFor(reconnected, `the app is back after ${reason}`, 10_000);
    expect((await emulator.command({ user: 'alice', channel: 'general', text: '' })).status).toBe(200);
  }
});

test('a ticket is good for one connection', async () => {
  const emulator = await start();
  const response = await fetch(`${emulator.apiUrl}apps.connections.open`, {
    method: 'POST',
    headers: { authorization: `Bearer ${emulator.appToken}` },
  });
  const { url } = (await response.json()) as { url: string };
  const connect = () =>
    new Promise((resolve) => {
      const socket = new WebSocket(url);
      socket.onmessage = (event) => resolve(JSON.parse(String(event.data)).type);
      socket.onerror = () => resolve('refused');
    });
  expect(await connect()).toBe('hello');
  expect(await connect()).toBe('refused');
});
