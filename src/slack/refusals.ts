import { WebAPIHTTPError, WebAPIPlatformError, WebAPIRateLimitedError, WebAPIRequestError } from '@slack/web-api';

const UNCLEAR =
  'Slack is not answering as it should, and did not say whether that went through. If you see nothing of it, please try again.';
const NO_ACCESS =
  'Slack no longer lets the app in: an admin can install it again, and set the new SLACK_BOT_TOKEN where it runs.';

/** What a person is told where Slack refused something that we wanted for them, by Slack's code. */
const ANSWERS: Readonly<Record<string, string>> = {
  expired_trigger_id: 'That took too long for Slack to open a form: please press once more.',
  trigger_expired: 'That took too long for Slack to open a form: please press once more.',
  exchanged_trigger_id: 'That form was opened once already: press again if you do not see it.',
  trigger_exchanged: 'That form was opened once already: press again if you do not see it.',
  is_archived: 'This channel is archived: nothing can be posted here any more.',
  message_not_found: 'That message is no longer there. Ask again.',
  cant_update_message: 'That message can no longer be changed. Ask again.',
  edit_window_closed: 'That message can no longer be changed. Ask again.',
  internal_error: UNCLEAR,
  fatal_error: UNCLEAR,
  service_unavailable: UNCLEAR,
  request_timeout: UNCLEAR,
  account_inactive: NO_ACCESS,
  token_revoked: NO_ACCESS,
  token_expired: NO_ACCESS,
  invalid_auth: NO_ACCESS,
  not_authed: NO_ACCESS,
};

/**
 * What Slack's refusal means for the person who asked, in one line with its cure; undefined where it says nothing that they,
 * or an admin, could use.
 */
export function describeRefusal(error: unknown): string | undefined {
  if (error instanceof WebAPIRateLimitedError) {
    return `Slack asks for patience: please try again in ${error.retryAfter} seconds.`;
  }
  if (error instanceof WebAPIRequestError || error instanceof WebAPIHTTPError) return UNCLEAR;
  if (!(error instanceof WebAPIPlatformError)) return undefined;
  const { error: code, needed } = error.data as { error: string; needed?: string };
  if (code === 'missing_scope') {
    return `The app lacks a permission${needed ? ` (${needed})` : ''}: an admin can paste app-manifest.yml into its settings and install it again.`;
  }
  return ANSWERS[code];
}
