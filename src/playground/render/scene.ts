import type { Channel, JsonObject, User, UserGroup } from '../emulator/types.ts';
import { type Html, html } from './html.ts';

/** What blocks are drawn with: the workspace's names, the reader, and what was typed into a form so far. */
export interface Scene {
  users: ReadonlyMap<string, User>;
  channels: ReadonlyMap<string, Channel>;
  groups: ReadonlyMap<string, UserGroup>;
  reader: User;
  theme: 'light' | 'dark';
  /** State of a view's elements by block_id and action_id; empty for messages. */
  values: Readonly<Record<string, Readonly<Record<string, JsonObject>>>>;
  /** Conversation that the person looks at. */
  channel: string;
  /** What a header block is, under the headings that the page has above it. */
  heading: 'h2' | 'h3';
}

/** Where the playground serves an uploaded file. */
export function fileUrl(id: string): string {
  return `/_control/file/${encodeURIComponent(id)}`;
}

/** A link that opens beside the page: to `http`, `https` and `mailto` addresses; anything else stays words. */
export function renderLink(address: unknown, words: string): Html {
  const url = String(address);
  const safe = URL.canParse(url) && /^(https?|mailto):$/.test(new URL(url).protocol);
  return safe ? html`<a href="${url}" target="_blank" rel="noopener noreferrer">${words}</a>` : html`${words}`;
}

/** A person, group or channel by id, or everybody of a place, as people see it. */
export function renderMention(kind: 'user' | 'group' | 'channel' | 'all', id: string, scene: Scene): Html {
  const { users, groups, channels, reader } = scene;
  if (kind === 'channel') {
    const name = channels.get(id)?.name ?? id;
    return html`<button type="button" class="mention link" data-open-channel="${id}">#${name}</button>`;
  }
  const group = kind === 'group' ? groups.get(id) : undefined;
  const name = (kind === 'user' ? users.get(id)?.real_name : group?.handle) ?? id;
  const mine = kind === 'all' || id === reader.id || group?.users.includes(reader.id);
  return html`<span class="${mine ? 'mention me' : 'mention'}">@${name}</span>`;
}

export function listOf(value: unknown): JsonObject[] {
  return Array.isArray(value) ? (value as JsonObject[]) : [];
}

/** The words of a text object. */
export function plainOf(object: unknown, otherwise = ''): string {
  const { text } = (object ?? {}) as JsonObject;
  return typeof text === 'string' ? text : otherwise;
}
