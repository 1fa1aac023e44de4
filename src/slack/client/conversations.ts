import type { WebClient } from '@slack/web-api';
import { callSlack } from './call.ts';

/** Returns the id of the direct conversation with a person. */
export async function openDirect(
  { client, wait }: { client: WebClient; wait(ms: number): Promise<void> },
  user: string,
): Promise<string> {
  const { channel } = await callSlack(() => client.conversations.open({ users: user }), { wait, repeatable: true });
  return channel!.id!;
}
