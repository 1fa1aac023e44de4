import { ApiError, type Core } from './core.ts';
import { type Delivery, deliver } from './delivery.ts';
import { isObject } from './elements.ts';
import { findInputErrors, toGivenState, toState } from './input.ts';
import { interactionBase } from './payloads.ts';
import type { Channel, Ephemeral, Message, User, View } from './types.ts';
import { closeModals, popView, pushView, toViewObject, updateView } from './views.ts';

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

export interface SubmitOptions {
  user: string;
  viewId: string;
  /** By block_id and action_id, or by one of the two; see toGivenState. */
  values?: Record<string, unknown>;
}

/** Submits a modal and does what the acknowledgement says: errors, update, push, clear, or close. */
export async function submitModal(core: Core, options: SubmitOptions): Promise<Interaction> {
  const user = getUser(core, options.user);
  const view = core.state.views.get(options.viewId);
  if (!view || core.state.modals.get(user.id)?.at(-1) !== view.id)
    throw new Error(`${options.viewId} is not on ${user.id}'s screen`);
  if (!view.submit) throw new Error(`${options.viewId} has no button to submit it`);
  const values = toState(view.blocks, { ...view.state.values, ...toGivenState(view.blocks, options.values ?? {}) });
  view.state = { values };
  const refused = findInputErrors(view.blocks, values);
  const opening = openInteraction(core, user, undefined, 'actions');
  if (Object.keys(refused).length > 0) {
    return { ...opening, status: 0, ack: undefined, ackMs: 0, errors: refused, delivery: undefined };
  }
  const delivery = await deliver(core, 'interactive', {
    ...interactionBase('view_submission', user),
    trigger_id: opening.triggerId,
    view: toViewObject(view),
    response_urls: [],
  });
  const result = toResult(opening, delivery);
  if (delivery.status === 200) result.errors = applyResponse(core, view, user.id, delivery.ack);
  return result;
}

function applyResponse(core: Core, view: View, user: string, ack: unknown): Record<string, string> {
  const where = 'view_submission';
  const response = isObject(ack) ? ack : {};
  try {
    switch (response.response_action) {
      case undefined:
        // Sent twice, it closes once.
        if (core.state.modals.get(user)?.at(-1) === view.id) popView(core, user);
        return {};
      case 'clear':
        closeModals(core, user);
        return {};
      case 'update':
        updateView(core, response.view, { view_id: view.id }, where);
        return {};
      case 'push':
        pushView(core, response.view, user, where);
        return {};
      case 'errors': {
        const errors = (response.errors ?? {}) as Record<string, string>;
        for (const id of Object.keys(errors)) {
          const input = view.blocks.some((block) => block.type === 'input' && block.block_id === id);
          if (!input) core.state.problem('view', where, `error for ${id}, which is no input block`);
        }
        return errors;
      }
      default:
        core.state.problem('view', where, `unknown response_action ${String(response.response_action)}`);
        return {};
    }
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    core.state.problem('view', where, `${error.code} ${JSON.stringify(error.extra)}`);
    return {};
  }
}

/** Closes the visible modal (or all, with `clear`); the app is told when the view asked for it. */
export async function closeModal(
  core: Core,
  options: { user: string; viewId: string; clear?: boolean },
): Promise<void> {
  const user = getUser(core, options.user);
  const view = core.state.views.get(options.viewId);
  if (!view) throw new Error(`no view ${options.viewId}`);
  const clear = options.clear ?? false;
  if (clear) closeModals(core, user.id);
  else popView(core, user.id);
  if (!view.notify_on_close) return;
  const payload = { ...interactionBase('view_closed', user), view: toViewObject(view), is_cleared: clear };
  await deliver(core, 'interactive', payload);
}
