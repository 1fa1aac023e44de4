import type { WebClient } from '@slack/web-api';
import { z } from 'zod';

/** Names our messages' metadata. */
export const METADATA_EVENT = 'headroom_delivery';
const OURS = z.object({
  event_type: z.literal(METADATA_EVENT),
  event_payload: z.object({ key: z.string() }),
});

/** Clocks of ours and of Slack may differ by this much. */
const CLOCK_SKEW_MS = 60_000;
const PAGE = 200;

export interface Destination {
  channel: string;
  /** The parent message, for a reply. */
  threadTs?: string;
}

/**
 * The messages of ours in a channel (or one thread of it) since `sinceMs`: delivery key → timestamps, oldest first. Only
 * the bot's own count: anybody may copy metadata. Throws what the Web API throws.
 */
export async function listOwnMessages(
  client: WebClient,
  botId: string,
  place: Destination,
  sinceMs: number,
): Promise<Map<string, string[]>> {
  const found = new Map<string, string[]>();
  const oldest = (Math.max(0, sinceMs - CLOCK_SKEW_MS) / 1000).toFixed(6);
  let cursor: string | undefined;
  do {
    const options = {
      channel: place.channel,
      oldest,
      include_all_metadata: true,
      limit: PAGE,
      ...(cursor ? { cursor } : {}),
    };
    const page = place.threadTs
      ? await client.conversations.replies({ ...options, ts: place.threadTs })
      : await client.conversations.history(options);
    for (const message of page.messages ?? []) {
      const key = OURS.safeParse(message.metadata).data?.event_payload.key;
      if (key === undefined || message.bot_id !== botId || !message.ts) continue;
      found.set(key, [...(found.get(key) ?? []), message.ts].sort());
    }
    cursor = page.response_metadata?.next_cursor || undefined;
  } while (cursor);
  return found;
}
