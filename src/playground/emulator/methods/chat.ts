import { echo } from '../activity.ts';
import { acceptBlocks } from '../blocks.ts';
import { ApiError, type Core } from '../core.ts';
import { asBoolean, asJson, asText } from '../http.ts';
import {
  acceptContent,
  acceptMetadata,
  addPrivately,
  getPostingChannel,
  getVisibleChannel,
  refuseLongText,
  shareShownFiles,
  toMessageObject,
  toWarnings,
} from '../post.ts';
import { APP_ID, BOT_ID, BOT_USER_ID, TEAM_DOMAIN } from '../seed.ts';
import type { Block, JsonObject, Message } from '../types.ts';
import { type Method, requireArgument } from './method.ts';

const SCOPES = ['chat:write'];

function findThread(core: Core, channel: string, args: JsonObject): string | undefined {
  const ts = asText(args.thread_ts);
  if (ts === undefined || ts === '') return undefined;
  const parent = core.state.findMessage(channel, ts);
  if (!parent) throw new ApiError('thread_not_found');
  // A reply to a reply goes to the thread of its parent.
  return parent.thread_ts ?? parent.ts;
}

function postMessage(core: Core, args: JsonObject): JsonObject {
  const channel = getPostingChannel(core, requireArgument(core, args, 'channel', 'chat.postMessage'));
  const place = { where: 'chat.postMessage', surface: 'message' as const, channel: channel.id };
  const { warnings, ...content } = acceptContent(core, args, place);
  const thread = findThread(core, channel.id, args);
  const message = core.state.addMessage({
    ...content,
    channel: channel.id,
    user: BOT_USER_ID,
    bot_id: BOT_ID,
    app_id: APP_ID,
    ...(thread ? { thread_ts: thread } : {}),
    ...(thread && asBoolean(args.reply_broadcast) ? { subtype: 'thread_broadcast' } : {}),
  });
  shareShownFiles(core, message);
  echo(core, message);
  return {
    channel: channel.id,
    ts: message.ts,
    message: toMessageObject(core, message, true),
    ...toWarnings(warnings),
  };
}

function postEphemeral(core: Core, args: JsonObject): JsonObject {
  const where = 'chat.postEphemeral';
  const channel = getPostingChannel(core, requireArgument(core, args, 'channel', where));
  const user = requireArgument(core, args, 'user', where);
  if (!channel.members.has(user)) throw new ApiError('user_not_in_channel');
  const place = { where, surface: 'message' as const, channel: channel.id, reader: user };
  const { warnings, metadata: _metadata, ...content } = acceptContent(core, args, place);
  const thread = findThread(core, channel.id, args);
  const message = addPrivately(core, where, {
    ...content,
    channel: channel.id,
    to: user,
    app_id: APP_ID,
    ...(thread ? { thread_ts: thread } : {}),
  });
  return { message_ts: message.ts, ...toWarnings(warnings) };
}

/** The bot's own message. A private one is not found by its ts: only its response_url can change it. */
function getOwnMessage(core: Core, args: JsonObject, where: string, refusal: string): Message {
  const channel = getVisibleChannel(core, requireArgument(core, args, 'channel', where));
  const ts = requireArgument(core, args, 'ts', where);
  if (core.state.ephemerals.some((message) => message.ts === ts && message.channel === channel.id)) {
    core.state.problem('ephemeral', where, `${ts} is a private message`);
  }
  const message = core.state.findMessage(channel.id, ts);
  if (!message) throw new ApiError('message_not_found');
  if (message.bot_id !== BOT_ID) throw new ApiError(refusal);
  if (channel.is_archived) throw new ApiError('is_archived');
  return message;
}

/** Rich text is not replaced by other blocks alone: `block_mismatch`, docs.slack.dev/reference/methods/chat.update. */
function refuseMismatch(core: Core, { blocks: before = [] }: Message, after: Block[]): void {
  const isRich = ({ type }: Block) => type === 'rich_text';
  if (!before.some(isRich) || after.length === 0 || after.some(isRich)) return;
  core.state.problem('invalid_blocks', 'chat.update', 'rich text is replaced by blocks without any');
  throw new ApiError('block_mismatch');
}

/** Blocks and metadata that are not given are kept; an empty list, or `{}`, takes them away. */
function update(core: Core, args: JsonObject): JsonObject {
  const where = 'chat.update';
  const message = getOwnMessage(core, args, where, 'cant_update_message');
  const place = { where, surface: 'message' as const, channel: message.channel };
  const blocks = acceptBlocks(core, args.blocks, place);
  refuseMismatch(core, message, blocks ?? []);
  const text = asText(args.text);
  if (text === undefined && blocks === undefined) throw new ApiError('no_text');
  if ((text ?? '') === '' && (blocks?.length ?? 0) > 0)
    core.state.problem('missing_text', where, 'blocks without text');
  refuseLongText(core, text ?? '', where);
  const metadata = asJson(args.metadata);
  const cleared = metadata !== undefined && JSON.stringify(metadata) === '{}';
  const previous = { ...message };
  core.state.changeMessage(message, {
    ...(text === undefined ? {} : { text }),
    ...(blocks === undefined ? {} : { blocks: blocks.length > 0 ? blocks : undefined }),
    ...(cleared ? { metadata: undefined } : acceptMetadata(core, args.metadata, where)),
    ...(message.thread_ts && asBoolean(args.reply_broadcast) ? { subtype: 'thread_broadcast' } : {}),
    edited: { user: BOT_USER_ID, ts: core.state.nextTs() },
  });
  shareShownFiles(core, message);
  echo(core, message, previous);
  return {
    channel: message.channel,
    ts: message.ts,
    text: message.text,
    message: toMessageObject(core, message, true),
  };
}

/** A parent with replies stays as a tombstone, so that its thread can be found. */
function remove(core: Core, args: JsonObject): JsonObject {
  const message = getOwnMessage(core, args, 'chat.delete', 'cant_delete_message');
  const replies = core.state.channelMessages(message.channel).some((one) => one.thread_ts === message.ts);
  if (replies) {
    core.state.changeMessage(message, {
      subtype: 'tombstone',
      text: 'This message was deleted.',
      blocks: undefined,
      metadata: undefined,
      bot_id: undefined,
    });
  } else {
    core.state.removeMessage(message);
  }
  return { channel: message.channel, ts: message.ts };
}

function getPermalink(core: Core, args: JsonObject): JsonObject {
  const channel = getVisibleChannel(core, requireArgument(core, args, 'channel', 'chat.getPermalink'));
  const ts = requireArgument(core, args, 'message_ts', 'chat.getPermalink');
  const message = core.state.findMessage(channel.id, ts);
  if (!message) throw new ApiError('message_not_found');
  const thread = message.thread_ts ? `?thread_ts=${message.thread_ts}&cid=${channel.id}` : '';
  const path = `archives/${channel.id}/p${message.ts.replace('.', '')}${thread}`;
  return { channel: channel.id, permalink: `https://${TEAM_DOMAIN}.slack.com/${path}` };
}

export const chatMethods: Record<string, Method> = {
  'chat.postMessage': { scopes: SCOPES, run: postMessage },
  'chat.postEphemeral': { scopes: SCOPES, run: postEphemeral },
  'chat.update': { scopes: SCOPES, run: update },
  'chat.delete': { scopes: SCOPES, run: remove },
  'chat.getPermalink': { run: getPermalink },
};
