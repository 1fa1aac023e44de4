import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { createClient, outcome, start, stopAll } from './support.ts';

afterEach(stopAll);

test('auth.test names the bot and its scopes; other tokens are refused', async () => {
  const emulator = await start();
  const answer = await createClient(emulator).auth.test();
  expect(answer).toMatchObject({
    ok: true,
    user_id: emulator.botUserId,
    bot_id: emulator.botId,
    team_id: emulator.teamId,
  });
  expect(answer.response_metadata?.scopes).toContain('chat:write');
  expect(await outcome(createClient(emulator, 'xoxb-someone-else').auth.test())).toBe('invalid_auth');
  expect(await outcome(createClient(emulator, emulator.appToken).auth.test())).toBe('not_allowed_token_type');
  expect(await outcome(createClient(emulator).apps.connections.open())).toBe('not_allowed_token_type');
  expect(emulator.takeProblems()).toHaveLength(3);
});

test('an answer is dated by the workspace’s clock', async () => {
  const emulator = await start({ now: () => Date.UTC(2026, 10, 20, 9) });
  const response = await fetch(`${emulator.apiUrl}auth.test`, { method: 'POST' });
  expect(response.headers.get('date')).toBe('Fri, 20 Nov 2026 09:00:00 GMT');
  expect(emulator.takeProblems()).toMatchObject([{ detail: 'not_authed' }]);
});

test('a method that is not emulated is an error and a problem', async () => {
  const emulator = await start();
  expect(await outcome(createClient(emulator).apiCall('pins.frobnicate'))).toBe('unknown_method');
  expect(emulator.takeProblems()).toMatchObject([{ kind: 'unknown_method', where: 'pins.frobnicate' }]);
});

test('a scope that the manifest lacks is named', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'manifest-'));
  const path = join(directory, 'manifest.yml');
  const manifest = readFileSync(new URL('../../../app-manifest.yml', import.meta.url), 'utf8');
  writeFileSync(path, manifest.replace(/^.*- groups:history.*\n/m, '').replace(/^.*- users:read.*\n/m, ''));
  const emulator = await start({ manifest: path });
  rmSync(directory, { recursive: true });
  const client = createClient(emulator);
  const error = await client.conversations.history({ channel: 'C01LEADS' }).catch((thrown) => thrown);
  expect(error.data).toMatchObject({ error: 'missing_scope', needed: 'groups:history' });
  expect(error.data.provided.split(',')).toContain('channels:history');
  expect(await outcome(client.users.info({ user: 'U01ALICE' }))).toBe('missing_scope');
  expect(await outcome(client.conversations.history({ channel: 'C01USAGE' }))).toBe('ok');
  expect(emulator.takeProblems()).toHaveLength(2);
});

test('posting says no as Slack does', async () => {
  const emulator = await start();
  const client = createClient(emulator);
  const post = (channel: string) => outcome(client.chat.postMessage({ channel, text: 'x' }));
  expect(await post('C01USAGE')).toBe('ok');
  expect(await post('C01RANDOM')).toBe('not_in_channel');
  expect(await post('C01FINANCE')).toBe('channel_not_found');
  expect(await post('C0NOWHERE')).toBe('channel_not_found');
  expect(await post('C01OLD')).toBe('is_archived');
  expect(await post(emulator.botUserId)).toBe('cannot_dm_bot');
  expect(await post('U01ALICE')).toBe('ok');
  expect(emulator.directMessages('alice')).toHaveLength(1);
  emulator.assertNoProblems();
  const empty = client.chat.postMessage({ channel: 'C01USAGE', text: '' });
  expect(await outcome(empty)).toBe('no_text');
  const ephemeral = client.chat.postEphemeral({ channel: 'C01LEADS', user: 'U01BORIS', text: 'x' });
  expect(await outcome(ephemeral)).toBe('user_not_in_channel');
  expect(emulator.takeProblems()).toMatchObject([{ kind: 'missing_text' }]);
});

test('a text of more than 4,000 characters is too long, and that is a problem', async () => {
  const emulator = await start();
  const { chat } = createClient(emulator);
  const { ts = '' } = await chat.postMessage({ channel: 'C01USAGE', text: 'x'.repeat(4000) });
  const text = 'x'.repeat(4001);
  expect(await outcome(chat.postMessage({ channel: 'C01USAGE', text }))).toBe('msg_too_long');
  expect(await outcome(chat.postEphemeral({ channel: 'C01USAGE', user: 'U01ALICE', text }))).toBe('msg_too_long');
  expect(await outcome(chat.update({ channel: 'C01USAGE', ts, text }))).toBe('msg_too_long');
  expect(emulator.takeProblems().map(({ kind }) => kind)).toEqual(['oversize', 'oversize', 'oversize']);
});

test('rich text does not give way to other blocks', async () => {
  const emulator = await start();
  const { chat } = createClient(emulator);
  const elements = [{ type: 'rich_text_section' as const, elements: [{ type: 'text' as const, text: 'x' }] }];
  const rich = { type: 'rich_text' as const, elements };
  const { ts = '' } = await chat.postMessage({ channel: 'C01USAGE', text: 'x', blocks: [rich] });
  const change = (blocks: object[]) =>
    outcome(chat.update({ channel: 'C01USAGE', ts, text: 'x', blocks: blocks as [] }));
  expect(await change([{ type: 'divider' }])).toBe('block_mismatch');
  expect(await change([{ type: 'divider' }, rich])).toBe('ok');
  expect(await change([])).toBe('ok');
  expect(emulator.takeProblems()).toHaveLength(1);
});

test('members of a channel are counted where that is asked for', async () => {
  const { conversations } = createClient(await start());
  expect((await conversations.info({ channel: 'C01USAGE' })).channel).not.toHaveProperty('num_members');
  const { channel } = await conversations.info({ channel: 'C01USAGE', include_num_members: true });
  expect(channel).toMatchObject({ num_members: 7 });
});

test('a page of people may be shorter than asked, and deactivated accounts and bots are among them', async () => {
  const users = Array.from({ length: 450 }, (_, index) => ({
    id: `U0${String(index).padStart(8, '0')}`,
    name: `p${index}`,
    deleted: index % 3 === 0,
  }));
  const { users: people } = createClient(await start({ seed: { users } }));
  const pages: { deleted?: boolean; is_bot?: boolean }[][] = [];
  for (let cursor: string | undefined; cursor !== ''; ) {
    const { members = [], response_metadata } = await people.list({ limit: 1000, ...(cursor ? { cursor } : {}) });
    pages.push(members);
    cursor = response_metadata?.next_cursor ?? '';
  }
  expect(pages.map(({ length }) => length)).toEqual([200, 200, 51]);
  expect(pages.flat().filter(({ deleted }) => deleted)).toHaveLength(150);
  expect(pages.flat().filter(({ is_bot }) => is_bot)).toHaveLength(1);
});

test('a private message in a thread without replies is taken and seen by nobody, which is a problem', async () => {
  const emulator = await start();
  const { chat } = createClient(emulator);
  const { ts = '' } = await chat.postMessage({ channel: 'C01USAGE', text: 'question' });
  const tell = () => chat.postEphemeral({ channel: 'C01USAGE', user: 'U01ALICE', text: 'for you', thread_ts: ts });
  expect(await outcome(tell())).toBe('ok');
  expect(emulator.ephemerals('alice')).toEqual([]);
  expect(emulator.takeProblems()).toMatchObject([{ kind: 'ephemeral', where: 'chat.postEphemeral' }]);
  await chat.postMessage({ channel: 'C01USAGE', text: 'answer', thread_ts: ts });
  await tell();
  expect(emulator.ephemerals('alice')).toMatchObject([{ text: 'for you', thread_ts: ts }]);
  emulator.assertNoProblems();
});

test('updating keeps what is not given; only own messages can be changed', async () => {
  const emulator = await start();
  const client = createClient(emulator);
  const blocks = [{ type: 'divider' as const }];
  const metadata = { event_type: 'digest', event_payload: { key: 'k1' } };
  const { ts = '' } = await client.chat.postMessage({ channel: 'C01USAGE', text: 'one', blocks, metadata });
  await client.chat.update({ channel: 'C01USAGE', ts, text: 'two' });
  expect(emulator.messages('C01USAGE')[0]).toMatchObject({
    text: 'two',
    blocks,
    metadata,
    edited: { user: emulator.botUserId },
  });
  await client.chat.update({ channel: 'C01USAGE', ts, text: 'three', blocks: [] });
  expect(emulator.messages('C01USAGE')[0]?.blocks).toBeUndefined();
  const other = await emulator.say({ user: 'alice', channel: 'C01USAGE', text: 'mine' });
  const update = client.chat.update({ channel: 'C01USAGE', ts: other.ts, text: 'yours' });
  expect(await outcome(update)).toBe('cant_update_message');
  expect(await outcome(client.chat.update({ channel: 'C01USAGE', ts: '1.000000', text: 'x' }))).toBe(
    'message_not_found',
  );
  await client.chat.delete({ channel: 'C01USAGE', ts });
  expect(emulator.messages('C01USAGE').map((message) => message.text)).toEqual(['mine']);
  emulator.assertNoProblems();
});

test('an edit whose markup would be shown as it is written, or that keeps its ids, is a problem', async () => {
  const emulator = await start();
  const client = createClient(emulator);
  const at = { channel: 'C01USAGE' };
  const blocks = (block_id: string) => [{ type: 'divider', block_id }];
  const { ts } = await client.chat.postMessage({ ...at, text: 'hello <@U01ALICE>', blocks: blocks('a') });
  await client.chat.update({ ...at, ts: ts!, text: 'hello <@U01ALICE>', blocks: blocks('b'), parse: 'none' });
  await client.chat.update({ ...at, ts: ts!, text: 'hello alice', blocks: [] });
  emulator.assertNoProblems();
  await client.chat.update({ ...at, ts: ts!, text: 'hello <@U01ALICE>', blocks: blocks('b') });
  await client.chat.update({ ...at, ts: ts!, text: 'hello alice', blocks: blocks('b') });
  expect(emulator.takeProblems()).toMatchObject([
    { kind: 'invalid_arguments', where: 'chat.update', detail: expect.stringContaining('parse=none') },
    { kind: 'invalid_blocks', where: 'chat.update', detail: 'divider keeps its block_id b' },
  ]);
});

test('history is newest first, without replies, with metadata when asked; a post can be found by it', async () => {
  const emulator = await start();
  const client = createClient(emulator);
  const metadata = { event_type: 'digest', event_payload: { key: 'k1' } };
  const first = await client.chat.postMessage({ channel: 'C01USAGE', text: 'first', metadata });
  const post = { channel: 'C01USAGE', thread_ts: first.ts! };
  await client.chat.postMessage({ ...post, text: 'reply' });
  await client.chat.postMessage({ ...post, text: 'shown', reply_broadcast: true });
  const history = await client.conversations.history({ channel: 'C01USAGE', include_all_metadata: true, oldest: '0' });
  expect(history.messages).toMatchObject([
    { text: 'shown', subtype: 'thread_broadcast' },
    { text: 'first', metadata, reply_count: 2 },
  ]);
  const plain = await client.conversations.history({ channel: 'C01USAGE', limit: 1 });
  expect(plain).toMatchObject({ has_more: true, messages: [{ text: 'shown' }] });
  const next = await client.conversations.history({
    channel: 'C01USAGE',
    cursor: plain.response_metadata!.next_cursor!,
  });
  expect(next.messages).toHaveLength(1);
  expect(next.messages![0]).not.toHaveProperty('metadata');
  const replies = await client.conversations.replies({ channel: 'C01USAGE', ts: first.ts! });
  expect(replies.messages?.map((message) => message.text)).toEqual(['first', 'reply', 'shown']);
  expect(emulator.thread('C01USAGE', first.ts!)).toHaveLength(3);
  const after = await client.conversations.history({ channel: 'C01USAGE', oldest: first.ts! });
  expect(after.messages?.map((message) => message.text)).toEqual(['shown']);
});

test('conversations, people and groups are told apart', async () => {
  const emulator = await start();
  const client = createClient(emulator);
  const info = async (channel: string) => (await client.conversations.info({ channel })).channel;
  expect(await info('C01SHARED')).toMatchObject({ is_ext_shared: true, is_member: true, is_private: false });
  expect(await info('C01LEADS')).toMatchObject({ is_private: true, is_group: true });
  expect(await info('C01OLD')).toMatchObject({ is_archived: true, is_member: false });
  const joined = await client.conversations.join({ channel: 'C01RANDOM' });
  expect(joined.channel?.is_member).toBe(true);
  const user = async (id: string) => (await client.users.info({ user: id })).user;
  expect(await user('U01ADMIN')).toMatchObject({ is_admin: true, tz: 'Europe/Berlin' });
  expect(await user('U01CHLOE')).toMatchObject({ tz: 'Asia/Kolkata' });
  expect(await user('U01SOLO')).toMatchObject({ is_restricted: true, is_ultra_restricted: true });
  expect(await user('U02OUTSIDE')).toMatchObject({ is_stranger: true });
  expect((await user('U02OUTSIDE'))?.team_id).not.toBe(emulator.teamId);
  expect(await user(emulator.botUserId)).toMatchObject({ is_bot: true });
  expect(await user('U01LEFT')).toMatchObject({ deleted: true });
  const members = await client.users.list({ limit: 3 });
  expect(members.members).toHaveLength(3);
  expect(members.response_metadata?.next_cursor).not.toBe('');
  const groups = await client.usergroups.list({ include_users: true });
  expect(groups.usergroups).toMatchObject([{ id: 'S0123', handle: 'on-call', users: ['U01BORIS', 'U01CHLOE'] }]);
  expect((await client.usergroups.users.list({ usergroup: 'S0123' })).users).toEqual(['U01BORIS', 'U01CHLOE']);
  const open = await client.conversations.open({ users: 'U01BORIS' });
  expect(open.channel?.id).toMatch(/^D/);
  expect((await client.conversations.open({ users: 'U01BORIS' })).channel?.id).toBe(open.channel?.id);
  emulator.assertNoProblems();
});

test('JSON bodies are taken too, and no token is kept in the record', async () => {
  const emulator = await start();
  const send = (body: string) =>
    fetch(`${emulator.apiUrl}chat.postMessage`, {
      method: 'POST',
      headers: { 'content-type': 'application/json; charset=utf-8', authorization: `Bearer ${emulator.botToken}` },
      body,
    }).then((response) => response.json() as Promise<{ ok: boolean; error?: string }>);
  expect(
    await send(JSON.stringify({ channel: 'C01USAGE', text: 'json', blocks: [{ type: 'divider' }] })),
  ).toMatchObject({
    ok: true,
  });
  expect(await send('{')).toMatchObject({ ok: false, error: 'invalid_json' });
  await createClient(emulator).apiCall('auth.test', { token: emulator.botToken, note: emulator.appToken });
  expect(emulator.takeProblems()).toMatchObject([{ where: 'auth.test', detail: 'no such argument: note' }]);
  expect(JSON.stringify(emulator.calls)).not.toMatch(/xoxb|xapp/);
  expect(emulator.calls.map((call) => call.method)).toEqual(['chat.postMessage', 'chat.postMessage', 'auth.test']);
});

test('a required argument that is missing, and one that the reference does not name, are problems', async () => {
  const emulator = await start();
  const client = createClient(emulator);
  const call = (method: string, args: object) => client.apiCall(method, args as Record<string, unknown>);
  const refusal = await call('chat.update', { channel: 'C01USAGE', text: 'x' }).catch((thrown) => thrown.data);
  expect(refusal).toMatchObject({
    error: 'invalid_arguments',
    response_metadata: { messages: ['[ERROR] missing required field: ts'] },
  });
  expect(await outcome(call('views.open', { trigger_id: '1.2.3', view: 'no JSON' }))).toBe('invalid_arguments');
  expect(await outcome(call('users.info', { user: 'U01ALICE', verbose: true }))).toBe('ok');
  expect(emulator.takeProblems().map(({ where, detail }) => `${where}: ${detail}`)).toEqual([
    'chat.update: [ERROR] missing required field: ts',
    'views.open: [ERROR] view: not an object',
    'users.info: no such argument: verbose',
  ]);
});

test('a reply to a reply stands in the thread of its parent, and is a problem; an archived channel keeps what it says', async () => {
  const emulator = await start();
  const { chat } = createClient(emulator);
  const { ts = '' } = await chat.postMessage({ channel: 'C01USAGE', text: 'parent' });
  const reply = await chat.postMessage({ channel: 'C01USAGE', text: 'reply', thread_ts: ts });
  await chat.postMessage({ channel: 'C01USAGE', text: 'again', thread_ts: reply.ts! });
  expect(emulator.thread('C01USAGE', ts).map(({ text }) => text)).toEqual(['parent', 'reply', 'again']);
  expect(emulator.takeProblems()).toMatchObject([{ kind: 'invalid_arguments', where: 'chat.postMessage' }]);
  await emulator.archive('C01USAGE');
  expect(await outcome(chat.update({ channel: 'C01USAGE', ts, text: 'other' }))).toBe('is_inactive');
});
