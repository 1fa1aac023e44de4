import type { JsonObject } from '../emulator/types.ts';
import { formatDate } from './dates.ts';
import { h, mentionChannel, mentionGroup, mentionUser, type ReactNode, type Scene, safeUrl } from './scene.ts';
import { withSigns } from './signs.ts';

/** A rich_text block. Its texts are shown letter by letter: nothing in them is markup. */
export function renderRichText(block: JsonObject, scene: Scene): ReactNode {
  return h(
    'div',
    { className: 'rich-text' },
    listOf(block.elements).map((part, key) => renderPart(part, scene, key)),
  );
}

function renderPart(part: JsonObject, scene: Scene, key: number): ReactNode {
  const leaves = () => listOf(part.elements).map((leaf, index) => renderLeaf(leaf, scene, index));
  if (part.type === 'rich_text_preformatted') return h('pre', { key }, leaves());
  if (part.type === 'rich_text_quote') return h('blockquote', { key }, leaves());
  if (part.type === 'rich_text_list') {
    const items = listOf(part.elements).map((item, index) =>
      h(
        'li',
        { key: index },
        listOf(item.elements).map((leaf, at) => renderLeaf(leaf, scene, at)),
      ),
    );
    const indent = { marginInlineStart: `${Number(part.indent ?? 0) * 1.5}em` };
    return h(part.style === 'ordered' ? 'ol' : 'ul', { key, style: indent }, items);
  }
  return h('p', { key }, leaves());
}

function renderLeaf(leaf: JsonObject, scene: Scene, key: number): ReactNode {
  const content = renderContent(leaf, scene);
  const style = (leaf.style ?? {}) as { bold?: boolean; italic?: boolean; strike?: boolean; code?: boolean };
  let node = content;
  if (style.code) node = h('code', null, node);
  if (style.strike) node = h('s', null, node);
  if (style.italic) node = h('em', null, node);
  if (style.bold) node = h('strong', null, node);
  return h('span', { key }, node);
}

function renderContent(leaf: JsonObject, scene: Scene): ReactNode {
  switch (leaf.type) {
    case 'user':
      return mentionUser(scene, String(leaf.user_id));
    case 'usergroup':
      return mentionGroup(scene, String(leaf.usergroup_id));
    case 'channel':
      return mentionChannel(scene, String(leaf.channel_id));
    case 'broadcast':
      return h('span', { className: 'mention me' }, `@${String(leaf.range)}`);
    case 'emoji':
      return fromCodePoints(leaf.unicode) ?? `:${String(leaf.name)}:`;
    case 'date':
      return formatDate(Number(leaf.timestamp), String(leaf.format), scene.reader.tz, String(leaf.fallback ?? ''));
    case 'link': {
      const url = safeUrl(leaf.url);
      const text = String(leaf.text ?? leaf.url);
      return url ? h('a', { href: url, target: '_blank', rel: 'noopener noreferrer' }, text) : text;
    }
    default:
      return withSigns(String(leaf.text ?? leaf.value ?? ''));
  }
}

function fromCodePoints(unicode: unknown): string | undefined {
  if (typeof unicode !== 'string' || !/^[0-9a-f]+(-[0-9a-f]+)*$/i.test(unicode)) return undefined;
  const points = unicode.split('-').map((hex) => Number.parseInt(hex, 16));
  return points.every((point) => point <= 0x10ffff) ? String.fromCodePoint(...points) : undefined;
}

export function listOf(value: unknown): JsonObject[] {
  return Array.isArray(value) ? (value as JsonObject[]) : [];
}
