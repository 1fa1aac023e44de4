import type { Question } from '../domain/report.ts';
import { type Db, didChange } from './database.ts';
import { QUESTION, readColumn } from './json-columns.ts';

/** A bound that somebody set on the requests of a saved view. */
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
