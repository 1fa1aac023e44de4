import type { ColumnType, Table } from '../domain/report.ts';
import { formatCount, formatCredits, formatInstant, formatPercent } from '../report/format.ts';
import { drawBar } from './bar.ts';
import { MAX_TABLE_CHARACTERS, MAX_TABLE_COLUMNS, MAX_TABLE_ROWS } from './limits.ts';
import { type Block, NOTHING, toFilled, toOneLine } from './text.ts';

/** A cell for people. Never empty. */
export function formatCell(cell: string | number | null, type: ColumnType, zone: string): string {
  if (cell === null || cell === '') return NOTHING;
  if (type === 'text') return toFilled(toOneLine(String(cell)).trim());
  if (type === 'count') return formatCount(Number(cell));
  if (type === 'credits') return formatCredits(Number(cell));
  if (type === 'percent') return formatPercent(Number(cell));
  if (type === 'time') return formatInstant(Number(cell), zone);
  return toFilled(drawBar(Number(cell)));
}

/**
 * The table as Slack's table block, numbers to the right, and how many rows did not fit. Undefined without rows.
 * `characters`: what the message has left for its cells; they take no more than a table may.
 */
export function buildTable(
  table: Table,
  zone: string,
  characters: number,
): { block: Block; hiddenRows: number } | undefined {
  const shown = table.columns
    .map((column, index) => ({ ...column, index }))
    .filter((column) => !column.csvOnly)
    .slice(0, MAX_TABLE_COLUMNS);
  if (table.rows.length === 0 || shown.length === 0) return undefined;
  const rows = [shown.map(({ label }) => toFilled(label))];
  let left = Math.min(characters, MAX_TABLE_CHARACTERS) - rows[0]!.join('').length;
  for (const row of table.rows) {
    const cells = shown.map(({ index, type }) => formatCell(row[index] ?? null, type, zone));
    left -= cells.join('').length;
    if (left < 0 || rows.length === MAX_TABLE_ROWS) break;
    rows.push(cells);
  }
  const settings = shown.map(({ type }) =>
    type === 'text' ? { is_wrapped: true } : { align: type === 'bar' || type === 'time' ? 'left' : 'right' },
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
