import { existsSync, renameSync, rmSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { HeadroomError } from '../errors.ts';
import { formatCount } from '../report/format.ts';
import { parseDatabaseUrl } from '../store/database.ts';
import { openSqlite } from '../store/sqlite.ts';
import { type CliContext, refuseMore } from './command.ts';
import { readConfig } from './open.ts';

/**
 * `headroom backup FILE`: a copy of the SQLite database as of one moment, also while the bot runs. It takes its name only
 * when it is whole. Refuses to write over a file. PostgreSQL has its own tool.
 */
export async function runBackup(args: readonly string[], context: CliContext): Promise<number> {
  const { positionals } = parseArgs({ args: [...args], allowPositionals: true });
  refuseMore(positionals, 1);
  const [file] = positionals;
  if (file === undefined) throw new HeadroomError('database', 'Name the file: headroom backup FILE.');
  const config = readConfig(context);
  const target = parseDatabaseUrl(config.databaseUrl.reveal());
  if (target.dialect === 'postgres') {
    throw new HeadroomError(
      'database',
      'DATABASE_URL is PostgreSQL: back it up with its own tool, pg_dump --format=custom --file=FILE "$DATABASE_URL".',
    );
  }
  const path = resolve(context.folder, file);
  const from = resolve(context.folder, target.path);
  if (!existsSync(from)) throw new HeadroomError('database', `There is no database at ${from}: check DATABASE_URL.`);
  if (existsSync(path)) throw new HeadroomError('database', `${path} exists: name a file that does not.`);
  const unfinished = `${path}.unfinished`;
  rmSync(unfinished, { force: true });
  const sqlite = openSqlite(from, { readonly: true });
  try {
    sqlite.prepare('vacuum into ?').run(unfinished);
    renameSync(unfinished, path);
  } catch (error) {
    rmSync(unfinished, { force: true });
    throw new HeadroomError('database', `The backup failed: ${(error as Error).message}.`, { cause: error });
  } finally {
    sqlite.close();
  }
  context.out(
    `Copied ${from} to ${path} (${formatCount(statSync(path).size)} bytes). Keep the secret key with it: ${config.secretKeyPath} or SECRET_KEY.`,
  );
  return 0;
}
