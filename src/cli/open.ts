import { type Config, parseConfig, readEnvironment } from '../config.ts';
import { HeadroomError } from '../errors.ts';
import { type Db, openDatabase } from '../store/database.ts';
import { listInstances, SEEN_WITHIN_MS } from '../store/instance-repository.ts';
import { listPendingMigrations, migrate } from '../store/migrate.ts';
import { compareVersions, VERSION } from '../version.ts';
import type { CliContext } from './command.ts';

export function readConfig(context: CliContext, needs?: 'slack'): Config {
  return context.config ?? parseConfig(readEnvironment(context.env, context.folder), needs);
}

/**
 * Opens the database, brought to the newest version, for the time of `work`. Refuses with a `version` error when an
 * older instance is running: it would not know what this version writes.
 */
export async function withDatabase<T>(context: CliContext, work: (db: Db, config: Config) => Promise<T>): Promise<T> {
  const config = readConfig(context);
  const db = openDatabase(config.databaseUrl.reveal());
  try {
    await refuseBesideOlder(db, context.now());
    await migrate(db);
    return await work(db, config);
  } catch (error) {
    throw toClearError(error);
  } finally {
    await db.destroy();
  }
}

/** Throws a `version` error that names an instance older than this command, if one is running. */
export async function refuseBesideOlder(db: Db, nowMs: number): Promise<void> {
  const tables = await db.introspection.getTables();
  if (!tables.some((table) => table.name === 'instance')) return;
  const older = (await listInstances(db, nowMs - SEEN_WITHIN_MS)).find(
    (instance) => compareVersions(instance.version, VERSION) < 0,
  );
  if (!older) return;
  const pending = await listPendingMigrations(db);
  throw new HeadroomError(
    'version',
    `Instance ${older.id} runs version ${older.version}, older than this command (${VERSION})${
      pending.length > 0 ? `, and the database would be changed under it (${pending.join(', ')})` : ''
    }: stop or update it first.`,
  );
}

/** Faults of the connection, which are the caller's to cure; `cure`: another than that of the settings. */
export function toClearError(error: unknown, cure = 'check DATABASE_URL'): unknown {
  const { code, message } = error as NodeJS.ErrnoException;
  const cannotOpen =
    /^(ECONNREFUSED|ENOTFOUND|EAI_AGAIN|ETIMEDOUT|28P01|28000|3D000|SQLITE_CANTOPEN|SQLITE_NOTADB|EACCES|ENOENT)$/;
  if (error instanceof HeadroomError || !cannotOpen.test(String(code))) return error;
  return new HeadroomError('database', `The database cannot be opened (${message || code}): ${cure}.`, {
    cause: error,
  });
}
