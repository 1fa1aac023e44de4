import Sqlite from 'better-sqlite3';
import { sql } from 'kysely';
import { HeadroomError } from '../errors.ts';
import { type Db, parseDatabaseUrl } from './database.ts';
import { listInstances } from './instance-repository.ts';

/** A bot that is being replaced may take a moment to let go. */
const WAIT_MS = 2000;

/**
 * Makes this process the one bot of a SQLite file, until the answered function is called or the process ends in any way:
 * the claim is a lock of the operating system on a file beside it. Throws a config error that names the bot which has
 * it. PostgreSQL takes any number of bots.
 */
export async function claimSqlite(url: string, db: Db): Promise<() => void> {
  const target = parseDatabaseUrl(url);
  if (target.dialect === 'postgres' || target.path === ':memory:') return () => {};
  const opens = await sql`select 1`.execute(db).then(
    () => true,
    () => false,
  );
  // The first real use says what is wrong with the file.
  if (!opens) return () => {};
  const lock = new Sqlite(`${target.path}-bot`, { timeout: WAIT_MS });
  try {
    // Nothing is ever written to it: the lock is all that it is for.
    lock.exec('begin exclusive');
  } catch (error) {
    lock.close();
    if (!String((error as NodeJS.ErrnoException).code).startsWith('SQLITE_BUSY')) throw error;
    const holder = (await listInstances(db, 0).catch(() => [])).at(-1);
    throw new HeadroomError(
      'config',
      `${holder ? `Instance ${holder.id}` : 'Another bot'} already runs on ${target.path}: stop it first. For several instances, use PostgreSQL.`,
      { cause: error },
    );
  }
  return () => lock.close();
}
