import type { WebClient } from '@slack/web-api';
import { DAY_MS } from '../domain/time-units.ts';
import { classifyFailure } from '../slack/client/errors.ts';
import { type Delivery, findDelivery } from '../store/delivery-repository.ts';
import { listSweepable, markSwept } from '../store/delivery-upkeep.ts';
import type { AttemptPorts } from './attempt.ts';
import { listOwnMessages } from './copies.ts';

/** Copies are looked for during a day: a frozen process may wake up that late and finish its call. */
const COPY_WITHIN_MS = DAY_MS;
/** conversations.history takes 50 calls a minute; three rounds a minute leave room for others. */
const PLACES_A_ROUND = 12;

/**
 * Looks into the channels of messages whose outcome was ever unclear, and deletes every message of ours that carries the
 * key of one but is not the one in the log.
 */
export async function sweepCopies(ports: AttemptPorts, nowMs: number): Promise<void> {
  const rows = await listSweepable(ports.db, {
    sentSinceMs: nowMs - COPY_WITHIN_MS,
    sweptBeforeMs: nowMs - 10_000,
    limit: 500,
  });
  const places = Map.groupBy(rows, (row) => `${row.sent!.channel} ${row.thread?.key ?? ''}`);
  for (const group of [...places.values()].slice(0, PLACES_A_ROUND)) {
    try {
      await sweepPlace(ports, group);
      await markSwept(
        ports.db,
        group.map((row) => row.id),
        nowMs,
      );
    } catch (error) {
      const failure = classifyFailure(error);
      // Slack being away is told by the sender.
      const away = failure.reason === 'transient' || failure.reason === 'token';
      const level = away ? 'debug' : 'warn';
      ports.log[level]({ channel: group[0]!.sent!.channel, error: failure.error }, 'could not look for copies');
      if (away || failure.reason === 'rate_limited') return;
      // A channel that cannot be read is looked at in its turn only.
      await markSwept(
        ports.db,
        group.map((row) => row.id),
        nowMs,
      );
    }
  }
}

async function sweepPlace(ports: AttemptPorts, group: (Delivery & { sweptMs: number })[]): Promise<void> {
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
export async function deleteMessage(client: WebClient, message: { channel: string; ts: string }): Promise<void> {
  try {
    await client.chat.delete(message);
  } catch (error) {
    if (classifyFailure(error).error !== 'message_not_found') throw error;
  }
}
