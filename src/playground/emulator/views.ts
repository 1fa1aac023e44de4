import { randomBytes } from 'node:crypto';
import { acceptBlocks, findViewErrors } from './blocks.ts';
import { ApiError, type Core, refusal } from './core.ts';
import { isObject } from './elements.ts';
import { asJson } from './http.ts';
import { APP_ID, BOT_ID, TEAM_ID } from './state.ts';
import type { Block, BlockPlace, JsonObject, View } from './types.ts';

/** A modal may stack three views: https://docs.slack.dev/surfaces/modals */
const MAX_STACK = 3;
const MAX_VIEW_BYTES = 250_000;

/** Validates a view and adds the fields that Slack adds. */
function build(core: Core, sent: unknown, type: View['type'], user: string, where: string): View {
  const view = asJson(sent);
  if (!isObject(view))
    throw new ApiError('invalid_arguments', { response_metadata: { messages: ['[ERROR] view: not an object'] } });
  const refuse = (messages: string[]) =>
    refusal(core, ['view', where, messages.join('; ')], 'invalid_arguments', {
      response_metadata: { messages: messages.map((text) => `[ERROR] ${text}`) },
    });
  if (view.type !== type) throw refuse([`must be of type ${type} [json-pointer:/view/type]`]);
  const errors = findViewErrors(view);
  if (errors.length > 0) throw refuse(errors);
  if (Buffer.byteLength(JSON.stringify(view)) > MAX_VIEW_BYTES) throw new ApiError('view_too_large');
  const id = core.state.nextId('V');
  return {
    id,
    type,
    user,
    team_id: TEAM_ID,
    app_id: APP_ID,
    bot_id: BOT_ID,
    app_installed_team_id: TEAM_ID,
    blocks: acceptViewBlocks(core, view.blocks, { where, surface: type, reader: user }),
    title: (view.title as JsonObject) ?? null,
    submit: (view.submit as JsonObject) ?? null,
    close: (view.close as JsonObject) ?? null,
    private_metadata: String(view.private_metadata ?? ''),
    callback_id: String(view.callback_id ?? ''),
    external_id: String(view.external_id ?? ''),
    hash: `${Math.floor(core.state.now() / 1000)}.${randomBytes(4).toString('hex')}`,
    state: { values: {} },
    untouched: [],
    root_view_id: id,
    previous_view_id: null,
  };
}

/** Checks the blocks of a view. For these, Slack answers `invalid_arguments` with pointers that begin at the view. */
function acceptViewBlocks(core: Core, blocks: unknown, place: BlockPlace): Block[] {
  try {
    return acceptBlocks(core, blocks, place) ?? [];
  } catch (error) {
    if (!(error instanceof ApiError) || !Array.isArray(error.extra.errors)) throw error;
    const messages = error.extra.errors.map((text) => `[ERROR] ${text.replace('pointer:', 'pointer:/view')}`);
    throw new ApiError('invalid_arguments', { response_metadata: { messages } });
  }
}

function add(core: Core, view: View): View {
  const twin = [...core.state.views.values()].some(
    (other) => view.external_id && other.external_id === view.external_id,
  );
  if (twin) throw new ApiError('duplicate_external_id');
  core.state.views.set(view.id, view);
  return view;
}

export function openView(core: Core, sent: unknown, user: string, where: string): View {
  const view = build(core, sent, 'modal', user, where);
  closeModals(core, user);
  add(core, view);
  core.state.modals.set(user, [view.id]);
  core.state.changed();
  return view;
}

export function pushView(core: Core, sent: unknown, user: string, where: string): View {
  const stack = core.state.modals.get(user) ?? [];
  if (stack.length === 0) throw new ApiError('not_found');
  if (stack.length >= MAX_STACK) throw new ApiError('push_limit_reached');
  const view = build(core, sent, 'modal', user, where);
  view.root_view_id = stack[0]!;
  view.previous_view_id = stack.at(-1)!;
  add(core, view);
  core.state.modals.set(user, [...stack, view.id]);
  core.state.changed();
  return view;
}

/** Replaces the content of an open view, found by id or external id. If `hash` is given, it must be the view's current one. */
export function updateView(
  core: Core,
  sent: unknown,
  target: { view_id?: unknown; external_id?: unknown; hash?: unknown },
  where: string,
): View {
  const old = target.view_id
    ? core.state.views.get(String(target.view_id))
    : [...core.state.views.values()].find((view) => target.external_id && view.external_id === target.external_id);
  if (!old) throw new ApiError('not_found');
  if (target.hash && target.hash !== old.hash) throw new ApiError('hash_conflict');
  const { id, root_view_id, previous_view_id, state, untouched, blocks } = old;
  Object.assign(old, build(core, sent, old.type, old.user, where), { id, root_view_id, previous_view_id });
  const known = new Set(blocks.map((block) => block.block_id));
  old.untouched = old.blocks.flatMap(({ block_id: one = '' }) =>
    !known.has(one) || untouched.includes(one) ? [one] : [],
  );
  // Elements that keep their block_id and action_id keep their input, as in Slack.
  for (const { block_id = '' } of old.blocks) {
    const kept = state.values[block_id];
    if (kept) old.state.values[block_id] = kept;
  }
  core.state.changed();
  return old;
}

export function publishHome(core: Core, sent: unknown, user: string, hash: unknown): View {
  if (!core.manifest.homeTab) throw new ApiError('not_enabled');
  const old = core.state.views.get(core.state.homes.get(user) ?? '');
  if (hash && old && hash !== old.hash) throw new ApiError('hash_conflict');
  const view = build(core, sent, 'home', user, 'views.publish');
  if (old) Object.assign(view, { id: old.id, root_view_id: old.id });
  core.state.views.set(view.id, view);
  core.state.homes.set(user, view.id);
  core.state.changed();
  return view;
}

/** Closes the visible modal. The one below, if any, becomes visible again. */
export function popView(core: Core, user: string): void {
  const stack = core.state.modals.get(user) ?? [];
  const closed = stack.at(-1);
  if (!closed) return;
  core.state.views.delete(closed);
  core.state.modals.set(user, stack.slice(0, -1));
  core.state.changed();
}

export function closeModals(core: Core, user: string): void {
  while ((core.state.modals.get(user)?.length ?? 0) > 0) popView(core, user);
}

/** Returns a view as the API and interactions show it. */
export function toViewObject(view: View): JsonObject {
  const { user: _user, untouched: _untouched, ...shown } = view;
  return shown;
}
