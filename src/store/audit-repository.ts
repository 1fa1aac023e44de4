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

/** Lists changes made by people, newest first. */
export async function listAudit(db: Db, limit: number): Promise<AuditLine[]> {
  const rows = await db
    .selectFrom('audit')
    .select(['at_ms', 'actor', 'action', 'detail'])
    .orderBy('id', 'desc')
    .limit(limit)
    .execute();
  return rows.map((row) => ({ atMs: row.at_ms, actor: row.actor, action: row.action, detail: row.detail }));
}

/** Changes after the one of this number, oldest first, with their numbers. */
export async function listAuditSince(db: Db, id: number): Promise<(AuditLine & { id: number })[]> {
  const rows = await db
    .selectFrom('audit')
    .select(['id', 'at_ms', 'actor', 'action', 'detail'])
    .where('id', '>', id)
    .orderBy('id')
    .limit(1000)
    .execute();
  return rows.map((row) => ({ id: row.id, atMs: row.at_ms, actor: row.actor, action: row.action, detail: row.detail }));
}

/** Number of the newest change; 0: there is none. */
export async function findLastAuditId(db: Db): Promise<number> {
  const row = await db
    .selectFrom('audit')
    .select((eb) => eb.fn.max('id').as('id'))
    .executeTakeFirst();
  return row?.id ?? 0;
}
