import type { IncomingMessage, ServerResponse } from 'node:http';
import { ApiError, answer, type Core, type ResponseUrl } from './core.ts';
import { parseArguments, readBody } from './http.ts';
import { acceptContent, checkNewIds, shareShownFiles } from './post.ts';
import { BOT, BOT_USER_ID } from './state.ts';
import type { JsonObject } from './types.ts';

/** A response_url takes five messages within 30 minutes: https://docs.slack.dev/interactivity/handling-user-interaction */
const MAX_USES = 5;
const LIFE_MS = 30 * 60 * 1000;

/** Serves `POST` to a response_url. */
export async function serveResponseUrl(
  core: Core,
  target: ResponseUrl,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const body = await readBody(request);
  const args = parseArguments(request.headers['content-type'] ?? '', body, new URLSearchParams()) ?? {};
  await answer(core, { method: 'response_url', args, response }, () => {
    const age = core.state.now() - target.at;
    const dead = age > LIFE_MS ? 'expired_url' : target.uses >= MAX_USES ? 'used_url' : undefined;
    if (dead) {
      core.state.problem('response_url', 'response_url', dead);
      return { status: 404, body: { ok: false, error: dead } };
    }
    try {
      target.uses += 1;
      say(core, target, args, 'response_url');
      return { status: 200, body: { ok: true } };
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      // Slack answers with the code only, without the places of the errors: slackapi/java-slack-sdk#1349.
      return { status: 404, body: { ok: false, error: error.code } };
    }
  });
}

/**
 * Posts, replaces or deletes a message, as the body of a response_url or of a slash command's acknowledgement asks. A private
 * message stays private when replaced. After a slash command there is nothing to replace or delete. Slack posts a new message
 * instead (slackapi/bolt-js#2287); the app cannot have meant that, so it is a problem.
 */
export function say(core: Core, target: ResponseUrl, args: JsonObject, where: string): void {
  const { source } = target;
  const replace = args.replace_original === true || args.replace_original === 'true';
  const remove = args.delete_original === true || args.delete_original === 'true';
  if ((replace || remove) && !source) {
    core.state.problem('response_url', where, 'a slash command has no original to replace or delete');
    if (remove) return;
  }
  if (source && remove) {
    core.state.removeMessage(source);
    return;
  }
  const open = source && replace ? !('to' in source) : args.response_type === 'in_channel';
  const place = {
    where,
    surface: 'message' as const,
    channel: target.channel,
    ...(open ? {} : { reader: target.user }),
  };
  const content = acceptContent(core, args, place);
  if (source && replace) {
    checkNewIds(core, where, source.blocks, content.blocks);
    const edited = 'to' in source ? {} : { edited: { user: BOT_USER_ID, ts: core.state.nextTs() } };
    core.state.changeMessage(source, { blocks: undefined, ...content, ...edited });
    if (!('to' in source)) shareShownFiles(core, source);
    if (!target.messages.includes(source)) target.messages.push(source);
    return;
  }
  const thread = typeof args.thread_ts === 'string' ? { thread_ts: args.thread_ts } : {};
  if (!open) {
    // `thread_ts` is documented for `in_channel` only. A private message may end up in the channel: slackapi/bolt-js#963, #2170.
    if (args.thread_ts)
      core.state.problem('ephemeral', where, 'a private message through a response_url stays in no thread');
    target.messages.push(core.state.addEphemeral({ ...content, channel: target.channel, to: target.user }));
    return;
  }
  const message = core.state.addMessage({ ...content, ...thread, ...BOT, channel: target.channel });
  shareShownFiles(core, message);
  target.messages.push(message);
}
