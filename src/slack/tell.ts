import { randomBytes } from 'node:crypto';
import type { Suggestion } from '../errors.ts';
import { buildNotice } from '../messages/answer-message.ts';
import { fitMessage } from '../messages/fit.ts';
import type { Message } from '../messages/text.ts';
import { isRefusedContent } from './client/errors.ts';
import { postMessage, sendRepaired } from './client/post.ts';
import { respond } from './client/web-client.ts';
import type { Asking } from './context.ts';

/**
 * Tells one person something, by the first of these ways that works: in the thread where they asked, through the response
 * URL, privately in the channel, by direct message. `replace`: in the place of the private message that they pressed.
 * A block that Slack refuses gives way to its text.
 */
export async function tell(asking: Asking, message: Message, { replace = false } = {}): Promise<void> {
  const send = (one: Message) => tellOnce(asking, one, replace);
  await sendRepaired(fitMessage(message), send, { ...asking.ctx, what: 'private message' });
}

/** Tells one person some lines, with commands as buttons below. */
export function say(asking: Asking, lines: readonly string[], buttons?: readonly Suggestion[]): Promise<void> {
  return tell(asking, buildNotice(lines, buttons));
}

async function tellOnce({ ctx, asked }: Asking, { text, blocks }: Message, replace: boolean): Promise<void> {
  const { user, channel, responseUrl, inThread, threadTs } = asked;
  // Slack checks blocks; web-api's types do not know the newer ones.
  const content = { text, ...(blocks.length > 0 ? { blocks: blocks as never[] } : {}) };
  const here = channel !== '' && !channel.startsWith('D');
  const postEphemeral = (thread: { thread_ts?: string }) =>
    ctx.client.chat.postEphemeral({ channel, user, ...thread, ...content });
  const direct = channel.startsWith('D') ? channel : user;
  const postDirect = (place: { threadTs?: string }) =>
    postMessage(ctx.client, { channel: direct, ...place }, { text, blocks });
  const ways: (() => Promise<unknown>)[] = [];
  // Slack does not promise to keep a thread's private message in it when that comes through a response URL.
  if (here && !replace && inThread && threadTs) ways.push(() => postEphemeral({ thread_ts: threadTs }));
  if (responseUrl) {
    const where = { response_type: 'ephemeral', replace_original: replace };
    ways.push(() => respond(responseUrl, { ...content, ...where }));
  }
  if (here) ways.push(() => postEphemeral({}));
  if (direct === channel && threadTs) ways.push(() => postDirect({ threadTs }));
  ways.push(() => postDirect({}));
  for (const attempt of ways) {
    try {
      await attempt();
      return;
    } catch (error) {
      // Content that is refused no other way takes either; an expired address, or a channel without the bot, leaves the next.
      if (isRefusedContent(error) || attempt === ways.at(-1)) throw error;
    }
  }
}

/** Ten characters: of answers in block ids, of failures in messages and in the log. */
export function newId(): string {
  return randomBytes(8).readBigUInt64BE().toString(36).slice(0, 10).padStart(10, '0');
}
