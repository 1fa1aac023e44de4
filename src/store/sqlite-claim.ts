import { mkdirSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import Sqlite from 'better-sqlite3';
import { HeadroomError } from '../errors.ts';
import { openDatabase, parseDatabaseUrl } from './database.ts';
import { listInstances } from './instance-repository.ts';

/** Wait 2 s for the claim: a bot that is being replaced may take a moment to stop. */
const WAIT_MS = 2000;

/**
 * Makes this process the only bot on a SQLite file, until the returned function is called or the process ends in any way: the
 * claim is a lock of the operating system on a file beside it. Throws a config error that names the bot which has it. On
 * PostgreSQL any number of bots can run.
 */
export async function claimSqlite(url: string): Promise<() => void> {
  const target = parseDatabaseUrl(url);
  if (target.dialect === 'postgres' || target.path === ':memory:') return () => {};
  const lock = openLock(target.path);
  // The file cannot be created here: the first use of the database will say why.
  if (!lock) return () => {};
  try {
    // Nothing is ever written to this file: it only carries the lock.
    lock.exec('begin exclusive');
  } catch (error) {
    lock.close();
    const holder = await findHolder(url);
    throw new HeadroomError(
      'config',
      `${holder ?? 'Another process'} already runs on ${target.path}: stop it first. For several instances, use PostgreSQL.`,
      { cause: error },
    );
  }
  return () => lock.close();
}

function openLock(path: string): Sqlite.Database | undefined {
  try {
    mkdirSync(dirname(path), { recursive: true });
    if (statSync(path, { throwIfNoEntry: false })?.isDirectory()) return undefined;
    return new Sqlite(`${path}-bot`, { timeout: WAIT_MS });
  } catch {
    return undefined;
  }
}

async function findHolder(url: string): Promise<string | undefined> {
  const db = openDatabase(url);
  try {
    const newest = (await listInstances(db, 0)).at(-1);
    return newest && `Instance ${newest.id}`;
  } catch {
    return undefined;
  } finally {
    await db.destroy();
  }
}
