import { ApiError } from '../api-error.ts';
import type { Core } from '../core.ts';
import { getVisibleChannel, toBotProfile } from '../post.ts';
import { APP_ID, BOT_ID, BOT_USER_ID, TEAM_DOMAIN, TEAM_ID } from '../seed.ts';
import type { JsonObject } from '../types.ts';
import { openView, publishHome, pushView, toViewObject, updateView } from '../views.ts';
import { type Method, requireArgument } from './method.ts';

function addReaction(core: Core, args: JsonObject): JsonObject {
  const channel = getVisibleChannel(core, args.channel);
  const name = requireArgument(core, args, 'name', 'reactions.add').replaceAll(':', '');
  const message = core.state.findMessage(channel.id, requireArgument(core, args, 'timestamp', 'reactions.add'));
  if (!message) throw new ApiError('message_not_found');
  if (!channel.members.has(BOT_USER_ID)) throw new ApiError('not_in_channel');
  const reactions = structuredClone(message.reactions ?? []);
  const existing = reactions.find((reaction) => reaction.name === name);
  if (existing?.users.includes(BOT_USER_ID)) throw new ApiError('already_reacted');
  if (existing) {
    existing.users.push(BOT_USER_ID);
    existing.count += 1;
  } else {
    reactions.push({ name, users: [BOT_USER_ID], count: 1 });
  }
  core.state.changeMessage(message, { reactions });
  return {};
}

function botsInfo(core: Core, args: JsonObject): JsonObject {
  if (args.bot !== undefined && args.bot !== BOT_ID) throw new ApiError('bot_not_found');
  return { bot: { ...toBotProfile(core), user_id: BOT_USER_ID } };
}

function publish(core: Core, args: JsonObject): JsonObject {
  const user = requireArgument(core, args, 'user_id', 'views.publish');
  if (!core.state.users.has(user)) throw new ApiError('invalid_arguments');
  return { view: toViewObject(publishHome(core, args.view, user, args.hash)) };
}

export const appMethods: Record<string, Method> = {
  'auth.test': {
    run: (core) => ({
      url: `https://${TEAM_DOMAIN}.slack.com/`,
      team: 'Headroom demo',
      user: core.state.users.get(BOT_USER_ID)?.name,
      team_id: TEAM_ID,
      user_id: BOT_USER_ID,
      bot_id: BOT_ID,
      app_id: APP_ID,
      app_name: core.manifest.name,
      is_enterprise_install: false,
    }),
  },
  'api.test': { open: true, run: (_core, args) => ({ args }) },
  'apps.connections.open': { appToken: true, run: (core) => ({ url: core.sockets.createUrl() }) },
  'views.open': {
    run: (core, args) => {
      const user = core.triggers.take(args.trigger_id, 'views.open');
      return { view: toViewObject(openView(core, args.view, user, 'views.open')) };
    },
  },
  'views.push': {
    run: (core, args) => {
      const user = core.triggers.take(args.trigger_id, 'views.push');
      return { view: toViewObject(pushView(core, args.view, user, 'views.push')) };
    },
  },
  'views.update': { run: (core, args) => ({ view: toViewObject(updateView(core, args.view, args, 'views.update')) }) },
  'views.publish': { run: publish },
  'reactions.add': { scopes: ['reactions:write'], run: addReaction },
  'bots.info': { scopes: ['users:read'], run: botsInfo },
  'team.info': {
    scopes: ['team:read'],
    run: () => ({
      team: {
        id: TEAM_ID,
        name: 'Headroom demo',
        domain: TEAM_DOMAIN,
        email_domain: '',
        icon: { image_default: true },
      },
    }),
  },
};
