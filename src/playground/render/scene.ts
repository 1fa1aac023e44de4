import type { Channel, JsonObject, User, UserGroup } from '../emulator/types.ts';
import { type Html, html } from './html.ts';

/** Data for drawing blocks: names of the workspace, the reader, and the values typed into a form so far. */
export interface Scene {
  users: ReadonlyMap<string, User>;
  channels: ReadonlyMap<string, Channel>;
  groups: ReadonlyMap<string, UserGroup>;
  reader: User;
  theme: 'light' | 'dark';
  /** State of a view's elements by block_id and action_id; empty for messages. */
  values: Readonly<Record<string, Readonly<Record<string, JsonObject>>>>;
  /** Id of the conversation on screen. */
  channel: string;
  /** Element of a header block: h3 in messages, h2 in the Home tab, so that headings follow each other without a gap. */
  heading: 'h2' | 'h3';
}

/** Returns the path at which the emulator serves an uploaded file. */
export function fileUrl(id: string): string {
  return `/_control/file/${encodeURIComponent(id)}`;
}

/** Draws a link that opens in a new tab, for `http`, `https` and `mailto` addresses; any other address becomes plain text. */
export function renderLink(address: unknown, words: string): Html {
  const url = String(address);
  const safe = URL.canParse(url) && /^(https?|mailto):$/.test(new URL(url).protocol);
  return safe ? html`<a href="${url}" target="_blank" rel="noopener noreferrer">${words}</a>` : html`${words}`;
}

/** Draws a mention of a person, group or channel by its name, or of everybody (`@here`). Mentions of the reader stand out. */
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

/** Returns the text of a text object, as written. */
export function plainOf(object: unknown, otherwise = ''): string {
  const { text } = (object ?? {}) as JsonObject;
  return typeof text === 'string' ? text : otherwise;
}
