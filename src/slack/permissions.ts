import type { UsersInfoResponse, WebClient } from '@slack/web-api';
import type { Logger } from '../log.ts';
import { callSlack, slackErrorOf } from './client/errors.ts';
import { AccountList, type Found, type Memory } from './client/memory.ts';

/** A person as Slack describes them, with their rights here. */
export interface Person {
  id: string;
  name: string;
  /** IANA. */
  zone: string;
  /** Neither guest, bot, deactivated, nor of another organisation. */
  fullMember: boolean;
  mayView: boolean;
  admin: boolean;
}

/** Returns the reason why a person may not see usage; undefined if they may. */
export function whyClosed({ fullMember, mayView }: Person, botName: string): string | undefined {
  if (!fullMember)
    return 'API usage is for full members of this workspace, not for guests or people of other organisations.';
  if (mayView) return undefined;
  return `Only the people listed in VIEWERS may see API usage here. An admin of ${botName} can add you.`;
}

export interface People {
  /** Returns a person with their rights, at most a minute old. Rejects if Slack cannot be asked: nobody has rights then. */
  find(user: string): Promise<Person>;
  /** Tells whether the account is gone or deactivated. Rejects if Slack cannot be asked. */
  hasLeft(user: string): Promise<boolean>;
  /** Lists the admins, with members of groups. Never waits until a whole workspace is listed. */
  listAdmins(): Promise<Found>;
}

const CACHE_MS = 60_000;
/** Errors of `usergroups.users.list` for a group that was removed, and on a plan without groups. */
const NO_GROUP = new Set(['no_such_subteam', 'plan_upgrade_required']);
/** Errors of `users.info` for accounts that the bot cannot see. */
const NOBODY = new Set(['user_not_found', 'user_not_visible']);

type SlackUser = NonNullable<UsersInfoResponse['user']>;

/**
 * Decides on rights: `VIEWERS` or every full member may ask, `ADMINS` or the workspace's admins may change things.
 * Guests and members of other organisations have no rights, even if they are listed.
 */
export function createPeople(
  client: WebClient,
  config: { admins: readonly string[]; viewers: readonly string[] },
  deps: { memory: Memory; log: Logger; now(): number; wait(ms: number): Promise<void>; teamId(): string | undefined },
): People {
  const remember = <T>(key: string, call: () => Promise<T>) => deps.memory.ask(key, CACHE_MS, call);
  const ask = <T>(call: () => Promise<T>) => callSlack(call, { wait: deps.wait, repeatable: true });
  /** Lists the members of a user group; undefined if the group was removed. */
  async function listGroup(usergroup: string): Promise<readonly string[] | undefined> {
    try {
      return (await ask(() => client.usergroups.users.list({ usergroup }))).users ?? [];
    } catch (error) {
      if (!NO_GROUP.has(slackErrorOf(error) ?? '')) throw error;
      deps.log.warn(
        { usergroup, error: String(error) },
        'a user group of ADMINS or VIEWERS is not there: it holds nobody',
      );
      return undefined;
    }
  }

  async function membersOf(ids: readonly string[]): Promise<Found> {
    const lists = await Promise.all(
      ids.map((id) => (id.startsWith('S') ? remember(`group:${id}`, () => listGroup(id)) : [id])),
    );
    return { ids: [...new Set(lists.flatMap((list) => list ?? []))], complete: !lists.includes(undefined) };
  }

  const isOneOf = async (id: string, ids: readonly string[]) => (await membersOf(ids)).ids.includes(id);

  function isFullMember(user: SlackUser): boolean {
    const team = deps.teamId();
    const ours = !team || user.team_id === team || (user.enterprise_user?.teams?.includes(team) ?? false);
    const guest = user.is_restricted || user.is_ultra_restricted || user.is_stranger;
    return ours && !guest && !user.deleted && !user.is_bot;
  }

  const workspaceAdmins = new AccountList<SlackUser>({
    ...{ client, log: deps.log, now: deps.now, wait: deps.wait },
    wanted: (user) => isFullMember(user) && Boolean(user.is_admin || user.is_owner),
  });

  async function toPerson(user: SlackUser): Promise<Person> {
    const fullMember = isFullMember(user);
    const id = user.id!;
    const admin =
      fullMember &&
      (config.admins.length > 0 ? await isOneOf(id, config.admins) : Boolean(user.is_admin || user.is_owner));
    const mayView = fullMember && (admin || config.viewers.length === 0 || (await isOneOf(id, config.viewers)));
    return { id, name: user.real_name || user.name || id, zone: user.tz || 'UTC', fullMember, mayView, admin };
  }

  async function lookUp(user: string): Promise<SlackUser> {
    const nobody: SlackUser = { id: user, deleted: true };
    return remember(`user:${user}`, async () => {
      try {
        return (await ask(() => client.users.info({ user }))).user ?? nobody;
      } catch (error) {
        if (NOBODY.has(slackErrorOf(error) ?? '')) return nobody;
        throw error;
      }
    });
  }

  return {
    find: async (user) => toPerson(await lookUp(user)),
    hasLeft: async (user) => (await lookUp(user)).deleted ?? false,
    async listAdmins() {
      return config.admins.length > 0 ? membersOf(config.admins) : workspaceAdmins.find();
    },
  };
}
