import { WebAPIHTTPError, WebAPIPlatformError, WebAPIRateLimitedError, WebAPIRequestError } from '@slack/web-api';

/**
 * What a failed call to Slack means. `unclear`: it may have been done all the same.
 * - `rate_limited`: not done, wait.
 * - `transient`: Slack or the way to it is at fault, try again.
 * - `blocks`: the same text without its blocks may pass.
 * - `refused`: will not pass until somebody changes something.
 * - `internal`: nothing to do with Slack (the message could not be made); try again.
 */
export interface Failure {
  reason: 'rate_limited' | 'transient' | 'blocks' | 'refused' | 'internal';
  /** Slack's word, or the network's. */
  error: string;
  unclear: boolean;
  retryAfterMs?: number;
  /** Says that the whole workspace must wait, not one channel. */
  workspace?: boolean;
}

/** Errors after which Slack itself says that part of the work may have been done, or that do not say. */
const UNCLEAR = new Set(['fatal_error', 'internal_error', 'request_timeout']);
/** `thread_not_found`: the parent was deleted, the next attempt goes to the channel. */
const TRANSIENT = new Set(['service_unavailable', 'team_added_to_org', 'accesslimited', 'thread_not_found']);
/** The token's fault: holds for every message, and passes when somebody installs a new one, so none is given up for it. */
const TOKEN = new Set(['invalid_auth', 'not_authed', 'account_inactive', 'token_revoked', 'token_expired']);
const BLOCKS = new Set([
  'invalid_blocks',
  'invalid_blocks_format',
  'msg_blocks_too_long',
  'msg_too_long',
  'only_one_table_allowed',
]);
/** Failures to connect: nothing was sent. */
const NOT_CONNECTED = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'ENETUNREACH', 'EHOSTUNREACH']);

/** Never throws; what Slack or the network does without saying why is transient and unclear. Source: docs.slack.dev/reference/methods/chat.postMessage. */
export function classifyFailure(error: unknown): Failure {
  if (error instanceof WebAPIRateLimitedError)
    return { reason: 'rate_limited', error: 'rate_limited', unclear: false, retryAfterMs: error.retryAfter * 1000 };
  if (error instanceof WebAPIPlatformError) return classifyPlatformError(error.data.error);
  if (error instanceof WebAPIHTTPError)
    return { reason: 'transient', error: `HTTP ${error.statusCode}`, unclear: error.statusCode >= 500 };
  if (!(error instanceof WebAPIRequestError))
    return { reason: 'internal', error: error instanceof Error ? error.message : String(error), unclear: true };
  const code = networkCode(error.original);
  return { reason: 'transient', error: code, unclear: !NOT_CONNECTED.has(code) };
}

function classifyPlatformError(error: string): Failure {
  if (error === 'ratelimited' || error === 'rate_limited')
    return { reason: 'rate_limited', error, unclear: false, retryAfterMs: 1000 };
  if (error === 'message_limit_exceeded')
    return { reason: 'rate_limited', error, unclear: false, retryAfterMs: 30_000, workspace: true };
  if (UNCLEAR.has(error)) return { reason: 'transient', error, unclear: true };
  if (TRANSIENT.has(error) || TOKEN.has(error)) return { reason: 'transient', error, unclear: false };
  if (BLOCKS.has(error)) return { reason: 'blocks', error, unclear: false };
  return { reason: 'refused', error, unclear: false };
}

/** `ECONNRESET` and the like, from wherever fetch hid it; else the message. */
function networkCode(error: Error): string {
  for (let cause: unknown = error; cause instanceof Error; cause = cause.cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (typeof code === 'string') return code;
  }
  return error.message;
}

const CURES: Readonly<Record<string, string>> = {
  not_in_channel: 'Headroom is not in the channel: type /invite @Headroom there.',
  channel_not_found:
    'The channel does not exist, or it is private and Headroom is not in it: type /invite @Headroom there.',
  is_archived: 'The channel is archived: unarchive it and type /invite @Headroom there, or choose another.',
  restricted_action: 'The workspace does not let apps post there: ask a workspace admin to allow it.',
  invalid_auth: 'Slack does not accept the bot token: copy it again from the app’s “OAuth & Permissions” page.',
  account_inactive: 'The bot was deactivated: install the app again and set the new SLACK_BOT_TOKEN.',
  token_revoked: 'The bot token was revoked: install the app again and set the new SLACK_BOT_TOKEN.',
  missing_scope: 'The app lacks a permission: update it from app-manifest.yml and install it again.',
  cannot_dm_bot: 'That is a bot: choose a person.',
  user_disabled: 'That account was deactivated: choose another person.',
  user_not_found: 'There is no such user in this workspace: choose another person.',
};

/** What to do about an error of Slack, one sentence or two. */
export function cureOf(error: string): string {
  return (
    CURES[error] ?? `Slack answered ${error}: see https://docs.slack.dev/reference/methods/chat.postMessage#errors.`
  );
}
