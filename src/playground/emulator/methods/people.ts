import { ApiError, type Core } from '../core.ts';
import { APP_ID, BOT_ID, TEAM_ID } from '../seed.ts';
import type { JsonObject, User, UserGroup } from '../types.ts';
import { flag, type Method, method, page, text, toPage } from './method.ts';

/** A user object with the time zone's label and offset at the workspace's present: docs.slack.dev/reference/objects/user-object */
function toUserObject(core: Core, user: User): JsonObject {
  const now = core.state.now();
  const zoned = Temporal.Instant.fromEpochMilliseconds(Math.floor(now)).toZonedDateTimeISO(user.tz);
  const [first_name = user.real_name, ...rest] = user.real_name.split(' ');
  return {
    id: user.id,
    team_id: user.team_id,
    name: user.name,
    deleted: user.deleted,
    color: '9f69e7',
    real_name: user.real_name,
    ...(user.deleted
      ? {}
      : { tz: user.tz, tz_label: toZoneLabel(user.tz, now), tz_offset: zoned.offsetNanoseconds / 1e9 }),
    profile: {
      real_name: user.real_name,
      real_name_normalized: user.real_name,
      display_name: user.name,
      display_name_normalized: user.name,
      first_name,
      last_name: rest.join(' '),
      team: user.team_id,
      ...(user.is_bot ? { bot_id: BOT_ID, api_app_id: APP_ID } : {}),
    },
    is_admin: user.is_admin,
    is_owner: user.is_owner,
    is_primary_owner: false,
    is_restricted: user.is_restricted,
    is_ultra_restricted: user.is_ultra_restricted,
    is_bot: user.is_bot,
    is_app_user: false,
    ...(user.is_stranger ? { is_stranger: true } : {}),
    updated: Math.floor(now / 1000) - 86_400,
    is_email_confirmed: true,
    who_can_share_contact_card: 'EVERYONE',
  };
}

/** Made once for each zone: they take much memory. */
const labels = new Map<string, Intl.DateTimeFormat>();

function toZoneLabel(timeZone: string, now: number): string {
  const format = labels.getOrInsertComputed(
    timeZone,
    () => new Intl.DateTimeFormat('en-US', { timeZone, timeZoneName: 'long' }),
  );
  return format.formatToParts(now).find((part) => part.type === 'timeZoneName')?.value ?? timeZone;
}

/** Fewer than asked for may come, and deactivated accounts and bots are among them. */
const LONGEST_PAGE = 200;

function toGroupObject(group: UserGroup, withUsers: boolean): JsonObject {
  return {
    id: group.id,
    team_id: TEAM_ID,
    is_usergroup: true,
    is_subteam: true,
    name: group.name,
    description: '',
    handle: group.handle,
    is_external: false,
    date_create: 0,
    date_update: 0,
    date_delete: 0,
    auto_type: null,
    prefs: { channels: [], groups: [] },
    ...(withUsers ? { users: group.users } : {}),
  };
}

export const peopleMethods: Record<string, Method> = {
  'users.info': method({
    scopes: ['users:read'],
    args: { user: text },
    run(core, args) {
      const user = core.state.users.get(args.user);
      if (!user) throw new ApiError('user_not_found');
      return { user: toUserObject(core, user) };
    },
  }),
  'users.list': method({
    scopes: ['users:read'],
    args: page,
    run(core, args) {
      const { page, next } = toPage([...core.state.users.values()], args, LONGEST_PAGE, LONGEST_PAGE);
      return {
        members: page.map((user) => toUserObject(core, user)),
        cache_ts: Math.floor(core.state.now() / 1000),
        response_metadata: { next_cursor: next },
      };
    },
  }),
  'usergroups.list': method({
    scopes: ['usergroups:read'],
    args: { include_users: flag },
    run: (core, { include_users }) => ({
      usergroups: [...core.state.userGroups.values()].map((group) => toGroupObject(group, include_users)),
    }),
  }),
  'usergroups.users.list': method({
    scopes: ['usergroups:read'],
    args: { usergroup: text },
    run(core, args) {
      const group = core.state.userGroups.get(args.usergroup);
      if (!group) throw new ApiError('no_such_subteam');
      return { users: group.users };
    },
  }),
};
