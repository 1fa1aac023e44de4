import type { NewDelivery } from '../domain/delivery.ts';
import type { Picture } from '../domain/picture.ts';
import type { Report } from '../domain/report.ts';
import { fitMessage } from '../messages/fit.ts';
import { MAX_ALT_TEXT } from '../messages/limits.ts';
import { type Block, clip, type Message } from '../messages/text.ts';
import { classifyFailure, isThreadRefusal } from '../slack/client/errors.ts';
import { type Destination, postMessage, updateMessage } from '../slack/client/post.ts';
import { type RefusedBlocks, sendRepaired } from '../slack/client/send-repaired.ts';
import { uploadPicture } from '../slack/client/upload.ts';
import type { Db } from '../store/database.ts';
import { beginCall, type Delivery, findDelivery } from '../store/delivery-repository.ts';
import type { Clock } from './clock.ts';
import { type CopyPorts, deleteMessage, listOwnMessages, METADATA_EVENT, sweepCopies } from './copies.ts';
import type { Lease, Outcome, Transport } from './sender.ts';

/** A delivery's message as it is composed, before its picture is drawn. */
export interface Composed extends Pick<Message, 'text'> {
  blocks?: Message['blocks'];
  /** The report whose picture stands before the block at `chartAt` (default: after all). */
  drawn?: Report | undefined;
  chartAt?: number;
}

interface ComposeContext {
  key: string;
  nowMs: number;
  /** The message is being changed, not posted. */
  updating: boolean;
}

/** Turns a delivery's content into a message at the time of sending; undefined: it is no longer wanted. */
export type Composer = (content: unknown, context: ComposeContext) => Promise<Composed | undefined>;

export type Composers = Readonly<Record<Exclude<NewDelivery['kind'], 'webhook'>, Composer>>;

/** `client`: one that makes each call once; `refused` notes blocks that Slack refuses. */
export interface SlackTransportPorts extends Omit<CopyPorts, 'botId'> {
  clock: Clock;
  composers: Composers;
  refused: RefusedBlocks;
  /** No picture, or a rejection: the message goes without it. */
  render(report: Report): Promise<Picture | undefined>;
}

interface AttemptPorts extends SlackTransportPorts, CopyPorts {
  /** The conversation of a channel, or of a direct message to a user. */
  conversationOf(channelOrUser: string): Promise<string>;
}

/** Posts messages to Slack, and deletes what was posted twice. */
export function createSlackTransport(options: SlackTransportPorts): Transport {
  const { client } = options;
  const conversations = new Map<string, string>();
  let bot: string | undefined;
  const ports: AttemptPorts = {
    ...options,
    async botId() {
      bot ??= (await client.auth.test()).bot_id;
      if (!bot) throw new Error('auth.test named no bot: SLACK_BOT_TOKEN must be a bot token (xoxb-…).');
      return bot;
    },
    async conversationOf(channel) {
      if (!/^[UW]/.test(channel)) return channel;
      let known = conversations.get(channel);
      if (!known) {
        known = (await client.conversations.open({ users: channel })).channel!.id!;
        conversations.set(channel, known);
      }
      return known;
    },
  };
  return {
    to: 'slack',
    words: {
      failing: 'Slack takes no messages; they wait, and are tried for 24 hours',
      working: 'Slack takes messages again',
    },
    attempt: (delivery, lease) => attemptDelivery(ports, delivery, lease),
    deleteCopy: (message) => deleteMessage(client, message),
    sweep: (nowMs) => sweepCopies(ports, nowMs),
  };
}

/** A message waits 2 s for its picture; after that it goes without, and an edit brings it. An alert never waits. */
const PICTURE_WAIT_MS = 2000;

/**
 * One leased attempt: finds out whether the message is in Slack already, composes it, commits that the call begins, and
 * calls. Never throws for what Slack or the network does.
 */
async function attemptDelivery(ports: AttemptPorts, delivery: Delivery, lease: Lease): Promise<Outcome> {
  let called = false;
  try {
    const parent = await findParent(ports.db, delivery);
    if (!parent && delivery.updates) return { kind: 'replaced', why: 'the message that it changes was never posted' };
    if (!parent && delivery.thread && !delivery.thread.broadcast)
      return { kind: 'replaced', why: 'the message that it replies to was never posted' };
    const threaded = !isThreadRefusal(delivery.error);
    const place: Destination = parent
      ? { channel: parent.channel, ...(delivery.thread && threaded ? { threadTs: parent.ts } : {}) }
      : { channel: await ports.conversationOf(delivery.channel) };

    if (delivery.unclear && !delivery.updates) {
      const ts = await findPosted(ports, delivery, place);
      if (ts)
        return { kind: 'sent', place, ts, ...((await hasPicture(ports, delivery)) ? owePicture(ports, delivery) : {}) };
    }
    if (delivery.superseded) return { kind: 'replaced', why: 'a newer one took its place' };

    const composed = await compose(ports, delivery);
    if (!composed) return { kind: 'replaced', why: 'no longer wanted' };
    const call = { nowMs: ports.clock.now(), untilMs: lease.untilMs() };
    if (!(await beginCall(ports.db, delivery, lease.id, call))) return { kind: 'lost' };
    called = true;
    const put = (message: Message) => send(ports, delivery, message, { ...place, ts: parent?.ts });
    const ts = await sendRepaired(composed, put, { ...ports, what: delivery.key });
    return { kind: 'sent', place, ts, ...(composed.pictureOwed ? owePicture(ports, delivery) : {}) };
  } catch (error) {
    const failure = classifyFailure(error);
    if (failure.error === 'message_not_found' && delivery.updates)
      return { kind: 'replaced', why: 'the message that it changes was deleted' };
    return { kind: 'failed', failure: { ...failure, unclear: failure.unclear && called } };
  }
}

/** Posts a delivery's message, or changes the one at `ts`. Returns the message's timestamp. */
async function send(
  { client }: AttemptPorts,
  { key, updates, thread }: Delivery,
  message: Message,
  { ts, ...place }: Destination & { ts: string | undefined },
): Promise<string> {
  const metadata = { event_type: METADATA_EVENT, event_payload: { key: updates ?? key } };
  if (!updates) return postMessage(client, place, message, { metadata, broadcast: thread?.broadcast ?? false });
  await updateMessage(client, { channel: place.channel, ts: ts! }, message, metadata);
  return ts!;
}

async function findParent(db: Db, delivery: Delivery): Promise<{ channel: string; ts: string } | undefined> {
  const key = delivery.updates ?? delivery.thread?.key;
  return key === undefined ? undefined : (await findDelivery(db, key))?.sent;
}

/**
 * Finds the message's timestamp if an earlier call posted it. Where the channel cannot be read, an alert or notice counts as not
 * posted (twice is better than never), a digest or answer throws (once is what was promised).
 */
async function findPosted(ports: AttemptPorts, delivery: Delivery, place: Destination): Promise<string | undefined> {
  if (delivery.firstCallMs === undefined) return undefined;
  // The clock may have been set back since.
  const sinceMs = Math.min(delivery.firstCallMs, ports.clock.now());
  try {
    const own = await listOwnMessages(ports.client, await ports.botId(), place, sinceMs);
    return own.get(delivery.key)?.[0];
  } catch (error) {
    const repeatable = delivery.kind === 'alert' || delivery.kind === 'notice';
    if (['refused', 'unknown'].includes(classifyFailure(error).reason) && repeatable) return undefined;
    throw error;
  }
}

/** A message that was found posted may lack its picture: an edit makes sure of it. */
async function hasPicture({ composers, clock }: AttemptPorts, delivery: Delivery): Promise<boolean> {
  const { key, kind, content } = delivery;
  if (kind === 'webhook') return false;
  const message = await composers[kind](content, { key, nowMs: clock.now(), updating: false }).catch(() => undefined);
  return message?.drawn !== undefined;
}

/** The edit that adds a picture which was not ready in time. */
function owePicture({ clock }: AttemptPorts, { key, kind, channel, content }: Delivery): { follow: NewDelivery } {
  return { follow: { key: toPictureKey(key), kind, channel, content, updates: key, dueMs: clock.now() } };
}

function toPictureKey(key: string): string {
  return `${key}#picture`;
}

type Ready = Message & { pictureOwed: boolean };

async function compose(ports: AttemptPorts, delivery: Delivery): Promise<Ready | undefined> {
  const { key, kind, content, updates } = delivery;
  if (kind === 'webhook') return undefined;
  const message = await ports.composers[kind](content, {
    key,
    nowMs: ports.clock.now(),
    updating: updates !== undefined,
  });
  if (!message) return undefined;
  const { text, blocks = [] } = message;
  const bare = fitMessage({ text, blocks });
  if (!message.drawn) return { ...bare, pictureOwed: false };
  if (kind === 'alert' && !updates) return { ...bare, pictureOwed: true };
  const image = showPicture(ports, message.drawn, {
    key,
    owed: updates !== undefined && key === toPictureKey(updates),
  });
  const block = updates ? await image : await firstOf(image, PICTURE_WAIT_MS, ports.clock);
  if (block === 'waiting') return { ...bare, pictureOwed: true };
  const at = message.chartAt ?? blocks.length;
  return { ...fitMessage({ text, blocks: block ? blocks.toSpliced(at, 0, block) : blocks }), pictureOwed: false };
}

/**
 * Uploads the picture and returns its block; undefined: the message goes without, since it never fails for its picture. An edit
 * that only brings the picture (`owed`) rejects where Slack did not take it, and is tried again.
 */
async function showPicture(
  { client, clock, log, render }: AttemptPorts,
  drawn: Report,
  { key, owed }: { key: string; owed: boolean },
): Promise<Block | undefined> {
  try {
    const picture = await render(drawn);
    if (!picture) return undefined;
    const { title } = drawn;
    const name = `${title.toLowerCase().replace(/[^a-z0-9]+/g, '-')}.png`;
    const id = await uploadPicture({ client, wait: (ms) => clock.sleep(ms) }, picture, { name, title });
    return { type: 'image', slack_file: { id }, alt_text: clip(picture.altText, MAX_ALT_TEXT) };
  } catch (error) {
    const { reason } = classifyFailure(error);
    if (owed && reason !== 'internal' && reason !== 'refused') throw new Error(`no picture: ${String(error)}`);
    log.warn({ delivery: key, error: String(error) }, 'the picture was left out');
    return undefined;
  }
}

async function firstOf<T>(value: Promise<T>, waitMs: number, clock: Clock): Promise<T | 'waiting'> {
  const waited = new AbortController();
  const timer = clock.sleep(waitMs, waited.signal).then(() => 'waiting' as const);
  try {
    return await Promise.race([value, timer]);
  } finally {
    waited.abort();
  }
}
