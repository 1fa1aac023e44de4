import { DAY_MS } from '../domain/calendar.ts';
import type { Db } from './database.ts';

export interface Instance {
  id: string;
  version: string;
  startedMs: number;
  seenMs: number;
}

/** An instance that was not seen for 15 s (three heartbeats) counts as gone. */
export const SEEN_WITHIN_MS = 15_000;

const FORGOTTEN_AFTER_MS = DAY_MS;

/** Notes that an instance is alive, and deletes those that were not seen for a day. */
export async function keepInstance(db: Db, { id, version, startedMs, seenMs }: Instance): Promise<void> {
  await db
    .insertInto('instance')
    .values({ id, version, started_ms: startedMs, seen_ms: seenMs })
    .onConflict((conflict) => conflict.column('id').doUpdateSet({ version, seen_ms: seenMs }))
    .execute();
  await db
    .deleteFrom('instance')
    .where('seen_ms', '<', seenMs - FORGOTTEN_AFTER_MS)
    .execute();
}

/** Lists instances seen at or after `sinceMs`, the longest running first. */
export function listInstances(db: Db, sinceMs: number): Promise<Instance[]> {
  return db
    .selectFrom('instance')
    .select(['id', 'version', 'started_ms as startedMs', 'seen_ms as seenMs'])
    .where('seen_ms', '>=', sinceMs)
    .orderBy('started_ms')
    .orderBy('id')
    .execute();
}

/** Deletes all instances and leases, in a copy of a database: none of them runs on the copy. */
export async function forgetInstances(db: Db): Promise<void> {
  await db.deleteFrom('instance').execute();
  await db.deleteFrom('lease').execute();
}

/** Deletes an instance that stopped. */
export async function deleteInstance(db: Db, id: string): Promise<void> {
  await db.deleteFrom('instance').where('id', '=', id).execute();
}

/** Ignore a lease that ends more than a minute after a new one would: it comes from a clock that was ahead. */
const MOST_SKEW_MS = 60_000;

/**
 * Takes or renews the lease `name` until `untilMs`; false if another holder has it. A lease only saves double work: a frozen
 * holder may wake up and still believe in it, so anything that must happen once needs a unique row.
 */
export async function takeLease(
  db: Db,
  name: string,
  holder: string,
  nowMs: number,
  untilMs: number,
): Promise<boolean> {
  const { numInsertedOrUpdatedRows } = await db
    .insertInto('lease')
    .values({ name, holder, until_ms: untilMs })
    .onConflict((conflict) =>
      conflict
        .column('name')
        .doUpdateSet({ holder, until_ms: untilMs })
        .where((where) =>
          where.or([
            where('lease.holder', '=', holder),
            where('lease.until_ms', '<=', nowMs),
            where('lease.until_ms', '>', untilMs + MOST_SKEW_MS),
          ]),
        ),
    )
    .executeTakeFirst();
  return Number(numInsertedOrUpdatedRows) === 1;
}

/** Gives the lease up if `holder` has it. */
export async function deleteLease(db: Db, name: string, holder: string): Promise<void> {
  await db.deleteFrom('lease').where('name', '=', name).where('holder', '=', holder).execute();
}

/**
 * Returns a text that changes with everything that alerts depend on, whichever instance changed it: commits of events,
 * corrections, recounts, definitions, mutes. Cheap: it reads the ends of four indexes and a small table.
 */
export async function findChangeMark(db: Db): Promise<string> {
  const newest = await db
    .selectNoFrom(({ selectFrom }) => [
      selectFrom('definition')
        .select(({ fn }) => fn.max('version').as('mark'))
        .as('definition'),
      selectFrom('correction')
        .select(({ fn }) => fn.max('id').as('mark'))
        .as('correction'),
      selectFrom('inbox')
        .select(({ fn }) => fn.max('seq').as('mark'))
        .as('commit'),
      selectFrom('total_segment')
        .select(({ fn }) => fn.max('id').as('mark'))
        .as('total'),
      selectFrom('alert_mute')
        .select(({ fn }) => fn.countAll().as('mark'))
        .as('mutes'),
    ])
    .executeTakeFirstOrThrow();
  return [newest.definition, newest.correction, newest.commit, newest.total, newest.mutes].join(' ');
}
