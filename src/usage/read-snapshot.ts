import type { ExpressionBuilder } from 'kysely';
import type { Db } from '../store/database.ts';
import type { Database } from '../store/schema.ts';
import type { Kept } from './plan.ts';
import { CLOSED_MONTH } from './totals.ts';
import { RENAMES } from './values.ts';

/** What an answer rests on besides the segments, as its snapshot shows it. */
export interface ReadSnapshot {
  kept: Kept;
  /** Changes whenever values were renamed; undefined: never. */
  renames: string | undefined;
  /** When the newest event was received, epoch ms; 0: none was. */
  newestMs: number;
}

/** The days that hold anything, and the snapshot besides. */
interface StoredDays {
  snapshot: ReadSnapshot;
  /** Undefined on an empty store. */
  days: { first: number; last: number } | undefined;
}

/**
 * Reads what answers rest on, all of it in one statement that is made once: a report asks a dozen questions, over a network
 * perhaps. One statement is a snapshot of its own.
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

/** Days before any that Headroom will meet, for an extent without a lower bound. */
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
