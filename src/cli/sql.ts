import { parseArgs } from 'node:util';
import { createCalendar } from '../domain/calendar.ts';
import { HeadroomError } from '../errors.ts';
import { runSql } from '../sql/run-sql.ts';
import { dialectOf } from '../store/database.ts';
import { getDefinitions } from '../store/definition-repository.ts';
import { getReportZone } from '../store/report-zone.ts';
import { StoredUsage } from '../usage/reader.ts';
import { type CliContext, refuseMore, STOPPED } from './command.ts';
import { withDatabase } from './open.ts';
import { csvRows, jsonRows, type RowFormat, tableRows } from './row-formats.ts';

/** `headroom sql "SELECT …"`: see the table of commands. */
export async function runSqlCommand(args: readonly string[], context: CliContext): Promise<number> {
  const { values, positionals } = parseArgs({
    // A statement may begin with a comment, which is no option.
    args: args.map((arg) => (/^--\s/.test(arg) ? ` ${arg}` : arg)),
    allowPositionals: true,
    options: { json: { type: 'boolean' }, csv: { type: 'boolean' } },
  });
  if (values.json && values.csv)
    throw new HeadroomError('question', '--json and --csv exclude each other: leave one out.');
  const [sql] = positionals;
  if (sql === undefined)
    throw new HeadroomError('question', 'Write a statement in quotes: headroom sql "select … from events".');
  refuseMore(positionals, 1);
  const write = context.write ?? (async (data) => context.out(String(data).replace(/\n$/, '')));
  const format: RowFormat = values.json ? jsonRows() : values.csv ? csvRows() : tableRows();
  await withDatabase(context, async (db, config) => {
    const calendar = createCalendar(await getReportZone(db, config.reportTimezone));
    const definitions = await getDefinitions(db);
    await new StoredUsage(db, dialectOf(config.databaseUrl.reveal()), calendar).freeze((frozen) =>
      runSql({ frozen, calendar, definitions, nowMs: context.now() }, sql, {
        signal: context.signal,
        take: async (columns, rows) => {
          const text = format.add(columns, rows);
          if (text !== '') await write(text);
        },
      }),
    );
  });
  if (context.signal.aborted) return STOPPED;
  const end = format.end();
  if (end !== '') await write(end);
  return 0;
}
