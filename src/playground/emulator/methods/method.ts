import { ApiError, type Core } from '../core.ts';
import type { Channel, ChannelKind, JsonObject } from '../types.ts';

/** One Web API method. `run` answers without `ok`, or throws an ApiError. */
export interface Method {
  /** Scopes needed, all of them; a function when that depends on the arguments. */
  scopes?: string[] | ((core: Core, args: JsonObject) => string[]);
  /** Needs the app-level token instead of the bot's. */
  appToken?: boolean;
  /** Needs no token at all. */
  open?: boolean;
  run(core: Core, args: JsonObject): JsonObject | Promise<JsonObject>;
}

const PREFIX: Record<ChannelKind, string> = { public: 'channels', private: 'groups', im: 'im', mpim: 'mpim' };

/** Scope for the kind of conversation that `args.channel` is: `channels:read`, `groups:read`… */
export function channelScope(action: 'read' | 'history'): (core: Core, args: JsonObject) => string[] {
  return (core, args) => {
    const channel = core.state.channels.get(String(args.channel));
    return channel ? [`${PREFIX[channel.kind]}:${action}`] : [];
  };
}

export function kindScope(kind: ChannelKind, action: string): string {
  return `${PREFIX[kind]}:${action}`;
}

/** Throws `invalid_arguments` and notes a problem: an app should never leave out a required argument. */
export function requireArgument(core: Core, args: JsonObject, name: string, where: string): string {
  const value = args[name];
  if (typeof value === 'string' && value !== '') return value;
  if (typeof value === 'number') return String(value);
  core.state.problem('invalid_arguments', where, `missing required argument ${name}`);
  throw new ApiError('invalid_arguments', {
    response_metadata: { messages: [`[ERROR] missing required field: ${name}`] },
  });
}

/**
 * A page of `items` by `limit` and `cursor`, with Slack's `response_metadata.next_cursor` (empty on the last page).
 * Throws `invalid_cursor`, `invalid_limit`.
 */
export function toPage<T>(items: T[], args: JsonObject, standard: number, max: number): { page: T[]; next: string } {
  const limit = args.limit === undefined ? standard : Number(args.limit);
  if (!Number.isInteger(limit) || limit < 0) throw new ApiError('invalid_limit');
  const size = Math.min(limit || standard, max);
  let start = 0;
  if (args.cursor) {
    const match = /^next:(\d+)$/.exec(Buffer.from(String(args.cursor), 'base64').toString());
    if (!match) throw new ApiError('invalid_cursor');
    start = Number(match[1]);
  }
  const end = start + size;
  const next = end < items.length ? Buffer.from(`next:${end}`).toString('base64') : '';
  return { page: items.slice(start, end), next };
}

/** A conversation object, as the bot sees it: https://docs.slack.dev/reference/objects/conversation-object */
export function toChannelObject(core: Core, channel: Channel, bot: string, { counted = false } = {}): JsonObject {
  const common = {
    id: channel.id,
    created: channel.created,
    is_archived: channel.is_archived,
    is_im: channel.kind === 'im',
    is_org_shared: false,
    context_team_id: core.state.users.get(bot)?.team_id,
    updated: channel.created * 1000,
  };
  if (channel.kind === 'im') {
    return { ...common, user: [...channel.members].find((id) => id !== bot), is_user_deleted: false, priority: 0 };
  }
  return {
    ...common,
    name: channel.name,
    name_normalized: channel.name,
    is_channel: channel.kind === 'public',
    is_group: channel.kind === 'private',
    is_mpim: channel.kind === 'mpim',
    is_private: channel.kind !== 'public',
    is_general: channel.is_general,
    is_member: channel.members.has(bot),
    is_shared: channel.is_ext_shared,
    is_ext_shared: channel.is_ext_shared,
    is_pending_ext_shared: false,
    pending_shared: [],
    previous_names: [],
    unlinked: 0,
    creator: channel.creator,
    ...(counted ? { num_members: channel.members.size } : {}),
    topic: { value: channel.topic, creator: '', last_set: 0 },
    purpose: { value: '', creator: '', last_set: 0 },
  };
}
