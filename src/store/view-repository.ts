import type { Question } from '../domain/report.ts';
import { type Db, didChange } from './database.ts';
import { QUESTION, readColumn } from './json-columns.ts';

/** A question saved under a name for a person or a channel; `owner` is that user or channel. */
export interface SavedView {
  owner: string;
  name: string;
  question: Question;
  savedBy: string;
  savedMs: number;
}

/** Stores a view, in place of one with the same owner and name. */
export async function upsertView(db: Db, view: SavedView): Promise<void> {
  const row = { question: JSON.stringify(view.question), saved_by: view.savedBy, saved_ms: view.savedMs };
  await db
    .insertInto('saved_view')
    .values({ owner: view.owner, name: view.name, ...row })
    .onConflict((conflict) => conflict.columns(['owner', 'name']).doUpdateSet(row))
    .execute();
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

/** An alert when the requests of a saved view go over a bound. */
export interface AlertRule {
  name: string;
  question: Question;
  over: number;
  per: 'hour' | 'day';
  by: string;
}

export async function listAlertRules(db: Db): Promise<AlertRule[]> {
  const rows = await db
    .selectFrom('alert_rule')
    .select(['name', 'question', 'over', 'per', 'added_by as by'])
    .orderBy('name')
    .execute();
  return rows.map((row) => ({ ...row, question: readColumn('alert_rule.question', QUESTION, row.question) }));
}

export async function upsertAlertRule(db: Db, { name, question, over, per, by }: AlertRule): Promise<void> {
  const row = { question: JSON.stringify(question), over, per, added_by: by };
  await db
    .insertInto('alert_rule')
    .values({ name, ...row })
    .onConflict((conflict) => conflict.column('name').doUpdateSet(row))
    .execute();
}

export function deleteAlertRule(db: Db, name: string): Promise<boolean> {
  return didChange(db.deleteFrom('alert_rule').where('name', '=', name));
}
