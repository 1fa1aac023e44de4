import type { Thousandths } from '../domain/event.ts';
import type { Table, TableCell } from '../domain/table.ts';
import { ratioOf } from '../domain/thousandths.ts';
import { QuestionError } from '../errors.ts';

/** A column of a report's table, and how its cell is read from a row; undefined is an absent cell. */
export type Column<Row> = Table['columns'][number] & {
  cell(row: Row): TableCell | undefined;
};

export function buildTable<Row>(rows: readonly Row[], columns: readonly Column<NoInfer<Row>>[]): Table {
  return {
    columns: columns.map(({ cell: _, ...column }) => column),
    rows: rows.map((row) => columns.map(({ cell }) => cell(row) ?? null)),
  };
}

/** A column of bars, the longest of which belongs to the row with the largest size. */
export function barColumn<Row>(label: string, rows: readonly Row[], sizeOf: (row: Row) => Thousandths): Column<Row> {
  const longest = rows.reduce((most, row) => Math.max(most, Number(sizeOf(row))), 1);
  return { key: 'bar', label, type: 'bar', cell: (row) => Math.max(0, ratioOf(sizeOf(row), longest)) };
}

type Order<Row> = (a: Row, b: Row) => number;

/**
 * Orders rows by the column that `sort` names (`-` before it: largest first), equal ones by `ties` in turn. Throws QuestionError
 * for a column that there is not; `what` is sorted, for the error.
 */
export function orderBy<Row>(
  sort: string,
  columns: readonly Pick<Column<Row>, 'key' | 'cell'>[],
  ties: readonly Order<Row>[],
  what = '',
): Order<Row> {
  const name = sort.replace(/^-/, '');
  const column = columns.find(({ key }) => key === name);
  if (!column) {
    const known = columns.map(({ key }) => key).join(', ');
    throw new QuestionError(`Cannot sort ${what}by ${JSON.stringify(name)}; the columns are ${known}.`);
  }
  const sign = sort.startsWith('-') ? -1 : 1;
  const read = (row: Row) => column.cell(row) ?? Number.NEGATIVE_INFINITY;
  return (a, b) => sign * order(read(a), read(b)) || ties.reduce((found, tie) => found || tie(a, b), 0);
}

export function order(a: Thousandths | string, b: Thousandths | string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
