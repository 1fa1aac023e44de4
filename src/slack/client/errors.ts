import { WebAPIHTTPError, WebAPIPlatformError, WebAPIRateLimitedError, WebAPIRequestError } from '@slack/web-api';

/**
 * The meaning of one of Slack's error codes.
 * - `final`: does not pass until somebody changes something.
 * - `token`: the token is at fault. Every call fails until somebody installs a new one, so no message is given up for it.
 * - `blocks`: the same text passes without its blocks, or without one of them.
 * - `picture`: the same message passes without its uploaded picture.
 * - `thread`: the same message passes in the channel.
 * - `busy`: not done, and passes by itself.
 * - `unclear`: Slack does not say whether it was done.
 * - `limited`: not done; too many calls.
 */
type Kind = 'final' | 'token' | 'blocks' | 'picture' | 'thread' | 'busy' | 'unclear' | 'limited';

interface Meaning {
  kind: Kind;
  /** One line for the person whose command or press failed. */
  told?: string;
  /** A sentence or two for whoever wants messages in that channel. */
  cure?: string;
  /** The bot cannot post in that conversation, and why. */
  closes?: 'not a member' | 'archived' | 'restricted';
}

const FINAL: Meaning = { kind: 'final' };
const BLOCKS: Meaning = { kind: 'blocks' };
const PICTURE: Meaning = { kind: 'picture' };

const UNCLEAR: Meaning = {
  kind: 'unclear',
  told: 'Slack is not answering as it should, and did not say whether that worked. If you see no result, please try again.',
};
const TOKEN: Meaning = {
  kind: 'token',
  told: 'Slack no longer lets the app in. An admin can install it again and set the new SLACK_BOT_TOKEN where it runs.',
  cure: 'Slack does not accept the bot token: install the app again and set the new SLACK_BOT_TOKEN.',
};
const TOO_LATE: Meaning = { kind: 'final', told: 'That took too long for Slack to open a form. Please press again.' };
const OPENED: Meaning = {
  kind: 'final',
  told: 'That form was opened once already. Press again if you do not see it.',
};
const NOT_CHANGEABLE: Meaning = { kind: 'final', told: 'That message can no longer be changed. Ask again.' };
const RESTRICTED: Meaning = {
  kind: 'final',
  closes: 'restricted',
  cure: 'The workspace does not let apps post there: ask a workspace admin to allow it.',
};
const NO_THREAD: Meaning = { kind: 'thread' };

/**
 * Slack's errors, the only table of them. A code that is missing here is never taken for final.
 * Source: the error lists of the methods in use, docs.slack.dev/reference/methods.
 */
const MEANINGS: Readonly<Record<string, Meaning>> = {
  // Messages and channels.
  not_in_channel: {
    kind: 'final',
    closes: 'not a member',
    cure: 'Headroom is not in the channel: type /invite @Headroom there.',
  },
  channel_not_found: {
    kind: 'final',
    closes: 'not a member',
    cure: 'The channel does not exist, or it is private and Headroom is not in it: type /invite @Headroom there.',
  },
  is_archived: {
    kind: 'final',
    closes: 'archived',
    told: 'This channel is archived: nothing can be posted here any more.',
    cure: 'The channel is archived: unarchive it and type /invite @Headroom there, or choose another.',
  },
  is_inactive: {
    kind: 'final',
    closes: 'archived',
    told: 'This channel is archived or frozen: nothing can change here.',
  },
  restricted_action: RESTRICTED,
  restricted_action_read_only_channel: RESTRICTED,
  restricted_action_thread_only_channel: RESTRICTED,
  posting_to_channel_denied: RESTRICTED,
  ekm_access_denied: RESTRICTED,
  app_access_restricted: RESTRICTED,
  channel_is_limited_access: RESTRICTED,
  restricted_action_non_threadable_channel: NO_THREAD,
  restricted_action_thread_locked: NO_THREAD,
  cannot_reply_to_message: NO_THREAD,
  thread_not_found: NO_THREAD,
  message_not_found: { kind: 'final', told: 'That message is no longer there. Ask again.' },
  cant_update_message: NOT_CHANGEABLE,
  cant_delete_message: NOT_CHANGEABLE,
  cant_broadcast_message: FINAL,
  edit_window_closed: NOT_CHANGEABLE,
  external_channel_migrating: { kind: 'busy' },
  streaming_state_conflict: { kind: 'busy' },
  no_text: FINAL,
  messages_tab_disabled: {
    kind: 'final',
    cure: 'The app takes no direct messages: paste app-manifest.yml into its settings, which turns them on.',
  },
  metadata_too_large: FINAL,
  invalid_metadata_format: FINAL,
  invalid_metadata_schema: FINAL,
  metadata_must_be_sent_from_app: FINAL,
  // Blocks. Tables over a limit come back as attachments.
  invalid_blocks: BLOCKS,
  invalid_blocks_format: BLOCKS,
  invalid_attachments: BLOCKS,
  block_mismatch: BLOCKS,
  msg_blocks_too_long: BLOCKS,
  msg_too_long: BLOCKS,
  only_one_table_allowed: BLOCKS,
  too_many_attachments: BLOCKS,
  attachment_payload_limit_exceeded: BLOCKS,
  // The picture that a block shows.
  missing_file_data: PICTURE,
  file_not_found: PICTURE,
  file_deleted: PICTURE,
  file_is_deleted: PICTURE,
  file_share_limit_reached: PICTURE,
  max_file_sharing_exceeded: PICTURE,
  unable_to_share_files: PICTURE,
  blocked_file_type: PICTURE,
  slack_connect_blocked_file_type: PICTURE,
  slack_connect_file_link_sharing_blocked: PICTURE,
  slack_connect_file_upload_sharing_blocked: PICTURE,
  slack_connect_clip_sharing_blocked: PICTURE,
  slack_connect_canvas_sharing_blocked: PICTURE,
  // Uploads.
  alt_txt_too_large: FINAL,
  access_denied: FINAL,
  file_upload_size_restricted: FINAL,
  file_uploads_disabled: { kind: 'final', told: 'This workspace does not allow uploads: ask a workspace admin.' },
  file_uploads_except_images_disabled: {
    kind: 'final',
    told: 'This workspace allows uploads of images only: ask a workspace admin.',
  },
  file_type_not_allowed: { kind: 'final', told: 'This workspace does not allow files of this type.' },
  storage_limit_reached: { kind: 'final', told: 'This workspace has no room left for files.' },
  file_update_failed: UNCLEAR,
  update_failed: UNCLEAR,
  // People and groups.
  cannot_dm_bot: { kind: 'final', cure: 'That is a bot: choose a person.' },
  user_disabled: { kind: 'final', cure: 'That account was deactivated: choose another person.' },
  user_not_found: { kind: 'final', cure: 'There is no such user in this workspace: choose another person.' },
  user_not_visible: { kind: 'final', cure: 'Headroom cannot see that person: choose another.' },
  users_not_found: FINAL,
  user_not_in_channel: FINAL,
  plan_upgrade_required: FINAL,
  // Forms.
  expired_trigger_id: TOO_LATE,
  trigger_expired: TOO_LATE,
  exchanged_trigger_id: OPENED,
  trigger_exchanged: OPENED,
  invalid_trigger_id: TOO_LATE,
  hash_conflict: FINAL,
  not_found: FINAL,
  view_too_large: FINAL,
  duplicate_external_id: FINAL,
  // The call itself, whichever it is.
  invalid_arguments: FINAL,
  invalid_arg_name: FINAL,
  missing_argument: FINAL,
  invalid_cursor: FINAL,
  method_not_supported_for_channel_type: FINAL,
  missing_scope: {
    kind: 'final',
    cure: 'The app lacks a permission: update it from app-manifest.yml and install it again.',
  },
  no_permission: FINAL,
  team_not_found: FINAL,
  team_access_not_granted: FINAL,
  invalid_auth: TOKEN,
  not_authed: TOKEN,
  account_inactive: TOKEN,
  token_revoked: TOKEN,
  token_expired: TOKEN,
  not_allowed_token_type: TOKEN,
  service_unavailable: { ...UNCLEAR, kind: 'busy' },
  team_added_to_org: { kind: 'busy' },
  accesslimited: { kind: 'busy' },
  internal_error: UNCLEAR,
  fatal_error: UNCLEAR,
  request_timeout: UNCLEAR,
  ratelimited: { kind: 'limited' },
  rate_limited: { kind: 'limited' },
  message_limit_exceeded: { kind: 'limited' },
};

/** Failures to connect: nothing was sent. */
const NOT_CONNECTED = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'ENETUNREACH', 'EHOSTUNREACH']);

/** Slack limits a whole workspace's messages for longer than one app's calls. */
const WORKSPACE_LIMIT_MS = 30_000;

/**
 * The meaning of a failed call, for whoever repeats it or gives it up. `unclear`: it may have been done all the same.
 * - `rate_limited`: not done; wait.
 * - `transient`: Slack, or the way to it, is at fault.
 * - `token`: Slack takes no call until somebody installs a new token.
 * - `blocks`, `picture`, `thread`: passes without its blocks, without its picture, outside its thread.
 * - `refused`: does not pass until somebody changes something.
 * - `unknown`: Slack answered with a code that the table lacks.
 * - `internal`: nothing to do with Slack; the message could not be made.
 */
export interface Failure {
  reason: 'rate_limited' | 'transient' | 'token' | 'blocks' | 'picture' | 'thread' | 'refused' | 'unknown' | 'internal';
  /** Slack's code, or the network's. */
  error: string;
  unclear: boolean;
  retryAfterMs?: number;
  /** The whole workspace must wait, not one channel. */
  workspace?: boolean;
}

/** The failure of a call that Slack may have done all the same. */
export function toUnclear(error: Error): Error {
  return new WebAPIRequestError(error);
}

/** Classifies anything that a call threw. Only a code that the table knows as final is `refused`. Never throws. */
export function classifyFailure(error: unknown): Failure {
  if (error instanceof WebAPIRateLimitedError)
    return { reason: 'rate_limited', error: 'rate_limited', unclear: false, retryAfterMs: error.retryAfter * 1000 };
  if (error instanceof WebAPIPlatformError) return classifyCode(error.data.error);
  if (error instanceof WebAPIHTTPError)
    return { reason: 'transient', error: `HTTP ${error.statusCode}`, unclear: error.statusCode >= 500 };
  if (!(error instanceof WebAPIRequestError))
    return { reason: 'internal', error: error instanceof Error ? error.message : String(error), unclear: true };
  const code = networkCode(error.original);
  return { reason: 'transient', error: code, unclear: !NOT_CONNECTED.has(code) };
}

function classifyCode(code: string): Failure {
  const failure = (reason: Failure['reason'], unclear = false): Failure => ({ reason, error: code, unclear });
  const kind = meaningOf(code)?.kind;
  switch (kind) {
    case undefined:
      return failure('unknown', true);
    case 'final':
      return failure('refused');
    case 'unclear':
      return failure('transient', true);
    case 'busy':
      return failure('transient');
    case 'limited': {
      const workspace = code === 'message_limit_exceeded';
      return { ...failure('rate_limited'), retryAfterMs: workspace ? WORKSPACE_LIMIT_MS : 1000, workspace };
    }
    default:
      return failure(kind);
  }
}

function meaningOf(code: string): Meaning | undefined {
  return Object.hasOwn(MEANINGS, code) ? MEANINGS[code] : undefined;
}

/** `ECONNRESET` and the like, from wherever fetch hid it; else the message. */
function networkCode(error: Error): string {
  for (let cause: unknown = error; cause instanceof Error; cause = cause.cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (typeof code === 'string') return code;
  }
  return error.message;
}

/** The code that Slack answered with (`not_in_channel`); undefined for anything but an answer of Slack's. */
export function slackErrorOf(error: unknown): string | undefined {
  return error instanceof WebAPIPlatformError ? error.data.error : undefined;
}

/** The last error of a reply was that its thread takes none: the channel does. */
export function isThreadRefusal(error: string | undefined): boolean {
  return meaningOf(error ?? '')?.kind === 'thread';
}

/** Returns why the bot cannot post in a conversation, by the error that Slack gave for it; undefined: the error is about something else. */
export function closingOf(error: unknown): Meaning['closes'] {
  return meaningOf(slackErrorOf(error) ?? '')?.closes;
}

/** Returns what to do about the error of a failed call (`Failure.error`), one sentence or two. */
export function cureOf(error: string): string {
  const known = meaningOf(error)?.cure;
  if (known) return known;
  return /^[a-z][a-z_]+$/.test(error)
    ? `Slack answered ${error}: see https://docs.slack.dev/reference/methods/chat.postMessage#errors.`
    : `The last error was: ${error}.`;
}

/** The code that Slack refused a message with, by the Web API or through a response URL. */
export function refusedCodeOf(error: unknown): string | undefined {
  return slackErrorOf(error) ?? (error instanceof ResponseUrlError ? error.error : undefined);
}

/** Slack refused the content, as against the place, the time, or us. */
export function isRefusedContent(error: unknown): boolean {
  return ['blocks', 'picture'].includes(meaningOf(refusedCodeOf(error) ?? '')?.kind ?? '');
}

/** Slack refused the uploaded picture in a message; the message passes without it. */
export function isRefusedPicture(error: unknown): boolean {
  return meaningOf(refusedCodeOf(error) ?? '')?.kind === 'picture';
}

/** Refused by a response URL; `error` is Slack's code. */
export class ResponseUrlError extends Error {
  override readonly name = 'ResponseUrlError';
  readonly error: string;

  constructor(error: string) {
    super(`response_url: ${error}`);
    this.error = error;
  }
}

/**
 * Returns one line for the person who asked: what Slack's refusal means, and the cure. Undefined where it says nothing that
 * they, or an admin, could use.
 */
export function describeRefusal(error: unknown): string | undefined {
  if (error instanceof WebAPIRateLimitedError) {
    return `Slack is limiting the app: please try again in ${error.retryAfter} seconds.`;
  }
  const code = slackErrorOf(error);
  if (code === 'missing_scope') {
    const { needed } = (error as WebAPIPlatformError).data as { needed?: string };
    return `The app lacks a permission${needed ? ` (${needed})` : ''}: an admin can paste app-manifest.yml into its settings and install it again.`;
  }
  if (code !== undefined) return meaningOf(code)?.told;
  return classifyFailure(error).reason === 'transient' ? UNCLEAR.told : undefined;
}

/** A person does not wait longer for a limit to pass. */
const LONGEST_WAIT_MS = 10_000;
const ATTEMPTS = 3;

/**
 * Makes a call that a person waits for. Told to wait by Slack, it makes the call again after that time, at most twice and
 * at most 10 s later. `repeatable`: it also does so where the outcome is unclear, for calls that read or set a state.
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
      if (pauseMs === undefined || attempt === ATTEMPTS) throw error;
      await wait(pauseMs);
    }
  }
}

function pauseAfter(error: unknown, repeatable: boolean, attempt: number): number | undefined {
  const { reason, retryAfterMs = 1000 } = classifyFailure(error);
  if (reason === 'rate_limited') return retryAfterMs <= LONGEST_WAIT_MS ? retryAfterMs : undefined;
  return reason === 'transient' && repeatable ? attempt * 250 : undefined;
}
