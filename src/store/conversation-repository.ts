import type { Selectable } from 'kysely';
import type { Filter } from '../domain/filter.ts';
import type { Question } from '../domain/report.ts';
import { type Db, didChange, insertNew, upsert } from './database.ts';
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
export function upsertAnswer(db: Db, answer: KeptAnswer): Promise<void> {
  const { id, asker, channel, ts = null, threadTs = null, question, drill, createdMs } = answer;
  return upsert(
    db,
    'answer',
    { id },
    {
      ...{ asker, channel, ts, thread_ts: threadTs, private: answer.private ? 1 : 0, created_ms: createdMs },
      ...{ question: JSON.stringify(question), drill: JSON.stringify(drill) },
    },
  );
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
  await upsert(db, 'chosen_filter', { user, channel }, { filters: JSON.stringify(filters) });
}

/** Notes that the bot introduces itself in a channel; false if it has done so before. */
export function insertGreeting(db: Db, channel: string, greetedMs: number): Promise<boolean> {
  return insertNew(db.insertInto('greeting').values({ channel, greeted_ms: greetedMs }));
}

/** A question saved under a name for a person or a channel; `owner` is that user or channel. */
export interface SavedView {
  owner: string;
  name: string;
  question: Question;
  savedBy: string;
  savedMs: number;
}

/** Stores a view, in place of one with the same owner and name. */
export function upsertView(db: Db, { owner, name, question, savedBy, savedMs }: SavedView): Promise<void> {
  const row = { question: JSON.stringify(question), saved_by: savedBy, saved_ms: savedMs };
  return upsert(db, 'saved_view', { owner, name }, row);
}

/** Lists views of these owners, in the given order of owners, then by name. */
export async function listViews(db: Db, owners: readonly string[]): Promise<SavedView[]> {
  if (owners.length === 0) return [];
  const rows = await db
    .selectFrom('saved_view')
    .select(['owner', 'name', 'question', 'saved_by as savedBy', 'saved_ms as savedMs'])
    .where('owner', 'in', owners)
    .orderBy('name')
    .execute();
  return rows
    .map((row) => ({ ...row, question: readColumn('saved_view.question', QUESTION, row.question) }))
    .sort((a, b) => owners.indexOf(a.owner) - owners.indexOf(b.owner));
}

/** Finds a view by name; of several owners, the first one's wins. */
export async function findView(db: Db, owners: readonly string[], name: string): Promise<SavedView | undefined> {
  return (await listViews(db, owners)).find((view) => view.name === name);
}

/** Deletes a view; false if there was none. */
export function deleteView(db: Db, owner: string, name: string): Promise<boolean> {
  return didChange(db.deleteFrom('saved_view').where('owner', '=', owner).where('name', '=', name));
}
