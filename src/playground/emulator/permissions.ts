import { type Core, CREDENTIALS, refusal } from './core.ts';
import { CHANNEL_TYPE, toPlural } from './events.ts';
import type { WorkspaceState } from './state.ts';
import type { ChannelKind, JsonObject } from './types.ts';

type Needed = readonly string[] | ((state: WorkspaceState, args: JsonObject) => readonly string[]);

const KINDS: Record<string, ChannelKind> = {
  public_channel: 'public',
  private_channel: 'private',
  im: 'im',
  mpim: 'mpim',
};
const scope = (kind: ChannelKind, action: 'read' | 'history') => `${toPlural(CHANNEL_TYPE[kind])}:${action}`;

/** Returns the scope for the conversation `args.channel`, by its kind: `channels:read`, `groups:read`… */
function scopeOf(action: 'read' | 'history'): Needed {
  return ({ channels }, args) => {
    const channel = channels.get(String(args.channel));
    return channel ? [scope(channel.kind, action)] : [];
  };
}

/** Scopes that a method needs, by its page in docs.slack.dev/reference/methods. Methods that are not listed need none. */
const SCOPES: Record<string, Needed> = {
  'chat.postMessage': ['chat:write'],
  'chat.postEphemeral': ['chat:write'],
  'chat.update': ['chat:write'],
  'chat.delete': ['chat:write'],
  'conversations.info': scopeOf('read'),
  'conversations.join': ['channels:join'],
  'conversations.open': ['im:write'],
  'conversations.history': scopeOf('history'),
  'conversations.replies': scopeOf('history'),
  'users.conversations': (_state, args) =>
    String(args.types ?? 'public_channel')
      .split(',')
      .flatMap((type) => (KINDS[type] ? [scope(KINDS[type], 'read')] : [])),
  'files.getUploadURLExternal': ['files:write'],
  'files.completeUploadExternal': ['files:write'],
  'files.info': ['files:read'],
  'files.delete': ['files:write'],
  'users.info': ['users:read'],
  'users.list': ['users:read'],
  'usergroups.list': ['usergroups:read'],
  'usergroups.users.list': ['usergroups:read'],
};

/**
 * Throws Slack's error for a token of the wrong kind, or for one that lacks a scope. The latter names the missing scopes and
 * those that the token has.
 */
export function checkCall(core: Core, name: string, args: JsonObject, token?: string): void {
  const { appToken, botToken } = CREDENTIALS;
  if (token !== (name === 'apps.connections.open' ? appToken : botToken)) {
    const other = token === appToken || token === botToken;
    const code = !token ? 'not_authed' : other ? 'not_allowed_token_type' : 'invalid_auth';
    throw refusal(core, ['invalid_auth', name, code], code);
  }
  const all = SCOPES[name] ?? [];
  const needed = typeof all === 'function' ? all(core.state, args) : all;
  const missing = needed.filter((scope) => !core.manifest.scopes.has(scope)).join(',');
  if (missing === '') return;
  const provided = [...core.manifest.scopes].join(',');
  throw refusal(core, ['missing_scope', name, missing], 'missing_scope', { needed: missing, provided });
}
