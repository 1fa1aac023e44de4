import { CLOSED_MONTH } from './closed-months.ts';
import type { Db } from './database.ts';
import type { Kept } from './usage-plan.ts';
import { RENAMES } from './value-texts.ts';

/** What an answer rests on besides the segments, as its snapshot shows it. */
export interface ReadingGround {
  kept: Kept;
  /** Changes whenever values were renamed; undefined: never. */
  renames: string | undefined;
  /** When the newest event was received, epoch ms; 0: none was. */
  newestMs: number;
}

/** Reads all of it in one statement, made once: a report asks a dozen questions, over a network perhaps. */
export function createReadingGroundReader(): (db: Db) => Promise<ReadingGround> {
  let query: ReturnType<typeof compile> | undefined;
  return async (db) => {
    query ??= compile(db);
    const { rows } = await db.executeQuery<GroundRow>(query);
    const { raw_day, hours_day, closed_month, renames, inbox_ms, folded_ms } = rows[0]!;
    return {
      kept: {
        rawFromDay: Number(raw_day ?? FIRST_DAY),
        hoursFromDay: Number(hours_day ?? FIRST_DAY),
        closedMonth: Number(closed_month ?? Number.NEGATIVE_INFINITY),
      },
      renames: renames ?? undefined,
      newestMs: Math.max(inbox_ms ?? 0, folded_ms ?? 0),
    };
  };
}

/** Days before any that Headroom will meet, for an extent without a lower bound. */
const FIRST_DAY = -1_000_000;

interface GroundRow {
  raw_day: string | null;
  hours_day: string | null;
  closed_month: string | null;
  renames: string | null;
  inbox_ms: number | null;
  folded_ms: number | null;
}

function compile(db: Db) {
  return db
    .selectNoFrom((of) => {
      const setting = (name: string) => of.selectFrom('setting').select('value').where('name', '=', name);
      return [
        setting('raw_from_day').as('raw_day'),
        setting('hours_from_day').as('hours_day'),
        setting(CLOSED_MONTH).as('closed_month'),
        setting(RENAMES).as('renames'),
        of.selectFrom('inbox').select('received_ms').orderBy('seq', 'desc').limit(1).as('inbox_ms'),
        of.selectFrom('event_segment').select('received_ms').orderBy('received_ms', 'desc').limit(1).as('folded_ms'),
      ];
    })
    .compile();
}
