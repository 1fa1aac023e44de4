import type { Selectable } from 'kysely';
import type { Filter } from '../domain/filter.ts';
import type { Question } from '../domain/report.ts';
import { type Db, insertNew } from './database.ts';
import { FILTERS, QUESTION, QUESTIONS, readColumn } from './json-columns.ts';
import type { Database } from './schema.ts';

/** An answer with buttons: who asked what, and where it was posted. `ts` is absent if only the asker sees it. */
export interface KeptAnswer {
  id: string;
  asker: string;
  channel: string;
  ts?: string;
  threadTs?: string;
  private: boolean;
  question: Question;
  /** The questions behind the entries of its drill-down menu. */
  drill: readonly Question[];
  createdMs: number;
}

const ANSWER = ['id', 'asker', 'channel', 'ts', 'thread_ts', 'private', 'question', 'drill', 'created_ms'] as const;

/** Notes a request of Slack; false if an instance has taken it before. `key` is its signature or its event's id. */
export function insertRequest(db: Db, key: string, seenMs: number): Promise<boolean> {
  return insertNew(db.insertInto('slack_request').values({ key, seen_ms: seenMs }));
}

export async function deleteRequestsBefore(db: Db, beforeMs: number): Promise<void> {
  await db.deleteFrom('slack_request').where('seen_ms', '<', beforeMs).execute();
}

/** Stores an answer, or replaces the one with the same id. */
export async function upsertAnswer(db: Db, answer: KeptAnswer): Promise<void> {
  const row = {
    asker: answer.asker,
    channel: answer.channel,
    ts: answer.ts ?? null,
    thread_ts: answer.threadTs ?? null,
    private: answer.private ? (1 as const) : (0 as const),
    question: JSON.stringify(answer.question),
    drill: JSON.stringify(answer.drill),
    created_ms: answer.createdMs,
  };
  await db
    .insertInto('answer')
    .values({ id: answer.id, ...row })
    .onConflict((conflict) => conflict.column('id').doUpdateSet(row))
    .execute();
}

export async function findAnswer(db: Db, id: string): Promise<KeptAnswer | undefined> {
  const row = await db.selectFrom('answer').select(ANSWER).where('id', '=', id).executeTakeFirst();
  return row && toAnswer(row);
}

/** Finds the newest answer to this person in this channel. */
export async function findLastAnswer(db: Db, asker: string, channel: string): Promise<KeptAnswer | undefined> {
  const row = await db
    .selectFrom('answer')
    .select(ANSWER)
    .where('asker', '=', asker)
    .where('channel', '=', channel)
    .orderBy('created_ms', 'desc')
    .limit(1)
    .executeTakeFirst();
  return row && toAnswer(row);
}

function toAnswer(row: Pick<Selectable<Database['answer']>, (typeof ANSWER)[number]>): KeptAnswer {
  return {
    id: row.id,
    asker: row.asker,
    channel: row.channel,
    ...(row.ts ? { ts: row.ts } : {}),
    ...(row.thread_ts ? { threadTs: row.thread_ts } : {}),
    private: row.private === 1,
    question: readColumn('answer.question', QUESTION, row.question),
    drill: readColumn('answer.drill', QUESTIONS, row.drill),
    createdMs: row.created_ms,
  };
}

export async function deleteAnswersBefore(db: Db, beforeMs: number): Promise<void> {
  await db.deleteFrom('answer').where('created_ms', '<', beforeMs).execute();
}

/** Lists filters that a person chose for a channel; empty if there are none. */
export async function listChosenFilters(db: Db, user: string, channel: string): Promise<Filter[]> {
  const row = await db
    .selectFrom('chosen_filter')
    .select('filters')
    .where('user', '=', user)
    .where('channel', '=', channel)
    .executeTakeFirst();
  return row ? readColumn('chosen_filter.filters', FILTERS, row.filters) : [];
}

/** Stores the filters that a person chose for a channel; an empty list resets them. */
export async function upsertChosenFilters(
  db: Db,
  user: string,
  channel: string,
  filters: readonly Filter[],
): Promise<void> {
  if (filters.length === 0) {
    await db.deleteFrom('chosen_filter').where('user', '=', user).where('channel', '=', channel).execute();
    return;
  }
  const row = { filters: JSON.stringify(filters) };
  await db
    .insertInto('chosen_filter')
    .values({ user, channel, ...row })
    .onConflict((conflict) => conflict.columns(['user', 'channel']).doUpdateSet(row))
    .execute();
}

/** Notes that the bot introduces itself in a channel; false if it has done so before. */
export function insertGreeting(db: Db, channel: string, greetedMs: number): Promise<boolean> {
  return insertNew(db.insertInto('greeting').values({ channel, greeted_ms: greetedMs }));
}
