import type { Channel, Ephemeral, Message, User } from './emulator/types.ts';
import type { Emulator } from './emulator/workspace.ts';
import { drawMessage, nameMessage, renderHome, renderModal } from './render/message.ts';
import type { Scene } from './render/scene.ts';
import { formatDay } from './render/text.ts';

export interface ConversationOptions {
  emulator: () => Emulator;
  zone: string;
  now: () => number;
}

/**
 * What `user` sees now, for the page: people, conversations with their newest message, the messages of `channel` and of the
 * thread `thread` drawn as HTML, the modal and the Home tab. A user or channel that is unknown (or closed to the user) is
 * replaced by the first there is; the answer names what was taken.
 */
export function showConversation({ emulator, zone, now }: ConversationOptions, query: URLSearchParams): object {
  const slack = emulator();
  const state = slack.workspace;
  const people = [...state.users.values()].filter(({ deleted, is_bot }) => !deleted && !is_bot);
  const user = people.find(({ id }) => id === query.get('user')) ?? people.find(isMember) ?? people[0]!;
  state.openDirect([user.id]);
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
  const all = state.messages.get(channel.id) ?? [];
  const hidden = state.ephemerals.filter((one) => one.to === user.id && one.channel === channel.id);
  const shortcuts = [...slack.manifest.shortcuts]
    .filter(([, { type }]) => type === 'message')
    .map(([id, { name }]) => ({ id, name }));
  const today = Temporal.Instant.fromEpochMilliseconds(now()).toZonedDateTimeISO(user.tz).toPlainDate().toString();
  const draw = (message: Message | Ephemeral, inThread: boolean) => ({
    ts: message.ts,
    hidden: 'to' in message,
    name: nameMessage(message, scene),
    day: formatDay(Number(message.ts) * 1000, now(), user.tz),
    html: drawMessage(
      { message, replies: inThread ? 0 : countReplies(all, message.ts), inThread, shortcuts },
      scene,
      today,
    ),
  });
  const thread = query.get('thread');
  const modal = slack.modal(user.id);
  const home = slack.home(user.id);
  return {
    world: slack.url + state.users.get(slack.botUserId)!.id + startOf(slack),
    bot: slack.botUserId,
    connected: slack.connected > 0,
    now: now(),
    zone,
    user: user.id,
    people: people.map((one) => ({ id: one.id, name: one.real_name, role: roleOf(one) })),
    channel: describeChannel(channel, user, slack),
    channels: channels.map((one) => ({
      ...describeChannel(one, user, slack),
      latest: latestOf(state.messages.get(one.id) ?? [], state.ephemerals, one.id, user.id),
    })),
    messages: sorted([...all.filter((one) => isInChannel(one)), ...hidden.filter(isInChannel)]).map((one) =>
      draw(one, false),
    ),
    thread: thread
      ? sorted([...all, ...hidden].filter((one) => one.ts === thread || one.thread_ts === thread)).map((one) =>
          draw(one, true),
        )
      : null,
    modal: modal ? { id: modal.id, hash: modal.hash, html: renderModal(modal, scene) } : null,
    home: home ? { id: home.id, html: renderHome(home, scene) } : null,
  };
}

/** Differs from one workspace to the next at the same address. */
const starts = new WeakMap<Emulator, number>();
let started = 0;

function startOf(slack: Emulator): number {
  const known = starts.get(slack) ?? ++started;
  starts.set(slack, known);
  return known;
}

function isMember(user: User): boolean {
  return !user.is_admin && !user.is_restricted && !user.is_stranger;
}

/** Members see public channels, everybody the conversations they are in. */
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
  const direct = channel.kind === 'im' || channel.kind === 'mpim';
  return {
    id: channel.id,
    kind: channel.kind,
    name: direct ? slack.manifest.name : channel.name,
    shared: channel.is_ext_shared,
    joined: channel.members.has(user.id),
    hasBot: channel.members.has(slack.botUserId),
    members: channel.members.size,
  };
}

function isInChannel(message: Message | Ephemeral): boolean {
  return !message.thread_ts || message.thread_ts === message.ts || message.subtype === 'thread_broadcast';
}

function countReplies(all: readonly Message[], ts: string): number {
  return all.filter((one) => one.thread_ts === ts && one.ts !== ts).length;
}

function sorted<T extends Message | Ephemeral>(messages: T[]): T[] {
  return messages.sort((a, b) => Number(a.ts) - Number(b.ts));
}

function latestOf(messages: readonly Message[], hidden: readonly Ephemeral[], channel: string, user: string): string {
  const own = hidden.filter((one) => one.channel === channel && one.to === user);
  return [...messages, ...own].reduce((latest, { ts }) => (Number(ts) > Number(latest) ? ts : latest), '0');
}
