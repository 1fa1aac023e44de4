import { createHmac, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Logger } from '../log.ts';
import { deleteRequestsBefore, insertRequest } from '../store/conversation-repository.ts';
import type { Db } from '../store/database.ts';

const MAX_SKEW_S = 5 * 60;
const MAX_BODY_BYTES = 4 * 1024 * 1024;
/**
 * The database gets so long to say whether a request was seen, since people wait for the acknowledgement: SQLite makes
 * this write wait its turn behind those of ingest, up to a second under load.
 */
const SEEN_BEFORE_TIMEOUT_MS = 20;

type Listener = (request: IncomingMessage, response: ServerResponse) => void;

/**
 * Lets a signed request of Slack through once. Signature wrong or missing, more than 5 minutes old or ahead: 401. The same
 * signature again (also at another instance): 200, and nothing else happens. Bolt's own check knows neither the second
 * bound nor repetition. Source: docs.slack.dev/authentication/verifying-requests-from-slack.
 */
export function guardRequests(
  next: Listener,
  { signingSecret, db, log, now }: { signingSecret: string; db: Db; log: Logger; now(): number },
): Listener {
  const seen = createSeenSet(db, log, now);
  return (request, response) => {
    void (async () => {
      const body = await readBody(request);
      if (!body) return end(response, 413);
      const signature = String(request.headers['x-slack-signature'] ?? '');
      const stamp = String(request.headers['x-slack-request-timestamp'] ?? '');
      if (!isSigned(body, signature, stamp, signingSecret, now())) {
        log.warn(
          { stamp },
          'Slack request refused: signature or time do not fit (check SLACK_SIGNING_SECRET and the clock)',
        );
        return end(response, 401);
      }
      if (!(await seen.insert(signature))) return end(response, 200);
      // Bolt takes the bytes from here, since the stream has been read.
      Object.assign(request, { rawBody: body });
      next(request, response);
    })().catch((error: unknown) => {
      log.error({ error: String(error) }, 'Slack request failed');
      if (!response.headersSent) end(response, 500);
    });
  };
}

/** Requests and events that are being or have been taken, by this instance or another. */
export function createSeenSet(db: Db, log: Logger, now: () => number): { insert(key: string): Promise<boolean> } {
  const recent = new Map<string, number>();
  let cleanedMs = now();
  return {
    /** True the first time. Where the database does not answer in time, this instance's memory decides alone. */
    async insert(key) {
      if (recent.has(key)) return false;
      const atMs = now();
      recent.set(key, atMs);
      const kept = atMs - 3 * MAX_SKEW_S * 1000;
      if (atMs - cleanedMs > 60_000) {
        cleanedMs = atMs;
        for (const [old, ms] of recent) if (ms < kept) recent.delete(old);
        void deleteRequestsBefore(db, kept).catch(() => {});
      }
      const first = insertRequest(db, key, atMs);
      first.catch((error: unknown) => log.error({ error: String(error) }, 'Slack request could not be noted'));
      const { promise: late, resolve } = Promise.withResolvers<boolean>();
      const timer = setTimeout(resolve, SEEN_BEFORE_TIMEOUT_MS, true);
      return Promise.race([first.catch(() => true), late]).finally(() => clearTimeout(timer));
    },
  };
}

function isSigned(body: Buffer, signature: string, stamp: string, secret: string, nowMs: number): boolean {
  if (!/^\d{1,12}$/.test(stamp) || Math.abs(nowMs / 1000 - Number(stamp)) > MAX_SKEW_S) return false;
  const expected = Buffer.from(`v0=${createHmac('sha256', secret).update(`v0:${stamp}:`).update(body).digest('hex')}`);
  const given = Buffer.from(signature);
  return given.length === expected.length && timingSafeEqual(given, expected);
}

/** Undefined where the body is larger than Slack sends. */
async function readBody(request: IncomingMessage): Promise<Buffer | undefined> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > MAX_BODY_BYTES) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function end(response: ServerResponse, status: number): void {
  response.writeHead(status).end();
}
