import { z } from 'zod';
import { ApiError, type Core } from '../core.ts';
import { getVisibleChannel, isInChannel, toMessageObject } from '../post.ts';
import { BOT_USER_ID } from '../state.ts';
import type { Channel, ChannelKind, JsonObject, Message } from '../types.ts';
import { count, flag, type Method, method, page, text, toPage } from './method.ts';

const KINDS: Record<string, ChannelKind> = {
  public_channel: 'public',
  private_channel: 'private',
  im: 'im',
  mpim: 'mpim',
};

/** Returns the fields of a conversation object that Headroom reads: https://docs.slack.dev/reference/objects/conversation-object */
function toChannelObject(channel: Channel): JsonObject {
  const common = {
    id: channel.id,
    created: channel.created,
    is_archived: channel.is_archived,
    is_im: channel.kind === 'im',
  };
  const { members } = channel;
  if (channel.kind === 'im') return { ...common, user: [...members].find((id) => id !== BOT_USER_ID) };
  return {
    ...common,
    name: channel.name,
    is_group: channel.kind === 'private',
    is_mpim: channel.kind === 'mpim',
    is_private: channel.kind !== 'public',
    is_member: members.has(BOT_USER_ID),
    is_ext_shared: channel.is_ext_shared,
    creator: channel.creator,
  };
}

const timestamp = count.or(z.string().regex(/^\d+(\.\d+)?$/)).optional();
const span = { ...page, oldest: timestamp, latest: timestamp, inclusive: flag, include_all_metadata: flag };
type Span = z.output<z.ZodObject<typeof span>>;

/** Returns all messages of a conversation. The bot must be a member, in public channels too. */
function readMessages(core: Core, id: string): Message[] {
  const channel = getVisibleChannel(core, id);
  if (!channel.members.has(BOT_USER_ID)) throw new ApiError('not_in_channel');
  return core.state.channelMessages(channel.id);
}

/** Tells whether a message is between `oldest` and `latest`. The ends count only with `inclusive`. */
function isWithin({ ts }: Message, { oldest = 0, latest = Number.POSITIVE_INFINITY, inclusive }: Span): boolean {
  const [at, from, until] = [Number(ts), Number(oldest), Number(latest)];
  return (at > from && at < until) || (inclusive && (at === from || at === until));
}

function toAnswer(core: Core, messages: Message[], span: Span, standard: number): JsonObject {
  const { page, next } = toPage(messages, span, standard, 999);
  return {
    messages: page.map((message) => toMessageObject(core, message, span.include_all_metadata)),
    has_more: next !== '',
    ...(next ? { response_metadata: { next_cursor: next } } : {}),
  };
}

export const conversationMethods: Record<string, Method> = {
  'conversations.info': method({
    args: { channel: text, include_num_members: flag },
    run(core, args) {
      const channel = getVisibleChannel(core, args.channel);
      const counted = args.include_num_members ? { num_members: channel.members.size } : {};
      return { channel: { ...toChannelObject(channel), ...counted } };
    },
  }),
  'conversations.join': method({
    args: { channel: text },
    run(core, args) {
      const channel = getVisibleChannel(core, args.channel);
      if (channel.kind !== 'public') throw new ApiError('method_not_supported_for_channel_type');
      if (channel.is_archived) throw new ApiError('is_archived');
      channel.members.add(BOT_USER_ID);
      core.state.changed();
      return { channel: toChannelObject(channel) };
    },
  }),
  'conversations.open': method({
    // Headroom opens direct messages only, and needs nothing but their id.
    args: { users: text },
    run(core, { users: id }) {
      const user = core.state.users.get(id);
      if (!user) throw new ApiError('user_not_found');
      if (user.deleted) throw new ApiError('user_disabled');
      if (user.is_bot) throw new ApiError('cannot_dm_bot');
      return { channel: { id: core.state.openDirect(id).id } };
    },
  }),
  /** Returns messages, newest first. Replies are left out unless they were also sent to the channel. */
  'conversations.history': method({
    args: { channel: text, ...span },
    run(core, args) {
      const messages = readMessages(core, args.channel).filter((one) => isInChannel(one) && isWithin(one, args));
      return toAnswer(core, messages.reverse(), args, 100);
    },
  }),
  /** Returns the parent, then its replies, oldest first. */
  'conversations.replies': method({
    args: { channel: text, ts: text, ...span },
    run(core, args) {
      const all = readMessages(core, args.channel);
      const start = all.find(({ ts }) => ts === args.ts);
      if (!start) throw new ApiError('thread_not_found');
      const parent = start.thread_ts ?? start.ts;
      const thread = all.filter((one) => one.ts === parent || (one.thread_ts === parent && isWithin(one, args)));
      return toAnswer(core, thread, args, 1000);
    },
  }),
  /** Lists the public channels of a person, and of the private ones those that the bot is in. */
  'users.conversations': method({
    args: { ...page, user: text, types: z.string().default('public_channel'), exclude_archived: flag },
    run(core, args) {
      if (!core.state.users.has(args.user)) throw new ApiError('user_not_found');
      const kinds = args.types.split(',').map((type) => KINDS[type.trim()]);
      if (kinds.includes(undefined)) throw new ApiError('invalid_types');
      const channels = [...core.state.channels.values()].filter(
        ({ kind, members, is_archived }) =>
          kinds.includes(kind) &&
          members.has(args.user) &&
          (kind === 'public' || members.has(BOT_USER_ID)) &&
          !(args.exclude_archived && is_archived),
      );
      const { page, next } = toPage(channels, args, 100, 999);
      return {
        channels: page.map(toChannelObject),
        response_metadata: { next_cursor: next },
      };
    },
  }),
};
