import type { Channel, SeedChannel, SeedGroup, SeedUser, User, UserGroup, WorkspaceSeed } from './types.ts';

export const TEAM_ID = 'T01HEADROOM';
export const TEAM_DOMAIN = 'headroom-demo';
const PARTNER_TEAM_ID = 'T02PARTNER1';
export const APP_ID = 'A01HEADROOM';
export const BOT_ID = 'B01HEADROOM';
export const BOT_USER_ID = 'U01HEADROOM';
/** Author fields of the bot's messages. */
export const BOT = { user: BOT_USER_ID, bot_id: BOT_ID, app_id: APP_ID };

/** People of the default workspace: an admin, three members, a guest of each kind, one from outside, and one who left. */
export const DEFAULT_USERS: SeedUser[] = [
  { id: 'U01ADMIN', name: 'ada', real_name: 'Ada Admin', tz: 'Europe/Berlin', is_admin: true },
  { id: 'U01ALICE', name: 'alice', real_name: 'Alice Alvarez', tz: 'Europe/Berlin' },
  { id: 'U01BORIS', name: 'boris', real_name: 'Boris Brandt', tz: 'America/New_York' },
  { id: 'U01CHLOE', name: 'chloe', real_name: 'Chloe Chen', tz: 'Asia/Kolkata' },
  { id: 'U01GUEST', name: 'gus', real_name: 'Gus Guest', tz: 'Europe/London', is_restricted: true },
  { id: 'U01SOLO', name: 'sol', real_name: 'Sol Single', is_restricted: true, is_ultra_restricted: true },
  {
    id: 'U02OUTSIDE',
    name: 'olga',
    real_name: 'Olga Outside',
    tz: 'Europe/Paris',
    team_id: PARTNER_TEAM_ID,
    is_stranger: true,
  },
  { id: 'U01LEFT', name: 'leo', real_name: 'Leo Left', tz: 'UTC', deleted: true },
];

const MEMBERS = ['U01ADMIN', 'U01ALICE', 'U01BORIS', 'U01CHLOE'];

/** Channels of the default workspace. The bot is not in #random, #finance (private) and #old-api (archived). */
export const DEFAULT_CHANNELS: SeedChannel[] = [
  { id: 'C01GENERAL', name: 'general', is_general: true, members: [...MEMBERS, 'U01GUEST', 'bot'] },
  { id: 'C01USAGE', name: 'api-usage', members: [...MEMBERS, 'U01GUEST', 'U01SOLO', 'bot'] },
  { id: 'C01ONCALL', name: 'oncall', members: [...MEMBERS, 'bot'] },
  { id: 'C01RANDOM', name: 'random', members: MEMBERS },
  { id: 'C01FINANCE', name: 'finance', kind: 'private', members: ['U01ADMIN', 'U01ALICE'] },
  { id: 'C01LEADS', name: 'leads', kind: 'private', members: ['U01ADMIN', 'U01ALICE', 'bot'] },
  { id: 'C01OLD', name: 'old-api', is_archived: true, members: [...MEMBERS] },
  { id: 'C01SHARED', name: 'partner-acme', is_ext_shared: true, members: [...MEMBERS, 'U02OUTSIDE', 'bot'] },
];

const DEFAULT_GROUPS: SeedGroup[] = [
  { id: 'S0123', handle: 'on-call', name: 'On-call engineers', users: ['U01BORIS', 'U01CHLOE'] },
];

/** Fills in the users, channels and groups of a seed, and adds the bot user. `now` is epoch ms. */
export function toWorkspace(
  seed: WorkspaceSeed,
  botName: string,
  now: number,
): { users: User[]; channels: Channel[]; groups: UserGroup[] } {
  const bot = { id: BOT_USER_ID, name: botName.toLowerCase(), real_name: botName, is_bot: true };
  const users = [...(seed.users ?? DEFAULT_USERS), bot].map(toUser);
  const everyone = users.filter((one) => !one.deleted && !one.is_restricted && !one.is_stranger).map(({ id }) => id);
  const channels = (seed.channels ?? DEFAULT_CHANNELS).map(({ members = everyone, ...channel }) =>
    toChannel({
      ...{ created: Math.floor(now / 1000) - 86_400 * 365, creator: users[0]!.id },
      ...channel,
      members: new Set(members.map((id) => (id === 'bot' ? BOT_USER_ID : id))),
    }),
  );
  const groups = (seed.userGroups ?? DEFAULT_GROUPS).map((group) => ({ name: group.handle, ...group }));
  return { users, channels, groups };
}

/** Creates a channel: public and not archived, unless its fields say otherwise. */
export function toChannel(
  fields: Pick<Channel, 'id' | 'name' | 'members' | 'created' | 'creator'> & Partial<Channel>,
): Channel {
  return { kind: 'public', is_archived: false, is_general: false, is_ext_shared: false, ...fields };
}

function toUser(seed: SeedUser): User {
  return {
    team_id: TEAM_ID,
    real_name: seed.name,
    tz: 'UTC',
    is_admin: false,
    is_owner: false,
    is_restricted: false,
    is_ultra_restricted: false,
    is_stranger: false,
    is_bot: false,
    deleted: false,
    ...seed,
  };
}
