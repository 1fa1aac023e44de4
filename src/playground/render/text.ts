import type { JsonObject } from '../emulator/types.ts';
import { type Content, type Html, html } from './html.ts';
import { listOf, plainOf, renderLink, renderMention, type Scene } from './scene.ts';

/** Pattern of text between two marks. A mark inside a word, or with a space on its inner side, does not count. */
const marked = (mark: string) => `(?<![\\p{L}\\p{N}])${mark}(?=\\S)([^${mark}\\n]+?)(?<=\\S)${mark}(?![\\p{L}\\p{N}])`;

/** Pieces of mrkdwn, in the order in which Slack looks for them. `<…>` is found before entities are decoded, so `&lt;` stays text. */
const PIECES = new RegExp(
  ['```([\\s\\S]+?)```', '`([^`\\n]+)`', '<([^<>\\n]+)>', marked('\\*'), marked('_'), marked('~')].join('|'),
  'gu',
);

/**
 * Draws mrkdwn as Slack does: marks, mentions, links, dates. Entities are decoded only after the markup has been found.
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

/** Draws a reference, given the text between `<` and `>`. */
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

/** Decodes the three entities of Slack's text. */
function decode(text: string): string {
  return text.replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&amp;', '&');
}

/** Draws a text object: `mrkdwn` with its markup, `plain_text` as it is. */
export function renderText(object: unknown, scene: Scene): Content {
  const text = plainOf(object);
  return (object as JsonObject | undefined)?.type === 'mrkdwn' ? renderMrkdwn(text, scene) : withSigns(text);
}

/** Classes of the emoji for levels and alerts. The page's styles draw them, because not every machine has an emoji font. */
const SIGNS: Record<string, string> = {
  '🔵': 'healthy',
  '🟠': 'approaching',
  '🔴': 'critical',
  '⛔': 'exhausted',
  '🔔': 'bell',
};
/** Pattern of a bar of block characters, with its marks: `███░░│░░`. */
const BAR = '[\\u2580-\\u259f](?:[\\u2580-\\u259f|│]*[\\u2580-\\u259f])?';
const SPLIT = new RegExp(`(${Object.keys(SIGNS).join('|')}|${BAR})`, 'u');

/**
 * Draws plain text, with its emoji as coloured marks that stay text for screen readers. Bars are hidden from screen readers,
 * which would read them block by block; their numbers are in the text beside them.
 */
export function withSigns(text: string): Content {
  if (!SPLIT.test(text)) return text;
  return text.split(SPLIT).map((part, index) => {
    if (SIGNS[part]) return html`<span class="sign ${SIGNS[part]}">${part}</span>`;
    return index % 2 ? html`<span class="bar" aria-hidden="true">${part}</span>` : part;
  });
}

/** Draws a rich_text block. Its texts are shown as they are: nothing in them is markup. */
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

/** Formats of the tokens in a Slack date: https://docs.slack.dev/messaging/formatting-message-text#date-formatting */
const DATE_TOKENS: Record<string, Intl.DateTimeFormatOptions> = {
  date_num: { dateStyle: 'short' },
  date: { dateStyle: 'long' },
  date_short: { day: 'numeric', month: 'short', year: 'numeric' },
  date_long: { dateStyle: 'full' },
  date_pretty: { dateStyle: 'long' },
  date_short_pretty: { day: 'numeric', month: 'short', year: 'numeric' },
  date_long_pretty: { dateStyle: 'full' },
  time: { hour: '2-digit', minute: '2-digit' },
  time_secs: { timeStyle: 'medium' },
  ago: { dateStyle: 'medium', timeStyle: 'short' },
};

const formats = new Map<string, Intl.DateTimeFormat>();

/**
 * Formats an instant. The formatter for each set of options is kept, because each holds some hundred kilobytes that V8 does not
 * count: a new one for every date of every message would fill the memory long before garbage is collected.
 */
export function formatDate(ms: number, timeZone: string, options: Intl.DateTimeFormatOptions): string {
  const zoned = { ...options, timeZone };
  return formats.getOrInsertComputed(JSON.stringify(zoned), () => new Intl.DateTimeFormat('en-GB', zoned)).format(ms);
}

/** Fills the `{tokens}` of a Slack date, in the reader's zone. Returns the fallback if the instant or a token is invalid. */
export function formatSlackDate(timestamp: number, format: string, zone: string, fallback: string): string {
  const names = [...format.matchAll(/\{(\w+)\}/g)].map(([, name]) => name!);
  if (!Number.isFinite(timestamp) || names.some((name) => !DATE_TOKENS[name])) return fallback;
  return format.replace(/\{(\w+)\}/g, (_, name: string) => formatDate(timestamp * 1000, zone, DATE_TOKENS[name]!));
}

/** Returns the day of an instant in the reader's zone: `Today`, `Yesterday` or a date. */
export function formatDay(ms: number, nowMs: number, zone: string): string {
  const dateOf = (at: number) =>
    Temporal.Instant.fromEpochMilliseconds(Math.floor(at)).toZonedDateTimeISO(zone).toPlainDate();
  const [day, today] = [dateOf(ms), dateOf(nowMs)];
  const ago = today.since(day).days;
  if (ago < 2) return ago < 1 ? 'Today' : 'Yesterday';
  const year = day.year === today.year ? {} : { year: 'numeric' as const };
  return formatDate(ms, zone, { weekday: 'long', day: 'numeric', month: 'long', ...year });
}
