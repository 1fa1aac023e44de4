import { sql } from 'kysely';
import { compileOnce, type Db, type DialectName, send } from '../store/database.ts';
import { REPORT_ZONE } from '../store/setting-repository.ts';
import { RENAMES } from './values.ts';

/** Setting that tells which ids are remembered no more: those before a second, and those of imports. */
export const FORGOTTEN_IDS = 'forgotten_ids';

/** What a commit stands on and another process may have changed since the last one. */
export interface CommitSnapshot {
  /** Version of the definitions; 0 before the first declaration. */
  rulesVersion: number;
  /** Changes whenever values were renamed; null: never. */
  renames: string | null;
  /** The zone that days are counted in; null: not fixed yet. */
  zone: string | null;
  /** The newest run of ids; null: there is none. */
  run: number | null;
  forgottenIds: string;
  /** Batches of ids after the one that was asked about, the oldest first; undefined: there are many. */
  batches: readonly { id: number; ids: Uint8Array }[] | undefined;
}

type SnapshotRow = Omit<CommitSnapshot, 'batches'> & ({ id: number; ids: Uint8Array } | { id: null; ids: null });

const FEW_BATCHES = 64;

const setting = (name: string) => sql`(select value from setting where name = ${sql.lit(name)})`;

const select = compileOnce((db) =>
  sql<SnapshotRow>`
    select stand.*, batch.id, batch.ids
    from (
      select coalesce((select max(version) from definition), 0) as "rulesVersion", ${setting(RENAMES)} as renames,
        ${setting(REPORT_ZONE)} as zone, (select max(id) from id_run) as run,
        coalesce(${setting(FORGOTTEN_IDS)}, '0') as "forgottenIds"
    ) as stand
    left join (
      select id, ids from id_batch where id > ${0} order by id desc limit ${sql.lit(FEW_BATCHES)}
    ) as batch on true
    order by batch.id`.compile(db),
);

/** Reads all of it in one statement. */
export async function readCommitSnapshot(db: Db, afterBatch = Number.MAX_SAFE_INTEGER): Promise<CommitSnapshot> {
  const { rows } = await db.executeQuery(select(db, afterBatch));
  const batches = rows.filter((row) => row.id !== null);
  return { ...rows[0]!, batches: batches.length < FEW_BATCHES ? batches : undefined };
}

/** Any number that no other advisory lock of ours has. */
const COMMITS_LOCK = 0x4845_4149;

const takeLock = compileOnce((db) => sql`select pg_advisory_xact_lock(${sql.lit(COMMITS_LOCK)})`.compile(db));

/**
 * From here to the end of its transaction one process at a time commits events, and what it reads here holds: on PostgreSQL
 * by a lock that is asked for together with the snapshot; SQLite has one writer anyway.
 */
export async function lockCommits(trx: Db, dialect: DialectName, afterBatch?: number): Promise<CommitSnapshot> {
  if (dialect === 'postgres') await send(trx, takeLock(trx));
  return readCommitSnapshot(trx, afterBatch);
}
