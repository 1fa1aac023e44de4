import { z } from 'zod';
import { acceptBlocks } from '../blocks.ts';
import { ApiError, type Core, refusal } from '../core.ts';
import { echo } from '../events.ts';
import {
  acceptContent,
  acceptMetadata,
  addPrivately,
  checkNewIds,
  getPostingChannel,
  getVisibleChannel,
  refuseLongText,
  shareShownFiles,
  toMessageObject,
} from '../post.ts';
import { APP_ID, BOT, BOT_ID, BOT_USER_ID } from '../state.ts';
import type { Block, JsonObject, Message } from '../types.ts';
import { flag, json, type Method, method, text } from './method.ts';

const content = { text: z.string().optional(), blocks: json.optional(), metadata: json.optional() };
const place = { channel: text, ts: text };

/** Returns the thread for a reply. If `ts` is itself a reply, it is the thread of that, which the reference advises against. */
function findThread(core: Core, where: string, channel: string, ts: string | undefined): { thread_ts?: string } {
  if (!ts) return {};
  const parent = core.state.findMessage(channel, ts);
  if (!parent) throw new ApiError('thread_not_found');
  if (parent.thread_ts && parent.thread_ts !== ts)
    core.state.problem('invalid_arguments', where, `thread_ts ${ts} is a reply: its parent's is meant`);
  return { thread_ts: parent.thread_ts ?? ts };
}

/** Finds the bot's own message. A private message is not found, because only its response_url can change it. */
function getOwnMessage(core: Core, args: { channel: string; ts: string }, where: string, refusal: string): Message {
  const channel = getVisibleChannel(core, args.channel);
  if (core.state.ephemerals.some(({ ts, channel: of }) => ts === args.ts && of === channel.id))
    core.state.problem('ephemeral', where, `${args.ts} is a private message`);
  const message = core.state.findMessage(channel.id, args.ts);
  if (!message) throw new ApiError('message_not_found');
  if (message.bot_id !== BOT_ID) throw new ApiError(refusal);
  return message;
}

const parse = z.enum(['none', 'full']).optional();

/**
 * Notes a problem for markup in the text of a chat.update without `parse: none`. Slack then shows mentions and dates as `<…>`;
 * chat.postMessage does not (docs.slack.dev/reference/methods/chat.update; shaharia-lab/slackcli#106).
 */
function checkMarkup({ state }: Core, { text = '', parse }: { text?: string | undefined; parse?: string | undefined }) {
  if (parse !== 'none' && /<[^<>]+>/.test(text))
    state.problem('invalid_arguments', 'chat.update', 'markup in text without parse=none is shown as it is written');
}

/** Updates a message. Blocks and metadata that are not given are kept; an empty list, or `{}`, removes them. */
function update(
  core: Core,
  args: z.output<z.ZodObject<typeof place & typeof content & { parse: typeof parse }>>,
): JsonObject {
  const where = 'chat.update';
  const message = getOwnMessage(core, args, where, 'cant_update_message');
  if (core.state.channels.get(message.channel)?.is_archived) throw new ApiError('is_inactive');
  const blocks = acceptBlocks(core, args.blocks, { where, surface: 'message', channel: message.channel });
  checkNewIds(core, where, message.blocks, blocks);
  const isRich = ({ type }: Block) => type === 'rich_text';
  if (message.blocks?.some(isRich) && blocks && blocks.length > 0 && !blocks.some(isRich))
    throw refusal(core, ['invalid_blocks', where, 'rich text is replaced by blocks without any'], 'block_mismatch');
  if (args.text === undefined && blocks === undefined) throw new ApiError('no_text');
  if (!args.text && (blocks?.length ?? 0) > 0) core.state.problem('missing_text', where, 'blocks without text');
  refuseLongText(core, args.text ?? '', where);
  checkMarkup(core, args);
  const previous = { ...message };
  core.state.changeMessage(message, {
    ...(args.text === undefined ? {} : { text: args.text }),
    ...(blocks === undefined ? {} : { blocks: blocks.length > 0 ? blocks : undefined }),
    ...(JSON.stringify(args.metadata) === '{}' ? { metadata: undefined } : acceptMetadata(core, args.metadata, where)),
    edited: { user: BOT_USER_ID, ts: core.state.nextTs() },
  });
  shareShownFiles(core, message);
  echo(core, message, previous);
  const { channel, ts } = message;
  return { channel, ts, text: message.text, message: toMessageObject(core, message, true) };
}

export const chatMethods: Record<string, Method> = {
  'chat.postMessage': method({
    args: {
      channel: text,
      ...content,
      thread_ts: text.optional(),
      reply_broadcast: flag,
      unfurl_links: flag,
      unfurl_media: flag,
    },
    run(core, args) {
      const where = 'chat.postMessage';
      const { id: channel } = getPostingChannel(core, args.channel);
      const accepted = acceptContent(core, args, { where, surface: 'message', channel });
      const thread = findThread(core, where, channel, args.thread_ts);
      const shared = thread.thread_ts && args.reply_broadcast ? { subtype: 'thread_broadcast' } : {};
      const message = core.state.addMessage({ ...accepted, channel, ...BOT, ...thread, ...shared });
      shareShownFiles(core, message);
      echo(core, message);
      return { channel, ts: message.ts, message: toMessageObject(core, message, true) };
    },
  }),
  'chat.postEphemeral': method({
    // No metadata: Slack takes only entities for a private message, and Headroom has none.
    args: { channel: text, user: text, text: content.text, blocks: content.blocks, thread_ts: text.optional() },
    run(core, args) {
      const where = 'chat.postEphemeral';
      const { id: channel, members } = getPostingChannel(core, args.channel);
      if (!members.has(args.user)) throw new ApiError('user_not_in_channel');
      const at = { where, surface: 'message', channel, reader: args.user } as const;
      const accepted = acceptContent(core, args, at);
      const thread = findThread(core, where, channel, args.thread_ts);
      const to = { channel, to: args.user, app_id: APP_ID };
      const message = addPrivately(core, where, { ...accepted, ...to, ...thread });
      return { message_ts: message.ts };
    },
  }),
  'chat.update': method({ args: { ...place, ...content, parse }, run: update }),
  /** A deleted parent with replies stays as a tombstone, so that its thread can be found. */
  'chat.delete': method({
    args: place,
    run(core, args) {
      const message = getOwnMessage(core, args, 'chat.delete', 'cant_delete_message');
      const replied = core.state.channelMessages(message.channel).some((one) => one.thread_ts === message.ts);
      const emptied = { text: 'This message was deleted.', blocks: undefined, metadata: undefined, bot_id: undefined };
      if (replied) core.state.changeMessage(message, { subtype: 'tombstone', ...emptied });
      else core.state.removeMessage(message);
      return { channel: message.channel, ts: message.ts };
    },
  }),
};
