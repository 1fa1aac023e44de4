import { createHmac, timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import type { App, ReceiverEvent } from '@slack/bolt';
import { z } from 'zod';
import type { Logger } from '../log.ts';
import type { Block, Option } from '../messages/text.ts';
import { deleteRequestsBefore, insertRequest } from '../store/conversation-repository.ts';
import type { Db } from '../store/database.ts';
import { parseJson } from '../store/json-columns.ts';
import type { Asked } from './context.ts';

/** A request from Slack, over HTTP or Socket Mode, with the function that answers it once. */
export type Incoming = Pick<ReceiverEvent, 'ack' | 'retryNum' | 'body'>;

/** Acknowledge after this time at the latest: Slack shows the person a failure after 3 s. */
const ACK_WITHIN_MS = 2500;

interface Dispatch {
  /** Hands a request to the listeners, and acknowledges it in time whatever they do. Never rejects. */
  take(incoming: Incoming): Promise<void>;
  /** Resolves once the listeners are done with all requests. */
  idle(): Promise<void>;
}

/**
 * Passes requests from HTTP or Socket Mode to the listeners, and makes sure that each is acknowledged. A body that no listener
 * can read is acknowledged at once; one that no listener claims goes to `tellOld`, since its button is from an older version.
 */
export function createDispatch(
  process: App['processEvent'],
  { log, tellOld }: { log: Logger; tellOld(body: Record<string, unknown>): Promise<void> },
): Dispatch {
  const running = new Set<Promise<void>>();

  async function handle({ body: given, ack: answer, ...rest }: Incoming): Promise<void> {
    const body = withoutNulls(given);
    if (isObject(body.event)) body.event = withoutNulls(body.event);
    const blank = body.type === 'block_suggestion' ? { options: [] } : undefined;
    let answered = false;
    const ack: ReceiverEvent['ack'] = async (response) => {
      if (answered) return;
      answered = true;
      clearTimeout(timer);
      await answer(response);
    };
    const timer = setTimeout(() => {
      log.warn({ type: body.type }, 'acknowledged late, without content');
      void ack(blank).catch(() => {});
    }, ACK_WITHIN_MS);
    try {
      const fault = findBodyFault(body);
      if (fault !== undefined) {
        log.warn({ type: body.type, fault }, 'something from Slack that cannot be read was left alone');
        return;
      }
      await process({ ...rest, body, ack });
      if (answered) return;
      await ack(blank);
      if (blank === undefined && 'user' in body) await tellOld(body);
    } catch (error) {
      log.error({ type: body.type, error: String(error), stack: (error as Error)?.stack }, 'a listener failed');
    } finally {
      await ack(blank).catch((error: unknown) => log.warn({ error: String(error) }, 'could not be acknowledged'));
    }
  }

  return {
    take(incoming) {
      const work = handle(incoming).finally(() => running.delete(work));
      running.add(work);
      return work;
    },
    async idle() {
      while (running.size > 0) await Promise.allSettled(running);
    },
  };
}

/** Removes null fields, since Bolt reads properties of them without a check. */
function withoutNulls(body: unknown): Record<string, unknown> {
  return isObject(body) ? Object.fromEntries(Object.entries(body).filter(([, value]) => value !== null)) : {};
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

const MAX_SKEW_S = 5 * 60;
/** A real check has one parameter and a token; anything longer is not one. */
const MAX_SSL_CHECK_BYTES = 1000;

/** A request to `/slack/events` whose signature has not been checked yet. */
interface SlackRequest {
  headers: IncomingHttpHeaders;
  body: Uint8Array;
}

/** Body of an answer: none, a text, or a value sent as JSON. */
interface SlackAnswer {
  status: number;
  body?: unknown;
}

export type RequestHandler = (request: SlackRequest) => Promise<SlackAnswer>;

/**
 * Lets a signed request of Slack through once, and answers with its acknowledgement. Signature wrong or missing, more than 5
 * minutes old or ahead: 401. The same signature again (also at another instance): 200, and nothing else happens. A body that
 * is no object: 400. A check of the certificate, which is not signed: 200, and nothing happens.
 * Source: docs.slack.dev/authentication/verifying-requests-from-slack, HTTPModuleFunctions of @slack/bolt.
 */
export function createRequestHandler(
  take: (incoming: Incoming) => void,
  { signingSecret, seen, log, now }: { signingSecret: string; seen: SeenSet; log: Logger; now(): number },
): RequestHandler {
  return async ({ headers, body }) => {
    if (isSslCheck(headers, body)) return { status: 200 };
    const signature = String(headers['x-slack-signature'] ?? '');
    const stamp = String(headers['x-slack-request-timestamp'] ?? '');
    if (!isSigned(body, signature, stamp, signingSecret, now())) {
      log.warn({ stamp }, 'Slack request refused: check SLACK_SIGNING_SECRET and the clock');
      return { status: 401 };
    }
    if (!(await seen.insert(signature))) return { status: 200 };
    const content = parseContent(headers, Buffer.from(body).toString('utf8'));
    if (!content) {
      log.warn({ bytes: body.length }, 'Slack request refused: its body is no object');
      return { status: 400 };
    }
    if (content.type === 'url_verification') return { status: 200, body: { challenge: content.challenge } };
    return new Promise((resolve) => {
      take({
        body: content,
        ack: async (answer) => resolve({ status: 200, body: answer || undefined }),
        ...(headers['x-slack-retry-num'] ? { retryNum: Number(headers['x-slack-retry-num']) } : {}),
      });
    });
  };
}

/** Recognises Slack's unsigned request that checks the certificate of the command's address. */
function isSslCheck(headers: IncomingHttpHeaders, body: Uint8Array): boolean {
  if (body.length > MAX_SSL_CHECK_BYTES || !isForm(headers)) return false;
  return new URLSearchParams(Buffer.from(body).toString('utf8')).get('ssl_check') === '1';
}

function isForm(headers: IncomingHttpHeaders): boolean {
  return /^application\/x-www-form-urlencoded\b/i.test(headers['content-type'] ?? '');
}

function isSigned(body: Uint8Array, signature: string, stamp: string, secret: string, nowMs: number): boolean {
  if (!/^\d{1,12}$/.test(stamp) || Math.abs(nowMs / 1000 - Number(stamp)) > MAX_SKEW_S) return false;
  const expected = Buffer.from(`v0=${createHmac('sha256', secret).update(`v0:${stamp}:`).update(body).digest('hex')}`);
  const given = Buffer.from(signature);
  return given.length === expected.length && timingSafeEqual(given, expected);
}

/** Events come as JSON, commands as a form, the rest as JSON in a form's `payload`. Undefined: no object. */
function parseContent(headers: IncomingHttpHeaders, text: string): Record<string, unknown> | undefined {
  if (!isForm(headers)) return parseObject(text);
  const form = new URLSearchParams(text);
  const payload = form.get('payload');
  return payload === null ? Object.fromEntries(form) : parseObject(payload);
}

function parseObject(text: string): Record<string, unknown> | undefined {
  return BODY.safeParse(parseJson(text)).data;
}

/** Keys are kept three times as long as a signature holds. */
const KEEP_MS = 15 * 60_000;
const CLEAN_MS = 60_000;
/**
 * The database gets this long to say whether a request was seen, since people wait for the acknowledgement: SQLite makes
 * this write wait its turn behind those of ingest, up to a second under load.
 */
const TIMEOUT_MS = 20;

/** Keys of requests, events and forms that this or another instance has handled. */
interface SeenSet {
  /** Returns true the first time. If the database is too slow, this instance's own memory decides. */
  insert(key: string): Promise<boolean>;
}

export function createSeenSet(db: Db, log: Logger, now: () => number): SeenSet {
  const recent = new Map<string, number>();
  let cleanedMs = now();
  return {
    async insert(key) {
      if (recent.has(key)) return false;
      const atMs = now();
      recent.set(key, atMs);
      if (atMs - cleanedMs > CLEAN_MS) {
        cleanedMs = atMs;
        for (const [old, ms] of recent) if (ms < atMs - KEEP_MS) recent.delete(old);
        void deleteRequestsBefore(db, atMs - KEEP_MS).catch(() => {});
      }
      const first = insertRequest(db, key, atMs);
      first.catch((error: unknown) => log.error({ error: String(error) }, 'Slack request could not be noted'));
      const { promise: late, resolve } = Promise.withResolvers<boolean>();
      const timer = setTimeout(resolve, TIMEOUT_MS, true);
      return Promise.race([first.catch(() => true), late]).finally(() => clearTimeout(timer));
    },
  };
}

/** Makes a schema that reads anything unexpected as undefined. */
function maybe<T>(schema: z.ZodType<T>) {
  return schema
    .nullish()
    .transform((value) => value ?? undefined)
    .catch(undefined);
}

const text = z.string();
const id = text.min(1);
/** A text; undefined if Slack sends none. */
export const maybeText = maybe(text);
const BLOCK: z.ZodType<Block> = z.looseObject({ type: text });

const OPTION: z.ZodType<Option> = z.object({ text: z.looseObject({ type: text }), value: text });
const ELEMENT = z.object({
  ...{ value: text.nullish(), selected_option: OPTION.nullish(), selected_options: z.array(OPTION).nullish() },
  ...{ selected_conversation: text.nullish(), selected_user: text.nullish() },
  ...{ selected_date: text.nullish(), selected_time: text.nullish() },
});
/** Input of a form, by block and action id. */
const STATE = z.record(text, z.record(text, ELEMENT));
export type FormState = z.infer<typeof STATE>;

/** A modal or Home tab, as Slack returns it. */
const VIEW = z.object({
  ...{
    id,
    type: maybeText,
    hash: maybeText,
    callback_id: maybeText,
    private_metadata: maybeText,
    previous_view_id: maybeText,
  },
  ...{ title: z.unknown().optional(), submit: z.unknown().optional(), close: z.unknown().optional() },
  blocks: maybe(z.array(BLOCK)),
  state: maybe(z.object({ values: STATE })),
});
export type View = z.infer<typeof VIEW>;

/** A press, shortcut or submission, by somebody, on a message or in a view. */
export const DEED = z.object({
  user: z.object({ id }),
  channel: maybe(z.object({ id: text })),
  container: maybe(
    z.object({ channel_id: maybeText, message_ts: maybeText, thread_ts: maybeText, is_ephemeral: maybe(z.boolean()) }),
  ),
  message: maybe(z.object({ ts: maybeText, thread_ts: maybeText })),
  view: maybe(VIEW),
  response_url: maybeText,
  trigger_id: maybeText,
});
type Deed = z.infer<typeof DEED>;

/** The pressed element. `value`: that of the button or of the chosen entry; empty if it has none. */
const PRESSED = z
  .object({ action_id: text, block_id: maybeText, value: maybeText, selected_option: maybe(z.object({ value: text })) })
  .transform(({ action_id: action, block_id: blockId, value = '', selected_option: chosen }) => ({
    action,
    blockId,
    value: chosen?.value ?? value,
  }));
export const PRESS = DEED.extend({ actions: z.tuple([PRESSED], z.unknown()) });

export const SUBMISSION = DEED.extend({ view: VIEW.extend({ callback_id: text, state: z.object({ values: STATE }) }) });
export const SHORTCUT = DEED.extend({ callback_id: text, message_ts: maybeText });
export const SEARCH = z.object({ user: z.object({ id }), action_id: text, value: text.default('') });
export const COMMAND = z.object({
  ...{ command: id, user_id: id, channel_id: id, text: text.default('') },
  ...{ response_url: maybeText, trigger_id: maybeText },
});
/** Any object. */
export const BODY = z.record(text, z.unknown());
const EVENT = z.object({ event: z.looseObject({ type: id, text: text.optional() }) });

/** Minimum of each kind of body, keyed by a field that only this kind has. */
const KINDS = [
  ['event', EVENT],
  ['command', COMMAND],
  ['actions', PRESS],
  ['action_id', SEARCH],
  ['view', SUBMISSION],
  ['callback_id', SHORTCUT],
] as const;

/** Returns the fault of a body, or undefined. Unknown kinds have no fault. */
export function findBodyFault(body: Record<string, unknown>): string | undefined {
  // `view_submission` without a view would match the kind of shortcuts.
  const isWindow = typeof body.type === 'string' && body.type.startsWith('view_');
  const schema = KINDS.find(([field]) => Object.hasOwn(body, field) || (isWindow && field === 'view'))?.[1];
  const error = schema?.safeParse(body).error;
  return error && z.prettifyError(error);
}

/** Conversation from which a modal was opened, kept in its `private_metadata`. The outcome is told there. */
const OPENED_AT = z.object({
  /** Empty if it was opened from the Home tab. */
  channel: text.regex(/^([CDG][A-Z0-9]+)?$/).optional(),
  threadTs: text.regex(/^\d+\.\d+$/).optional(),
  inThread: z.boolean().optional(),
  responseUrl: z.url().optional(),
});

/** Adds the place where a modal is opened to its metadata. */
export function withPlace(view: Block, { channel, threadTs, inThread, responseUrl }: Asked): Block {
  const about = BODY.parse(parseJson(String(view.private_metadata ?? '{}')));
  return { ...view, private_metadata: JSON.stringify({ ...about, channel, threadTs, inThread, responseUrl }) };
}

/** Reads the place where a modal was opened from its metadata; undefined if it has none. */
export function readPlace({ private_metadata }: Pick<View, 'private_metadata'>) {
  return OPENED_AT.safeParse(parseJson(private_metadata || '{}')).data;
}

/** Reads who acted, and in which conversation; for a modal, the one it was opened from. `channel` is empty for the Home tab. */
export function askedBy(deed: Deed, nowMs: number): Asked {
  const { container, message, view } = deed;
  const threadTs = container?.thread_ts ?? message?.thread_ts;
  const messageTs = container?.message_ts ?? message?.ts;
  const inThread = threadTs !== undefined && threadTs !== messageTs;
  const modal = view?.type === 'modal' ? view : undefined;
  const from = (modal && readPlace(modal)) ?? {};
  return {
    user: deed.user.id,
    channel: deed.channel?.id ?? container?.channel_id ?? from.channel ?? '',
    ...(inThread ? { threadTs, inThread } : { threadTs: from.threadTs, inThread: from.inThread }),
    messageTs,
    modal: modal && { id: modal.id, hash: modal.hash },
    responseUrl: deed.response_url ?? from.responseUrl,
    triggerId: deed.trigger_id,
    ephemeral: container?.is_ephemeral ?? false,
    atMs: nowMs,
  };
}
