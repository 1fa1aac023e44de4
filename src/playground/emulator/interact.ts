import type { Core } from './core.ts';
import type { Delivery } from './delivery.ts';
import type { Channel, Ephemeral, Message, User, View } from './types.ts';

/** What came of something a person did. */
export interface Interaction {
  /** HTTP status; 200 for an acknowledged envelope; 0 when nothing came within 3 s or the app is away. */
  status: number;
  /** Body of the acknowledgement: parsed JSON, text, or undefined. */
  ack: unknown;
  ackMs: number;
  /** Said in the acknowledgement and through the response_url so far; grows while the app goes on answering. */
  messages: (Message | Ephemeral)[];
  /** By block_id: from the app's `response_action: errors`, or from Slack's own check before anything is sent. */
  errors: Record<string, string>;
  triggerId: string;
  responseUrl: string;
  /** The request as it was sent; undefined when Slack's client refused to send it. */
  delivery: Delivery | undefined;
}

/** A message, by place or by itself; a private one; or a view. */
export type Target = { channel: string; ts: string } | { view: string | View } | string | (Message | Ephemeral) | View;

export function getUser(core: Core, ref: string): User {
  const user = core.state.findUser(ref);
  if (!user) throw new Error(`no user ${ref}; there are ${[...core.state.users.keys()].join(', ')}`);
  return user;
}

export function getChannel(core: Core, ref: string): Channel {
  const channel = core.state.findChannel(ref);
  if (!channel) throw new Error(`no channel ${ref}; there are ${[...core.state.channels.keys()].join(', ')}`);
  return channel;
}

/** A person must be in a conversation to act there; anyone but a guest can look into a public channel. */
export function requirePresence(channel: Channel, user: User): void {
  const open = channel.kind === 'public' && !user.is_restricted && !user.is_stranger;
  if (!open && !channel.members.has(user.id)) throw new Error(`${user.id} is not in ${channel.id} (${channel.name})`);
  if (channel.is_archived) throw new Error(`${channel.id} (${channel.name}) is archived`);
}

export interface Opening {
  triggerId: string;
  responseUrl: string;
  messages: (Message | Ephemeral)[];
}

/** What a person's action brings along: a trigger, and a response_url where there is a conversation. */
export function openInteraction(
  core: Core,
  user: User,
  channel: Channel | undefined,
  kind: 'commands' | 'actions',
  source?: Message,
): Opening {
  const messages: (Message | Ephemeral)[] = [];
  const triggerId = core.triggers.create(user.id);
  if (!channel) return { triggerId, responseUrl: '', messages };
  const from = source ? { source } : {};
  const fields = { user: user.id, channel: channel.id, at: core.state.now(), messages, ...from };
  return { triggerId, responseUrl: core.url + core.responseUrls.create(fields, kind), messages };
}

export function toResult(opening: Opening, delivery: Delivery): Interaction {
  const { status, ack, ackMs } = delivery;
  return { status, ack, ackMs, ...opening, errors: {}, delivery };
}

/** The message or view that is meant. Throws when there is none. */
export function findTarget(core: Core, target: Target): { message?: Message | Ephemeral; view?: View } {
  if (typeof target === 'string') {
    const message = core.state.ephemerals.find((one) => one.ts === target);
    if (message) return { message };
    return findTarget(core, { view: target });
  }
  if ('view' in target) {
    const id = typeof target.view === 'string' ? target.view : target.view.id;
    const view = core.state.views.get(id);
    if (!view) throw new Error(`no view ${id}`);
    return { view };
  }
  if ('hash' in target) return { view: target };
  const message =
    core.state.findMessage(getChannel(core, target.channel).id, target.ts) ??
    core.state.ephemerals.find((one) => one.ts === target.ts);
  if (!message) throw new Error(`no message ${target.ts} in ${target.channel}`);
  return { message };
}
