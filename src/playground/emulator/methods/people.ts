import { ApiError } from '../core.ts';
import { APP_ID, BOT_ID, TEAM_ID } from '../state.ts';
import type { JsonObject, User, UserGroup } from '../types.ts';
import { flag, type Method, method, page, text, toPage } from './method.ts';

/** Returns the fields of a user object that Headroom reads: https://docs.slack.dev/reference/objects/user-object */
function toUserObject(user: User): JsonObject {
  return {
    id: user.id,
    team_id: user.team_id,
    name: user.name,
    deleted: user.deleted,
    real_name: user.real_name,
    ...(user.deleted ? {} : { tz: user.tz }),
    profile: {
      real_name: user.real_name,
      display_name: user.name,
      ...(user.is_bot ? { bot_id: BOT_ID, api_app_id: APP_ID } : {}),
    },
    is_admin: user.is_admin,
    is_owner: user.is_owner,
    is_restricted: user.is_restricted,
    is_ultra_restricted: user.is_ultra_restricted,
    is_bot: user.is_bot,
    ...(user.is_stranger ? { is_stranger: true } : {}),
  };
}

/** A page has at most 200 accounts, even if more are asked for. Deactivated accounts and bots are among them. */
const LONGEST_PAGE = 200;

function toGroupObject(group: UserGroup, withUsers: boolean): JsonObject {
  return {
    id: group.id,
    team_id: TEAM_ID,
    name: group.name,
    handle: group.handle,
    ...(withUsers ? { users: group.users } : {}),
  };
}

export const peopleMethods: Record<string, Method> = {
  'users.info': method({
    args: { user: text },
    run(core, args) {
      const user = core.state.users.get(args.user);
      if (!user) throw new ApiError('user_not_found');
      return { user: toUserObject(user) };
    },
  }),
  'users.list': method({
    args: page,
    run(core, args) {
      const { page, next } = toPage([...core.state.users.values()], args, LONGEST_PAGE, LONGEST_PAGE);
      return {
        members: page.map(toUserObject),
        response_metadata: { next_cursor: next },
      };
    },
  }),
  'usergroups.list': method({
    args: { include_users: flag },
    run: (core, { include_users }) => ({
      usergroups: [...core.state.userGroups.values()].map((group) => toGroupObject(group, include_users)),
    }),
  }),
  'usergroups.users.list': method({
    args: { usergroup: text },
    run(core, args) {
      const group = core.state.userGroups.get(args.usergroup);
      if (!group) throw new ApiError('no_such_subteam');
      return { users: group.users };
    },
  }),
};
