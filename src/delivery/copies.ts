import type { WebClient } from '@slack/web-api';
import { z } from 'zod';
import { DAY_MS } from '../domain/calendar.ts';
import type { Logger } from '../log.ts';
import { classifyFailure } from '../slack/client/errors.ts';
import type { Destination } from '../slack/client/post.ts';
import type { Db } from '../store/database.ts';
import { type Delivery, findDelivery } from '../store/delivery-repository.ts';
import { listSweepable, markSwept } from '../store/delivery-upkeep.ts';

export interface CopyPorts {
  db: Db;
  client: WebClient;
  log: Logger;
  /** Our bot's id, asked once. */
  botId(): Promise<string>;
}

/** Names our messages' metadata. */
export const METADATA_EVENT = 'headroom_delivery';
const OURS = z.object({
  event_type: z.literal(METADATA_EVENT),
  event_payload: z.object({ key: z.string() }),
});

/** Clocks of ours and of Slack may differ by this much. */
const CLOCK_SKEW_MS = 60_000;
const PAGE = 200;

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

/** Copies are looked for during a day: a frozen process may wake up that late and finish its call. */
const COPY_WITHIN_MS = DAY_MS;
/** conversations.history takes 50 calls a minute; three rounds a minute leave room for others. */
const PLACES_A_ROUND = 12;

/**
 * Looks into the channels of messages whose outcome was ever unclear, and deletes every message of ours that carries the
 * key of one but is not the one in the log.
 */
export async function sweepCopies(ports: CopyPorts, nowMs: number): Promise<void> {
  const rows = await listSweepable(ports.db, {
    sentSinceMs: nowMs - COPY_WITHIN_MS,
    sweptBeforeMs: nowMs - 10_000,
    limit: 500,
  });
  const places = Map.groupBy(rows, (row) => `${row.sent!.channel} ${row.thread?.key ?? ''}`);
  for (const group of [...places.values()].slice(0, PLACES_A_ROUND)) {
    try {
      await sweepPlace(ports, group);
    } catch (error) {
      const failure = classifyFailure(error);
      // Slack being away is told by the sender.
      const away = failure.reason === 'transient' || failure.reason === 'token';
      const level = away ? 'debug' : 'warn';
      ports.log[level]({ channel: group[0]!.sent!.channel, error: failure.error }, 'could not look for copies');
      if (away || failure.reason === 'rate_limited') return;
    }
    // A channel that cannot be read is looked at in its turn only.
    await markSwept(ports.db, group, nowMs);
  }
}

async function sweepPlace(ports: CopyPorts, group: (Delivery & { sweptMs: number })[]): Promise<void> {
  const { channel } = group[0]!.sent!;
  const threadKey = group[0]!.thread?.key;
  const parent = threadKey ? (await findDelivery(ports.db, threadKey))?.sent : undefined;
  const sinceMs = Math.min(...group.map((row) => Math.max(row.sweptMs, row.firstCallMs ?? 0)));
  const place = { channel, ...(parent ? { threadTs: parent.ts } : {}) };
  const own = await listOwnMessages(ports.client, await ports.botId(), place, sinceMs);
  for (const row of group) {
    for (const ts of own.get(row.key) ?? []) {
      if (ts === row.sent!.ts) continue;
      await deleteMessage(ports.client, { channel, ts });
      ports.log.warn({ delivery: row.key, channel, ts }, 'a copy was deleted');
    }
  }
}

/** Deletes a message of ours; one that is gone already is fine. */
async function deleteMessage(client: WebClient, message: { channel: string; ts: string }): Promise<void> {
  try {
    await client.chat.delete(message);
  } catch (error) {
    if (classifyFailure(error).error !== 'message_not_found') throw error;
  }
}
