/**
 * Glossary of the emulated workspace: what Slack keeps, in the shapes its API returns. Ids and fields follow
 * https://docs.slack.dev/reference/objects; only fields that a bot can see or be tripped by are kept.
 */

export type JsonObject = { [key: string]: unknown };

/** A Block Kit block or element, as received; `type` is all that is certain before validation. */
export type Block = JsonObject & { type: string; block_id?: string };

/** Where blocks are shown. */
export type Surface = 'message' | 'modal' | 'home';

export interface BlockPlace {
  /** Method or interaction, for the record. */
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

/** A message only `user` sees; not in history, and changed only through a response_url. */
export interface Ephemeral extends Message {
  /** Who sees it; `user` is its author, the bot. */
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
  /** Block ids of fields that an update brought and nobody has touched: Slack does not say what these begin with. */
  brought: readonly string[];
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
  /** Scanned and parsed: only now is `mimetype` known and may a block refer to it. */
  ready: boolean;
  deleted: boolean;
  mimetype: string;
  filetype: string;
  width?: number;
  height?: number;
  /** Conversations it was shared to, with the message that did. */
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

/** Something an app must never do. Tests assert that there is none. */
export interface Problem {
  kind: ProblemKind;
  /** Method or interaction it happened in. */
  where: string;
  detail: string;
  at: number;
}

/** Something happened: what people see changed, or else. */
export type Change = 'shown' | 'call' | 'problem' | 'delivery';

export type SeedUser = Pick<User, 'id' | 'name'> & Partial<User>;
/** `bot` stands for the app's bot user among the members. Default: every full member, and the bot. */
export type SeedChannel = Pick<Channel, 'id' | 'name'> & Partial<Omit<Channel, 'members'>> & { members?: string[] };
export type SeedGroup = Pick<UserGroup, 'id' | 'handle' | 'users'> & Partial<UserGroup>;

/** Each list given replaces the default one. */
export interface WorkspaceSeed {
  users?: SeedUser[];
  channels?: SeedChannel[];
  userGroups?: SeedGroup[];
}

export type EnvelopeType = 'slash_commands' | 'interactive' | 'events_api';

/** One request to the app, and what came of it. */
export interface Delivery {
  type: EnvelopeType;
  transport: 'http' | 'socket' | 'none';
  payload: JsonObject;
  /** HTTP status; 200 for an acknowledged envelope; 0 when nothing came in time. */
  status: number;
  ackMs: number;
  /** Parsed JSON, or text, of the acknowledgement; undefined when it was empty. */
  ack: unknown;
  /** The app asked for no retry (`X-Slack-No-Retry: 1`). */
  noRetry: boolean;
}

export interface Retry {
  num: number;
  reason: 'http_timeout' | 'http_error' | 'connection_failed' | 'timeout';
}
