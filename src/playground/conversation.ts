import { isInChannel } from './emulator/post.ts';
import type { Channel, Ephemeral, Message, User } from './emulator/types.ts';
import type { Emulator } from './emulator/workspace.ts';
import { formatDay } from './render/dates.ts';
import { nameMessage, renderHome, renderMessage, renderModal } from './render/message.ts';
import type { Scene } from './render/scene.ts';

/** The page shows this many of a conversation's newest messages. */
const SHOWN = 60;

export interface ConversationOptions {
  emulator: () => Emulator;
  zone: string;
  now: () => number;
}

/**
 * Returns everything that the page shows to `user`: people, conversations with the time of their newest message, the messages
 * of `channel` and of the thread `thread` as HTML, the modal and the Home tab. An unknown user is replaced by the first member,
 * an unknown or closed channel by the first open one; `user` and `channel` of the answer tell which ones were used.
 */
export function showConversation({ emulator, zone, now }: ConversationOptions, query: URLSearchParams): object {
  const slack = emulator();
  const state = slack.workspace;
  const people = [...state.users.values()].filter(({ deleted, is_bot }) => !deleted && !is_bot);
  const user =
    people.find(({ id }) => id === query.get('user')) ?? people.find((one) => roleOf(one) === 'member') ?? people[0]!;
  state.openDirect(user.id);
  const channels = [...state.channels.values()].filter((channel) => isOpenTo(channel, user));
  const channel = channels.find(({ id }) => id === query.get('channel')) ?? channels[0]!;
  const scene: Scene = {
    users: state.users,
    channels: state.channels,
    groups: state.userGroups,
    reader: user,
    theme: query.get('theme') === 'dark' ? 'dark' : 'light',
    values: {},
    channel: channel.id,
    heading: 'h3',
  };
  const shortcuts = [...slack.manifest.shortcuts].map(([id, { name }]) => ({ id, name }));
  const seen = (id: string): (Message | Ephemeral)[] =>
    [
      ...(state.messages.get(id) ?? []),
      ...state.ephemerals.filter(({ to, channel: place }) => to === user.id && place === id),
    ].sort((a, b) => Number(a.ts) - Number(b.ts));
  const all = seen(channel.id);
  const draw = (inThread: boolean) => (message: Message | Ephemeral) => {
    const replies = inThread ? [] : all.filter((one) => one.thread_ts === message.ts && one !== message);
    return {
      ts: message.ts,
      hidden: 'to' in message,
      name: nameMessage(message, scene),
      day: formatDay(Number(message.ts) * 1000, now(), user.tz),
      html: renderMessage({ message, replies: replies.length, inThread, shortcuts }, scene),
    };
  };
  const thread = query.get('thread');
  const modal = slack.modal(user.id);
  const home = slack.home(user.id);
  return {
    world: slack.id,
    bot: slack.botUserId,
    now: now(),
    zone,
    user: user.id,
    people: people.map((one) => ({ id: one.id, name: one.real_name, role: roleOf(one) })),
    channel: describeChannel(channel, user, slack),
    channels: channels.map((one) => ({
      ...describeChannel(one, user, slack),
      latest: seen(one.id).at(-1)?.ts ?? '0',
    })),
    messages: all.filter(isInChannel).slice(-SHOWN).map(draw(false)),
    thread: thread && all.filter((one) => one.ts === thread || one.thread_ts === thread).map(draw(true)),
    modal: modal && { id: modal.id, hash: modal.hash, html: renderModal(modal, scene) },
    home: home && { id: home.id, html: renderHome(home, scene) },
  };
}

/** Full members see all public channels; everyone sees the conversations they are in. */
function isOpenTo(channel: Channel, user: User): boolean {
  if (channel.is_archived) return false;
  const full = !user.is_restricted && !user.is_stranger;
  return channel.members.has(user.id) || (full && channel.kind === 'public');
}

function roleOf(user: User): string {
  if (user.is_stranger) return 'from outside';
  if (user.is_ultra_restricted) return 'single-channel guest';
  if (user.is_restricted) return 'guest';
  return user.is_admin ? 'admin' : 'member';
}

function describeChannel(channel: Channel, user: User, slack: Emulator): object {
  return {
    id: channel.id,
    kind: channel.kind,
    name: channel.kind === 'im' ? slack.manifest.name : channel.name,
    shared: channel.is_ext_shared,
    joined: channel.members.has(user.id),
    hasBot: channel.members.has(slack.botUserId),
    members: channel.members.size,
  };
}
