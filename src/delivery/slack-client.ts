import { WebClient, type WebClientOptions } from '@slack/web-api';

/** How long a call may take before its outcome counts as unknown. */
export const CALL_TIMEOUT_MS = 10_000;

/**
 * A client that makes each call once. The library's default repeats a post up to ten times after a dropped connection or
 * a 5xx, each of which may have been posted, and stops all calls during one 429: both are the delivery log's business.
 */
export function createPostingClient(
  token: string,
  options: Pick<WebClientOptions, 'slackApiUrl' | 'fetch' | 'logger' | 'logLevel' | 'timeout'> = {},
): WebClient {
  return new WebClient(token, {
    timeout: CALL_TIMEOUT_MS,
    ...options,
    retryConfig: { retries: 0 },
    rejectRateLimitedCalls: true,
  });
}
