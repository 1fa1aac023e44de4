import type { WebClient } from '@slack/web-api';
import type { Picture } from '../../domain/picture.ts';
import type { Logger } from '../../log.ts';
import { type Bound, listFaults, type Refusal, type Replaced, repair } from '../../messages/repair.ts';
import { clip, type Message } from '../../messages/text.ts';
import { callSlack, classifyFailure, isRefusedContent, slackErrorOf, toUnclear } from './errors.ts';
import { CALL_TIMEOUT_MS } from './web-client.ts';

/** The conversation, or thread of one, that a message is posted to. */
export interface Destination {
  channel: string;
  /** The parent message, for a reply. */
  threadTs?: string | undefined;
}

/** Machine-readable data in a message, for readers of the channel through the Web API. */
interface Metadata {
  event_type: string;
  event_payload: Record<string, string>;
}

/** Posts a message. `broadcast`: shows a reply in the channel too. Returns its timestamp; rejects as the Web API does. */
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

/** Changes a message. Blocks are always sent, or the old ones would stay. */
export async function updateMessage(
  client: WebClient,
  { channel, ts }: { channel: string; ts: string },
  { text, blocks }: Message,
  metadata?: Metadata,
): Promise<void> {
  // Without `parse: none` Slack escapes `text`, and shows mentions and dates as `<…>`.
  const written = { channel, ts, text, blocks, parse: 'none' };
  await client.apiCall('chat.update', { ...written, ...(metadata ? { metadata } : {}) });
}

interface Repairing {
  /** Calls `blocks.validate` if a refusal names no block. */
  client: Pick<WebClient, 'apiCall'>;
  refused: RefusedBlocks;
  /** Name of the message for the log. */
  what: string;
  /** Cuts a message to Slack's limits; default: those of messages. */
  bound?: Bound;
  /** Called with the replaced blocks before the message is sent. */
  onReplaced?(replaced: readonly Replaced[]): void;
}

/** Stop repairing after so many refusals, and send the text alone. */
const MOST_REPAIRS = 12;

/**
 * Sends a message. If Slack refuses a block, replaces it by its text and tries again, and counts the refusal. Rejects as
 * `send` does if the refusal is about something else, or if the text alone is refused too.
 */
export async function sendRepaired<T>(
  message: Message,
  send: (message: Message) => Promise<T>,
  { client, refused, what, bound, onReplaced }: Repairing,
): Promise<T> {
  const replaced: Replaced[] = [];
  let current = message;
  for (let tries = 0; ; tries += 1) {
    try {
      const sent = await send(current);
      refused.note(what, replaced);
      return sent;
    } catch (error) {
      const refusal = await findRefusal(error, current, client);
      const next = refusal && repair(current, refusal, bound);
      if (!next) throw error;
      replaced.push(...next.replaced);
      onReplaced?.(next.replaced);
      current = tries < MOST_REPAIRS ? next.message : { text: message.text, blocks: [] };
    }
  }
}

async function findRefusal(
  error: unknown,
  { blocks }: Message,
  client: Repairing['client'],
): Promise<Refusal | undefined> {
  const faults = listFaults(error);
  if (!isRefusedContent(error) && faults.length === 0) return undefined;
  const code = slackErrorOf(error) ?? 'invalid_blocks';
  const silent = code === 'invalid_blocks' && faults.length === 0 && blocks.length > 0;
  const picture = classifyFailure(error).reason === 'picture';
  // Empty if Slack finds no fault, or cannot be asked.
  const validated = silent ? await client.apiCall('blocks.validate', { blocks }).then(() => [], listFaults) : faults;
  return { code, picture, faults: validated };
}

/** Counts blocks that Slack has refused since the start, for the log, `/metrics` and admins. */
export class RefusedBlocks {
  readonly #log: Logger;
  /** Blocks to replace when a person opens a view again, by person and view. */
  readonly views = new Map<string, readonly Replaced[]>();
  readonly #seen = new Map<string, Replaced & { count: number }>();

  constructor(log: Logger) {
    this.#log = log;
  }

  /** Counts refusals, and logs each kind once with Slack's pointer. `message`: name of the refused message. */
  note(message: string, replaced: readonly Replaced[]): void {
    for (const one of replaced) {
      const key = `${one.type} ${one.reason}`;
      const known = this.#seen.get(key);
      if (known) known.count += 1;
      else this.#seen.set(key, { ...one, count: 1 });
      const { type: block, pointer, reason } = one;
      const level = known ? 'debug' : 'error';
      this.#log[level]({ message, block, pointer, reason }, 'Slack refused a block; its text was sent instead');
    }
  }

  /** Lists each kind of refusal with the pointer of its first case and its count, the most frequent first. */
  list(): readonly (Replaced & { count: number })[] {
    return [...this.#seen.values()].sort((a, b) => b.count - a.count);
  }
}

interface UploadPorts {
  client: WebClient;
  wait(ms: number): Promise<void>;
}

interface NewFile {
  name: string;
  title: string;
  bytes: Uint8Array;
  /** Text for screen readers. */
  altText?: string;
}

/** Slack refuses longer texts (`alt_txt_too_large`). */
const MAX_ALT_TEXT = 1000;
/** Pauses before each look at an uploaded file, about 15 s in all. Slack scans a file first, usually for a second. */
const LOOKS_MS = [0, 300, 1000, 2000, 3000, 4000, 5000];

/**
 * Uploads a file and returns its id. With `to` Slack posts it there, with the comment (mrkdwn) above it. Without, nobody sees
 * it until a message shows it.
 * Rejects as the Web API does. Source: docs.slack.dev/messaging/working-with-files.
 */
export async function uploadFile(
  ports: UploadPorts,
  { name, title, bytes, altText }: NewFile,
  to?: { channel: string; threadTs?: string | undefined; comment?: string },
): Promise<string> {
  const { client } = ports;
  return callSlack(
    async () => {
      // The library's own method sends `alt_text`; Slack's parameter is `alt_txt`.
      const announced = await client.apiCall('files.getUploadURLExternal', {
        filename: name,
        length: bytes.byteLength,
        ...(altText ? { alt_txt: clip(altText, MAX_ALT_TEXT) } : {}),
      });
      const { upload_url: url, file_id: id } = announced as { upload_url?: string; file_id?: string };
      if (!url || !id) throw new Error(`Slack gave no address for ${name}`);
      await sendBytes(url, bytes, name);
      const thread = to?.threadTs ? { thread_ts: to.threadTs } : {};
      const comment = to?.comment ? { initial_comment: to.comment } : {};
      const share = to ? { channel_id: to.channel, ...thread, ...comment } : {};
      await client.apiCall('files.completeUploadExternal', { files: [{ id, title }], ...share });
      return id;
    },
    // With `to`, Slack may have posted the file despite an unclear outcome: do not repeat it.
    { wait: ports.wait, repeatable: to === undefined },
  );
}

async function sendBytes(url: string, bytes: Uint8Array, name: string): Promise<void> {
  const response = await fetch(url, {
    method: 'POST',
    body: new Uint8Array(bytes),
    signal: AbortSignal.timeout(CALL_TIMEOUT_MS),
  }).catch((error: Error) => {
    throw toUnclear(error);
  });
  await response.body?.cancel();
  if (!response.ok) {
    throw toUnclear(new Error(`the upload of ${name} was answered ${response.status}`));
  }
}

/** Uploads a picture and waits until a block can show it. Returns the file's id; rejects if Slack does not finish scanning. */
export async function uploadPicture(
  ports: UploadPorts,
  picture: Picture,
  { name, title }: { name: string; title: string },
): Promise<string> {
  const id = await uploadFile(ports, { name, title, bytes: picture.png, altText: picture.altText });
  for (const pauseMs of LOOKS_MS) {
    if (pauseMs > 0) await ports.wait(pauseMs);
    // Slack is still scanning a file that has no type, and would refuse a block that shows it.
    const { file } = await callSlack(() => ports.client.files.info({ file: id }), {
      wait: ports.wait,
      repeatable: true,
    });
    if (file?.mimetype) return id;
  }
  throw new Error(`Slack did not finish scanning ${name}`);
}
