import { formatDate } from './dates.ts';
import { h, mentionChannel, mentionGroup, mentionUser, type ReactNode, type Scene, safeUrl } from './scene.ts';
import { withSigns } from './signs.ts';

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
