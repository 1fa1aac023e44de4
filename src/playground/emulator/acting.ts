import { checkOffered } from './blocks.ts';
import type { Core } from './core.ts';
import { findInputErrors, getElement, isObject, toElementState, toGivenState, toState } from './elements.ts';
import { deliver } from './events.ts';
import {
  findTarget,
  getChannel,
  getUser,
  type Interaction,
  interact,
  interactionBase,
  type Target,
  toNamed,
} from './interact.ts';
import { escapePlainText, toMessageObject } from './post.ts';
import type { JsonObject, User, View } from './types.ts';
import { closeModals, popView, toViewObject } from './views.ts';

export interface ClickOptions {
  user: string;
  message: Target;
  action_id: string;
  block_id?: string;
  value?: unknown;
  [chosen: `selected_${string}`]: unknown;
  /** Values of other elements, as for `submitView`. */
  state?: Record<string, unknown>;
}

export interface SuggestOptions {
  user: string;
  action_id: string;
  block_id?: string;
  /** The typed text. */
  value: string;
  container: Target;
}

export interface SubmitOptions {
  user: string;
  viewId: string;
  /** Values by block_id and action_id, or by one of the two; see `toGivenState`. */
  values?: Record<string, unknown>;
}

/** Creates the acts of people on elements: clicks, menus and forms. */
export function createActing(core: Core) {
  return {
    /** Clicks a button or chooses in a menu, in a message, a private message or a view. */
    async click(options: ClickOptions): Promise<Interaction> {
      const user = getUser(core, options.user);
      const { message, view } = findTarget(core, options.message);
      if (message && 'to' in message && message.to !== user.id)
        throw new Error(`${user.id} does not see ${message.ts}`);
      if (view && view.user !== user.id) throw new Error(`${user.id} does not see ${view.id}`);
      const blocks = (message ?? view)!.blocks ?? [];
      const { block, element } = getElement(blocks, options.action_id, options.block_id);
      if (block.type === 'input' && block.dispatch_action !== true)
        throw new Error(`${options.action_id} waits for the form to be submitted: its block has no dispatch_action`);
      const chosen = Object.entries(options).find(([key]) => key.startsWith('selected_'))?.[1] ?? options.value;
      const state = toElementState(element, chosen === undefined ? element.value : chosen);
      const action: JsonObject = {
        ...(isObject(element.text) ? { text: element.text } : {}),
        ...state,
        action_id: element.action_id,
        block_id: block.block_id,
        action_ts: core.state.nextTs(),
      };
      if (action.value === undefined) delete action.value;
      const typed = { ...(view?.state.values ?? {}), ...toGivenState(blocks, options.state ?? {}) };
      if (element.type !== 'button' && element.type !== 'overflow')
        typed[block.block_id!] = { ...typed[block.block_id!], [String(element.action_id)]: state };
      const touched = new Set([...Object.keys(toGivenState(blocks, options.state ?? {})), block.block_id]);
      if (view) view.untouched = view.untouched.filter((id) => !touched.has(id));
      const values = toState(blocks, typed, view?.untouched);
      const base = { ...interactionBase('block_actions', user), actions: [escapePlainText(action)] };
      if (view) {
        view.state = { values };
        const container = { type: 'view', view_id: view.id };
        return interact(core, user, { ...base, container, view: toViewObject(view) });
      }
      const source = message!;
      const channel = getChannel(core, source.channel);
      const hidden = 'to' in source;
      const container = {
        type: 'message',
        message_ts: source.ts,
        channel_id: channel.id,
        is_ephemeral: hidden,
        ...(source.thread_ts ? { thread_ts: source.thread_ts } : {}),
      };
      const payload = {
        ...base,
        container,
        channel: toNamed(channel),
        // Slack sends no message with an interaction on a private message.
        ...(hidden ? {} : { message: escapePlainText(toMessageObject(core, source, true)) }),
        state: { values },
      };
      return interact(core, user, payload, { channel, source });
    },
    /** Asks the app for the options (or option groups) of an external menu. */
    async suggest(options: SuggestOptions): Promise<JsonObject[]> {
      const user = getUser(core, options.user);
      const { message, view } = findTarget(core, options.container);
      const { block, element } = getElement((message ?? view)!.blocks ?? [], options.action_id, options.block_id);
      const least = Number(element.min_query_length ?? 3);
      if (options.value.length < least) throw new Error(`${options.action_id} asks from ${least} characters on`);
      const container = view
        ? { type: 'view', view_id: view.id }
        : { type: 'message', message_ts: message!.ts, channel_id: message!.channel, is_ephemeral: 'to' in message! };
      const { ack } = await deliver(core, 'interactive', {
        ...interactionBase('block_suggestion', user),
        container,
        ...(view ? { view: toViewObject(view) } : { channel: toNamed(getChannel(core, message!.channel)) }),
        action_id: element.action_id,
        block_id: block.block_id,
        value: options.value,
      });
      const answer = isObject(ack) ? ack : {};
      const kind = answer.option_groups ? 'option_groups' : 'options';
      const offered = [answer[kind]].flat().filter(isObject);
      checkOffered(core, kind, offered);
      return offered;
    },
    /** Submits a modal. It closes unless the acknowledgement names errors. */
    async submitView(options: SubmitOptions): Promise<Interaction> {
      const user = getUser(core, options.user);
      const view = core.state.views.get(options.viewId);
      if (!view || core.state.modals.get(user.id)?.at(-1) !== view.id)
        throw new Error(`${options.viewId} is not on ${user.id}'s screen`);
      if (!view.submit) throw new Error(`${options.viewId} has no button to submit it`);
      const given = toGivenState(view.blocks, options.values ?? {});
      view.untouched = view.untouched.filter((id) => !Object.hasOwn(given, id));
      const typed = { ...view.state.values, ...given };
      view.state = { values: toState(view.blocks, typed, view.untouched) };
      // Slack's client checks what people see. For these fields that is the initial value, though the state has none.
      for (const id of view.untouched) delete typed[id];
      const errors = findInputErrors(view.blocks, toState(view.blocks, typed));
      if (Object.keys(errors).length > 0) {
        const nothing = { ack: undefined, ackMs: 0, messages: [], triggerId: '', responseUrl: '' };
        return { ...nothing, status: 0, errors, delivery: undefined };
      }
      const payload = { ...interactionBase('view_submission', user), view: toViewObject(view), response_urls: [] };
      const done = await interact(core, user, payload);
      return { ...done, errors: done.status === 200 ? follow(core, user, view, done.ack) : {} };
    },
    /** Closes the visible modal (or all, with `clear`). */
    async closeView(options: { user: string; viewId: string; clear?: boolean }): Promise<void> {
      const user = getUser(core, options.user);
      const view = core.state.views.get(options.viewId);
      if (!view) throw new Error(`no view ${options.viewId}`);
      if (view.id !== core.state.modals.get(user.id)?.at(-1)) throw new Error(`view ${view.id} is not on top`);
      if (options.clear) closeModals(core, user.id);
      else popView(core, user.id);
    },
  };
}

/** Closes the view, unless the acknowledgement of its submission names errors. Returns these by block_id. */
function follow(core: Core, { id: user }: User, view: View, ack: unknown): Record<string, string> {
  const where = 'view_submission';
  const response = isObject(ack) ? ack : {};
  if (response.response_action === undefined) {
    // A form submitted twice closes once: the second time it is no longer on top.
    if (core.state.modals.get(user)?.at(-1) === view.id) popView(core, user);
    return {};
  }
  if (response.response_action !== 'errors') {
    core.state.problem('view', where, `unknown response_action ${String(response.response_action)}`);
    return {};
  }
  const errors = (response.errors ?? {}) as Record<string, string>;
  for (const id of Object.keys(errors)) {
    const input = view.blocks.some((block) => block.type === 'input' && block.block_id === id);
    if (!input) core.state.problem('view', where, `error for ${id}, which is no input block`);
  }
  return errors;
}
