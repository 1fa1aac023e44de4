import { WebAPIHTTPError, WebAPIPlatformError, WebAPIRateLimitedError, WebAPIRequestError } from '@slack/web-api';

/**
 * Kinds of Slack's error codes.
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

/**
 * Slack's errors by kind, the only table of them. A code that is missing here is never taken for final.
 * Source: the error lists of the methods in use, docs.slack.dev/reference/methods.
 */
const CODES: Readonly<Record<Kind, string>> = {
  final: `
    not_in_channel channel_not_found is_archived is_inactive restricted_action restricted_action_read_only_channel
    restricted_action_thread_only_channel posting_to_channel_denied ekm_access_denied app_access_restricted
    channel_is_limited_access message_not_found cant_update_message cant_delete_message cant_broadcast_message
    edit_window_closed no_text messages_tab_disabled metadata_too_large invalid_metadata_format invalid_metadata_schema
    metadata_must_be_sent_from_app
    alt_txt_too_large access_denied file_upload_size_restricted file_uploads_disabled
    file_uploads_except_images_disabled file_type_not_allowed storage_limit_reached
    cannot_dm_bot user_disabled user_not_found user_not_visible users_not_found user_not_in_channel plan_upgrade_required
    no_such_subteam invalid_user_combination too_many_members invalid_channel not_enabled
    expired_trigger_id trigger_expired exchanged_trigger_id trigger_exchanged invalid_trigger_id hash_conflict not_found
    view_too_large duplicate_external_id
    invalid_arguments invalid_arg_name missing_argument invalid_cursor method_not_supported_for_channel_type missing_scope
    no_permission team_not_found team_access_not_granted`,
  token: 'invalid_auth not_authed account_inactive token_revoked token_expired not_allowed_token_type',
  // Tables over a limit come back as attachments.
  blocks: `
    invalid_blocks invalid_blocks_format invalid_attachments block_mismatch msg_blocks_too_long msg_too_long
    only_one_table_allowed too_many_attachments attachment_payload_limit_exceeded`,
  picture: `
    missing_file_data file_not_found file_deleted file_is_deleted file_share_limit_reached max_file_sharing_exceeded
    unable_to_share_files blocked_file_type slack_connect_blocked_file_type slack_connect_file_link_sharing_blocked
    slack_connect_file_upload_sharing_blocked slack_connect_clip_sharing_blocked slack_connect_canvas_sharing_blocked`,
  thread: `
    restricted_action_non_threadable_channel restricted_action_thread_locked cannot_reply_to_message thread_not_found`,
  busy: 'external_channel_migrating streaming_state_conflict service_unavailable team_added_to_org accesslimited',
  unclear: 'file_update_failed update_failed internal_error fatal_error request_timeout',
  limited: 'ratelimited rate_limited message_limit_exceeded',
};
const KINDS: ReadonlyMap<string, Kind> = byCode(CODES);

/** Reasons why the bot cannot post in a conversation. */
const CLOSES = byCode({
  'not a member': 'not_in_channel channel_not_found',
  archived: 'is_archived is_inactive',
  restricted: `
    restricted_action restricted_action_read_only_channel restricted_action_thread_only_channel
    posting_to_channel_denied ekm_access_denied app_access_restricted channel_is_limited_access`,
});

const UNCLEAR =
  'Slack is not answering as it should, and did not say whether that worked. If you see no result, please try again.';

/** Explanations for the person whose command or press failed, by Slack's code. */
const TOLD = byCode({
  [UNCLEAR]: `${CODES.unclear} service_unavailable`,
  'Slack no longer lets the app in. An admin can install it again and set the new SLACK_BOT_TOKEN where it runs.':
    CODES.token,
  'That took too long for Slack to open a form. Please press again.':
    'expired_trigger_id trigger_expired invalid_trigger_id',
  'That form was opened once already. Press again if you do not see it.': 'exchanged_trigger_id trigger_exchanged',
  'That message can no longer be changed. Ask again.': 'cant_update_message cant_delete_message edit_window_closed',
  'That message is no longer there. Ask again.': 'message_not_found',
  'This channel is archived: nothing can be posted here any more.': 'is_archived',
  'This channel is archived or frozen: nothing can change here.': 'is_inactive',
  'This workspace does not allow uploads: ask a workspace admin.': 'file_uploads_disabled',
  'This workspace allows uploads of images only: ask a workspace admin.': 'file_uploads_except_images_disabled',
  'This workspace does not allow files of this type.': 'file_type_not_allowed',
  'This workspace has no room left for files.': 'storage_limit_reached',
});

/** Cures for a person who wants messages in that channel, by Slack's code. */
const CURES = byCode({
  'Headroom is not in the channel: type /invite @Headroom there.': 'not_in_channel',
  'The channel does not exist, or it is private and Headroom is not in it: type /invite @Headroom there.':
    'channel_not_found',
  'The channel is archived: unarchive it and type /invite @Headroom there, or choose another.': 'is_archived',
  'The workspace does not let apps post there: ask a workspace admin to allow it.': [...CLOSES]
    .flatMap(([code, why]) => (why === 'restricted' ? code : []))
    .join(' '),
  'The app takes no direct messages: paste app-manifest.yml into its settings, which turns them on.':
    'messages_tab_disabled',
  'That is a bot: choose a person.': 'cannot_dm_bot',
  'That account was deactivated: choose another person.': 'user_disabled',
  'There is no such user in this workspace: choose another person.': 'user_not_found',
  'Headroom cannot see that person: choose another.': 'user_not_visible',
  'The app lacks a permission: update it from app-manifest.yml and install it again.': 'missing_scope',
  'Slack does not accept the bot token: install the app again and set the new SLACK_BOT_TOKEN.': CODES.token,
});

/** Turns lists of codes by text into the text of each code. */
function byCode<T extends string>(lists: Readonly<Record<T, string>>): ReadonlyMap<string, T> {
  const said = Object.entries<string>(lists) as [T, string][];
  return new Map(
    said.flatMap(([what, codes]) =>
      codes
        .trim()
        .split(/\s+/)
        .map((code) => [code, what] as const),
    ),
  );
}

/** Network errors before a connection: nothing was sent. */
const NOT_CONNECTED = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'ENETUNREACH', 'EHOSTUNREACH']);

/** Wait this long if Slack limits the messages of the whole workspace. */
const WORKSPACE_LIMIT_MS = 30_000;

/**
 * The meaning of a failed call, which decides whether it is repeated. The kind of its code, or
 * - `rate_limited`: `limited`; wait.
 * - `transient`: a failure of Slack or the network.
 * - `refused`: `final`.
 * - `unknown`: Slack answered with a code that is not in the table.
 * - `internal`: not Slack's fault: the message could not be made.
 */
export interface Failure {
  reason: 'rate_limited' | 'transient' | 'token' | 'blocks' | 'picture' | 'thread' | 'refused' | 'unknown' | 'internal';
  /** Slack's code, or the network's. */
  error: string;
  /** True if Slack may have done it all the same. */
  unclear: boolean;
  retryAfterMs?: number;
  /** True if the whole workspace must wait, not one channel. */
  workspace?: boolean;
}

/** Marks the failure of a call that Slack may have done all the same. */
export function toUnclear(error: Error): Error {
  return new WebAPIRequestError(error);
}

/** Classifies any error of a call. Only a code that the table lists as final is `refused`. Never throws. */
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
  const kind = KINDS.get(code);
  const reason = kind === undefined ? 'unknown' : REASONS[kind];
  const failure: Failure = { reason, error: code, unclear: kind === undefined || kind === 'unclear' };
  if (kind !== 'limited') return failure;
  const workspace = code === 'message_limit_exceeded';
  return { ...failure, retryAfterMs: workspace ? WORKSPACE_LIMIT_MS : 1000, workspace };
}

const REASONS: Readonly<Record<Kind, Failure['reason']>> = {
  ...{ final: 'refused', token: 'token', blocks: 'blocks', picture: 'picture', thread: 'thread' },
  ...{ busy: 'transient', unclear: 'transient', limited: 'rate_limited' },
};

/** Returns a code such as `ECONNRESET` from the error's chain of causes, else the message. */
function networkCode(error: Error): string {
  for (let cause: unknown = error; cause instanceof Error; cause = cause.cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (typeof code === 'string') return code;
  }
  return error.message;
}

/** Returns the code of Slack's answer, such as `not_in_channel`; undefined for any other error. */
export function slackErrorOf(error: unknown): string | undefined {
  return error instanceof WebAPIPlatformError ? error.data.error : undefined;
}

/**
 * Tells whether an error (`Failure.error`) comes from Slack as a whole, its limits, the network or the token. Every message
 * fails while it lasts, and goes out once it is over.
 */
export function isOutage(error: string): boolean {
  const kind = KINDS.get(error);
  if (kind !== undefined) return ['token', 'busy', 'unclear', 'limited'].includes(kind);
  return /^(HTTP \d+|[A-Z][A-Z\d_]+)$/.test(error);
}

/** Tells whether a reply failed because its thread takes none; the channel may. */
export function isThreadRefusal(error: string | undefined): boolean {
  return KINDS.get(error ?? '') === 'thread';
}

/** Returns the reason why the bot cannot post in a conversation; undefined if the error is about something else. */
export function closingOf(error: unknown) {
  return CLOSES.get(slackErrorOf(error) ?? '');
}

/** Returns the cure of an error (`Failure.error`), in one or two sentences. */
export function cureOf(error: string): string {
  const known = CURES.get(error);
  if (known) return known;
  if (isOutage(error)) return 'Slack was away, or took no messages.';
  return /^[a-z][a-z_]+$/.test(error)
    ? `Slack answered ${error}: see https://docs.slack.dev/reference/methods/chat.postMessage#errors.`
    : `The last error was: ${error}.`;
}

/** Tells whether Slack refused the content of a message, not its place, time or sender. */
export function isRefusedContent(error: unknown): boolean {
  return ['blocks', 'picture'].includes(classifyFailure(error).reason);
}

/**
 * Returns one line for the person who asked: the meaning of Slack's refusal, and its cure. Undefined if neither they nor an
 * admin could do anything about it.
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
  if (code !== undefined) return TOLD.get(code);
  return classifyFailure(error).reason === 'transient' ? UNCLEAR : undefined;
}

/** Give up if Slack asks to wait longer: a person is waiting. */
const LONGEST_WAIT_MS = 10_000;
const ATTEMPTS = 3;

/**
 * Makes a call that a person waits for. If Slack asks to wait, repeats it after that time, at most twice and at most 10 s
 * later. `repeatable`: repeats it also after an unclear outcome, for calls that only read or set a state.
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
