import type { Links } from '../domain/definition.ts';
import { NOTHING } from '../report/table.ts';
import { ACTIONS } from './action-ids.ts';
import {
  MAX_BUTTON_TEXT,
  MAX_CONFIRM_BUTTON,
  MAX_CONFIRM_TEXT,
  MAX_CONFIRM_TITLE,
  MAX_CONTEXT_ELEMENTS,
  MAX_CONTEXT_TEXT,
  MAX_HEADER_TEXT,
  MAX_LINK,
  MAX_OPTION_TEXT,
  MAX_SECTION_TEXT,
} from './limits.ts';

/** A Block Kit block, or an element of one. */
export type Block = { type: string; [key: string]: unknown };

/** A message to post: `text` is what notifications and screen readers get, and what remains if the blocks are refused. */
export interface Message {
  text: string;
  blocks: readonly Block[];
}

const WORD_JOINER = '\u2060';

/** The three characters that Slack reads as markup in mrkdwn and in `text`: docs.slack.dev/messaging/formatting-message-text. */
function escapeText(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

/** Marks that format text between word boundaries, and characters that look like them and do not. */
const LOOKALIKES: Record<string, string> = { '*': '∗', _: 'ˍ', '~': '∼', '`': 'ˋ' };
const FORMATTING = /`|(?<![\p{L}\p{N}])[*_~]|[*_~](?![\p{L}\p{N}])/gu;
/** The colon of an emoji code or a scheme, the dot of a domain or mail address, the sign of a mention of all. */
const REFERENCE = /:(?=[\w+'-]+:|\/\/)|(?<=[\p{L}\p{N}-])\.(?=\p{L})|@(?=channel|here|everyone)/giu;

/**
 * Text of others for places that Slack reads as markup (the `text` of a message): it can mention nobody, format nothing
 * and link nowhere. Slack has no escape for formatting, so its marks become characters of the same look; references are
 * parted by an invisible word joiner.
 */
export function defuse(text: string): string {
  const calm = keepDirection(text)
    .replace(FORMATTING, (mark) => LOOKALIKES[mark]!)
    .replace(REFERENCE, (sign) => sign + WORD_JOINER);
  return escapeText(calm);
}

/** A name may turn round the text after it, numbers included: in a sentence its direction controls are left out. */
export function keepDirection(text: string): string {
  return text.replace(/[\u202a-\u202e\u2066-\u2069]/g, '');
}

/** Names may hold line breaks; in a row or list they are spaces, so that each stays one line. */
export function toOneLine(text: string): string {
  return text.replace(/\s*[\n\v\f\r\u0085\u2028\u2029]\s*/g, ' ');
}

/** At most `limit` characters (code points, never half of one), the last being `…` where something was cut off. */
export function clip(text: string, limit: number): string {
  if (text.length <= limit) return text;
  const points = [...text];
  if (points.length <= limit && text.length <= limit) return text;
  let cut = '';
  for (const point of points) {
    if (cut.length + point.length > limit - 1) break;
    cut += point;
  }
  return `${cut}…`;
}

/** Slack refuses a whole message for one empty text; one that nobody would see is as good as empty. */
export function toFilled(text: string): string {
  return /[^\p{Z}\p{C}]/u.test(text) ? text : NOTHING;
}

/** Shown as it is: no emoji shortcodes, no markup. Never empty. */
export function plainText(text: string, limit = MAX_SECTION_TEXT): { type: 'plain_text'; text: string; emoji: false } {
  return { type: 'plain_text', text: toFilled(clip(keepDirection(text), limit)), emoji: false };
}

/** Markup of our own words only: whatever comes from outside goes through `plainText` or `richText`. */
export function markdown(text: string, limit = MAX_SECTION_TEXT): { type: 'mrkdwn'; text: string; verbatim: true } {
  return { type: 'mrkdwn', text: toFilled(clip(text, limit)), verbatim: true };
}

export type Leaf =
  | { type: 'text'; text: string; style?: { bold?: true; italic?: true; code?: true; strike?: true } }
  | { type: 'user'; user_id: string }
  | { type: 'usergroup'; usergroup_id: string }
  | { type: 'channel'; channel_id: string }
  | { type: 'link'; url: string; text: string }
  | { type: 'date'; timestamp: number; format: string; fallback: string };

/** Text of a rich_text leaf is never parsed: the place for names. */
export function leaf(text: string, style?: { bold?: true; italic?: true; code?: true }): Leaf {
  return style ? { type: 'text', text, style } : { type: 'text', text };
}

/** One paragraph. Leaves without text are left out, which Slack would refuse, and a paragraph of none says so. */
export function richText(...leaves: readonly (Leaf | string)[]): Block {
  return { type: 'rich_text', elements: [{ type: 'rich_text_section', elements: toLeaves(leaves) }] };
}

/** One bullet per item, each one line. */
export function richList(items: readonly (readonly (Leaf | string)[])[]): Block {
  return {
    type: 'rich_text',
    elements: [
      {
        type: 'rich_text_list',
        style: 'bullet',
        elements: (items.length > 0 ? items : [[]]).map((item) => ({
          type: 'rich_text_section',
          elements: toLeaves(item).map(toLineLeaf),
        })),
      },
    ],
  };
}

function toLineLeaf(item: Leaf): Leaf {
  return item.type === 'text' || item.type === 'link' ? { ...item, text: toOneLine(item.text) } : item;
}

function toLeaves(leaves: readonly (Leaf | string)[]): Leaf[] {
  const filled = leaves
    .map((item) => (typeof item === 'string' ? leaf(item) : item))
    .map((item) => ('text' in item ? { ...item, text: keepDirection(item.text) } : item))
    .map((item) => (item.type === 'link' ? { ...item, text: toFilled(item.text) } : item))
    .filter((item) => item.type !== 'text' || item.text !== '');
  return filled.some((item) => item.type !== 'text' || toFilled(item.text) === item.text) ? filled : [leaf(NOTHING)];
}

/** A conversation, person or group by its name, as Slack shows it to the reader; direct messages have none. */
export function place(id: string): Leaf {
  if (/^[CG][A-Z0-9]+$/.test(id)) return { type: 'channel', channel_id: id };
  if (/^[UW][A-Z0-9]+$/.test(id)) return { type: 'user', user_id: id };
  if (/^S[A-Z0-9]+$/.test(id)) return { type: 'usergroup', usergroup_id: id };
  return leaf(id.startsWith('D') ? 'direct messages' : id);
}

/** A slack id by its shape: letters and digits in any order after the first letter. */
const PLACE_ID = /\b([CGUW](?=[A-Z]*\d)[A-Z0-9]{7,})\b/;
/** The same at the end of a sentence, where who entered it stands. */
const ACTOR = /(?<=\()([UW](?=[A-Z]*\d)[A-Z0-9]{7,})(?=\)(?:\.|$))/;

/** Our own words, with the ids of channels and people in them as Slack shows these to the reader. */
export function namePlaces(text: string, ids = PLACE_ID): Leaf[] {
  return text.split(ids).map((part, index) => (index % 2 === 1 ? place(part) : leaf(part)));
}

/** Sentences that may end with who entered something, in brackets. */
export function nameActor(text: string): Leaf[] {
  return namePlaces(text, ACTOR);
}

/** `<@U…>`, `<!subteam^S…>`: a person or group where Slack reads markup. */
export function mention(id: string): string {
  return id.startsWith('S') ? `<!subteam^${id}>` : `<@${id}>`;
}

export function header(text: string): Block {
  return { type: 'header', text: plainText(text, MAX_HEADER_TEXT) };
}

/** Small print, shown as it is. */
export function plainContext(...lines: readonly string[]): Block {
  return {
    type: 'context',
    elements: (lines.length > 0 ? lines : [NOTHING])
      .slice(0, MAX_CONTEXT_ELEMENTS)
      .map((line) => plainText(line, MAX_CONTEXT_TEXT)),
  };
}

export interface ButtonOptions {
  action: string;
  text: string;
  value?: string | undefined;
  url?: string | undefined;
  style?: 'primary' | 'danger' | undefined;
  confirm?: { title: string; text: string; yes: string } | undefined;
  /** For screen readers, where the same words stand on several buttons. */
  spoken?: string | undefined;
}

export function button(options: ButtonOptions): Block {
  const { action, text, value, url, style, confirm, spoken } = options;
  return {
    type: 'button',
    action_id: action,
    text: plainText(text, MAX_BUTTON_TEXT),
    ...(value === undefined ? {} : { value }),
    ...(url === undefined ? {} : { url }),
    ...(style ? { style } : {}),
    ...(spoken ? { accessibility_label: clip(spoken, MAX_BUTTON_TEXT) } : {}),
    ...(confirm
      ? {
          confirm: {
            title: plainText(confirm.title, MAX_CONFIRM_TITLE),
            text: plainText(confirm.text, MAX_CONFIRM_TEXT),
            confirm: plainText(confirm.yes, MAX_CONFIRM_BUTTON),
            deny: plainText('Cancel', MAX_CONFIRM_BUTTON),
          },
        }
      : {}),
  };
}

/** A row of buttons and menus; none without any. */
export function actions(...elements: readonly Block[]): Block[] {
  return elements.length > 0 ? [{ type: 'actions', elements }] : [];
}

export interface Option {
  text: Block;
  value: string;
}

export function option(text: string, value: string): Option {
  return { text: plainText(text, MAX_OPTION_TEXT), value };
}

/** Characters that a reader sees, as Slack counts a message (near enough). */
export function countCharacters(value: unknown): number {
  if (Array.isArray(value)) return value.reduce((sum: number, item) => sum + countCharacters(item), 0);
  if (typeof value !== 'object' || value === null) return 0;
  let sum = 0;
  for (const [key, item] of Object.entries(value)) {
    if (typeof item !== 'string') sum += countCharacters(item);
    else if (key === 'text' || key === 'alt_text' || key === 'title' || key === 'label' || key === 'fallback')
      sum += item.length;
  }
  return sum;
}

/**
 * One button per address. A placeholder, `https://…`, has none: Slack would refuse the message. `of`: where several scopes
 * have them.
 */
export function buildLinkButtons(links: Links, of?: { title: string; index: number }): Block[] {
  const toButton = (kind: 'addon' | 'upgrade', word: string) => {
    const url = links[kind];
    if (!url || url.length > MAX_LINK || !/^https?:$/.test(URL.parse(url)?.protocol ?? '')) return [];
    const action = `${ACTIONS.link}:${kind}${of ? of.index : ''}`;
    return [button({ action, text: of ? `${word}: ${of.title}` : word, url })];
  };
  return [...toButton('addon', 'Add-on'), ...toButton('upgrade', 'Upgrade')];
}
