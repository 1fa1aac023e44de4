import type { Thousandths } from '../domain/event.ts';
import type { Report } from '../domain/report.ts';
import type { ColumnType, Table, TableCell } from '../domain/table.ts';
import { toDecimal } from './format.ts';

/**
 * The table of a report as CSV: UTF-8, RFC 4180 with CRLF after every line, one header row of column keys. Numbers are exact
 * and ungrouped (credits as decimals, percentages unrounded), times are RFC 3339 in UTC, absent cells are empty, bars are
 * left out. A text cell that a spreadsheet would take for a formula gets a leading `'`.
 */
export function toCsv(report: Pick<Report, 'table'>): string {
  const kept = toCsvColumns(report);
  const lines = report.table.rows.map((row) =>
    kept.map(({ type, index }) => quote(toText(row[index] ?? null, type))).join(','),
  );
  return [kept.map(({ key }) => quote(toText(key, 'text'))).join(','), ...lines].map((line) => `${line}\r\n`).join('');
}

/** Columns for programs, with their places in a row. */
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

/** One cell of such a file by itself: numbers exact, empty where it is absent, no text that is taken for a formula. */
export function toCsvCell(cell: TableCell): string {
  return cell === null ? '' : typeof cell === 'string' ? quote(disarm(cell)) : String(cell);
}

function disarm(text: string): string {
  return /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
}

function quote(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
