import { WebClient } from '@slack/web-api';
import { createEmulator } from 'emulate';
import { afterEach, expect, test } from 'vitest';
import { createClient, start, stopAll } from './support.ts';

afterEach(stopAll);

/** Returns the names and types of an answer's fields. A list is represented by its first item. */
function toShape(value: unknown): unknown {
  if (Array.isArray(value)) return value.slice(0, 1).map(toShape);
  if (typeof value !== 'object' || value === null) return typeof value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, toShape(item)]));
}

test('answers have the shape that a stand-in written by others gives them', async () => {
  const other = await createEmulator({ service: 'slack', port: 0, hostname: '127.0.0.1' });
  try {
    const emulator = await start();
    const mine = createClient(emulator);
    const theirs = new WebClient('xoxb-any', { slackApiUrl: `${other.url}/api/`, retryConfig: { retries: 0 } });
    const listed = await theirs.conversations.list();
    const channel = listed.channels!.find((one) => !one.is_archived)!.id!;
    const compare = async (run: (client: WebClient, channel: string) => Promise<object>, fields: string[]) => {
      const [a, b] = await Promise.all([run(mine, 'C01USAGE'), run(theirs, channel)]);
      const pick = (answer: object) => {
        const shape = toShape(answer) as Record<string, unknown>;
        return Object.fromEntries(fields.map((field) => [field, shape[field]]));
      };
      expect(pick(a)).toEqual(pick(b));
    };
    await compare((client) => client.auth.test(), ['ok', 'url', 'team', 'user', 'team_id', 'user_id']);
    const post = (client: WebClient, id: string) => client.chat.postMessage({ channel: id, text: 'x' });
    await compare(post, ['ok', 'channel', 'ts']);
    await compare(
      async (client, id) => {
        const { ts = '' } = await post(client, id);
        return client.chat.update({ channel: id, ts, text: 'y' });
      },
      ['ok', 'channel', 'ts', 'text'],
    );
    await compare((client, id) => client.conversations.history({ channel: id, limit: 1 }), ['ok', 'has_more']);
    const upload = { filename: 'a.csv', length: 3 };
    await compare((client) => client.files.getUploadURLExternal(upload), ['ok', 'upload_url', 'file_id']);
    const missing = async (client: WebClient) =>
      client.chat.postMessage({ channel: 'C0NOWHERE', text: 'x' }).catch((error) => error.data);
    await compare(missing, ['ok', 'error']);
    expect((await missing(mine)).error).toBe((await missing(theirs)).error);
  } finally {
    await other.close();
  }
});
