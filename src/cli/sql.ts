import { clipToWidth, padToWidth, toSafeLine, widthOf } from '../ask/text-width.ts';
import { toJson } from '../domain/thousandths.ts';
import { toCsvCell } from '../report/table.ts';
import type { Cell } from '../sql/part-rows.ts';
import { runSql } from '../sql/run-sql.ts';
import { chooseForm, type RunCommand, STOPPED, takes, write } from './command.ts';
import { withStored } from './open.ts';

/** `headroom sql "SELECT …"`: see the table of commands. */
export const runSqlCommand: RunCommand = (args, ...rest) => {
  // A statement may begin with an SQL comment, which parseArgs would take for an option.
  const words = args.map((arg) => (/^--\s/.test(arg) ? ` ${arg}` : arg));
  return query(words, ...rest);
};

const query = takes(
  '"SELECT…"',
  { json: { type: 'boolean' }, csv: { type: 'boolean' } },
  async ([sql], flags, context) => {
    const wanted = chooseForm(flags);
    const format: RowFormat = wanted === 'json' ? jsonRows() : wanted === 'csv' ? csvRows() : tableRows();
    await withStored(context, async ({ calendar, usage, definitions }) => {
      const declared = await definitions();
      await usage.freeze((frozen) =>
        runSql({ frozen, calendar, definitions: declared, nowMs: context.now() }, sql!, {
          signal: context.signal,
          take: (columns, rows) => write(context, format.add(columns, rows)),
        }),
      );
    });
    if (context.signal.aborted) return STOPPED;
    await write(context, format.end());
    return 0;
  },
);

type Rows = readonly (readonly Cell[])[];

/** Formats rows as text, batch by batch. */
export interface RowFormat {
  /** Formats a batch; the columns must be the same each time. */
  add(columns: readonly string[], rows: Rows): string;
  end(): string;
}

const GAP = '  ';
/** Cut longer texts in a table; JSON and CSV have them whole. */
const MOST_COLUMNS = 60;

/** Formats a table. Columns are as wide as the first batch needs, numbers are aligned right. */
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

/** Formats a JSON array of objects, one a line. */
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

/** Formats CSV by RFC 4180 with one header row; absent values are empty. */
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

/** Converts a cell to text; bytes, which a statement may produce, become hexadecimal. */
function toPlain(cell: unknown): string {
  return cell instanceof Uint8Array ? Buffer.from(cell).toString('hex') : String(cell);
}

function toTextOrNumber(cell: Cell): Cell {
  return (cell as unknown) instanceof Uint8Array ? toPlain(cell) : cell;
}
