import type { Table, TableCell } from '../domain/table.ts';
import { formatValue, isNumber, orderColumns } from '../report/table.ts';
import {
  MAX_CELL_TEXT,
  MAX_FALLBACK_TEXT,
  MAX_MESSAGE_BLOCKS,
  MAX_MESSAGE_CHARACTERS,
  MAX_TABLE_CHARACTERS,
  MAX_TABLE_COLUMNS,
  MAX_TABLE_ROWS,
} from './limits.ts';
import { type Block, clip, countCharacters, type Message, plainContext, toFilled, toOneLine } from './text.ts';

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
