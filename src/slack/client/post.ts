import type { WebClient } from '@slack/web-api';
import type { Message } from '../../messages/text.ts';
import { toUnclear } from './errors.ts';

/** The conversation, or thread of one, that a message is posted to. */
export interface Destination {
  channel: string;
  /** The parent message, for a reply. */
  threadTs?: string | undefined;
}

/** Data that a message carries for whoever reads the channel by the Web API. */
export interface Metadata {
  event_type: string;
  event_payload: Record<string, string>;
}

/** Posts a message, a reply also into the channel where `broadcast`. Returns its timestamp; rejects as the Web API does. */
export async function postMessage(
  client: WebClient,
  { channel, threadTs }: Destination,
  { text, blocks }: Message,
  { metadata, broadcast = false }: { metadata?: Metadata; broadcast?: boolean } = {},
): Promise<string> {
  const answer: { ok?: boolean; ts?: unknown } = await client.apiCall('chat.postMessage', {
    ...{ channel, text, unfurl_links: false, unfurl_media: false },
    ...(blocks.length > 0 ? { blocks } : {}),
    ...(threadTs ? { thread_ts: threadTs, reply_broadcast: broadcast } : {}),
    ...(metadata ? { metadata } : {}),
  });
  if (typeof answer.ts !== 'string') throw toUnclear(new Error('Slack took the message but did not say its ts'));
  return answer.ts;
}

/** Changes a message. Without blocks the old ones would stay: they are always sent. */
export async function updateMessage(
  client: WebClient,
  { channel, ts }: { channel: string; ts: string },
  { text, blocks }: Message,
  metadata?: Metadata,
): Promise<void> {
  // Else Slack takes `text` as written by hand, and mentions and dates in it stand there as `<…>`.
  const written = { channel, ts, text, blocks, parse: 'none' };
  await client.apiCall('chat.update', { ...written, ...(metadata ? { metadata } : {}) });
}
