import type { Thousandths } from '../domain/event.ts';
import type { Report } from '../domain/report.ts';
import type { ColumnType, Table, TableCell } from '../domain/table.ts';
import { ratioOf, withoutSign } from '../domain/thousandths.ts';
import { QuestionError } from '../errors.ts';
import {
  formatChange,
  formatCredits,
  formatInstant,
  formatLatency,
  formatPercent,
  formatRate,
  toDecimal,
  withSign,
} from './format.ts';

/** A column of a report's table, and how its cell is read from a row; undefined: an absent cell. */
export type Column<Row> = Table['columns'][number] & {
  cell(row: Row): TableCell | undefined;
};

export function buildTable<Row>(rows: readonly Row[], columns: readonly Column<NoInfer<Row>>[]): Table {
  return {
    columns: columns.map(({ cell: _, ...column }) => column),
    rows: rows.map((row) => columns.map(({ cell }) => cell(row) ?? null)),
  };
}

/** Builds a column of bars; the row with the largest size has the longest. */
export function barColumn<Row>(label: string, rows: readonly Row[], sizeOf: (row: Row) => Thousandths): Column<Row> {
  const longest = rows.reduce((most, row) => Math.max(most, Number(sizeOf(row))), 1);
  return { key: 'bar', label, type: 'bar', cell: (row) => Math.max(0, ratioOf(sizeOf(row), longest)) };
}

type Order<Row> = (a: Row, b: Row) => number;

/**
 * Returns an order by the column that `sort` names (`-` before it: largest first): absent cells last in either direction, equal ones
 * by `tie`. Throws QuestionError for an unknown column; `what` names the table in its message.
 */
export function orderBy<Row>(
  sort: string,
  columns: readonly Pick<Column<Row>, 'key' | 'cell'>[],
  tie: Order<Row>,
  what = '',
): Order<Row> {
  const name = sort.replace(/^-/, '');
  const column = columns.find(({ key }) => key === name);
  if (!column) {
    const known = columns.map(({ key }) => key).join(', ');
    throw new QuestionError(`Cannot sort ${what}by “${name}”; the columns are ${known}.`);
  }
  const sign = sort.startsWith('-') ? -1 : 1;
  return (a, b) => {
    const [first, second] = [column.cell(a) ?? null, column.cell(b) ?? null];
    if (first === null || second === null) return Number(first === null) - Number(second === null) || tie(a, b);
    return sign * order(first, second) || tie(a, b);
  };
}

export function order(a: Thousandths | string, b: Thousandths | string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/**
 * Returns the table of a report as CSV: UTF-8, RFC 4180 with CRLF after every line, one header row of column keys. Numbers are exact
 * and ungrouped (credits as decimals, percentages unrounded), times are RFC 3339 in UTC, absent cells are empty, bars are left out. A
 * text cell that a spreadsheet would take for a formula gets a leading `'`.
 */
export function toCsv(report: Pick<Report, 'table'>): string {
  const kept = toCsvColumns(report);
  const lines = report.table.rows.map((row) =>
    kept.map(({ type, index }) => quote(toText(row[index] ?? null, type))).join(','),
  );
  return [kept.map(({ key }) => quote(toText(key, 'text'))).join(','), ...lines].map((line) => `${line}\r\n`).join('');
}

/** Lists the columns that a CSV has, with their places in a row. */
export function toCsvColumns({ table }: Pick<Report, 'table'>): (Table['columns'][number] & { index: number })[] {
  return table.columns
    .map((column, index) => ({ ...column, index }))
    .filter(({ type, shownOnly }) => type !== 'bar' && !shownOnly);
}

function toText(cell: TableCell, type: ColumnType): string {
  if (cell === null) return '';
  if (type === 'text') return disarm(String(cell));
  if (type === 'credits') return toDecimal(cell as Thousandths);
  if (type === 'time') return Temporal.Instant.fromEpochMilliseconds(Number(cell)).toString();
  return String(cell);
}

/** Returns a single CSV cell: numbers exact, absent ones empty, and no text that a spreadsheet would take for a formula. */
export function toCsvCell(cell: TableCell): string {
  return cell === null ? '' : typeof cell === 'string' ? quote(disarm(cell)) : String(cell);
}

function disarm(text: string): string {
  return /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
}

function quote(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** Shown where there is no value. */
export const NOTHING = '–';

export type ShownColumn = Table['columns'][number] & { index: number };

/** Formats a value for people; texts stay as they are. Never empty. */
export function formatValue(
  cell: TableCell,
  { type, signed }: { type: ColumnType; signed?: boolean | undefined },
  zone: string,
): string {
  if (signed && type === 'percent' && cell !== null) return formatChange(Number(cell));
  if (signed && cell !== null && typeof cell !== 'string')
    return withSign(cell, formatValue(withoutSign(cell), { type }, zone));
  if (cell === null || cell === '') return NOTHING;
  if (type === 'count') return formatRate(Number(cell));
  if (type === 'credits') return formatCredits(cell as Thousandths);
  if (type === 'percent') return formatPercent(Number(cell));
  if (type === 'duration') return formatLatency(Number(cell));
  if (type === 'time') return formatInstant(Number(cell), zone);
  return type === 'bar' ? drawBar(Number(cell)) || NOTHING : String(cell);
}

/** Orders columns for people, with their places in a row: the name, then numbers (which a phone shows beside it), then the rest. */
export function orderColumns({ columns, inOrder }: Pick<Table, 'columns' | 'inOrder'>): ShownColumn[] {
  const shown = columns.map((column, index) => ({ ...column, index })).filter(({ csvOnly }) => !csvOnly);
  if (inOrder) return shown;
  const name = shown.find((column) => column.name) ?? shown[0];
  const rank = (column: (typeof shown)[number]) =>
    column === name ? 0 : isNumber(column.type) ? 1 : column.type === 'bar' ? 3 : 2;
  return shown.toSorted((a, b) => rank(a) - rank(b));
}

export function isNumber(type: ColumnType): boolean {
  return type === 'count' || type === 'credits' || type === 'percent' || type === 'duration';
}

/** Columns whose label comes before the number in words: `amount 2,900`, but `725 used`. */
const NAMED_FIRST = new Set(['Amount', 'Today', 'Peak minute', 'Rate limit', 'Quantity', 'Total']);

/** Describes each row in words: `ERP Connector 5,854 requests (35.7%, 5,718 OK, 136 failed)`. Leaves out what is zero or absent. */
export function describeRows(table: Table, zone: string): string[] {
  const [name, ...columns] = orderColumns(table).filter(({ type }) => type !== 'bar');
  if (!name) return [];
  const lead = columns.find(({ type }) => isNumber(type));
  return table.rows.map((row) => {
    const tell = (column: ShownColumn) => {
      const { type, label, signed } = column;
      const text = formatValue(row[column.index] ?? null, column, zone);
      if (signed || type === 'text' || label === '%' || text === NOTHING) return text;
      const word = toInner(text === '1' ? label.replace(/s$/, '') : label);
      return type === 'time' || type === 'duration' || NAMED_FIRST.has(label) ? `${word} ${text}` : `${text} ${word}`;
    };
    const isTold = ({ index }: ShownColumn) => row[index] && row[index] !== NOTHING;
    const first = lead ? ` ${tell(lead)}` : '';
    const rest = columns.filter((column) => column !== lead && isTold(column)).map(tell);
    return `${formatValue(row[name.index] ?? null, name, zone)}${first}${rest.length > 0 ? ` (${rest.join(', ')})` : ''}`;
  });
}

/** Returns a label in lower case, as within a sentence; `OK` and `p95` stay as they are. */
function toInner(label: string): string {
  const inner = label.replace(/^% | %$/, '');
  return /^[A-Z][a-z ]/.test(inner) ? inner.charAt(0).toLowerCase() + inner.slice(1) : inner;
}

const PARTS = ['', '▏', '▎', '▍', '▌', '▋', '▊', '▉'] as const;

/** Draws a share (0–1) with up to `width` block characters, to an eighth of one. Any share above 0 shows at least a sliver. */
export function drawBar(share: number, width = 10): string {
  const eighths = Math.round(Math.min(Math.max(share, 0), 1) * width * 8);
  const shown = share > 0 ? Math.max(eighths, 1) : 0;
  return '█'.repeat(Math.floor(shown / 8)) + PARTS[shown % 8]!;
}
