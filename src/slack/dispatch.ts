import { createHmac, timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import type { App, ReceiverEvent } from '@slack/bolt';
import type { Logger } from '../log.ts';
import { deleteRequestsBefore, insertRequest } from '../store/conversation-repository.ts';
import type { Db } from '../store/database.ts';
import { parseJson } from '../store/json-columns.ts';
import { BODY, findBodyFault } from './payloads.ts';

/** Something from Slack, however it came, with the one answer that it gets. */
export type Incoming = Pick<ReceiverEvent, 'ack' | 'retryNum' | 'body'>;

/** Slack shows a failure to whoever waits after 3 s. */
const ACK_WITHIN_MS = 2500;

interface Dispatch {
  /** Hands over what came, and makes sure that it is answered in time whatever happens. Never rejects. */
  take(incoming: Incoming): Promise<void>;
  /** Resolves when everything that was handed over is done. */
  idle(): Promise<void>;
}

/**
 * Stands between the ways from Slack and the listeners. Everything is acknowledged: what no listener could read, at once;
 * what none claimed (`tellOld`: a window from before an upgrade), or took too long for, without content.
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

/** Leaves out fields that are null: Bolt reads into them. */
function withoutNulls(body: unknown): Record<string, unknown> {
  return isObject(body) ? Object.fromEntries(Object.entries(body).filter(([, value]) => value !== null)) : {};
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

const MAX_SKEW_S = 5 * 60;
/** It carries a token beside the parameter. */
const MAX_SSL_CHECK_BYTES = 1000;

/** A request to `/slack/events`, read and not yet trusted. */
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

/** Slack looks now and then whether the address of the command has a good certificate, without signing that. */
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

/** Requests, events and forms that this instance or another has taken. */
interface SeenSet {
  /** True the first time. Where the database does not answer in time, this instance's memory decides alone. */
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
