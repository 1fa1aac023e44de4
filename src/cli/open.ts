import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { type Config, parseConfig, readEnvironment } from '../config.ts';
import { type Calendar, createCalendar } from '../domain/calendar.ts';
import type { Definitions } from '../domain/definition.ts';
import { HeadroomError } from '../errors.ts';
import type { Intake } from '../ingest/intake.ts';
import { getDefinitions, getReportZone } from '../store/configuration-repository.ts';
import { type Db, dialectOf, openDatabase, parseDatabaseUrl } from '../store/database.ts';
import { listInstances, SEEN_WITHIN_MS } from '../store/instance-repository.ts';
import { awaitStart, listPendingMigrations, migrate } from '../store/migrate.ts';
import type { StoredUsage } from '../usage/reader.ts';
import { compareVersions, VERSION } from '../version.ts';
import type { CliContext } from './command.ts';

export function readConfig(context: CliContext, needs?: 'slack'): Config {
  return context.config ?? parseConfig(readEnvironment(context.env, context.folder), needs);
}

/**
 * Opens the database and migrates it for the time of `work`. Throws a `version` error if an older instance is running, which could
 * not read what this version writes.
 */
export async function withDatabase<T>(context: CliContext, work: (db: Db, config: Config) => Promise<T>): Promise<T> {
  const config = readConfig(context);
  const db = openDatabase(config.databaseUrl.reveal());
  try {
    await awaitStart(db);
    await refuseBesideOlder(db, context.now());
    await migrate(db);
    return await work(db, config);
  } finally {
    await db.destroy();
  }
}

/** The database, with readers that use the days of its report zone. */
export interface StoredPorts {
  db: Db;
  config: Config;
  calendar: Calendar;
  usage: StoredUsage;
  definitions(): Promise<Definitions>;
}

/** Opens the database and its usage for the time of `work`. `findZone` replaces the zone of the settings. */
export function withStored<T>(
  context: CliContext,
  work: (ports: StoredPorts) => Promise<T>,
  findZone: (db: Db, config: Config) => Promise<string> = (db, config) => getReportZone(db, config.reportTimezone),
): Promise<T> {
  return withDatabase(context, async (db, config) => {
    const calendar = createCalendar(await findZone(db, config));
    // Loaded where it is wanted, as below: most commands begin in half the time without.
    const { StoredUsage } = await import('../usage/reader.ts');
    const usage = new StoredUsage(db, dialectOf(config.databaseUrl.reveal()), calendar);
    return work({ db, config, calendar, usage, definitions: () => getDefinitions(db) });
  });
}

/** Does the same with an intake, which writes usage. */
export function withIntake<T>(
  context: CliContext,
  work: (ports: StoredPorts & { intake: Intake }) => Promise<T>,
  findZone?: (db: Db, config: Config) => Promise<string>,
): Promise<T> {
  return withStored(
    context,
    async (ports) => {
      const { Intake, toIntakeSettings } = await import('../ingest/intake.ts');
      const intake = new Intake(toIntakeSettings(ports.config, ports.calendar.zone));
      try {
        const result = await work({ ...ports, intake });
        await intake.usage.writeDailyRows();
        return result;
      } finally {
        await intake.close();
      }
    },
    findZone,
  );
}

/** Returns the path of the SQLite database in the settings. Throws a `database` error for PostgreSQL, with what to do instead. */
export function findSqlite(config: Config, context: CliContext, instead: string): string {
  const target = parseDatabaseUrl(config.databaseUrl.reveal());
  if (target.dialect === 'sqlite') return resolve(context.folder, target.path);
  throw new HeadroomError('database', `DATABASE_URL is PostgreSQL${instead}.`);
}

/** Does the same, and throws if the file does not exist. */
export function requireSqlite(config: Config, context: CliContext, instead: string): string {
  const path = findSqlite(config, context, instead);
  if (existsSync(path)) return path;
  throw new HeadroomError('database', `There is no database at ${path}: check DATABASE_URL.`);
}

/**
 * Throws a `version` error if a running instance is older than this command: by its version, or because migrations are pending,
 * which every instance runs when it starts.
 */
export async function refuseBesideOlder(db: Db, nowMs: number): Promise<void> {
  const tables = await db.introspection.getTables();
  if (!tables.some((table) => table.name === 'instance')) return;
  const running = await listInstances(db, nowMs - SEEN_WITHIN_MS);
  if (running.length === 0) return;
  const pending = await listPendingMigrations(db);
  const older =
    running.find(({ version }) => compareVersions(version, VERSION) < 0) ?? (pending.length > 0 && running[0]);
  if (!older) return;
  const isSameNumber = compareVersions(older.version, VERSION) === 0;
  throw new HeadroomError(
    'version',
    `Instance ${older.id} runs ${isSameNumber ? 'an older state of ' : ''}version ${older.version}, older than this command (${VERSION})${
      pending.length > 0 ? `, and the database would be changed under it (${pending.join(', ')})` : ''
    }: stop or update it first.`,
  );
}
