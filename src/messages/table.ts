import type { Thousandths } from '../domain/event.ts';
import type { ColumnType, Table, TableCell } from '../domain/table.ts';
import { withoutSign } from '../domain/thousandths.ts';
import {
  formatChange,
  formatCredits,
  formatInstant,
  formatLatency,
  formatPercent,
  formatRate,
} from '../report/format.ts';
import { MAX_CELL_TEXT, MAX_TABLE_CHARACTERS, MAX_TABLE_COLUMNS, MAX_TABLE_ROWS } from './limits.ts';
import { type Block, clip, NOTHING, toFilled, toOneLine } from './text.ts';

/** A cell for people. Never empty. */
export function formatCell(
  cell: TableCell,
  { type, signed }: { type: ColumnType; signed?: boolean | undefined },
  zone: string,
): string {
  if (signed && type === 'percent' && cell !== null) return formatChange(Number(cell));
  if (signed && cell !== null && typeof cell !== 'string' && cell !== 0)
    return `${cell > 0 ? '+' : '-'}${formatCell(withoutSign(cell), { type }, zone)}`;
  if (cell === null || cell === '') return NOTHING;
  if (type === 'text') return toFilled(clip(toOneLine(String(cell)).trim(), MAX_CELL_TEXT));
  if (type === 'count') return formatRate(Number(cell));
  if (type === 'credits') return formatCredits(cell as Thousandths);
  if (type === 'percent') return formatPercent(Number(cell));
  if (type === 'duration') return formatLatency(Number(cell));
  if (type === 'time') return formatInstant(Number(cell), zone);
  return toFilled(drawBar(Number(cell)));
}

/** Columns as people see them, with their places in a row: the name, then numbers, which a phone shows beside it, then the rest. */
export function orderColumns({
  columns,
  inOrder,
}: Pick<Table, 'columns' | 'inOrder'>): (Table['columns'][number] & { index: number })[] {
  const shown = columns.map((column, index) => ({ ...column, index })).filter(({ csvOnly }) => !csvOnly);
  if (inOrder) return shown;
  const name = shown.find((column) => column.name) ?? shown[0];
  const rank = (column: (typeof shown)[number]) =>
    column === name ? 0 : isNumber(column.type) ? 1 : column.type === 'bar' ? 3 : 2;
  return shown.toSorted((a, b) => rank(a) - rank(b));
}

function isNumber(type: ColumnType): boolean {
  return type === 'count' || type === 'credits' || type === 'percent' || type === 'duration';
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

const PARTS = ['', '▏', '▎', '▍', '▌', '▋', '▊', '▉'] as const;

/** A share 0–1 of `width` block characters, to an eighth of one; anything above nothing shows at least a sliver. */
export function drawBar(share: number, width = 10): string {
  const eighths = Math.round(Math.min(Math.max(share, 0), 1) * width * 8);
  const shown = share > 0 ? Math.max(eighths, 1) : 0;
  return '█'.repeat(Math.floor(shown / 8)) + PARTS[shown % 8]!;
}
