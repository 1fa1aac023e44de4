import { validate } from '../blocks.ts';
import { ApiError, takeTrigger } from '../core.ts';
import { isObject } from '../elements.ts';
import { BOT_ID, BOT_USER_ID, TEAM_DOMAIN, TEAM_ID } from '../state.ts';
import { openView, publishHome, pushView, toViewObject, updateView } from '../views.ts';
import { json, type Method, method, text } from './method.ts';

const view = json.refine(isObject, 'not an object');
const hash = text.optional();

/** Creates a method that takes a trigger and opens a modal. */
function opens(where: string, show: typeof openView): Method {
  return method({
    args: { trigger_id: text, view },
    run: (core, { trigger_id, view }) => {
      const user = takeTrigger(core, trigger_id, where);
      return { view: toViewObject(show(core, view, user, where)) };
    },
  });
}

export const viewMethods: Record<string, Method> = {
  'auth.test': method({
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
  'api.test': method({ args: {}, run: () => ({ args: {} }) }),
  'apps.connections.open': method({
    args: {},
    run: (core) => ({ url: core.sockets.createUrl() }),
  }),
  'blocks.validate': method({
    args: { blocks: json.optional(), message: json.optional(), view: json.optional() },
    run: validate,
  }),
  'views.open': opens('views.open', openView),
  'views.push': opens('views.push', pushView),
  'views.update': method({
    args: { view_id: text.optional(), external_id: text.optional(), hash, view },
    run: (core, { view, ...which }) => ({ view: toViewObject(updateView(core, view, which, 'views.update')) }),
  }),
  'views.publish': method({
    args: { user_id: text, hash, view },
    run: (core, { user_id, hash, view }) => {
      if (!core.state.users.has(user_id)) throw new ApiError('invalid_arguments');
      return { view: toViewObject(publishHome(core, view, user_id, hash)) };
    },
  }),
};
