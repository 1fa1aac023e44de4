import { EventEmitter } from 'node:events';
import type {
  Change,
  Channel,
  Ephemeral,
  Message,
  Problem,
  SeedChannel,
  SeedGroup,
  SeedUser,
  StoredFile,
  User,
  UserGroup,
  View,
  WorkspaceSeed,
} from './types.ts';

/** Everything in the workspace. Methods that change it tell the listeners; code that changes it elsewhere calls `changed`. */
export class WorkspaceState {
  readonly users: Map<string, User>;
  readonly channels: Map<string, Channel>;
  readonly userGroups: Map<string, UserGroup>;
  /** Messages by channel id, oldest first, replies included. */
  readonly messages = new Map<string, Message[]>();
  readonly ephemerals: Ephemeral[] = [];
  readonly files = new Map<string, StoredFile>();
  readonly views = new Map<string, View>();
  /** Ids of a user's open modals, the visible one last; at most three. */
  readonly modals = new Map<string, string[]>();
  /** Ids of Home views by user. */
  readonly homes = new Map<string, string>();
  readonly problems: Problem[] = [];
  readonly now: () => number;
  readonly #changes = new EventEmitter().setMaxListeners(0);
  #lastTs = 0;
  #sequence = 0;

  constructor(seed: WorkspaceSeed, botName: string, now: () => number) {
    const { users, channels, groups } = toWorkspace(seed, botName, now());
    this.now = now;
    this.users = new Map(users.map((user) => [user.id, user]));
    this.channels = new Map(channels.map((channel) => [channel.id, channel]));
    this.userGroups = new Map(groups.map((group) => [group.id, group]));
  }

  /** Returns a message timestamp: the clock in microseconds, but always later than the one before. */
  nextTs(): string {
    this.#lastTs = Math.max(Math.floor(this.now() * 1000), this.#lastTs + 1);
    return `${Math.floor(this.#lastTs / 1e6)}.${String(this.#lastTs % 1e6).padStart(6, '0')}`;
  }

  /** Returns an id in Slack's form, unique in this workspace: the letter, then upper-case letters and digits. */
  nextId(letter: string): string {
    this.#sequence += 1;
    return `${letter}0${this.#sequence.toString(36).toUpperCase().padStart(9, '0')}`;
  }

  changed(change: Change = 'shown'): void {
    this.#changes.emit('change', change);
  }

  onChange(listener: (change: Change) => void): () => void {
    this.#changes.on('change', listener);
    return () => this.#changes.off('change', listener);
  }

  problem(kind: Problem['kind'], where: string, detail: string): void {
    this.problems.push({ kind, where, detail, at: this.now() });
    this.changed('problem');
  }

  /** Finds a user by id, or by name with or without `@`. */
  findUser(ref: string): User | undefined {
    const name = ref.replace(/^@/, '');
    return this.users.get(ref) ?? this.users.values().find((user) => user.name === name);
  }

  /** Finds a channel by id, or by name with or without `#`. */
  findChannel(ref: string): Channel | undefined {
    const name = ref.replace(/^#/, '');
    return this.channels.get(ref) ?? this.channels.values().find((channel) => name !== '' && channel.name === name);
  }

  /** Returns the direct-message channel of the bot and a person; creates it on the first call. */
  openDirect(user: string): Channel {
    const id = `D${user.slice(1)}`;
    const known = this.channels.get(id);
    if (known) return known;
    const channel = toChannel({
      ...{ id, name: '', kind: 'im', members: new Set([BOT_USER_ID, user]) },
      ...{ created: Math.floor(this.now() / 1000), creator: BOT_USER_ID },
    });
    this.channels.set(id, channel);
    this.changed();
    return channel;
  }

  channelMessages(channel: string): Message[] {
    return this.messages.getOrInsertComputed(channel, () => []);
  }

  findMessage(channel: string, ts: string): Message | undefined {
    return this.messages.get(channel)?.find((message) => message.ts === ts);
  }

  addMessage(fields: Omit<Message, 'type' | 'ts' | 'team'>): Message {
    const team = this.users.get(fields.user)?.team_id ?? TEAM_ID;
    const message: Message = { type: 'message', team, ts: this.nextTs(), ...fields };
    this.channelMessages(fields.channel).push(message);
    this.changed();
    return message;
  }

  /** Adds a private message. If `seen` is false, nobody sees it, though Slack has accepted it. */
  addEphemeral(fields: Pick<Ephemeral, 'channel' | 'to' | 'text'> & Partial<Ephemeral>, seen = true): Ephemeral {
    const author = { team: TEAM_ID, user: BOT_USER_ID, bot_id: BOT_ID };
    const message: Ephemeral = {
      type: 'message',
      subtype: 'bot_message',
      ...author,
      ts: this.nextTs(),
      ...fields,
    };
    if (seen) this.ephemerals.push(message);
    this.changed();
    return message;
  }

  /** Changes a message in place. A field that is `undefined` in `fields` is removed. */
  changeMessage(message: Message | Ephemeral, fields: Partial<Message>): void {
    Object.assign(message, fields);
    this.changed();
  }

  removeMessage(message: Message | Ephemeral): void {
    const list: Message[] = 'to' in message ? this.ephemerals : this.channelMessages(message.channel);
    const index = list.indexOf(message);
    if (index >= 0) list.splice(index, 1);
    this.changed();
  }
}

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

/** Give up after 30 s. Nothing takes that long, not even on a slow and busy machine. */
const PATIENCE_MS = 30_000;

/**
 * Resolves with the first truthy result of `predicate`, which is called now and after every change. An error in it counts as
 * "not yet". Rejects after `timeoutMs` with an error that names `what`.
 */
export function waitFor<T>(
  state: WorkspaceState,
  predicate: () => T | undefined | false | null,
  what: string,
  timeoutMs = PATIENCE_MS,
): Promise<T> {
  const { promise, resolve, reject } = Promise.withResolvers<T>();
  let last: unknown;
  const ask = () => {
    try {
      const value = predicate();
      if (value) resolve(value);
    } catch (error) {
      last = error;
    }
  };
  const off = state.onChange(ask);
  const timer = setTimeout(() => {
    reject(new Error(`waited ${timeoutMs} ms in vain until ${what}`, { cause: last }));
  }, timeoutMs);
  ask();
  return promise.finally(() => {
    clearTimeout(timer);
    off();
  });
}
