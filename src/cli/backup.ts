import { accessSync, constants, copyFileSync, existsSync, renameSync, rmSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { HeadroomError } from '../errors.ts';
import { openSecretKey } from '../ingest/source-admin.ts';
import { countOf, formatCount } from '../report/format.ts';
import { insertAudit } from '../store/audit-repository.ts';
import { getReportZone } from '../store/configuration-repository.ts';
import { openDatabase } from '../store/database.ts';
import { forgetInstances } from '../store/instance-repository.ts';
import { migrate } from '../store/migrate.ts';
import { listSources } from '../store/source-repository.ts';
import { openSqlite } from '../store/sqlite.ts';
import { claimSqlite } from '../store/sqlite-claim.ts';
import { describePerson, takes } from './command.ts';
import { requireFile, toWriteError } from './files.ts';
import { findSqlite, readConfig, requireSqlite } from './open.ts';

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

/**
 * `headroom restore FILE`: replaces the SQLite database with a backup, and keeps the old one beside it. First a copy of the backup
 * is checked and migrated; until then nothing is replaced. Refused while a bot runs.
 */
export const runRestore = takes('FILE', {}, async ([file], _flags, context) => {
  const config = readConfig(context);
  const place = findSqlite(
    config,
    context,
    ': restore it with its own tool, pg_restore --clean --if-exists --dbname="$DATABASE_URL" FILE',
  );
  const backup = resolve(context.folder, file!);
  requireFile(backup);
  if (backup === place) throw new HeadroomError('database', `${backup} is the database itself: name a backup of it.`);
  const release = await claimSqlite(`sqlite:${place}`);
  const copy = `${place}.restoring`;
  try {
    for (const name of [copy, `${copy}-wal`, `${copy}-shm`]) rmSync(name, { force: true });
    copyFileSync(backup, copy);
    // A backup that was copied by hand may have its newest pages in the WAL file.
    if (existsSync(`${backup}-wal`)) copyFileSync(`${backup}-wal`, `${copy}-wal`);
    checkCopy(copy, backup);
    const db = openDatabase(`sqlite:${copy}`);
    try {
      await migrate(db);
      await forgetInstances(db);
      await openSecretKey(db, config);
      const zone = await getReportZone(db, config.reportTimezone);
      const sources = await listSources(db);
      const detail = `from ${backup}`;
      await insertAudit(db, { atMs: context.now(), actor: describePerson(), action: 'restore', detail });
      const kept = replace(place, copy, context.now());
      context.out(
        `Restored ${place} from ${backup}: ${countOf(sources.length, 'source')}, days in ${zone}. The backup was checked and is complete.`,
      );
      if (kept) context.out(`The database it replaced is kept as ${kept}: delete it when you no longer need it.`);
    } finally {
      await db.destroy();
    }
  } finally {
    for (const name of [copy, `${copy}-wal`, `${copy}-shm`]) rmSync(name, { force: true });
    release();
  }
});

/** Throws unless the copy is a sound database of Headroom. */
function checkCopy(copy: string, backup: string): void {
  try {
    const sqlite = openSqlite(copy);
    try {
      const [problem] = sqlite.pragma('integrity_check(1)') as { integrity_check: string }[];
      if (problem?.integrity_check !== 'ok') throw new Error(problem?.integrity_check);
      const ours = sqlite.prepare("select 1 from sqlite_master where name = 'kysely_migration'").get();
      if (!ours) throw new Error('it has none of its tables');
    } finally {
      sqlite.close();
    }
  } catch (error) {
    throw new HeadroomError(
      'database',
      `${backup} is no whole backup of Headroom (${(error as Error).message}): name another.`,
      {
        cause: error,
      },
    );
  }
}

/** Renames the database, with its WAL merged into the file, and puts the copy in its place. Returns the path of the old one. */
function replace(place: string, copy: string, nowMs: number): string | undefined {
  const moved = openSqlite(copy);
  moved.pragma('wal_checkpoint(TRUNCATE)');
  moved.close();
  if (!existsSync(place)) {
    renameSync(copy, place);
    return undefined;
  }
  const old = openSqlite(place);
  old.pragma('wal_checkpoint(TRUNCATE)');
  old.close();
  const kept = `${place}.before-${new Date(nowMs).toISOString().replace(/[:.]/g, '-')}`;
  renameSync(place, kept);
  for (const name of [`${place}-wal`, `${place}-shm`]) rmSync(name, { force: true });
  renameSync(copy, place);
  return kept;
}
