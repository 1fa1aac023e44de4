import { EventEmitter } from 'node:events';
import { BOT_ID, BOT_USER_ID, TEAM_ID, toChannel, toWorkspace } from './seed.ts';
import type {
  Change,
  Channel,
  Ephemeral,
  Message,
  Problem,
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
