import type { Db } from './database.ts';

export interface Instance {
  id: string;
  version: string;
  startedMs: number;
  seenMs: number;
}

/** An instance not seen for 15 s (three heartbeats) is taken to be gone. */
export const SEEN_WITHIN_MS = 15_000;

/** Writes down that this instance is alive. */
export async function upsertInstance(db: Db, instance: Instance): Promise<void> {
  const { id, version, startedMs, seenMs } = instance;
  await db
    .insertInto('instance')
    .values({ id, version, started_ms: startedMs, seen_ms: seenMs })
    .onConflict((conflict) => conflict.column('id').doUpdateSet({ version, seen_ms: seenMs }))
    .execute();
}

/** Instances seen at or after `sinceMs`, the longest running first. */
export async function listInstances(db: Db, sinceMs: number): Promise<Instance[]> {
  const rows = await db
    .selectFrom('instance')
    .select(['id', 'version', 'started_ms', 'seen_ms'])
    .where('seen_ms', '>=', sinceMs)
    .orderBy('started_ms')
    .orderBy('id')
    .execute();
  return rows.map((row) => ({
    id: row.id,
    version: row.version,
    startedMs: row.started_ms,
    seenMs: row.seen_ms,
  }));
}

/** Forgets an instance that stopped, and those not seen since `beforeMs`. */
export async function deleteInstance(db: Db, id: string, beforeMs = 0): Promise<void> {
  await db
    .deleteFrom('instance')
    .where((where) => where.or([where('id', '=', id), where('seen_ms', '<', beforeMs)]))
    .execute();
}
