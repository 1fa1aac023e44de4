import { createHmac, timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import type { App, ReceiverEvent } from '@slack/bolt';
import type { Logger } from '../log.ts';
import { deleteRequestsBefore, insertRequest } from '../store/conversation-repository.ts';
import type { Db } from '../store/database.ts';
import { parseJson } from '../store/json-columns.ts';
import { BODY, findBodyFault } from './payloads.ts';

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
