import { findBlockErrors, MAX_MESSAGE_CHARACTERS } from '../block-rules.ts';
import { findViewErrors } from '../block-schema.ts';
import { findUnknown } from '../blocks.ts';
import { ApiError, type Core } from '../core.ts';
import { countTexts, isObject } from '../elements.ts';
import { asJson } from '../http.ts';
import { getVisibleChannel, toBotProfile } from '../post.ts';
import { APP_ID, BOT_ID, BOT_USER_ID, TEAM_DOMAIN, TEAM_ID } from '../seed.ts';
import type { Block, JsonObject } from '../types.ts';
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

const KINDS = ['blocks', 'message', 'view'] as const;

/**
 * Checks one of `blocks`, `message` and `view` and says what would be refused. Nothing is sent, so nothing here is a problem.
 * Answer and pointers as in docs.slack.dev/reference/methods/blocks.validate: for blocks, these begin with the block's number.
 */
function validate(core: Core, args: JsonObject): JsonObject {
  const given = KINDS.filter((kind) => args[kind] !== undefined);
  const [kind] = given;
  const payload = kind && asJson(args[kind]);
  if (!kind || given.length > 1) throw invalid('must provide exactly one of `blocks`, `view`, or `message`');
  const blocks = kind === 'blocks' ? payload : isObject(payload) ? (payload.blocks ?? []) : undefined;
  if (!Array.isArray(blocks)) throw invalid(`invalid JSON in \`${kind}\``);
  const told = [
    ...(kind === 'view' ? findViewErrors(payload as JsonObject) : []),
    ...findUnknown(core, blocks as Block[]),
    ...findBlockErrors(blocks as Block[], surfaceOf(kind, payload)),
    ...(kind !== 'view' && countTexts(blocks) > MAX_MESSAGE_CHARACTERS
      ? ['blocks are too long [json-pointer:/blocks]']
      : []),
  ];
  if (told.length === 0) return {};
  throw new ApiError(`invalid_${kind}`, { errors: told.map((text) => toError(text, kind)) });
}

function surfaceOf(kind: string, payload: unknown) {
  return kind !== 'view' ? 'message' : (payload as JsonObject).type === 'home' ? 'home' : 'modal';
}

function invalid(message: string): ApiError {
  return new ApiError('invalid_arguments', { response_metadata: { messages: [message] } });
}

function toError(told: string, kind: (typeof KINDS)[number]): JsonObject {
  const [, message = told, place = ''] = /^(.*) \[json-pointer:(.*)\]$/s.exec(told) ?? [];
  const pointer = kind === 'blocks' ? place.replace(/^\/blocks/, '') : place;
  return { code: 'failed_constraint', message, pointer };
}

export const blockMethods: Record<string, Method> = {
  'blocks.validate': { run: validate },
};
