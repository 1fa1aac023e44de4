import { type Core, CREDENTIALS, createResponseUrl, createTrigger } from './core.ts';
import { deliver } from './events.ts';
import { APP_ID, TEAM_DOMAIN, TEAM_ID } from './state.ts';
import type { Channel, Delivery, EnvelopeType, Ephemeral, JsonObject, Message, User, View } from './types.ts';

/** Result of something that a person did. */
export interface Interaction {
  /** HTTP status; 200 for an acknowledged envelope; 0 if nothing came within 3 s or the app is not connected. */
  status: number;
  /** Body of the acknowledgement: parsed JSON, text, or undefined. */
  ack: unknown;
  ackMs: number;
  /** Messages of the acknowledgement and the response_url so far. The list grows as the app sends more. */
  messages: (Message | Ephemeral)[];
  /** Errors by block_id: from the app's `response_action: errors`, or from Slack's own check before anything is sent. */
  errors: Record<string, string>;
  triggerId: string;
  responseUrl: string;
  /** The request as it was sent; undefined if Slack's client refused to send it. */
  delivery: Delivery | undefined;
}

/** Place where a person acted: the conversation, and the message that the app may replace. */
export interface Place {
  channel: Channel;
  source?: Message | Ephemeral;
}

/** Tells the app what a person did. The request has a trigger and, in a conversation, a response_url. */
export async function interact(
  core: Core,
  user: User,
  payload: JsonObject,
  place?: Place,
  type: EnvelopeType = 'interactive',
): Promise<Interaction> {
  if (type === 'interactive' && !core.manifest.interactive) throw new Error('the manifest turns interactivity off');
  const messages: (Message | Ephemeral)[] = [];
  const triggerId = createTrigger(core, user.id);
  const kind = type === 'slash_commands' ? 'commands' : 'actions';
  const at = { user: user.id, at: core.state.now(), uses: 0, messages };
  const responseUrl = place
    ? createResponseUrl(core, kind, { ...at, channel: place.channel.id, source: place.source })
    : '';
  const opening = { trigger_id: triggerId, ...(place ? { response_url: responseUrl } : {}) };
  const delivery = await deliver(core, type, { ...payload, ...opening });
  const { status, ack, ackMs } = delivery;
  return { status, ack, ackMs, messages, errors: {}, triggerId, responseUrl, delivery };
}

/** Returns the fields of every interaction: https://docs.slack.dev/reference/interaction-payloads */
export function interactionBase(type: string, user: User): JsonObject {
  return {
    type,
    team: { id: TEAM_ID, domain: TEAM_DOMAIN },
    user: { id: user.id, username: user.name, name: user.name, team_id: user.team_id },
    api_app_id: APP_ID,
    token: CREDENTIALS.verificationToken,
    enterprise: null,
    is_enterprise_install: false,
  };
}

/** Returns a conversation's id and name as payloads write them. */
export function toNamed({ id, kind, name }: Channel): { id: string; name: string } {
  return { id, name: kind === 'im' ? 'directmessage' : kind === 'private' ? 'privategroup' : name };
}

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

/** Throws unless a person can act in a conversation: they must be in it, or be a full member in a public channel. */
export function requirePresence(channel: Channel, user: User): void {
  const open = channel.kind === 'public' && !user.is_restricted && !user.is_stranger;
  if (!open && !channel.members.has(user.id)) throw new Error(`${user.id} is not in ${channel.id} (${channel.name})`);
  if (channel.is_archived) throw new Error(`${channel.id} (${channel.name}) is archived`);
}

/** A message or view to act on: a message itself or its place, the ts of a private one, a view or its id. */
export type Target = { channel: string; ts: string } | { view: string | View } | string | (Message | Ephemeral) | View;

/** Finds the message or view to act on. Throws if there is none. */
export function findTarget(core: Core, target: Target): { message?: Message | Ephemeral; view?: View } {
  if (typeof target !== 'string' && 'hash' in target) return { view: target };
  const { state } = core;
  const ts = typeof target === 'string' ? target : 'ts' in target ? target.ts : undefined;
  const channel = typeof target !== 'string' && 'channel' in target ? getChannel(core, target.channel).id : '';
  const message = state.findMessage(channel, ts ?? '') ?? state.ephemerals.find((one) => one.ts === ts);
  if (message) return { message };
  const wanted = typeof target !== 'string' && 'view' in target ? target.view : target;
  const view = typeof wanted === 'string' ? state.views.get(wanted) : 'hash' in wanted ? wanted : undefined;
  if (!view) throw new Error(`no message or view ${JSON.stringify(target)}`);
  return { view };
}
