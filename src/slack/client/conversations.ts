import type { WebClient } from '@slack/web-api';
import { HOUR_MS } from '../../domain/time-units.ts';
import { callSlack } from './errors.ts';
import type { Memory } from './memory.ts';

/** It stays the same; `conversations.open` takes 50 calls a minute. */
const KEEP_MS = HOUR_MS;

/** Returns the id of the direct conversation with a person. */
export function openDirect(
  { client, memory, wait }: { client: WebClient; memory: Memory; wait(ms: number): Promise<void> },
  user: string,
): Promise<string> {
  return memory.ask(`direct:${user}`, KEEP_MS, async () => {
    const { channel } = await callSlack(() => client.conversations.open({ users: user }), { wait, repeatable: true });
    return channel!.id!;
  });
}
