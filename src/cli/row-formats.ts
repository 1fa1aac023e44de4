import { clipToWidth, padToWidth, toSafeLine, widthOf } from '../ask/text-width.ts';
import { toJson } from '../domain/thousandths.ts';
import { toCsvCell } from '../report/table.ts';
import type { Cell } from '../sql/part-rows.ts';

type Rows = readonly (readonly Cell[])[];

/** Makes rows into text as they come. */
export interface RowFormat {
  /** The names of the columns are the same each time. */
  add(columns: readonly string[], rows: Rows): string;
  end(): string;
}

const GAP = '  ';
/** A longer text is cut off in a table for people; JSON and CSV have all of it. */
const MOST_COLUMNS = 60;

/** Columns as wide as the first rows need; numbers to the right. */
export function tableRows(): RowFormat {
  let layout: { width: number; side: 'start' | 'end' }[] | undefined;
  let count = 0;
  const toText = (cell: Cell): string => (cell === null ? '–' : clipToWidth(toSafeLine(toPlain(cell)), MOST_COLUMNS));
  const toLine = (cells: readonly string[]): string =>
    cells
      .map((cell, place) => padToWidth(cell, layout![place]!.width, layout![place]!.side))
      .join(GAP)
      .trimEnd();
  return {
    add(columns, rows) {
      count += rows.length;
      const lines = rows.map((row) => row.map(toText));
      if (layout) return lines.map((line) => `${toLine(line)}\n`).join('');
      layout = columns.map((name, place) => ({
        width: Math.max(widthOf(name), ...lines.map((line) => widthOf(line[place]!))),
        side: rows.some((row) => typeof row[place] === 'string') ? 'end' : 'start',
      }));
      const head = [columns.map(toSafeLine), layout.map(({ width }) => '─'.repeat(width))];
      return [...head, ...lines].map((line) => `${toLine(line)}\n`).join('');
    },
    end: () => `(${count === 1 ? '1 row' : `${count} rows`})\n`,
  };
}

/** An array of objects, one a line. */
export function jsonRows(): RowFormat {
  let count = 0;
  return {
    add(columns, rows) {
      let text = '';
      for (const row of rows) {
        const object = Object.fromEntries(columns.map((name, place) => [name, toTextOrNumber(row[place]!)]));
        text += `${count === 0 ? '[\n' : ',\n'}${toJson(object)}`;
        count += 1;
      }
      return text;
    },
    end: () => (count === 0 ? '[]\n' : '\n]\n'),
  };
}

/** RFC 4180 with one header row; what is absent is empty. */
export function csvRows(): RowFormat {
  let isBegun = false;
  return {
    add(columns, rows) {
      const lines = rows.map((row) => row.map((cell) => toCsvCell(toTextOrNumber(cell))).join(','));
      if (!isBegun) lines.unshift(columns.map(toCsvCell).join(','));
      isBegun = true;
      return lines.map((line) => `${line}\r\n`).join('');
    },
    end: () => '',
  };
}

/** Statements may make bytes: they are shown in hexadecimal. */
function toPlain(cell: unknown): string {
  return cell instanceof Uint8Array ? Buffer.from(cell).toString('hex') : String(cell);
}

function toTextOrNumber(cell: Cell): Cell {
  return (cell as unknown) instanceof Uint8Array ? toPlain(cell) : cell;
}
