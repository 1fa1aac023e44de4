import type { Db } from './database.ts';

/** One change made by a person: `digest.add`, what and where in one line. */
export interface AuditLine {
  atMs: number;
  /** Slack user id, or the name of a command's user. */
  actor: string;
  action: string;
  detail: string;
}

export async function insertAudit(db: Db, line: AuditLine): Promise<void> {
  await db
    .insertInto('audit')
    .values({ at_ms: line.atMs, actor: line.actor, action: line.action, detail: line.detail })
    .execute();
}

/** Newest first. */
export async function listAudit(db: Db, limit: number): Promise<AuditLine[]> {
  const rows = await db
    .selectFrom('audit')
    .select(['at_ms', 'actor', 'action', 'detail'])
    .orderBy('id', 'desc')
    .limit(limit)
    .execute();
  return rows.map((row) => ({ atMs: row.at_ms, actor: row.actor, action: row.action, detail: row.detail }));
}
