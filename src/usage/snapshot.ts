import { type ExpressionBuilder, sql } from 'kysely';
import { REPORT_ZONE } from '../store/configuration-repository.ts';
import { compileOnce, type Db, type DialectName, send } from '../store/database.ts';
import type { Database } from '../store/schema.ts';
import type { Kept } from './plan.ts';
import { CLOSED_MONTH } from './totals.ts';
import { RENAMES } from './values.ts';

/** Facts read once per snapshot of a question: how far back raw and hourly data go, the rename marker, the newest receipt. */
export interface ReadSnapshot {
  kept: Kept;
  /** Changes whenever a value is renamed; undefined: none ever was. */
  renames: string | undefined;
  /** When the newest event was received, epoch ms; 0: none was. */
  newestMs: number;
}

/** The snapshot, with the first and last day that hold any usage. */
interface StoredDays {
  snapshot: ReadSnapshot;
  /** Undefined on an empty store. */
  days: { first: number; last: number } | undefined;
}

/**
 * Reads a snapshot in one statement, which is compiled once: a report asks a dozen questions, perhaps over a network. A single
 * statement is consistent even without a transaction.
 */
export class SnapshotReader {
  #snapshot: ReturnType<typeof compileSnapshot> | undefined;
  #days: ReturnType<typeof compileDays> | undefined;

  async readSnapshot(db: Db): Promise<ReadSnapshot> {
    this.#snapshot ??= compileSnapshot(db);
    const { rows } = await db.executeQuery<SnapshotRow>(this.#snapshot);
    return toSnapshot(rows[0]!);
  }

  async readDays(db: Db): Promise<StoredDays> {
    this.#days ??= compileDays(db);
    const { rows } = await db.executeQuery<SnapshotRow & DaysRow>(this.#days);
    const row = rows[0]!;
    const firsts = [row.first_day, row.first_inbox_day].filter((day) => day !== null);
    const lasts = [row.last_day, row.last_inbox_day].filter((day) => day !== null);
    return {
      snapshot: toSnapshot(row),
      days: firsts.length === 0 ? undefined : { first: Math.min(...firsts), last: Math.max(...lasts) },
    };
  }
}

/** A day before all usage: data is complete from the start. */
const FIRST_DAY = -1_000_000;

interface SnapshotRow {
  raw_day: string | null;
  hours_day: string | null;
  durations_day: string | null;
  closed_month: string | null;
  renames: string | null;
  inbox_ms: number | null;
  folded_ms: number | null;
}

interface DaysRow {
  first_day: number | null;
  last_day: number | null;
  first_inbox_day: number | null;
  last_inbox_day: number | null;
}

function toSnapshot(row: SnapshotRow): ReadSnapshot {
  const { raw_day, hours_day, durations_day, closed_month, renames, inbox_ms, folded_ms } = row;
  return {
    kept: {
      rawFromDay: Number(raw_day ?? FIRST_DAY),
      hoursFromDay: Number(hours_day ?? FIRST_DAY),
      durationsFromDay: Number(durations_day ?? FIRST_DAY),
      closedMonth: Number(closed_month ?? Number.NEGATIVE_INFINITY),
    },
    renames: renames ?? undefined,
    newestMs: Math.max(inbox_ms ?? 0, folded_ms ?? 0),
  };
}

function compileSnapshot(db: Db) {
  return db.selectNoFrom(snapshotColumns).compile();
}

function compileDays(db: Db) {
  return db
    .selectNoFrom((of) => {
      const days = of.selectFrom('total_segment').where('cube', '=', 'day').limit(1);
      const inbox = of.selectFrom('inbox');
      return [
        ...snapshotColumns(of),
        days.select('bucket').orderBy('bucket').as('first_day'),
        days.select('bucket').orderBy('bucket', 'desc').as('last_day'),
        inbox.select(({ fn }) => fn.min('first_day').as('day')).as('first_inbox_day'),
        inbox.select(({ fn }) => fn.max('last_day').as('day')).as('last_inbox_day'),
      ];
    })
    .compile();
}

function snapshotColumns(of: ExpressionBuilder<Database, never>) {
  const setting = (name: string) => of.selectFrom('setting').select('value').where('name', '=', name);
  return [
    setting('raw_from_day').as('raw_day'),
    setting('hours_from_day').as('hours_day'),
    setting('durations_from_day').as('durations_day'),
    setting(CLOSED_MONTH).as('closed_month'),
    setting(RENAMES).as('renames'),
    of.selectFrom('inbox').select('received_ms').orderBy('seq', 'desc').limit(1).as('inbox_ms'),
    of.selectFrom('event_segment').select('received_ms').orderBy('received_ms', 'desc').limit(1).as('folded_ms'),
  ];
}

/** Setting that tells which ids are forgotten: all up to a second, and those of some imports. */
export const FORGOTTEN_IDS = 'forgotten_ids';

/** Facts that a commit depends on and that another process may have changed since the last one. */
export interface CommitSnapshot {
  /** Version of the definitions; 0 before the first declaration. */
  rulesVersion: number;
  /** Changes whenever a value is renamed; null: none ever was. */
  renames: string | null;
  /** The zone that days are counted in; null: not fixed yet. */
  zone: string | null;
  /** The newest run of ids; null: there is none. */
  run: number | null;
  forgottenIds: string;
  /** Batches of ids newer than the one that was asked about, the oldest first; undefined: too many to read along. */
  batches: readonly { id: number; ids: Uint8Array }[] | undefined;
}

type CommitRow = Omit<CommitSnapshot, 'batches'> & ({ id: number; ids: Uint8Array } | { id: null; ids: null });

const FEW_BATCHES = 64;

const setting = (name: string) => sql`(select value from setting where name = ${sql.lit(name)})`;

const select = compileOnce((db) =>
  sql<CommitRow>`
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

/** Reads the commit snapshot in one statement. */
export async function readCommitSnapshot(db: Db, afterBatch = Number.MAX_SAFE_INTEGER): Promise<CommitSnapshot> {
  const { rows } = await db.executeQuery(select(db, afterBatch));
  const batches = rows.filter((row) => row.id !== null);
  return { ...rows[0]!, batches: batches.length < FEW_BATCHES ? batches : undefined };
}

/** Number of the PostgreSQL advisory lock; no other lock of Headroom has it. */
const COMMITS_LOCK = 0x4845_4149;

const takeLock = compileOnce((db) => sql`select pg_advisory_xact_lock(${sql.lit(COMMITS_LOCK)})`.compile(db));

/**
 * Waits for other processes that commit events, and keeps them off until the transaction ends, so that the snapshot stays true.
 * PostgreSQL: a lock that is sent together with the query of the snapshot. SQLite has one writer anyway.
 */
export async function lockCommits(trx: Db, dialect: DialectName, afterBatch?: number): Promise<CommitSnapshot> {
  if (dialect === 'postgres') await send(trx, takeLock(trx));
  return readCommitSnapshot(trx, afterBatch);
}
