import { afterEach, expect, test } from 'vitest';
import type { Emulator } from '../../support/emulator.ts';
import { createClient, outcome, start, stopAll } from './support.ts';

afterEach(stopAll);

const plain = (text: string) => ({ type: 'plain_text', text });
const wrong = [{ type: 'divider' }, { type: 'header', text: plain('') }];

async function validate(emulator: Emulator, args: Record<string, unknown>): Promise<unknown> {
  const call = createClient(emulator).apiCall('blocks.validate', args);
  return call.then(
    () => 'ok',
    (thrown) => ({ error: thrown.data.error, errors: thrown.data.errors }),
  );
}

const fault = (pointer: string) => [{ code: 'failed_constraint', message: expect.any(String), pointer }];

test('blocks.validate says what Slack would refuse, and sends nothing', async () => {
  const emulator = await start();
  expect(await validate(emulator, { blocks: [{ type: 'divider' }] })).toBe('ok');
  expect(await validate(emulator, { blocks: wrong })).toEqual({
    error: 'invalid_blocks',
    errors: fault('/1/text/text'),
  });
  const message = JSON.stringify({ text: 'x', blocks: wrong });
  expect(await validate(emulator, { message })).toEqual({
    error: 'invalid_message',
    errors: fault('/blocks/1/text/text'),
  });
  const view = JSON.stringify({ type: 'modal', title: plain('x'.repeat(25)), blocks: [{ type: 'divider' }] });
  expect(await validate(emulator, { view })).toEqual({ error: 'invalid_view', errors: fault('/title/text') });
  const table = [{ type: 'table', rows: [[{ type: 'raw_text', text: 'x' }]] }];
  expect(await validate(emulator, { message: JSON.stringify({ blocks: table }) })).toBe('ok');
  expect(await validate(emulator, { view: JSON.stringify({ type: 'home', blocks: table }) })).toEqual({
    error: 'invalid_view',
    errors: fault('/blocks/0/type'),
  });
  emulator.assertNoProblems();
});

test('it takes at most 100,000 characters', async () => {
  const emulator = await start();
  const blocks = Array.from({ length: 40 }, () => ({ type: 'section', text: plain('x'.repeat(2600)) }));
  expect(await validate(emulator, { blocks })).toMatchObject({ error: 'invalid_arguments' });
  expect(await validate(emulator, { view: { type: 'home', blocks: blocks.slice(0, 30) } })).toBe('ok');
});

test('it takes one of blocks, message and view', async () => {
  const emulator = await start();
  const client = createClient(emulator);
  expect(await outcome(client.apiCall('blocks.validate', {}))).toBe('invalid_arguments');
  expect(await outcome(client.apiCall('blocks.validate', { blocks: '[]', message: '{}' }))).toBe('invalid_arguments');
  expect(await outcome(client.apiCall('blocks.validate', { view: 'no JSON' }))).toBe('invalid_arguments');
});
