import { getDateFormat } from '../emulator/date-format.ts';
import type { JsonObject } from '../emulator/types.ts';
import { h, mentionChannel, mentionGroup, mentionUser, type ReactNode, type Scene, safeUrl } from './scene.ts';

/** Pieces of mrkdwn, in the order in which Slack looks for them; `<…>` is read before entities are, so `&lt;` stays text. */
const PIECES =
  /```([\s\S]+?)```|`([^`\n]+)`|<([^<>\n]+)>|(?<![\p{L}\p{N}])\*(?=\S)([^*\n]+?)(?<=\S)\*(?![\p{L}\p{N}])|(?<![\p{L}\p{N}])_(?=\S)([^_\n]+?)(?<=\S)_(?![\p{L}\p{N}])|(?<![\p{L}\p{N}])~(?=\S)([^~\n]+?)(?<=\S)~(?![\p{L}\p{N}])/gu;

/**
 * Slack's mrkdwn as Slack shows it: marks, mentions, links, dates. Entities become characters only after markup was found.
 * https://docs.slack.dev/messaging/formatting-message-text
 */
export function renderMrkdwn(text: string, scene: Scene): ReactNode[] {
  const nodes: ReactNode[] = [];
  let last = 0;
  for (const match of text.matchAll(PIECES)) {
    nodes.push(withSigns(decode(text.slice(last, match.index))));
    nodes.push(renderPiece(match, scene, nodes.length));
    last = match.index + match[0].length;
  }
  nodes.push(withSigns(decode(text.slice(last))));
  return nodes;
}

function renderPiece(match: RegExpExecArray, scene: Scene, key: number): ReactNode {
  const [, pre, code, reference, bold, italic, strike] = match;
  if (pre !== undefined) return h('pre', { key }, decode(pre.replace(/^\n/, '')));
  if (code !== undefined) return h('code', { key }, decode(code));
  if (reference !== undefined) return h('span', { key }, renderReference(reference, scene));
  if (bold !== undefined) return h('strong', { key }, renderMrkdwn(bold, scene));
  if (italic !== undefined) return h('em', { key }, renderMrkdwn(italic, scene));
  return h('s', { key }, renderMrkdwn(strike!, scene));
}

/** What stands between `<` and `>`. */
function renderReference(reference: string, scene: Scene): ReactNode {
  const [target = '', label] = reference.split('|', 2);
  if (target.startsWith('@')) return mentionUser(scene, target.slice(1));
  if (target.startsWith('#')) return mentionChannel(scene, target.slice(1));
  if (target.startsWith('!subteam^')) return mentionGroup(scene, target.slice('!subteam^'.length));
  if (target.startsWith('!date^')) {
    const [, timestamp, format = ''] = target.split('^');
    return formatDate(Number(timestamp), format, scene.reader.tz, label ?? '');
  }
  if (target.startsWith('!')) return h('span', { className: 'mention me' }, `@${target.slice(1)}`);
  const url = safeUrl(decode(target));
  const shown = decode(label ?? target);
  return url ? h('a', { href: url, target: '_blank', rel: 'noopener noreferrer' }, shown) : shown;
}

/** The three entities of Slack's text. */
function decode(text: string): string {
  return text.replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&amp;', '&');
}

/** A text object: `mrkdwn` is markup, `plain_text` is not. */
export function renderText(object: unknown, scene: Scene): ReactNode {
  const { type, text } = (object ?? {}) as JsonObject;
  if (typeof text !== 'string') return '';
  return type === 'mrkdwn' ? renderMrkdwn(text, scene) : withSigns(text);
}

/** The words of a plain_text object. */
export function plainOf(object: unknown, otherwise = ''): string {
  const { text } = (object ?? {}) as JsonObject;
  return typeof text === 'string' ? text : otherwise;
}

/** Emoji that stand for a level, drawn by the page's own styles: not every machine has a font for them. */
const SIGNS: Record<string, string> = {
  '🔵': 'healthy',
  '🟠': 'approaching',
  '🔴': 'critical',
  '⛔': 'exhausted',
  '🔔': 'bell',
};
/** A bar of block characters, with its marks: `███░░│░░`. */
const BAR = '[\\u2580-\\u259f](?:[\\u2580-\\u259f|│]*[\\u2580-\\u259f])?';
const SPLIT = new RegExp(`(${Object.keys(SIGNS).join('|')}|${BAR})`, 'u');

/**
 * Text as it stands, its signs as marks that a screen reader still gets as text. Bars are for the eye alone: their numbers
 * stand beside them, and they would be read block by block.
 */
export function withSigns(text: string): ReactNode {
  if (!SPLIT.test(text)) return text;
  return text.split(SPLIT).map((part, key) => {
    if (SIGNS[part]) return h('span', { key, className: `sign ${SIGNS[part]}` }, part);
    return key % 2 ? h('span', { key, className: 'bar', 'aria-hidden': true }, part) : part;
  });
}

/**
 * The `{tokens}` of a Slack date, in the reader's zone; the fallback where the instant or a token is unknown.
 * Tokens: https://docs.slack.dev/messaging/formatting-message-text#date-formatting
 */
function formatDate(timestamp: number, format: string, zone: string, fallback: string): string {
  const date = new Date(timestamp * 1000);
  if (Number.isNaN(date.getTime())) return fallback;
  const by = (options: Intl.DateTimeFormatOptions) =>
    getDateFormat('en-GB', { ...options, timeZone: zone }).format(date);
  const time = by({ hour: '2-digit', minute: '2-digit' });
  const tokens: Record<string, string> = {
    date_num: by({ dateStyle: 'short' }),
    date: by({ dateStyle: 'long' }),
    date_short: by({ day: 'numeric', month: 'short', year: 'numeric' }),
    date_long: by({ dateStyle: 'full' }),
    date_pretty: by({ dateStyle: 'long' }),
    date_short_pretty: by({ day: 'numeric', month: 'short', year: 'numeric' }),
    date_long_pretty: by({ dateStyle: 'full' }),
    time,
    time_secs: by({ timeStyle: 'medium' }),
    ago: by({ dateStyle: 'medium', timeStyle: 'short' }),
  };
  let unknown = false;
  const text = format.replace(/\{(\w+)\}/g, (whole, name: string) => {
    unknown ||= tokens[name] === undefined;
    return tokens[name] ?? whole;
  });
  return unknown ? fallback : text;
}

/** `Today`, `Yesterday`, else the date, of an instant in the reader's zone. */
export function formatDay(ms: number, nowMs: number, zone: string): string {
  const dateOf = (at: number) =>
    Temporal.Instant.fromEpochMilliseconds(Math.floor(at)).toZonedDateTimeISO(zone).toPlainDate();
  const [day, today] = [dateOf(ms), dateOf(nowMs)];
  const ago = today.since(day).days;
  if (ago === 0) return 'Today';
  if (ago === 1) return 'Yesterday';
  const year = day.year === today.year ? undefined : ('numeric' as const);
  const options = {
    weekday: 'long',
    day: 'numeric',
    month: 'long',
    ...(year ? { year } : {}),
    timeZone: zone,
  } as const;
  return getDateFormat('en-GB', options).format(ms);
}

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
