import { relative } from 'node:path';
import { type Config, readEnvironment } from '../config.ts';
import { type Calendar, createCalendar, formatDay } from '../domain/calendar.ts';
import { DIMENSIONS } from '../domain/dimension.ts';
import { toJson } from '../domain/thousandths.ts';
import type { Span, UsageReader } from '../domain/usage.ts';
import { HeadroomError } from '../errors.ts';
import { unseal } from '../ingest/credentials.ts';
import { openSecretKey } from '../ingest/source-admin.ts';
import { countOf, formatCount } from '../report/format.ts';
import { insertAudit } from '../store/audit-repository.ts';
import { findSetting, REPORT_ZONE } from '../store/configuration-repository.ts';
import { type Db, openDatabase } from '../store/database.ts';
import { toDatabaseError } from '../store/database-fault.ts';
import { listPendingMigrations, migrate } from '../store/migrate.ts';
import { describeFilled, listFilledTables, listTables, moveDatabase } from '../store/move-tables.ts';
import { listSources } from '../store/source-repository.ts';
import { claimSqlite } from '../store/sqlite-claim.ts';
import { StoredUsage } from '../usage/reader.ts';
import { type CliContext, describePerson, STOPPED, takes } from './command.ts';
import { readConfig, requireSqlite } from './open.ts';
import { createProgress } from './progress.ts';

/** PostgreSQL's code for a lock that was not granted in time. */
const LOCK_TIMEOUT = '55P03';

/**
 * `headroom move-to [postgres://…]`: copies the SQLite database into an empty PostgreSQL, compares every row, and recounts usage on
 * both sides before it commits. The file is only read. If it is stopped, the target stays empty.
 */
export const runMoveTo = takes('[postgres://…]', {}, async ([address], _flags, context) => {
  const target = readTarget(address ?? readEnvironment(context.env, context.folder).TARGET_DATABASE_URL);
  const config = readConfig(context);
  const instead = ', and only SQLite can be moved: set DATABASE_URL=sqlite:PATH for this command';
  const path = requireSqlite(config, context, instead);
  const release = await claimSqlite(`sqlite:${path}`);
  const from = openDatabase(`sqlite:${path}`, { readonly: true });
  const to = openDatabase(target.href, { connections: 1 });
  const place = `${target.host}${target.pathname}`;
  try {
    const names = await checkSource(from, path, config);
    await checkTarget(to, names);
    const { tables, rows, verified } = await move(from, to, config, context);
    const { requests, days, zone } = verified;
    context.out(
      `Moved ${relative(context.folder, path)} to ${place}: ${formatCount(rows)} rows of ${tables} tables, each compared.`,
    );
    context.out(
      `Recounted on both sides: ${formatCount(requests)} requests on ${countOf(days, 'day')} of ${zone}, the same by every dimension and status.`,
    );
    const key = config.secretKey ? 'the SECRET_KEY you have' : `SECRET_KEY=(the content of ${config.secretKeyPath})`;
    context.out(
      `Now set DATABASE_URL to the target and ${key}, and start the bot. The file is as it was: keep it until you trust the new one.`,
    );
    return 0;
  } catch (error) {
    if (!context.signal.aborted) throw toMoveError(error, place);
    context.err('Stopped. The target is still empty, and the file is as it was: run the same command again.');
    return STOPPED;
  } finally {
    await Promise.allSettled([from.destroy(), to.destroy()]);
    release();
  }
});

function toMoveError(error: unknown, place: string): unknown {
  const clear = toDatabaseError(error, `check the address of ${place}`);
  if (clear instanceof HeadroomError) return clear;
  const { code, message } = error as NodeJS.ErrnoException;
  const cure = code === LOCK_TIMEOUT ? 'Stop what else uses the target' : 'Put that right';
  return new HeadroomError('database', `Nothing was moved (${message}). ${cure}, then run this again.`, {
    cause: error,
  });
}

function readTarget(url: string | undefined): URL {
  const example = 'TARGET_DATABASE_URL=postgres://USER:PASSWORD@HOST/DATABASE headroom move-to';
  if (url === undefined) throw new HeadroomError('question', `Name the target: ${example}.`);
  if (!/^postgres(ql)?:\/\//.test(url) || !URL.canParse(url))
    throw new HeadroomError('question', `The target must be the address of a PostgreSQL database: ${example}.`);
  return new URL(url);
}

/** Throws unless the source has the newest schema and its secrets can be unsealed; returns the names of its tables. */
async function checkSource(db: Db, path: string, config: Config): Promise<string[]> {
  const pending = await listPendingMigrations(db);
  if (pending.length > 0)
    throw new HeadroomError(
      'version',
      `${path} is of an older version (it lacks ${pending.join(', ')}): run "headroom sources list" once, which brings it up to date, then this again.`,
    );
  const sealed = (await listSources(db)).filter(({ sealedSecret }) => sealedSecret !== undefined);
  if (sealed.length > 0) {
    const key = await openSecretKey(db, config);
    for (const { name, sealedSecret } of sealed) unseal(sealedSecret!, key, `source ${name}`);
  }
  return (await listTables(db)).map(({ name }) => name);
}

/** Throws unless the target has no data of Headroom; brings its schema up to date. */
async function checkTarget(db: Db, names: readonly string[]): Promise<void> {
  const filled = await listFilledTables(db, names);
  if (filled.length > 0) throw new HeadroomError('database', describeFilled(filled));
  await migrate(db);
}

async function move(from: Db, to: Db, config: Config, context: CliContext) {
  const progress = createProgress('Moving', context);
  const calendar = createCalendar((await findSetting(from, REPORT_ZONE)) ?? config.reportTimezone ?? 'UTC');
  const verify = async (one: Db, other: Db): Promise<Comparison & { zone: string }> => {
    const comparison = await compareUsage(
      new StoredUsage(one, 'sqlite', calendar),
      new StoredUsage(other, 'postgres', calendar),
      calendar,
      context.signal,
    );
    if (comparison.differentDay !== undefined)
      throw new HeadroomError(
        'database',
        `Usage of ${comparison.differentDay} is not the same on both sides. Nothing was moved.`,
      );
    const detail = `from SQLite, ${formatCount(comparison.requests)} requests`;
    await insertAudit(other, { atMs: context.now(), actor: describePerson(), action: 'move-to', detail });
    return { ...comparison, zone: calendar.zone };
  };
  try {
    return await moveDatabase(from, to, { signal: context.signal, onProgress: progress.move }, verify);
  } finally {
    progress.end();
  }
}

export interface Comparison {
  /** Calls on all days. */
  requests: number;
  days: number;
  /** The first day with different counts, if any. */
  differentDay?: string;
}

/** Compares the usage of two databases day by day, by each dimension and status; where raw events are kept, also from those. */
export async function compareUsage(
  one: UsageReader,
  other: UsageReader,
  calendar: Calendar,
  signal: AbortSignal,
): Promise<Comparison> {
  const extent = await one.extent();
  const comparison: Comparison = { requests: 0, days: 0 };
  for (let day = extent?.firstDay ?? 0; extent && day <= extent.lastDay; day += 1) {
    signal.throwIfAborted();
    const span = { fromMs: calendar.startOfDay(day), toMs: calendar.startOfDay(day + 1) };
    const [{ counts, requests }, { counts: same }] = await Promise.all([
      recount(one, span, day >= extent.firstRawDay),
      recount(other, span, day >= extent.firstRawDay),
    ]);
    if (counts !== same) return { ...comparison, differentDay: formatDay(day) };
    comparison.requests += requests;
    comparison.days += 1;
  }
  return comparison;
}

async function recount(usage: UsageReader, span: Span, hasRaw: boolean): Promise<{ counts: string; requests: number }> {
  const query = { span, grain: 'day', filters: [] } as const;
  const answers = await Promise.all([
    ...DIMENSIONS.map((dimension) => usage.sum({ ...query, groupBy: [dimension, 'status'] })),
    usage.sum({ ...query, groupBy: ['scope', 'status'], raw: hasRaw }),
  ]);
  const lines = answers.map(({ rows }) => rows.map(toJson).sort());
  const excluded = (await usage.excluded(span)).map((rule) => JSON.stringify(rule)).sort();
  const requests = answers.at(-1)!.rows.reduce((sum, row) => sum + row.requests, 0);
  return { counts: JSON.stringify([lines, excluded]), requests };
}
