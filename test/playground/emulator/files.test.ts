import { afterEach, expect, test } from 'vitest';
import type { Emulator } from '../../support/emulator.ts';
import { createClient, outcome, png, start, startHttpApp, stopAll } from './support.ts';

afterEach(stopAll);

/** Uploads a file in the three steps that Headroom takes. */
async function upload(
  emulator: Emulator,
  { filename = 'chart.png', file = png(1600, 800), ...share }: Record<string, unknown> & { file?: Buffer } = {},
): Promise<string> {
  const client = createClient(emulator);
  const announced = await client.apiCall('files.getUploadURLExternal', { filename, length: file.length });
  const { upload_url, file_id } = announced as unknown as { upload_url: string; file_id: string };
  await fetch(upload_url, { method: 'POST', body: new Uint8Array(file) });
  const files = [{ id: file_id, title: 'Top clients' }];
  await client.apiCall('files.completeUploadExternal', { files, ...share });
  return file_id;
}

const image = (id: string) => ({ type: 'image', slack_file: { id }, alt_text: 'Acme leads' });

test('an uploaded picture can be posted by its id, which shares it there', async () => {
  const emulator = await start();
  const client = createClient(emulator);
  const id = await upload(emulator);
  const { file } = await client.files.info({ file: id });
  expect(file).toMatchObject({ id, mimetype: 'image/png', title: 'Top clients', original_w: 1600, original_h: 800 });
  expect(file).toMatchObject({ channels: [], is_public: false });
  await client.apiCall('chat.postMessage', { channel: 'C01USAGE', text: 'chart', blocks: [image(id)] });
  expect((await client.files.info({ file: id })).file).toMatchObject({ channels: ['C01USAGE'], is_public: true });
  expect(emulator.file(id)?.bytes).toEqual(png(1600, 800));
  emulator.assertNoProblems();
});

test('what a picture shows is told as alt_txt, of at most 1,000 characters', async () => {
  const emulator = await start();
  const announce = (more: object) =>
    createClient(emulator).apiCall('files.getUploadURLExternal', { filename: 'chart.png', length: 3, ...more });
  const { file_id } = (await announce({ alt_txt: 'Acme leads', alt_text: 'is no argument' })) as { file_id?: string };
  expect(emulator.file(file_id!)?.alt_txt).toBe('Acme leads');
  expect(emulator.takeProblems()).toMatchObject([{ detail: 'no such argument: alt_text' }]);
  expect(await outcome(announce({ alt_txt: 'x'.repeat(1001) }))).toBe('alt_txt_too_large');
  expect(await outcome(announce({ length: 0 }))).toBe('missing_argument');
});

test('until it is processed a file has no type and no block may show it', async () => {
  const emulator = await start({ fileDelayMs: 400 });
  const client = createClient(emulator);
  const id = await upload(emulator);
  expect((await client.files.info({ file: id })).file?.mimetype).toBe('');
  const post = () => client.apiCall('chat.postMessage', { channel: 'C01USAGE', text: 'chart', blocks: [image(id)] });
  const early = await post().catch((thrown) => thrown.data);
  expect(early).toMatchObject({
    error: 'invalid_blocks',
    errors: ['invalid slack file [json-pointer:/blocks/0/slack_file]'],
  });
  await emulator.waitFor(() => emulator.file(id)?.ready, 'the file is ready');
  expect((await client.files.info({ file: id })).file?.mimetype).toBe('image/png');
  await post();
  emulator.assertNoProblems();
});

test('a file can be made never to be ready', async () => {
  const emulator = await start();
  emulator.faults.fileNeverReady = true;
  const id = await upload(emulator);
  expect((await createClient(emulator).files.info({ file: id })).file?.mimetype).toBe('');
});

test('a file that does not exist, is deleted, or is no picture is refused', async () => {
  const emulator = await start();
  const client = createClient(emulator);
  const post = (id: string) =>
    outcome(client.apiCall('chat.postMessage', { channel: 'C01USAGE', text: 'x', blocks: [image(id)] }));
  expect(await post('F0NOTHERE')).toBe('invalid_blocks');
  const csv = await upload(emulator, { filename: 'top.csv', file: Buffer.from('name,requests\n') });
  expect((await client.files.info({ file: csv })).file).toMatchObject({ mimetype: 'text/csv', filetype: 'csv' });
  expect(await post(csv)).toBe('invalid_blocks');
  const gone = await upload(emulator);
  await client.files.delete({ file: gone });
  expect(await post(gone)).toBe('invalid_blocks');
  expect(await outcome(client.files.info({ file: gone }))).toBe('file_deleted');
  expect(await outcome(client.files.delete({ file: gone }))).toBe('file_deleted');
  expect(await outcome(client.files.info({ file: 'F0NOTHERE' }))).toBe('file_not_found');
  expect(emulator.takeProblems().map((problem) => problem.kind)).toEqual(Array(3).fill('invalid_blocks'));
});

test('an upload to a channel posts a message of its own, with the file', async () => {
  const emulator = await start();
  const id = await upload(emulator, { channel_id: 'C01USAGE', initial_comment: 'here' });
  const message = await emulator.waitFor(
    () => emulator.messages('C01USAGE').find((one) => one.files),
    'the file message',
  );
  expect(message).toMatchObject({ text: 'here', subtype: 'file_share', files: [{ id }] });
  expect(await outcome(upload(emulator, { channel_id: 'C01RANDOM' }))).toBe('not_in_channel');
});

test('an upload goes to a channel by its id, and to the parent of a thread', async () => {
  const emulator = await start();
  const client = createClient(emulator);
  expect(await outcome(upload(emulator, { channel_id: 'U01ALICE' }))).toBe('invalid_channel');
  const at = { channel: 'C01USAGE', text: 'x' };
  const { ts: parent } = await client.chat.postMessage(at);
  const { ts: reply } = await client.chat.postMessage({ ...at, thread_ts: parent! });
  await upload(emulator, { channel_id: 'C01USAGE', thread_ts: parent });
  emulator.assertNoProblems();
  await upload(emulator, { channel_id: 'C01USAGE', thread_ts: reply });
  expect(emulator.takeProblems()).toMatchObject([{ where: 'files.completeUploadExternal' }]);
});

test('a private message must not show a file that its reader cannot open', async () => {
  const emulator = await start();
  const client = createClient(emulator);
  const id = await upload(emulator);
  const show = { channel: 'C01USAGE', user: 'U01ALICE', text: 'chart', blocks: [image(id)] };
  expect(await outcome(client.apiCall('chat.postEphemeral', show))).toBe('ok');
  expect(emulator.takeProblems()).toMatchObject([{ kind: 'ephemeral', where: 'chat.postEphemeral' }]);
  await client.apiCall('chat.postMessage', { channel: 'C01USAGE', text: 'chart', blocks: [image(id)] });
  await client.apiCall('chat.postEphemeral', show);
  emulator.assertNoProblems();
});

test("blocks taken from an interaction cannot be sent back as they are: Slack's additions are refused", async () => {
  const emulator = await start();
  const app = await startHttpApp(emulator);
  const id = await upload(emulator);
  const button = {
    type: 'actions',
    elements: [{ type: 'button', action_id: 'go', text: { type: 'plain_text', text: 'Go' } }],
  };
  let blocks: unknown;
  app.action('go', async ({ ack, body }) => {
    blocks = 'message' in body ? body.message?.blocks : undefined;
    await ack();
  });
  const post = { channel: 'C01USAGE', text: 'chart', blocks: [image(id), button] };
  await app.client.apiCall('chat.postMessage', post);
  const { ts } = emulator.messages('C01USAGE')[0]!;
  await emulator.click({ user: 'alice', message: { channel: 'C01USAGE', ts }, action_id: 'go' });
  const echo = app.client.apiCall('chat.update', { channel: 'C01USAGE', ts, text: 'chart', blocks });
  expect(await outcome(echo)).toBe('invalid_blocks');
  expect(emulator.takeProblems()).toHaveLength(1);
});
