import { ApiError } from './api-error.ts';
import type { Core } from './core.ts';
import { deliver } from './delivery.ts';
import { isObject } from './elements.ts';
import { findInputErrors, toGivenState, toState } from './input.ts';
import { getUser, type Interaction, openInteraction, toResult } from './interact.ts';
import { interactionBase } from './payloads.ts';
import type { View } from './types.ts';
import { closeModals, popView, pushView, toViewObject, updateView } from './views.ts';

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
