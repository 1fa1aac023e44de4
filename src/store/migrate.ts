import { promises as fs } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Kysely } from 'kysely';
import { FileMigrationProvider, Migrator } from 'kysely/migration';
import { HeadroomError } from '../errors.ts';

/**
 * Brings the schema to the newest version; safe when several processes start together (each dialect's lock makes them
 * wait). Throws where a migration fails, naming it; on both dialects nothing of that run is left behind.
 */
export async function migrate<T>(db: Kysely<T>): Promise<void> {
  const { error, results } = await createMigrator(db).migrateToLatest();
  if (!error) return;
  const failed = results?.find((result) => result.status === 'Error');
  const { message, code } = error as NodeJS.ErrnoException;
  throw new HeadroomError(
    'database',
    failed
      ? `Migration ${failed.migrationName} failed: ${message}`
      : `The database cannot be opened (${message || code}): check DATABASE_URL.`,
    { cause: error },
  );
}

/** Names of the migrations that this database still lacks. */
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
