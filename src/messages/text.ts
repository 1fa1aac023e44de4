import type { Links } from '../domain/definition.ts';
import type { Table, TableCell } from '../domain/table.ts';
import { formatValue, isNumber, NOTHING, orderColumns } from '../report/table.ts';
import { ACTIONS } from './action-ids.ts';
import {
  MAX_BUTTON_TEXT,
  MAX_CELL_TEXT,
  MAX_CONFIRM_BUTTON,
  MAX_CONFIRM_TEXT,
  MAX_CONFIRM_TITLE,
  MAX_CONTEXT_ELEMENTS,
  MAX_CONTEXT_TEXT,
  MAX_FALLBACK_TEXT,
  MAX_HEADER_TEXT,
  MAX_LINK,
  MAX_MESSAGE_BLOCKS,
  MAX_MESSAGE_CHARACTERS,
  MAX_OPTION_TEXT,
  MAX_SECTION_TEXT,
  MAX_TABLE_CHARACTERS,
  MAX_TABLE_COLUMNS,
  MAX_TABLE_ROWS,
} from './limits.ts';

/** A Block Kit block, or an element of one. */
export type Block = { type: string; [key: string]: unknown };

/** A message to post. Notifications and screen readers use `text`; it also remains if Slack refuses the blocks. */
export interface Message {
  text: string;
  blocks: readonly Block[];
}

const WORD_JOINER = '\u2060';

/** Escapes the characters that Slack reads as markup in mrkdwn and `text`: docs.slack.dev/messaging/formatting-message-text. */
function escapeText(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

/** Marks that format text at word boundaries, and lookalikes that do not. */
const LOOKALIKES: Record<string, string> = { '*': '∗', _: 'ˍ', '~': '∼', '`': 'ˋ' };
const FORMATTING = /`|(?<![\p{L}\p{N}])[*_~]|[*_~](?![\p{L}\p{N}])/gu;
/** Matches the colon of an emoji code or scheme, the dot of a domain or mail address, the `@` of a mention of all. */
const REFERENCE = /:(?=[\w+'-]+:|\/\/)|(?<=[\p{L}\p{N}-])\.(?=\p{L})|@(?=channel|here|everyone)/giu;

/**
 * Makes text from outside safe for places that Slack reads as markup (the `text` of a message): it can mention nobody, format
 * nothing and link nowhere. Slack has no escape for formatting marks, so they become lookalikes; references are split by an
 * invisible word joiner.
 */
export function defuse(text: string): string {
  const calm = keepDirection(text)
    .replace(FORMATTING, (mark) => LOOKALIKES[mark]!)
    .replace(REFERENCE, (sign) => sign + WORD_JOINER);
  return escapeText(calm);
}

/** Removes direction controls from a name: in a sentence they would reverse the text after it, numbers included. */
export function keepDirection(text: string): string {
  return text.replace(/[\u202a-\u202e\u2066-\u2069]/g, '');
}

/** Replaces line breaks, which names may contain, with spaces, so that each row or bullet stays one line. */
export function toOneLine(text: string): string {
  return text.replace(/\s*[\n\v\f\r\u0085\u2028\u2029]\s*/g, ' ');
}

/** Cuts a text to at most `limit` UTF-16 units, never inside a character; the last is `…` if something was cut off. */
export function clip(text: string, limit: number): string {
  if (text.length <= limit) return text;
  let cut = '';
  for (const point of text) {
    if (cut.length + point.length > limit - 1) break;
    cut += point;
  }
  return `${cut}…`;
}

/** Replaces a text without visible characters, because Slack refuses a whole message for one empty text. */
export function toFilled(text: string): string {
  return /[^\p{Z}\p{C}]/u.test(text) ? text : NOTHING;
}

/** Makes a text that Slack shows as it is, without emoji codes or markup. Never empty. */
export function plainText(text: string, limit = MAX_SECTION_TEXT): { type: 'plain_text'; text: string; emoji: false } {
  return { type: 'plain_text', text: toFilled(clip(keepDirection(text), limit)), emoji: false };
}

/** Makes markup, only for our own words: use `plainText` or `richText` for text from outside. */
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

/** Makes a leaf of rich_text. Slack never parses its text, so it is safe for names. */
export function leaf(text: string, style?: { bold?: true; italic?: true; code?: true }): Leaf {
  return style ? { type: 'text', text, style } : { type: 'text', text };
}

/** Builds one paragraph. Empty leaves, which Slack would refuse, are left out; a paragraph without text says so. */
export function richText(...leaves: readonly (Leaf | string)[]): Block {
  return { type: 'rich_text', elements: [{ type: 'rich_text_section', elements: toLeaves(leaves) }] };
}

/** Builds a list with a bullet of one line per item. */
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

/** Makes a leaf that Slack shows as the name of a conversation, person or group; direct messages have no name. */
export function place(id: string): Leaf {
  if (/^[CG][A-Z0-9]+$/.test(id)) return { type: 'channel', channel_id: id };
  if (/^[UW][A-Z0-9]+$/.test(id)) return { type: 'user', user_id: id };
  if (/^S[A-Z0-9]+$/.test(id)) return { type: 'usergroup', usergroup_id: id };
  return leaf(id.startsWith('D') ? 'direct messages' : id);
}

/** Matches a Slack id by its shape: letters and digits in any order after the first letter. */
const PLACE_ID = /\b([CGUW](?=[A-Z]*\d)[A-Z0-9]{7,})\b/;
/** Matches a user id in brackets at the end of a sentence: the person who entered something. */
const ACTOR = /(?<=\()([UW](?=[A-Z]*\d)[A-Z0-9]{7,})(?=\)(?:\.|$))/;

/** Splits our own words at ids of channels and people, which Slack then shows by name. */
export function namePlaces(text: string, ids = PLACE_ID): Leaf[] {
  return text.split(ids).map((part, index) => (index % 2 === 1 ? place(part) : leaf(part)));
}

/** Does the same only for a person in brackets at the end of a sentence. */
export function nameActor(text: string): Leaf[] {
  return namePlaces(text, ACTOR);
}

/** Mentions a person or group in markup: `<@U…>`, `<!subteam^S…>`. */
export function mention(id: string): string {
  return id.startsWith('S') ? `<!subteam^${id}>` : `<@${id}>`;
}

export function header(text: string): Block {
  return { type: 'header', text: plainText(text, MAX_HEADER_TEXT) };
}

/** Builds small print, shown as it is. */
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
  /** Label for screen readers, if several buttons have the same text. */
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

/** Builds a row of buttons and menus; no block if there are none. */
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

/** Counts the characters that a reader sees, about as Slack counts a message. */
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
 * Builds one button per link. A placeholder such as `https://…` gets none, since Slack would refuse the message. `of`: the scope
 * to name, if several have links.
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

const MORE = 'More does not fit into one message.';
/** Do not cut texts below 80 characters, which would say nothing: drop a block instead. */
const SHORTEST = 80;

/**
 * Cuts a message to Slack's limits on blocks, on characters over all blocks, and on the text beside them. A message that fits is
 * returned as it is. Rows of a table go first, then the longest texts are cut, then blocks go from the end; buttons stay.
 */
export function fitMessage(message: Message, characters = MAX_MESSAGE_CHARACTERS): Message {
  const text = toFilled(clipMarkup(message.text, MAX_FALLBACK_TEXT));
  let blocks = message.blocks;
  if (blocks.length > MAX_MESSAGE_BLOCKS) blocks = dropBlocks(blocks, MAX_MESSAGE_BLOCKS);
  for (;;) {
    const over = countCharacters(blocks) - characters;
    if (over <= 0) break;
    blocks = shorten(blocks, over);
  }
  return text === message.text && blocks === message.blocks ? message : { text, blocks };
}

/** Cuts markup to a length, never inside an escaped character or a reference, and at the end of a line if one is near. */
export function clipMarkup(text: string, limit: number): string {
  if (text.length <= limit) return text;
  const cut = clip(text, limit)
    .slice(0, -1)
    .replace(/&[a-z]*$|<[^<>]*$/, '');
  const line = cut.lastIndexOf('\n');
  return line > Math.max(0, limit - 400) ? `${cut.slice(0, line)}\n…` : `${cut}…`;
}

/** Keeps the first blocks and the last row of buttons, `count` in all with a note. */
function dropBlocks(blocks: readonly Block[], count: number): Block[] {
  const end = blocks.at(-1)?.type === 'actions' ? blocks.slice(-1) : [];
  return [...blocks.slice(0, count - end.length - 1), plainContext(MORE), ...end];
}

function shorten(blocks: readonly Block[], over: number): Block[] {
  const table = blocks.findIndex(({ type }) => type === 'table');
  if (table >= 0) {
    const rows = blocks[table]!.rows as Block[][];
    const kept = keepRows(rows, countCharacters(rows) - over);
    if (kept.length < rows.length) return blocks.with(table, { ...blocks[table]!, rows: kept });
  }
  const longest = findLongestText(blocks);
  if (longest.length > SHORTEST) {
    const cut = clipMarkup(longest, Math.max(SHORTEST, longest.length - over));
    return mapTexts(blocks, (text) => (text === longest ? cut : text)) as Block[];
  }
  const last = blocks.findLastIndex(({ type }) => type !== 'actions');
  return blocks.toSpliced(last, 1);
}

/** Keeps the head and the first rows within `characters`, but at least one row. */
function keepRows(rows: readonly Block[][], characters: number): Block[][] {
  let left = characters;
  return rows.filter((row, index) => {
    left -= countCharacters(row);
    return index < 2 || left >= 0;
  });
}

function findLongestText(blocks: readonly Block[]): string {
  let longest = '';
  mapTexts(blocks, (text) => {
    if (text.length > longest.length) longest = text;
    return text;
  });
  return longest;
}

/** Copies a value with every `text` in it changed, at any depth. */
function mapTexts(value: unknown, change: (text: string) => string): unknown {
  if (Array.isArray(value)) return value.map((item) => mapTexts(item, change));
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).map(([key, item]) => [
    key,
    key === 'text' && typeof item === 'string' ? change(item) : mapTexts(item, change),
  ]);
  return Object.fromEntries(entries);
}

/** Formats a cell for people, in one line. */
export function formatCell(cell: TableCell, column: Parameters<typeof formatValue>[1], zone: string): string {
  return toFilled(clip(toOneLine(formatValue(cell, column, zone)).trim(), MAX_CELL_TEXT));
}

/** A table of more than ten rows has no bars: on a phone the names need the room. */
const MAX_BARS = 10;

/**
 * Builds Slack's table block, names first, numbers aligned right, and counts the rows that did not fit. Undefined without rows.
 * `characters`: room that the message has left for its cells, capped at Slack's limit for tables.
 */
export function buildTable(
  table: Table,
  zone: string,
  characters: number,
): { block: Block; hiddenRows: number } | undefined {
  const isLong = table.rows.length > MAX_BARS;
  const shown = orderColumns(table)
    .filter(({ type }) => type !== 'bar' || !isLong)
    .slice(0, MAX_TABLE_COLUMNS);
  if (table.rows.length === 0 || shown.length === 0) return undefined;
  const rows = [shown.map(({ label }) => toFilled(label))];
  let left = Math.min(characters, MAX_TABLE_CHARACTERS) - rows[0]!.join('').length;
  for (const row of table.rows) {
    const cells = shown.map(({ index, ...column }) => formatCell(row[index] ?? null, column, zone));
    left -= cells.join('').length;
    if (left < 0 || rows.length === MAX_TABLE_ROWS) break;
    rows.push(cells);
  }
  const settings = shown.map(({ type }, place) =>
    place === 0 ? { is_wrapped: !table.inOrder } : { align: isNumber(type) ? 'right' : 'left' },
  );
  return {
    block: {
      type: 'table',
      column_settings: settings,
      rows: rows.map((cells) => cells.map((text) => ({ type: 'raw_text', text }))),
    },
    hiddenRows: table.rows.length - (rows.length - 1),
  };
}
