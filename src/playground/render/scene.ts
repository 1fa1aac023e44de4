import { createElement, type ReactNode } from 'react';
import type { Channel, JsonObject, User, UserGroup } from '../emulator/types.ts';

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

/** Elements are made by this function, never from strings: React escapes every text and attribute. */
export const h = createElement;

export type { ReactNode };

/** Where the playground serves an uploaded file. */
export function fileUrl(id: string): string {
  return `/_control/file/${encodeURIComponent(id)}`;
}

/** `http`, `https` and `mailto` addresses; anything else is no link. */
export function safeUrl(url: unknown): string | undefined {
  if (typeof url !== 'string' || !URL.canParse(url)) return undefined;
  return /^(https?|mailto):$/.test(new URL(url).protocol) ? url : undefined;
}

export function mentionUser(scene: Scene, id: string): ReactNode {
  const user = scene.users.get(id);
  return h('span', { className: id === scene.reader.id ? 'mention me' : 'mention' }, `@${user?.real_name ?? id}`);
}

export function mentionGroup(scene: Scene, id: string): ReactNode {
  const group = scene.groups.get(id);
  const me = group?.users.includes(scene.reader.id);
  return h('span', { className: me ? 'mention me' : 'mention' }, `@${group?.handle ?? id}`);
}

export function mentionChannel(scene: Scene, id: string): ReactNode {
  const channel = scene.channels.get(id);
  return h('button', { type: 'button', className: 'mention link', 'data-open-channel': id }, `#${channel?.name ?? id}`);
}
