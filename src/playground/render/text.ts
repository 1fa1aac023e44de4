import type { JsonObject } from '../emulator/types.ts';
import { formatSlackDate } from './dates.ts';
import { type Content, type Html, html } from './html.ts';
import { listOf, plainOf, renderLink, renderMention, type Scene } from './scene.ts';

/** A mark that words stand between: not inside of a word, not before or after a space. */
const marked = (mark: string) => `(?<![\\p{L}\\p{N}])${mark}(?=\\S)([^${mark}\\n]+?)(?<=\\S)${mark}(?![\\p{L}\\p{N}])`;

/** Pieces of mrkdwn, in the order in which Slack looks for them; `<…>` is read before entities are, so `&lt;` stays text. */
const PIECES = new RegExp(
  ['```([\\s\\S]+?)```', '`([^`\\n]+)`', '<([^<>\\n]+)>', marked('\\*'), marked('_'), marked('~')].join('|'),
  'gu',
);

/**
 * Slack's mrkdwn as Slack shows it: marks, mentions, links, dates. Entities become characters only after markup was found.
 * https://docs.slack.dev/messaging/formatting-message-text
 */
export function renderMrkdwn(text: string, scene: Scene): Content[] {
  const shown: Content[] = [];
  let last = 0;
  for (const match of text.matchAll(PIECES)) {
    shown.push(withSigns(decode(text.slice(last, match.index))), renderPiece(match, scene));
    last = match.index + match[0].length;
  }
  shown.push(withSigns(decode(text.slice(last))));
  return shown;
}

function renderPiece([, pre, code, reference, bold, italic, strike]: RegExpExecArray, scene: Scene): Content {
  if (pre !== undefined) return html`<pre>${decode(pre.replace(/^\n/, ''))}</pre>`;
  if (code !== undefined) return html`<code>${decode(code)}</code>`;
  if (reference !== undefined) return renderReference(reference, scene);
  if (bold !== undefined) return html`<strong>${renderMrkdwn(bold, scene)}</strong>`;
  if (italic !== undefined) return html`<em>${renderMrkdwn(italic, scene)}</em>`;
  return html`<s>${renderMrkdwn(strike!, scene)}</s>`;
}

/** What stands between `<` and `>`. */
function renderReference(reference: string, scene: Scene): Content {
  const [target = '', label] = reference.split('|', 2);
  const [kind, id = '', format = ''] = target.split('^');
  if (kind === '!subteam') return renderMention('group', id, scene);
  if (kind === '!date') return formatSlackDate(Number(id), format, scene.reader.tz, label ?? '');
  if (target.startsWith('@')) return renderMention('user', target.slice(1), scene);
  if (target.startsWith('#')) return renderMention('channel', target.slice(1), scene);
  if (target.startsWith('!')) return renderMention('all', target.slice(1), scene);
  return renderLink(decode(target), decode(label ?? target));
}

/** The three entities of Slack's text. */
function decode(text: string): string {
  return text.replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&amp;', '&');
}

/** A text object: `mrkdwn` is markup, `plain_text` is not. */
export function renderText(object: unknown, scene: Scene): Content {
  const text = plainOf(object);
  return (object as JsonObject | undefined)?.type === 'mrkdwn' ? renderMrkdwn(text, scene) : withSigns(text);
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
export function withSigns(text: string): Content {
  if (!SPLIT.test(text)) return text;
  return text.split(SPLIT).map((part, index) => {
    if (SIGNS[part]) return html`<span class="sign ${SIGNS[part]}">${part}</span>`;
    return index % 2 ? html`<span class="bar" aria-hidden="true">${part}</span>` : part;
  });
}

/** A rich_text block. Its texts are shown letter by letter: nothing in them is markup. */
export function renderRichText(block: JsonObject, scene: Scene): Html {
  return html`<div class="rich-text">${listOf(block.elements).map((part) => renderPart(part, scene))}</div>`;
}

function renderPart(part: JsonObject, scene: Scene): Html {
  const inside = listOf(part.elements);
  if (part.type === 'rich_text_list') {
    const items = inside.map((item) => html`<li>${renderLeaves(item, scene)}</li>`);
    const indent = `margin-inline-start:${Number(part.indent ?? 0) * 1.5}em`;
    return part.style === 'ordered'
      ? html`<ol style="${indent}">${items}</ol>`
      : html`<ul style="${indent}">${items}</ul>`;
  }
  const leaves = renderLeaves(part, scene);
  if (part.type === 'rich_text_preformatted') return html`<pre>${leaves}</pre>`;
  if (part.type === 'rich_text_quote') return html`<blockquote>${leaves}</blockquote>`;
  return html`<p>${leaves}</p>`;
}

function renderLeaves(part: JsonObject, scene: Scene): Content[] {
  return listOf(part.elements).map((leaf) => {
    const style = (leaf.style ?? {}) as { bold?: boolean; italic?: boolean; strike?: boolean; code?: boolean };
    let content = renderLeaf(leaf, scene);
    if (style.code) content = html`<code>${content}</code>`;
    if (style.strike) content = html`<s>${content}</s>`;
    if (style.italic) content = html`<em>${content}</em>`;
    return style.bold ? html`<strong>${content}</strong>` : content;
  });
}

function renderLeaf(leaf: JsonObject, scene: Scene): Content {
  switch (leaf.type) {
    case 'user':
      return renderMention('user', String(leaf.user_id), scene);
    case 'usergroup':
      return renderMention('group', String(leaf.usergroup_id), scene);
    case 'channel':
      return renderMention('channel', String(leaf.channel_id), scene);
    case 'emoji':
      return fromCodePoints(leaf.unicode) ?? `:${String(leaf.name)}:`;
    case 'date':
      return formatSlackDate(Number(leaf.timestamp), String(leaf.format), scene.reader.tz, String(leaf.fallback ?? ''));
    case 'link':
      return renderLink(leaf.url, String(leaf.text ?? leaf.url));
    default:
      return withSigns(String(leaf.text ?? ''));
  }
}

function fromCodePoints(unicode: unknown): string | undefined {
  if (typeof unicode !== 'string' || !/^[0-9a-f]+(-[0-9a-f]+)*$/i.test(unicode)) return undefined;
  const points = unicode.split('-').map((hex) => Number.parseInt(hex, 16));
  return points.every((point) => point <= 0x10ffff) ? String.fromCodePoint(...points) : undefined;
}
