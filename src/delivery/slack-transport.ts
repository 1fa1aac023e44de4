import type { WebClient } from '@slack/web-api';
import { z } from 'zod';
import { DAY_MS } from '../domain/calendar.ts';
import type { NewDelivery } from '../domain/delivery.ts';
import type { Picture } from '../domain/picture.ts';
import type { Report } from '../domain/report.ts';
import type { Logger } from '../log.ts';
import { MAX_ALT_TEXT } from '../messages/limits.ts';
import { type Block, clip, fitMessage, type Message } from '../messages/text.ts';
import { classifyFailure, isThreadRefusal } from '../slack/client/errors.ts';
import {
  type Destination,
  postMessage,
  type RefusedBlocks,
  sendRepaired,
  updateMessage,
  uploadPicture,
} from '../slack/client/post.ts';
import type { Db } from '../store/database.ts';
import { type Delivery, findDelivery, listSweepable, markSwept } from '../store/delivery-repository.ts';
import type { Clock } from './clock.ts';
import type { Outcome, Transport } from './sender.ts';

/** A message before its picture is drawn. */
export interface Composed extends Pick<Message, 'text'> {
  blocks?: Message['blocks'];
  /** Report to draw; its picture goes before the block at `chartAt` (by default after all blocks). */
  drawn?: Report | undefined;
  chartAt?: number;
}

interface ComposeContext {
  key: string;
  nowMs: number;
  /** The message is edited, not posted. */
  updating: boolean;
}

/** Turns a delivery's content into a message at the time of sending; undefined: it is no longer wanted. */
export type Composer = (content: unknown, context: ComposeContext) => Promise<Composed | undefined>;

export type Composers = Readonly<Record<Exclude<NewDelivery['kind'], 'webhook'>, Composer>>;

/** `client` must not retry calls; `refused` collects blocks that Slack refuses. */
export interface SlackTransportPorts extends Omit<CopyPorts, 'botId'> {
  clock: Clock;
  composers: Composers;
  refused: RefusedBlocks;
  /** Draws a report. If it returns none or rejects, the message is sent without a picture. */
  render(report: Report): Promise<Picture | undefined>;
}

/** A message waits 2 s for its picture, then is sent without, and an edit adds it later. An alert never waits. */
const PICTURE_WAIT_MS = 2000;

/** A message that can be sent. `owesPicture`: an edit has to add its picture. */
type Ready = Message & { owesPicture: boolean };

/** Posts messages to Slack, and deletes what was posted twice. */
export class SlackTransport implements Transport {
  readonly to = 'slack';
  readonly words = {
    failing: 'Slack takes no messages; they wait, and are tried for 24 hours',
    working: 'Slack takes messages again',
  };
  readonly #ports: SlackTransportPorts;
  /** Ids of direct-message conversations, by user. */
  readonly #conversations = new Map<string, string>();
  #bot: string | undefined;

  constructor(ports: SlackTransportPorts) {
    this.#ports = ports;
  }

  /**
   * Looks whether an earlier call already posted the message, then composes it, calls `begin`, and calls Slack. Faults of Slack
   * or the network are returned, never thrown.
   */
  async attempt(delivery: Delivery, begin: () => Promise<boolean>): Promise<Outcome> {
    const { db } = this.#ports;
    let called = false;
    try {
      const parentKey = delivery.updates ?? delivery.thread?.key;
      const parent = parentKey === undefined ? undefined : (await findDelivery(db, parentKey))?.sent;
      if (!parent && delivery.updates) return { kind: 'replaced', why: 'the message that it changes was never posted' };
      if (!parent && delivery.thread && !delivery.thread.broadcast)
        return { kind: 'replaced', why: 'the message that it replies to was never posted' };
      const threaded = !isThreadRefusal(delivery.error);
      const place: Destination = parent
        ? { channel: parent.channel, ...(delivery.thread && threaded ? { threadTs: parent.ts } : {}) }
        : { channel: await this.#openConversation(delivery.channel) };

      const posted = delivery.unclear && !delivery.updates ? await this.#findPosted(delivery, place) : undefined;
      // The earlier call may have posted it without its picture.
      if (posted) return { kind: 'sent', place, ts: posted, follow: this.#toPictureEdit(delivery) };
      if (delivery.superseded) return { kind: 'replaced', why: 'a newer one took its place' };
      const ready = await this.#compose(delivery);
      if (!ready) return { kind: 'replaced', why: 'no longer wanted' };
      if (!(await begin())) return { kind: 'lost' };
      called = true;
      const send = (message: Message) => this.#send(delivery, message, { ...place, ts: parent?.ts });
      const ts = await sendRepaired(ready, send, { ...this.#ports, what: delivery.key });
      return { kind: 'sent', place, ts, ...(ready.owesPicture ? { follow: this.#toPictureEdit(delivery) } : {}) };
    } catch (error) {
      const failure = classifyFailure(error);
      if (failure.error === 'message_not_found' && delivery.updates)
        return { kind: 'replaced', why: 'the message that it changes was deleted' };
      return { kind: 'failed', failure: { ...failure, unclear: failure.unclear && called } };
    }
  }

  async sweep(nowMs: number): Promise<void> {
    await sweepCopies({ ...this.#ports, botId: () => this.#getBotId() }, nowMs);
  }

  async #getBotId(): Promise<string> {
    this.#bot ??= (await this.#ports.client.auth.test()).bot_id;
    if (!this.#bot) throw new Error('auth.test named no bot: SLACK_BOT_TOKEN must be a bot token (xoxb-…).');
    return this.#bot;
  }

  /** Returns a channel's id, or opens the direct message with a user and returns its id. */
  async #openConversation(channelOrUser: string): Promise<string> {
    if (!/^[UW]/.test(channelOrUser)) return channelOrUser;
    const known =
      this.#conversations.get(channelOrUser) ??
      (await this.#ports.client.conversations.open({ users: channelOrUser })).channel!.id!;
    this.#conversations.set(channelOrUser, known);
    return known;
  }

  /**
   * Finds the message's timestamp if an earlier call posted it. If the channel cannot be read, an alert or notice counts as not
   * posted (better twice than never), while a digest rejects (it must not appear twice).
   */
  async #findPosted({ key, kind, firstCallMs }: Delivery, place: Destination): Promise<string | undefined> {
    const { client, clock } = this.#ports;
    if (firstCallMs === undefined) return undefined;
    // The clock may have been set back since.
    const sinceMs = Math.min(firstCallMs, clock.now());
    try {
      return (await listOwnMessages(client, await this.#getBotId(), place, sinceMs)).get(key)?.[0];
    } catch (error) {
      if (['refused', 'unknown'].includes(classifyFailure(error).reason) && kind !== 'digest') return undefined;
      throw error;
    }
  }

  /** Posts a delivery's message, or changes the one at `ts`. Returns the message's timestamp. */
  async #send(
    { key, updates, thread }: Delivery,
    message: Message,
    { ts, ...place }: Destination & { ts: string | undefined },
  ): Promise<string> {
    const { client } = this.#ports;
    const metadata = { event_type: METADATA_EVENT, event_payload: { key: updates ?? key } };
    if (!updates) return postMessage(client, place, message, { metadata, broadcast: thread?.broadcast ?? false });
    await updateMessage(client, { channel: place.channel, ts: ts! }, message, metadata);
    return ts!;
  }

  /** Makes the edit that adds a picture which was not ready in time; it is dropped later if there is no picture. */
  #toPictureEdit({ key, kind, channel, content }: Delivery): NewDelivery {
    return { key: toPictureKey(key), kind, channel, content, updates: key, dueMs: this.#ports.clock.now() };
  }

  async #compose({ key, kind, content, updates }: Delivery): Promise<Ready | undefined> {
    const { composers, clock } = this.#ports;
    if (kind === 'webhook') return undefined;
    const composed = await composers[kind](content, { key, nowMs: clock.now(), updating: updates !== undefined });
    const isPictureEdit = updates !== undefined && key === toPictureKey(updates);
    if (!composed || (isPictureEdit && !composed.drawn)) return undefined;
    const { text, blocks = [], drawn, chartAt = blocks.length } = composed;
    const bare = { ...fitMessage({ text, blocks }), owesPicture: drawn !== undefined };
    if (!drawn || (kind === 'alert' && !updates)) return bare;
    const picture = this.#showPicture(drawn, key, isPictureEdit);
    const block = updates ? await picture : await firstOf(picture, PICTURE_WAIT_MS, clock);
    if (block === 'waiting') return bare;
    return {
      ...fitMessage({ text, blocks: blocks.toSpliced(chartAt, 0, ...(block ? [block] : [])) }),
      owesPicture: false,
    };
  }

  /**
   * Uploads the picture of a report and returns its block. Undefined: the message is sent without, since a picture must not make
   * it fail. An edit that only adds the picture rejects if Slack did not take it, so that it is retried.
   */
  async #showPicture(drawn: Report, key: string, isPictureEdit: boolean): Promise<Block | undefined> {
    const { client, clock, log, render } = this.#ports;
    try {
      const picture = await render(drawn);
      if (!picture) return undefined;
      const { title } = drawn;
      const name = `${title.toLowerCase().replace(/[^a-z0-9]+/g, '-')}.png`;
      const id = await uploadPicture({ client, wait: (ms) => clock.sleep(ms) }, picture, { name, title });
      return { type: 'image', slack_file: { id }, alt_text: clip(picture.altText, MAX_ALT_TEXT) };
    } catch (error) {
      const { reason } = classifyFailure(error);
      if (isPictureEdit && reason !== 'internal' && reason !== 'refused')
        throw new Error(`no picture: ${String(error)}`);
      log.warn({ delivery: key, error: String(error) }, 'the picture was left out');
      return undefined;
    }
  }
}

function toPictureKey(key: string): string {
  return `${key}#picture`;
}

/** Waits for `value`, at most `waitMs`; then returns `waiting`. */
async function firstOf<T>(value: Promise<T>, waitMs: number, clock: Clock): Promise<T | 'waiting'> {
  const waited = new AbortController();
  const timer = clock.sleep(waitMs, waited.signal).then(() => 'waiting' as const);
  try {
    return await Promise.race([value, timer]);
  } finally {
    waited.abort();
  }
}

interface CopyPorts {
  db: Db;
  client: WebClient;
  log: Logger;
  /** Returns our bot's id; Slack is asked once. */
  botId(): Promise<string>;
}

/** Event type of the metadata by which our messages are recognised. */
const METADATA_EVENT = 'headroom_delivery';
const OURS = z.object({
  event_type: z.literal(METADATA_EVENT),
  event_payload: z.object({ key: z.string() }),
});

/** Our clock and Slack's may differ by a minute: look for messages from that much earlier on. */
const CLOCK_SKEW_MS = 60_000;
const PAGE = 200;

/**
 * Lists our messages in a channel (or one thread of it) since `sinceMs`: delivery key → timestamps, oldest first. Messages of
 * others are ignored, since anybody may copy metadata. Throws errors of the Web API.
 */
async function listOwnMessages(
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

/** Look for copies for a day: a frozen process may wake up that late and finish its call. */
const COPY_WITHIN_MS = DAY_MS;
/** Slack allows 50 calls of conversations.history a minute; three rounds of 12 leave room for other calls. */
const PLACES_A_ROUND = 12;

/**
 * Reads the channels of messages whose outcome was ever unclear, and deletes our messages that carry the key of such a delivery
 * but are not the one in the log.
 */
async function sweepCopies(ports: CopyPorts, nowMs: number): Promise<void> {
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
      // The sender logs outages of Slack.
      const away = failure.reason === 'transient' || failure.reason === 'token';
      const level = away ? 'debug' : 'warn';
      ports.log[level]({ channel: group[0]!.sent!.channel, error: failure.error }, 'could not look for copies');
      if (away || failure.reason === 'rate_limited') return;
    }
    // Also a channel that cannot be read waits for its next turn.
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

/** Deletes a message; does nothing if it is gone already. */
async function deleteMessage(client: WebClient, message: { channel: string; ts: string }): Promise<void> {
  try {
    await client.chat.delete(message);
  } catch (error) {
    if (classifyFailure(error).error !== 'message_not_found') throw error;
  }
}
