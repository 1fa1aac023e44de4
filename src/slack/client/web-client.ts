import {
  LogLevel,
  type Logger as SlackLogger,
  WebAPIPlatformError,
  WebClient,
  type WebClientOptions,
} from '@slack/web-api';
import type { Logger } from '../../log.ts';

/** After this time the outcome of a call counts as unknown. */
export const CALL_TIMEOUT_MS = 10_000;

/** Settings in which clients differ; tests bring their own way to Slack. */
export interface ClientSettings {
  /** Default Slack's. */
  apiUrl?: string | undefined;
  log: Logger;
  fetch?: typeof fetch;
  timeoutMs?: number;
}

/**
 * Creates a client that makes each call once. The library's default repeats a post up to ten times after a dropped
 * connection or a 5xx, each of which may have been posted, and holds all calls back during one 429: both are decided by
 * whoever calls.
 */
export function createWebClient(token: string, settings: ClientSettings): WebClient {
  return new WebClient(token, clientOptions(settings));
}

/** The same options for a package that makes its own client. */
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
 * Lets an answer of status 200 through only if it is one of Slack's: the library takes a proxy's page, an empty or a cut body
 * for an error code. A 429 gets the Retry-After that the library insists on.
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

/** Posts to a response URL. Rejects as the Web API does where Slack refuses it. */
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
 * Makes Slack's packages log through ours, at `level` where one is given; their debug lines are left out. A request that
 * failed is told by whoever made it.
 */
export function toSlackLogger(log: Logger, level?: 'debug'): SlackLogger {
  const write =
    (theirs: 'warn' | 'error') =>
    (...parts: unknown[]) =>
      log[parts[0] === 'http request failed' ? 'debug' : (level ?? theirs)](
        { from: '@slack' },
        // The library also hands over the arguments of `forEach`.
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
