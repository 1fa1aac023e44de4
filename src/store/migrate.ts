import { promises as fs } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { type Kysely, sql } from 'kysely';
import { FileMigrationProvider, Migrator } from 'kysely/migration';
import { HeadroomError } from '../errors.ts';
import { toDatabaseError } from './database-fault.ts';

/** Wait at most 20 s for a PostgreSQL that is starting, and ask it every 0.5 s. */
const PATIENCE_MS = 20_000;
const PAUSE_MS = 500;
/** PostgreSQL's `cannot_connect_now`: it is starting, recovering or stopping. */
const CANNOT_CONNECT_NOW = '57P03';

/** Waits while PostgreSQL starts or recovers from a crash. Throws if that takes too long; ignores other faults. */
export async function awaitStart<T>(db: Kysely<T>, patienceMs = PATIENCE_MS): Promise<void> {
  const untilMs = performance.now() + patienceMs;
  for (;;) {
    const fault = await sql`select 1`.execute(db).then(
      () => undefined,
      (error: NodeJS.ErrnoException) => error,
    );
    if (fault?.code !== CANNOT_CONNECT_NOW) return;
    if (performance.now() >= untilMs) {
      throw new HeadroomError(
        'database',
        `PostgreSQL is starting or recovers from a crash (${fault.message}); it was waited for ${patienceMs / 1000} s. Start again once its log says that it is ready.`,
        { cause: fault },
      );
    }
    await sleep(PAUSE_MS);
  }
}

/**
 * Brings the schema to the newest version; safe when several processes start together, since each dialect's lock makes them
 * wait. Waits for a PostgreSQL that is starting. If a migration fails, throws an error with its name and leaves nothing behind.
 */
export async function migrate<T>(db: Kysely<T>): Promise<void> {
  await awaitStart(db);
  const { error, results } = await createMigrator(db).migrateToLatest();
  if (!error) return;
  const failed = results?.find((result) => result.status === 'Error');
  const clear = toDatabaseError(error);
  if (clear instanceof HeadroomError) throw clear;
  const { message, code } = error as NodeJS.ErrnoException;
  throw new HeadroomError(
    'database',
    failed
      ? `Migration ${failed.migrationName} failed: ${message}`
      : `The database cannot be opened (${message || code}): check DATABASE_URL.`,
    { cause: error },
  );
}

/** Lists the names of the migrations that this database still lacks. */
export async function listPendingMigrations<T>(db: Kysely<T>): Promise<string[]> {
  const migrations = await createMigrator(db).getMigrations();
  return migrations.filter((migration) => !migration.executedAt).map((migration) => migration.name);
}

function createMigrator<T>(db: Kysely<T>): Migrator {
  return new Migrator({
    db: db as Kysely<unknown>,
    provider: new FileMigrationProvider({
      fs,
      path,
      migrationFolder: fileURLToPath(new URL('../../migrations', import.meta.url)),
    }),
  });
}
