import type { NewDelivery } from '../domain/delivery.ts';
import type { Picture } from '../domain/picture.ts';
import type { Report } from '../domain/report.ts';
import { fitMessage } from '../messages/fit.ts';
import { MAX_ALT_TEXT } from '../messages/limits.ts';
import { type Block, clip, type Message } from '../messages/text.ts';
import { classifyFailure, isThreadRefusal } from '../slack/client/errors.ts';
import {
  type Destination,
  postMessage,
  type RefusedBlocks,
  sendRepaired,
  updateMessage,
  uploadPicture,
} from '../slack/client/post.ts';
import { type Delivery, findDelivery } from '../store/delivery-repository.ts';
import type { Clock } from './clock.ts';
import { type CopyPorts, listOwnMessages, METADATA_EVENT, sweepCopies } from './copies.ts';
import type { Outcome, Transport } from './sender.ts';

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

/** A message waits 2 s for its picture; after that it goes without, and an edit brings it. An alert never waits. */
const PICTURE_WAIT_MS = 2000;

/** A message that can be sent. `owesPicture`: an edit is to bring it. */
type Ready = Message & { owesPicture: boolean };

/** Posts messages to Slack, and deletes what was posted twice. */
export class SlackTransport implements Transport {
  readonly to = 'slack';
  readonly words = {
    failing: 'Slack takes no messages; they wait, and are tried for 24 hours',
    working: 'Slack takes messages again',
  };
  readonly #ports: SlackTransportPorts;
  /** Conversations with users, by user. */
  readonly #conversations = new Map<string, string>();
  #bot: string | undefined;

  constructor(ports: SlackTransportPorts) {
    this.#ports = ports;
  }

  /**
   * Finds out whether the message is in Slack already, composes it, begins, and calls. Never rejects for what Slack or the network
   * does.
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
      // It may lack its picture.
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

  /** Returns the conversation of a channel, or of a direct message to a user. */
  async #openConversation(channelOrUser: string): Promise<string> {
    if (!/^[UW]/.test(channelOrUser)) return channelOrUser;
    const known =
      this.#conversations.get(channelOrUser) ??
      (await this.#ports.client.conversations.open({ users: channelOrUser })).channel!.id!;
    this.#conversations.set(channelOrUser, known);
    return known;
  }

  /**
   * Finds the message's timestamp if an earlier call posted it. Where the channel cannot be read, an alert or notice counts as not
   * posted (twice is better than never), a digest rejects (once is what was promised).
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

  /** The edit that adds a picture which was not ready in time; it is not wanted where there is none. */
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
   * Uploads the picture of a report and returns its block; undefined: the message goes without, since it never fails for its
   * picture. An edit that only brings the picture rejects where Slack did not take it, and is tried again.
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

async function firstOf<T>(value: Promise<T>, waitMs: number, clock: Clock): Promise<T | 'waiting'> {
  const waited = new AbortController();
  const timer = clock.sleep(waitMs, waited.signal).then(() => 'waiting' as const);
  try {
    return await Promise.race([value, timer]);
  } finally {
    waited.abort();
  }
}
