import { request } from 'node:http';
import { afterEach, expect, test } from 'vitest';
import type { Emulator } from '../../support/emulator.ts';
import { start, startHttpApp, stopAll } from './support.ts';

afterEach(stopAll);

async function send(emulator: Emulator, name: string, body: object, type = 'application/json') {
  const options = { method: 'POST', headers: { 'content-type': type }, body: JSON.stringify(body) };
  const response = await fetch(`${emulator.url}/_control/${name}`, options);
  return {
    status: response.status,
    ...((await response.json()) as { result?: Record<string, never>; error?: string }),
  };
}

test('a page can act as anyone', async () => {
  const emulator = await start();
  const app = await startHttpApp(emulator);
  app.command('/usage', ({ ack }) => ack('only you'));
  const { status, result } = await send(emulator, 'command', { user: 'alice', channel: 'api-usage', text: 'help' });
  expect(status).toBe(200);
  expect(result).toMatchObject({ status: 200, ack: 'only you', messages: [{ text: 'only you' }] });
});

test('changes are streamed as they happen', async () => {
  const emulator = await start();
  const response = await fetch(`${emulator.url}/_control/stream`);
  const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
  await reader.read();
  await send(emulator, 'message', { user: 'alice', channel: 'general', text: 'hi' });
  const { value = '' } = await reader.read();
  expect(value).toBe('event: change\ndata: \n\n');
  await reader.cancel();
});

test('mistakes are explained; other sites are kept out', async () => {
  const emulator = await start();
  expect(await send(emulator, 'command', { user: 'nobody', channel: 'general', text: '' })).toMatchObject({
    status: 400,
    error: expect.stringContaining('no user nobody'),
  });
  expect((await send(emulator, 'dance', {})).status).toBe(404);
  expect((await send(emulator, 'message', {}, 'text/plain')).status).toBe(415);
  const foreign = new Promise((resolve) => {
    const url = new URL(`${emulator.url}/_control/stream`);
    request(url, { headers: { host: 'evil.example' } }, (response) => {
      response.resume();
      resolve(response.statusCode);
    }).end();
  });
  expect(await foreign).toBe(403);
});
