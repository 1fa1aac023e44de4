import { afterEach, expect, test } from 'vitest';
import { createClient, outcome, start, stopAll } from './support.ts';

afterEach(stopAll);

const CHANNEL = 'C01USAGE';

test('a rate limit is answered 429 with Retry-After, as often as asked', async () => {
  const emulator = await start();
  const client = createClient(emulator);
  emulator.faults.rateLimit('chat.postMessage', { times: 2, retryAfter: 7 });
  for (let attempt = 0; attempt < 2; attempt += 1) {
    await expect(client.chat.postMessage({ channel: CHANNEL, text: 'x' })).rejects.toMatchObject({ retryAfter: 7 });
  }
  expect(await outcome(client.chat.postMessage({ channel: CHANNEL, text: 'x' }))).toBe('ok');
  expect(emulator.calls.map((call) => call.status)).toEqual([429, 429, 200]);
  expect(emulator.messages(CHANNEL)).toHaveLength(1);
});

test('on demand it takes as many calls of a method in a minute as Slack says', async () => {
  let now = Date.parse('2026-11-21T12:00:00Z');
  const emulator = await start({ now: () => now });
  const client = createClient(emulator);
  emulator.faults.keepRates = true;
  for (let count = 0; count < 20; count += 1) await client.usergroups.list();
  now += 10_000;
  await expect(client.usergroups.list()).rejects.toMatchObject({ retryAfter: 50 });
  await client.users.info({ user: 'U01ALICE' });
  now += 50_000;
  await client.usergroups.list();
  emulator.assertNoProblems();
});

test('a dropped connection did nothing, one dropped after did: the outcome looks the same', async () => {
  const emulator = await start();
  const client = createClient(emulator);
  emulator.faults.fail('chat.postMessage', { drop: true });
  emulator.faults.fail('chat.postMessage', { dropAfter: true });
  const post = () => outcome(client.chat.postMessage({ channel: CHANNEL, text: 'x' }));
  const before = await post();
  expect(emulator.messages(CHANNEL)).toHaveLength(0);
  const after = await post();
  expect(emulator.messages(CHANNEL)).toHaveLength(1);
  expect(before).toBe('slack_webapi_request_error');
  expect(after).toBe(before);
});

test('the unclear post is found again by its metadata', async () => {
  const emulator = await start();
  const client = createClient(emulator);
  emulator.faults.fail('chat.postMessage', { dropAfter: true });
  const metadata = { event_type: 'digest', event_payload: { key: 'sub1:2026-11-20' } };
  await outcome(client.chat.postMessage({ channel: CHANNEL, text: 'digest', metadata }));
  const { messages } = await client.conversations.history({ channel: CHANNEL, include_all_metadata: true, limit: 15 });
  const found = messages?.find(
    (message) => (message.metadata?.event_payload as { key?: string })?.key === 'sub1:2026-11-20',
  );
  expect(found).toMatchObject({ bot_id: emulator.botId, text: 'digest' });
});

test('statuses, errors, missing answers and delays can be set for one method, a family, or all', async () => {
  const emulator = await start();
  const client = createClient(emulator);
  emulator.faults.fail('chat.*', { status: 503 });
  emulator.faults.fail('users.info', { error: 'internal_error' });
  const post = () => outcome(client.chat.postMessage({ channel: CHANNEL, text: 'x' }));
  expect(await post()).toBe('slack_webapi_http_error');
  expect(await outcome(client.users.info({ user: 'U01ALICE' }))).toBe('internal_error');
  emulator.faults.fail('*', { error: 'token_revoked', times: Number.POSITIVE_INFINITY });
  expect(await post()).toBe('token_revoked');
  emulator.faults.clear();
  expect(await post()).toBe('ok');
  emulator.faults.fail('chat.postMessage', { timeout: true });
  const impatient = fetch(`${emulator.apiUrl}chat.postMessage`, { method: 'POST', signal: AbortSignal.timeout(50) });
  await expect(impatient).rejects.toThrow();
  expect(emulator.messages(CHANNEL)).toHaveLength(1);
});

test('an outage cuts everything off until it ends', async () => {
  const emulator = await start();
  const client = createClient(emulator);
  emulator.faults.outage(true);
  expect(await outcome(client.auth.test())).toBe('slack_webapi_request_error');
  emulator.faults.outage(true, 503);
  expect(await outcome(client.auth.test())).toBe('slack_webapi_http_error');
  emulator.faults.outage(false);
  expect(await outcome(client.auth.test())).toBe('ok');
});

test('a wait that fails says what for, and shows what happened', async () => {
  const emulator = await start();
  await createClient(emulator).chat.postMessage({ channel: CHANNEL, text: 'good morning' });
  const waiting = emulator.waitFor(() => undefined, 'the digest is posted', 20);
  await expect(waiting).rejects.toThrow(/until the digest is posted[\s\S]*good morning[\s\S]*chat\.postMessage 200/);
});

test('timestamps follow the clock that is given, and are unique', async () => {
  const emulator = await start({ now: () => Date.parse('2026-11-20T09:00:00Z') });
  const client = createClient(emulator);
  const first = await client.chat.postMessage({ channel: CHANNEL, text: '1' });
  const second = await client.chat.postMessage({ channel: CHANNEL, text: '2' });
  expect([first.ts, second.ts]).toEqual(['1795165200.000000', '1795165200.000001']);
});
