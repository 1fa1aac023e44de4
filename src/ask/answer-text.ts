import type { Report } from '../domain/report.ts';
import { isToldInWords, noteDrawOrder } from '../messages/answer-message.ts';
import { describeContext } from '../messages/controls.ts';
import { formatCell } from '../messages/text.ts';
import { isNumber, NOTHING, orderColumns } from '../report/table.ts';
import { listSections } from './answer-json.ts';
import { clipToWidth, padToWidth, toSafeLine, widthOf, wrap } from './text-width.ts';

const GAP = '  ';
/** A name is cut to this width before a column is left out. */
const LEAST_NAME = 24;

/**
 * Returns the answer as plain text of at most `width` columns: the finding, the table (or its content in words), the line of context,
 * the notes. Columns that do not fit are named in a note.
 */
export function toText(report: Report, width: number): string {
  const paragraphs = [wrap(toSafeLine(report.finding), width)];
  const inWords = isToldInWords(report);
  const { lines, leftOut } = inWords ? { lines: [], leftOut: [] } : layOutTable(report, width);
  if (lines.length > 0) paragraphs.push(lines);
  const told = listSections(report).map(({ title, lines: said }) => {
    const sentences = said.map((line) => (/[.!?…:]$/.test(line) ? line : `${line}.`));
    const text = `${title} – ${sentences.join(' ')}`;
    return wrap(toSafeLine(text), width - 2).map((line, index) => `${index === 0 ? '•' : ' '} ${line}`);
  });
  if (told.length > 0) paragraphs.push(told.flat());
  const notes = [
    ...noteDrawOrder(report),
    ...report.notes,
    ...(leftOut.length > 0 ? [`Not shown here: ${leftOut.join(', ')}.`] : []),
  ];
  paragraphs.push([describeContext(report), ...notes].flatMap((line) => wrap(toSafeLine(line), width)));
  return paragraphs.map((each) => each.join('\n')).join('\n\n');
}

/**
 * Lays out the table in columns, names first and numbers aligned right, without empty columns; `leftOut`: labels of columns that did
 * not fit.
 */
export function layOutTable(
  { table, zone }: Pick<Report, 'table' | 'zone'>,
  width: number,
): { lines: string[]; leftOut: string[] } {
  const columns = orderColumns(table)
    .map(({ label, type, signed, index }) => {
      const cells = table.rows.map((row) => toSafeLine(formatCell(row[index] ?? null, { type, signed }, zone)));
      return { label, type, cells, width: Math.max(...[label, ...cells].map(widthOf)) };
    })
    .filter(({ cells }, place) => place === 0 || cells.some((cell) => cell !== NOTHING));
  if (table.rows.length === 0 || columns.length === 0) return { lines: [], leftOut: [] };
  const [name] = columns;
  const leftOut: string[] = [];
  const needed = (): number => columns.reduce((sum, column) => sum + column.width + GAP.length, -GAP.length);
  for (let over = needed() - width; over > 0; over = needed() - width) {
    const last = columns.at(-1)!;
    const spare = Math.max(0, name!.width - Math.max(LEAST_NAME, widthOf(name!.label)));
    if (last !== name && (last.type === 'bar' || spare < over)) {
      columns.pop();
      if (last.type !== 'bar') leftOut.unshift(last.label);
    } else {
      name!.width = Math.max(1, name!.width - over);
    }
  }
  const toLine = (cells: readonly string[]): string =>
    cells
      .map((cell, place) => {
        const column = columns[place]!;
        return padToWidth(clipToWidth(cell, column.width), column.width, isNumber(column.type) ? 'start' : 'end');
      })
      .join(GAP)
      .trimEnd();
  return {
    lines: [
      toLine(columns.map(({ label }) => label)),
      toLine(columns.map((column) => '─'.repeat(column.width))),
      ...table.rows.map((_, row) => toLine(columns.map(({ cells }) => cells[row]!))),
    ],
    leftOut,
  };
}
