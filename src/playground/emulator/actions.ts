import { findBlockErrors } from './block-rules.ts';
import type { Core } from './core.ts';
import { deliver } from './delivery.ts';
import { isObject } from './elements.ts';
import { getElement, toElementState, toGivenState, toState } from './input.ts';
import {
  findTarget,
  getChannel,
  getUser,
  type Interaction,
  openInteraction,
  type Target,
  toResult,
} from './interact.ts';
import { escapePlainText, interactionBase, toChannelName } from './payloads.ts';
import { toMessageObject } from './post.ts';
import type { JsonObject } from './types.ts';
import { toViewObject } from './views.ts';

export interface ClickOptions {
  user: string;
  message: Target;
  action_id: string;
  block_id?: string;
  value?: unknown;
  selected_option?: unknown;
  selected_options?: unknown;
  selected_user?: string;
  selected_users?: string[];
  selected_channel?: string;
  selected_channels?: string[];
  selected_conversation?: string;
  selected_conversations?: string[];
  selected_date?: string;
  selected_time?: string;
  selected_date_time?: number;
  /** What stands in other elements, as for submitView. */
  state?: Record<string, unknown>;
}

/** A click on a button, or a choice in a menu, of a message, a private message or a view. */
export async function sendAction(core: Core, options: ClickOptions): Promise<Interaction> {
  const user = getUser(core, options.user);
  const { message, view } = findTarget(core, options.message);
  if (message && 'to' in message && message.to !== user.id) throw new Error(`${user.id} does not see ${message.ts}`);
  if (view && view.user !== user.id) throw new Error(`${user.id} does not see ${view.id}`);
  const blocks = (message ?? view)!.blocks ?? [];
  const { block, element } = getElement(blocks, options.action_id, options.block_id);
  if (block.type === 'input' && block.dispatch_action !== true)
    throw new Error(`${options.action_id} waits for the form to be submitted: its block has no dispatch_action`);
  const chosen = Object.entries(options).find(([key]) => key.startsWith('selected_'))?.[1] ?? options.value;
  const given = chosen === undefined ? element.value : chosen;
  const state = toElementState(element, given);
  const action: JsonObject = {
    ...(isObject(element.text) ? { text: element.text } : {}),
    ...state,
    action_id: element.action_id,
    block_id: block.block_id,
    action_ts: core.state.nextTs(),
  };
  if (action.value === undefined) delete action.value;
  const typed = { ...(view?.state.values ?? {}), ...toGivenState(blocks, options.state ?? {}) };
  if (element.type !== 'button' && element.type !== 'overflow') {
    typed[block.block_id!] = { ...typed[block.block_id!], [String(element.action_id)]: state };
  }
  const values = toState(blocks, typed);
  if (view) {
    view.state = { values };
    const opening = openInteraction(core, user, undefined, 'actions');
    const payload = {
      ...interactionBase('block_actions', user),
      container: { type: 'view', view_id: view.id },
      trigger_id: opening.triggerId,
      view: toViewObject(view),
      actions: [escapePlainText(action)],
    };
    return toResult(opening, await deliver(core, 'interactive', payload));
  }
  const channel = getChannel(core, message!.channel);
  const opening = openInteraction(core, user, channel, 'actions', message);
  const hidden = 'to' in message!;
  const payload = {
    ...interactionBase('block_actions', user),
    container: {
      type: 'message',
      message_ts: message!.ts,
      channel_id: channel.id,
      is_ephemeral: hidden,
      ...(message!.thread_ts ? { thread_ts: message!.thread_ts } : {}),
    },
    trigger_id: opening.triggerId,
    channel: { id: channel.id, name: toChannelName(channel) },
    // Slack leaves the message out of interactions with private ones.
    ...(hidden ? {} : { message: escapePlainText(toMessageObject(core, message!, true)) }),
    state: { values },
    response_url: opening.responseUrl,
    actions: [escapePlainText(action)],
  };
  return toResult(opening, await deliver(core, 'interactive', payload));
}

export interface SuggestOptions {
  user: string;
  action_id: string;
  block_id?: string;
  /** What has been typed. */
  value: string;
  container: Target;
}

/** Options (or groups) that the app offers for an external menu. */
export async function suggestOptions(core: Core, options: SuggestOptions): Promise<JsonObject[]> {
  const user = getUser(core, options.user);
  const { message, view } = findTarget(core, options.container);
  const { block, element } = getElement((message ?? view)!.blocks ?? [], options.action_id, options.block_id);
  const container = view
    ? { type: 'view', view_id: view.id }
    : { type: 'message', message_ts: message!.ts, channel_id: message!.channel, is_ephemeral: 'to' in message! };
  const delivery = await deliver(core, 'interactive', {
    ...interactionBase('block_suggestion', user),
    container,
    ...(view ? { view: toViewObject(view) } : { channel: { id: message!.channel, name: '' } }),
    action_id: element.action_id,
    block_id: block.block_id,
    value: options.value,
  });
  const answer = isObject(delivery.ack) ? delivery.ack : {};
  const offered = [answer.options, answer.option_groups].flat().filter(isObject);
  // What a menu may hold: docs.slack.dev/reference/block-kit/block-elements/select-menu-element#external_select
  const menu = { type: 'static_select', ...(answer.option_groups ? { option_groups: offered } : { options: offered }) };
  const errors = offered.length === 0 ? [] : findBlockErrors([{ type: 'actions', elements: [menu] }], 'modal');
  if (errors.length > 0) core.state.problem('invalid_blocks', 'block_suggestion', errors.join('; '));
  return offered;
}
