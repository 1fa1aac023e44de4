import { accessSync, constants, existsSync, renameSync, rmSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { HeadroomError } from '../errors.ts';
import { formatCount } from '../report/format.ts';
import { openSqlite } from '../store/sqlite.ts';
import { takes } from './command.ts';
import { toWriteError } from './files.ts';
import { readConfig, requireSqlite } from './open.ts';

/**
 * `headroom backup FILE`: copies the SQLite database as of one moment, also while the bot runs. The file gets its name only when
 * it is complete. Never overwrites a file. PostgreSQL has its own tool.
 */
export const runBackup = takes('FILE', {}, async ([file], _flags, context) => {
  const config = readConfig(context);
  const from = requireSqlite(
    config,
    context,
    ': back it up with its own tool, pg_dump --format=custom --file=FILE "$DATABASE_URL"',
  );
  const path = resolve(context.folder, file!);
  if (existsSync(path)) throw new HeadroomError('database', `${path} exists: name a file that does not.`);
  const unfinished = `${path}.unfinished`;
  try {
    accessSync(dirname(path), constants.W_OK);
  } catch (error) {
    throw toWriteError(path, error);
  }
  rmSync(unfinished, { force: true });
  const sqlite = openSqlite(from, { readonly: true });
  try {
    sqlite.prepare('vacuum into ?').run(unfinished);
    renameSync(unfinished, path);
  } catch (error) {
    rmSync(unfinished, { force: true });
    throw new HeadroomError(
      'database',
      `The backup failed (${(error as Error).message}): see that the database is sound and ${dirname(path)} has room, or name another place.`,
      { cause: error },
    );
  } finally {
    sqlite.close();
  }
  context.out(
    `Copied ${from} to ${path} (${formatCount(statSync(path).size)} bytes). Keep the secret key with it: ${config.secretKeyPath} or SECRET_KEY.`,
  );
});
