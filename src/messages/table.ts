import type { Table, TableCell } from '../domain/table.ts';
import { formatValue, isNumber, orderColumns } from '../report/table.ts';
import { MAX_CELL_TEXT, MAX_TABLE_CHARACTERS, MAX_TABLE_COLUMNS, MAX_TABLE_ROWS } from './limits.ts';
import { type Block, clip, toFilled, toOneLine } from './text.ts';

/** A cell for people, in one line. */
export function formatCell(cell: TableCell, column: Parameters<typeof formatValue>[1], zone: string): string {
  return toFilled(clip(toOneLine(formatValue(cell, column, zone)).trim(), MAX_CELL_TEXT));
}

/** More rows have no bars: on a phone their names need the room. */
const MAX_BARS = 10;

/**
 * The table as Slack's table block, names first, numbers to the right, and how many rows did not fit. Undefined without rows.
 * `characters`: what the message has left for its cells; they take no more than a table may.
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
