import { ApiError, type Core } from '../core.ts';
import { asBoolean, asText } from '../http.ts';
import { getVisibleChannel, toMessageObject } from '../post.ts';
import { BOT_USER_ID } from '../seed.ts';
import type { Channel, ChannelKind, JsonObject, Message } from '../types.ts';
import { channelScope, kindScope, type Method, requireArgument, toChannelObject, toPage } from './method.ts';

const KINDS: Record<string, ChannelKind> = {
  public_channel: 'public',
  private_channel: 'private',
  im: 'im',
  mpim: 'mpim',
};

function listKinds(args: JsonObject): ChannelKind[] {
  return (asText(args.types) ?? 'public_channel').split(',').map((type) => {
    const kind = KINDS[type.trim()];
    if (!kind) throw new ApiError('invalid_types');
    return kind;
  });
}

function getChannel(core: Core, args: JsonObject, where: string): Channel {
  return getVisibleChannel(core, requireArgument(core, args, 'channel', where));
}

/** History needs membership, in public channels too. */
function getReadable(core: Core, args: JsonObject, where: string): Channel {
  const channel = getChannel(core, args, where);
  if (!channel.members.has(BOT_USER_ID)) throw new ApiError('not_in_channel');
  return channel;
}

/** Messages between `oldest` and `latest`, ends left out unless `inclusive`. */
function within(messages: Message[], args: JsonObject): Message[] {
  const bound = (name: string, absent: number) => {
    if (args[name] === undefined || args[name] === '') return absent;
    const value = Number(args[name]);
    if (!Number.isFinite(value)) throw new ApiError(`invalid_ts_${name}`);
    return value;
  };
  const oldest = bound('oldest', 0);
  const latest = bound('latest', Number.POSITIVE_INFINITY);
  const inclusive = asBoolean(args.inclusive);
  return messages.filter((message) => {
    const ts = Number(message.ts);
    return inclusive ? ts >= oldest && ts <= latest : ts > oldest && ts < latest;
  });
}

function toAnswer(core: Core, messages: Message[], args: JsonObject): JsonObject {
  const { page, next } = toPage(messages, args, 100, 999);
  const withMetadata = asBoolean(args.include_all_metadata);
  return {
    messages: page.map((message) => toMessageObject(core, message, withMetadata)),
    has_more: next !== '',
    ...(next ? { response_metadata: { next_cursor: next } } : {}),
  };
}

/** Newest first; replies are left out unless they were also sent to the channel. */
function history(core: Core, args: JsonObject): JsonObject {
  const channel = getReadable(core, args, 'conversations.history');
  const messages = core.state
    .channelMessages(channel.id)
    .filter(
      (message) => !message.thread_ts || message.thread_ts === message.ts || message.subtype === 'thread_broadcast',
    );
  return { ...toAnswer(core, within(messages, args).reverse(), args), pin_count: 0 };
}

/** The parent, then its replies, oldest first. */
function replies(core: Core, args: JsonObject): JsonObject {
  const channel = getReadable(core, args, 'conversations.replies');
  const ts = requireArgument(core, args, 'ts', 'conversations.replies');
  const start = core.state.findMessage(channel.id, ts);
  if (!start) throw new ApiError('thread_not_found');
  const parent = start.thread_ts ?? ts;
  const thread = core.state.channelMessages(channel.id).filter((one) => one.ts === parent || one.thread_ts === parent);
  const inRange = new Set(within(thread, args));
  return toAnswer(
    core,
    thread.filter((message) => message.ts === parent || inRange.has(message)),
    args,
  );
}

function list(core: Core, args: JsonObject): JsonObject {
  const kinds = new Set(listKinds(args));
  const channels = [...core.state.channels.values()].filter(
    (channel) =>
      kinds.has(channel.kind) &&
      (channel.kind === 'public' || channel.members.has(BOT_USER_ID)) &&
      !(asBoolean(args.exclude_archived) && channel.is_archived),
  );
  const { page, next } = toPage(channels, args, 100, 1000);
  return {
    channels: page.map((channel) => toChannelObject(core, channel, BOT_USER_ID, { counted: true })),
    response_metadata: { next_cursor: next },
  };
}

/** Of a person's private channels those that the bot is in: docs.slack.dev/reference/methods/users.conversations */
function ofPerson(core: Core, args: JsonObject): JsonObject {
  const kinds = new Set(listKinds(args));
  const user = requireArgument(core, args, 'user', 'users.conversations');
  if (!core.state.users.has(user)) throw new ApiError('user_not_found');
  const channels = [...core.state.channels.values()].filter(
    ({ kind, members, is_archived }) =>
      kinds.has(kind) &&
      members.has(user) &&
      (kind === 'public' || members.has(BOT_USER_ID)) &&
      !(asBoolean(args.exclude_archived) && is_archived),
  );
  const { page, next } = toPage(channels, args, 100, 999);
  return {
    channels: page.map((channel) => toChannelObject(core, channel, BOT_USER_ID, { counted: false })),
    response_metadata: { next_cursor: next },
  };
}

function members(core: Core, args: JsonObject): JsonObject {
  const { page, next } = toPage([...getChannel(core, args, 'conversations.members').members], args, 100, 1000);
  return { members: page, response_metadata: { next_cursor: next } };
}

function join(core: Core, args: JsonObject): JsonObject {
  const channel = getChannel(core, args, 'conversations.join');
  if (channel.kind !== 'public') throw new ApiError('method_not_supported_for_channel_type');
  if (channel.is_archived) throw new ApiError('is_archived');
  const already = channel.members.has(BOT_USER_ID);
  if (!already) {
    channel.members.add(BOT_USER_ID);
    core.state.changed({ kind: 'channel', channel: channel.id });
  }
  const answer = { channel: toChannelObject(core, channel, BOT_USER_ID) };
  return already ? { ...answer, warning: 'already_in_channel' } : answer;
}

function open(core: Core, args: JsonObject): JsonObject {
  const full = asBoolean(args.return_im);
  if (args.channel) {
    const channel = getChannel(core, args, 'conversations.open');
    return { channel: full ? toChannelObject(core, channel, BOT_USER_ID) : { id: channel.id } };
  }
  const ids = (asText(args.users) ?? '').split(',').filter(Boolean);
  if (ids.length === 0) throw new ApiError('users_list_not_supplied');
  if (ids.length > 8) throw new ApiError('too_many_users');
  for (const id of ids) {
    const user = core.state.users.get(id);
    if (!user) throw new ApiError('user_not_found');
    if (user.deleted) throw new ApiError('user_disabled');
    if (user.is_bot) throw new ApiError('cannot_dm_bot');
  }
  const before = core.state.channels.size;
  const channel = core.state.openDirect(ids);
  const already = core.state.channels.size === before;
  return {
    channel: full ? toChannelObject(core, channel, BOT_USER_ID) : { id: channel.id },
    ...(already ? { no_op: true, already_open: true } : {}),
  };
}

export const conversationMethods: Record<string, Method> = {
  'conversations.info': {
    scopes: channelScope('read'),
    run: (core, args) => ({
      // The count comes only where it was asked for: docs.slack.dev/reference/methods/conversations.info
      channel: toChannelObject(core, getChannel(core, args, 'conversations.info'), BOT_USER_ID, {
        counted: asBoolean(args.include_num_members),
      }),
    }),
  },
  'conversations.list': {
    scopes: (_core, args) => listKinds(args).map((kind) => kindScope(kind, 'read')),
    run: list,
  },
  'users.conversations': {
    scopes: (_core, args) => listKinds(args).map((kind) => kindScope(kind, 'read')),
    run: ofPerson,
  },
  'conversations.members': { scopes: channelScope('read'), run: members },
  'conversations.join': { scopes: ['channels:join'], run: join },
  'conversations.open': {
    scopes: (_core, args) => [(asText(args.users) ?? '').includes(',') ? 'mpim:write' : 'im:write'],
    run: open,
  },
  'conversations.history': { scopes: channelScope('history'), run: history },
  'conversations.replies': { scopes: channelScope('history'), run: replies },
};
