/**
 * Types of the emulated workspace, in the shapes that Slack's API returns: https://docs.slack.dev/reference/objects. They have
 * only the fields that a bot can see or depend on.
 */

export type JsonObject = { [key: string]: unknown };

/** A Block Kit block or element as received. Before validation, only its `type` is certain. */
export type Block = JsonObject & { type: string; block_id?: string };

/** Where blocks are shown. */
export type Surface = 'message' | 'modal' | 'home';

export interface BlockPlace {
  /** Method or interaction, for the list of problems. */
  where: string;
  surface: Surface;
  /** Conversation the blocks are for. */
  channel?: string;
  /** The only reader, of a private message or a view. */
  reader?: string;
}

export interface User {
  id: string;
  team_id: string;
  name: string;
  real_name: string;
  tz: string;
  is_admin: boolean;
  is_owner: boolean;
  /** Multi-channel guest; with `is_ultra_restricted` a single-channel guest. */
  is_restricted: boolean;
  is_ultra_restricted: boolean;
  /** Belongs to another team and is known only through a shared channel. */
  is_stranger: boolean;
  is_bot: boolean;
  deleted: boolean;
}

export type ChannelKind = 'public' | 'private' | 'im' | 'mpim';

export interface Channel {
  id: string;
  name: string;
  kind: ChannelKind;
  members: Set<string>;
  created: number;
  creator: string;
  is_archived: boolean;
  is_general: boolean;
  is_ext_shared: boolean;
}

export interface UserGroup {
  id: string;
  handle: string;
  name: string;
  users: string[];
}

export interface Message {
  type: 'message';
  subtype?: string;
  channel: string;
  ts: string;
  user: string;
  team: string;
  text: string;
  bot_id?: string;
  app_id?: string;
  blocks?: Block[];
  thread_ts?: string;
  metadata?: { event_type: string; event_payload: JsonObject };
  edited?: { user: string; ts: string };
  files?: JsonObject[];
}

/** A private message, which only one person sees. It is not in the history, and only a response_url can change it. */
export interface Ephemeral extends Message {
  /** The person who sees it. `user` is its author, the bot. */
  to: string;
}

export interface View {
  id: string;
  type: 'modal' | 'home';
  user: string;
  team_id: string;
  app_id: string;
  bot_id: string;
  app_installed_team_id: string;
  blocks: Block[];
  title: JsonObject | null;
  submit: JsonObject | null;
  close: JsonObject | null;
  private_metadata: string;
  callback_id: string;
  external_id: string;
  hash: string;
  state: { values: Record<string, Record<string, JsonObject>> };
  /** Ids of blocks that an update added and nobody has touched since: Slack does not send their initial values. */
  untouched: readonly string[];
  root_view_id: string;
  previous_view_id: string | null;
}

export interface StoredFile {
  id: string;
  name: string;
  title: string;
  alt_txt: string;
  user: string;
  created: number;
  bytes: Buffer;
  /** Length announced to files.getUploadURLExternal. */
  length: number;
  uploaded: boolean;
  completed: boolean;
  /** True once the file has been scanned. Only then `mimetype` is known, and blocks may show the file. */
  ready: boolean;
  deleted: boolean;
  mimetype: string;
  filetype: string;
  width?: number;
  height?: number;
  /** Conversations that the file was shared to, each with the message that shared it. */
  shares: { channel: string; ts: string }[];
}

export type ProblemKind =
  | 'invalid_blocks'
  | 'missing_text'
  | 'oversize'
  | 'unknown_method'
  | 'missing_scope'
  | 'invalid_auth'
  | 'invalid_arguments'
  | 'trigger'
  | 'ephemeral'
  | 'response_url'
  | 'late_ack'
  | 'unacknowledged'
  | 'view';

/** Something that an app must never do. Tests assert that there are no problems. */
export interface Problem {
  kind: ProblemKind;
  /** Method or interaction it happened in. */
  where: string;
  detail: string;
  at: number;
}

/** Kinds of change that listeners hear of. `shown`: something that people see has changed. */
export type Change = 'shown' | 'call' | 'problem' | 'delivery';

export type SeedUser = Pick<User, 'id' | 'name'> & Partial<User>;
/** Among `members`, `bot` means the app's bot user. Default: all full members, the bot included. */
export type SeedChannel = Pick<Channel, 'id' | 'name'> & Partial<Omit<Channel, 'members'>> & { members?: string[] };
export type SeedGroup = Pick<UserGroup, 'id' | 'handle' | 'users'> & Partial<UserGroup>;

/** Contents of a new workspace. Each list replaces the default one. */
export interface WorkspaceSeed {
  users?: SeedUser[];
  channels?: SeedChannel[];
  userGroups?: SeedGroup[];
}

export type EnvelopeType = 'slash_commands' | 'interactive' | 'events_api';

/** One request to the app, and its result. */
export interface Delivery {
  type: EnvelopeType;
  transport: 'http' | 'socket' | 'none';
  payload: JsonObject;
  /** HTTP status; 200 for an acknowledged envelope; 0 if nothing came in time. */
  status: number;
  ackMs: number;
  /** Body of the acknowledgement, as parsed JSON or text; undefined if it was empty. */
  ack: unknown;
  /** True if the app asked for no retry (`X-Slack-No-Retry: 1`). */
  noRetry: boolean;
}

export interface Retry {
  num: number;
  reason: 'http_timeout' | 'http_error' | 'connection_failed' | 'timeout';
}
