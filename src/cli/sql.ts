import { runSql } from '../sql/run-sql.ts';
import { chooseForm, type RunCommand, STOPPED, takes, write } from './command.ts';
import { withStored } from './open.ts';
import { csvRows, jsonRows, type RowFormat, tableRows } from './row-formats.ts';

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
