import { findBlockErrors, MAX_MESSAGE_CHARACTERS } from '../block-rules.ts';
import { findViewErrors } from '../block-schema.ts';
import { findUnknown } from '../blocks.ts';
import { ApiError, type Core, takeTrigger } from '../core.ts';
import { countTexts, isObject } from '../elements.ts';
import { BOT_ID, BOT_USER_ID, TEAM_DOMAIN, TEAM_ID } from '../seed.ts';
import type { Block, JsonObject } from '../types.ts';
import { openView, publishHome, pushView, toViewObject, updateView } from '../views.ts';
import { json, type Method, method, text } from './method.ts';

const KINDS = ['blocks', 'message', 'view'] as const;

/**
 * Checks one of `blocks`, `message` and `view` and says what would be refused. Nothing is sent, so nothing here is a problem.
 * Answer and pointers as in docs.slack.dev/reference/methods/blocks.validate: for blocks, these begin with the block's number.
 */
function validate(core: Core, args: JsonObject): JsonObject {
  const [kind, ...others] = KINDS.filter((one) => args[one] !== undefined);
  const payload = kind && args[kind];
  const blocks = kind === 'blocks' ? payload : isObject(payload) ? (payload.blocks ?? []) : undefined;
  if (!kind || others.length > 0 || !Array.isArray(blocks))
    throw new ApiError('invalid_arguments', {
      response_metadata: { messages: ['must provide exactly one of `blocks`, `view`, or `message`, as JSON'] },
    });
  const isView = kind === 'view' && isObject(payload);
  const surface = !isView ? 'message' : payload.type === 'home' ? 'home' : 'modal';
  const told = [
    ...(isView ? findViewErrors(payload) : []),
    ...findUnknown(core, blocks as Block[]),
    ...findBlockErrors(blocks, surface),
    ...(!isView && countTexts(blocks) > MAX_MESSAGE_CHARACTERS ? ['blocks are too long [json-pointer:/blocks]'] : []),
  ];
  if (told.length === 0) return {};
  const errors = told.map((one) => {
    const [, message = one, place = ''] = /^(.*) \[json-pointer:(.*)\]$/s.exec(one) ?? [];
    const pointer = kind === 'blocks' ? place.replace(/^\/blocks/, '') : place;
    return { code: 'failed_constraint', message, pointer };
  });
  throw new ApiError(`invalid_${kind}`, { errors });
}

const view = json.refine(isObject, 'not an object');
const hash = text.optional();

/** A method that takes a trigger for a modal. */
function opens(where: string, show: typeof openView): Method {
  return method({
    scopes: [],
    args: { trigger_id: text, view },
    run: (core, { trigger_id, view }) => {
      const user = takeTrigger(core, trigger_id, where);
      return { view: toViewObject(show(core, view, user, where)) };
    },
  });
}

export const viewMethods: Record<string, Method> = {
  'auth.test': method({
    scopes: [],
    args: {},
    run: (core) => ({
      url: `https://${TEAM_DOMAIN}.slack.com/`,
      team: 'Headroom demo',
      user: core.state.users.get(BOT_USER_ID)?.name,
      team_id: TEAM_ID,
      user_id: BOT_USER_ID,
      bot_id: BOT_ID,
      is_enterprise_install: false,
    }),
  }),
  'api.test': method({ scopes: [], args: {}, run: () => ({ args: {} }) }),
  'apps.connections.open': method({
    scopes: [],
    appToken: true,
    args: {},
    run: (core) => ({ url: core.sockets.createUrl() }),
  }),
  'blocks.validate': method({
    scopes: [],
    args: { blocks: json.optional(), message: json.optional(), view: json.optional() },
    run: validate,
  }),
  'views.open': opens('views.open', openView),
  'views.push': opens('views.push', pushView),
  'views.update': method({
    scopes: [],
    args: { view_id: text.optional(), external_id: text.optional(), hash, view },
    run: (core, { view, ...which }) => ({ view: toViewObject(updateView(core, view, which, 'views.update')) }),
  }),
  'views.publish': method({
    scopes: [],
    args: { user_id: text, hash, view },
    run: (core, { user_id, hash, view }) => {
      if (!core.state.users.has(user_id)) throw new ApiError('invalid_arguments');
      return { view: toViewObject(publishHome(core, view, user_id, hash)) };
    },
  }),
};
