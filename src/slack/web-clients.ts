import {
  LogLevel,
  type Logger as SlackLogger,
  WebAPIHTTPError,
  WebAPIPlatformError,
  WebAPIRateLimitedError,
  WebAPIRequestError,
  type WebClientOptions,
} from '@slack/web-api';
import type { Logger } from '../log.ts';

/**
 * Options of every client that posts: no retries inside the client (they would post twice after an unclear outcome), a time
 * limit, and no waiting of all calls because one was told to.
 */
export function clientOptions(config: { apiUrl?: string | undefined; log: Logger }): WebClientOptions {
  return {
    ...(config.apiUrl ? { slackApiUrl: config.apiUrl.endsWith('/') ? config.apiUrl : `${config.apiUrl}/` } : {}),
    retryConfig: { retries: 0 },
    timeout: 10_000,
    rejectRateLimitedCalls: true,
    logger: toSlackLogger(config.log),
  };
}

/** The error code that Slack answered with (`not_in_channel`); undefined for anything but an answer of Slack's. */
export function slackErrorOf(error: unknown): string | undefined {
  return error instanceof WebAPIPlatformError ? error.data.error : undefined;
}

/**
 * A call that a person waits for: told to wait by Slack, it is made again after that time, at most twice and at most 10 s
 * later. `repeatable`: also made again where the outcome is unclear (reading, or changing to the same state).
 */
export async function callSlack<T>(
  call: () => Promise<T>,
  { wait, repeatable = false }: { wait(ms: number): Promise<void>; repeatable?: boolean },
): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await call();
    } catch (error) {
      const pauseMs = pauseAfter(error, repeatable, attempt);
      if (pauseMs === undefined || attempt === 3) throw error;
      await wait(pauseMs);
    }
  }
}

function pauseAfter(error: unknown, repeatable: boolean, attempt: number): number | undefined {
  if (error instanceof WebAPIRateLimitedError) {
    return error.retryAfter <= 10 ? error.retryAfter * 1000 : undefined;
  }
  const unclear = error instanceof WebAPIRequestError || error instanceof WebAPIHTTPError;
  return unclear && repeatable ? attempt * 250 : undefined;
}

/**
 * Slack's packages log through ours, at `level` where one is given; their debug lines are left out. A request that failed is
 * told by whoever made it.
 */
export function toSlackLogger(log: Logger, level?: 'debug'): SlackLogger {
  const write =
    (theirs: 'warn' | 'error') =>
    (...parts: unknown[]) =>
      log[parts[0] === 'http request failed' ? 'debug' : (level ?? theirs)](
        { from: '@slack' },
        parts.map(String).join(' '),
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
