import {
  LogLevel,
  type Logger as SlackLogger,
  WebAPIPlatformError,
  WebClient,
  type WebClientOptions,
} from '@slack/web-api';
import type { Logger } from '../../log.ts';

/** The outcome of a call is unclear after this time. */
export const CALL_TIMEOUT_MS = 10_000;

/** Settings of a client. Tests replace `fetch`. */
export interface ClientSettings {
  /** Default Slack's. */
  apiUrl?: string | undefined;
  log: Logger;
  fetch?: typeof fetch;
  timeoutMs?: number;
}

/**
 * Creates a client that makes each call once. By default the library repeats a post up to ten times after a dropped connection
 * or a 5xx, although each may have been posted, and holds back all calls during one 429. Here the callers decide both.
 */
export function createWebClient(token: string, settings: ClientSettings): WebClient {
  return new WebClient(token, clientOptions(settings));
}

/** Returns the same options for a package that creates its own client. */
export function clientOptions({ apiUrl, log, fetch: given, timeoutMs }: ClientSettings): WebClientOptions {
  return {
    ...(apiUrl ? { slackApiUrl: apiUrl.endsWith('/') ? apiUrl : `${apiUrl}/` } : {}),
    retryConfig: { retries: 0 },
    timeout: timeoutMs ?? CALL_TIMEOUT_MS,
    rejectRateLimitedCalls: true,
    fetch: readAnswers(given ?? fetch) as NonNullable<WebClientOptions['fetch']>,
    logger: toSlackLogger(log),
  };
}

/**
 * Checks that an answer with status 200 is Slack's JSON: the library would take a proxy's page, or an empty or cut body, for an
 * error code. Adds the Retry-After that the library requires to a 429 without one.
 */
function readAnswers(call: typeof fetch): typeof fetch {
  return async (url, init) => {
    const response = await call(url, init);
    if (response.status === 429 && !/^\d+$/.test(response.headers.get('retry-after') ?? '')) {
      return new Response(null, { status: 429, headers: { 'retry-after': '1' } });
    }
    if (response.status !== 200) return response;
    const text = await response.text();
    assertAnswer(text);
    return new Response(text, { status: 200, headers: response.headers });
  };
}

function assertAnswer(text: string): void {
  let answer: unknown;
  try {
    answer = JSON.parse(text);
  } catch {
    answer = undefined;
  }
  const { ok, error } = (typeof answer === 'object' && answer ? answer : {}) as { ok?: unknown; error?: unknown };
  if (ok === true || (ok === false && typeof error === 'string' && /^\w+$/.test(error))) return;
  const begin = text.replace(/\s+/g, ' ').trim().slice(0, 60);
  throw new Error(`not an answer of Slack's (${begin === '' ? 'an empty body' : begin})`);
}

const RESPONSE_TIMEOUT_MS = 5000;

/** Posts to a response URL. Rejects as the Web API does if Slack refuses it. */
export async function respond(url: string, body: Record<string, unknown>): Promise<void> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json; charset=utf-8' },
    body: JSON.stringify(body),
    signal: AbortSignal.timeout(RESPONSE_TIMEOUT_MS),
  });
  const text = await response.text();
  if (response.ok && !/"ok":\s*false/.test(text)) return;
  const error = /"error":\s*"(\w+)"/.exec(text)?.[1] ?? `http_${response.status}`;
  throw new WebAPIPlatformError({ ok: false, error });
}

/**
 * Returns a logger with which Slack's packages log through ours, all at `level` if given. Their debug lines are left out.
 * Failed requests are logged at debug level, since the callers log them.
 */
export function toSlackLogger(log: Logger, level?: 'debug'): SlackLogger {
  const write =
    (theirs: 'warn' | 'error') =>
    (...parts: unknown[]) =>
      log[parts[0] === 'http request failed' ? 'debug' : (level ?? theirs)](
        { from: '@slack' },
        // The library calls its logger in `forEach`, which adds an index and an array: keep texts and errors.
        parts
          .filter((part) => typeof part === 'string' || part instanceof Error)
          .map(String)
          .join(' '),
      );
  return {
    debug: () => {},
    info: () => {},
    warn: write('warn'),
    error: write('error'),
    setLevel: () => {},
    getLevel: () => LogLevel.WARN,
    setName: () => {},
  };
}
