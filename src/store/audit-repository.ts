import type { Db } from './database.ts';

/** One change made by a person: `digest.add`, what and where in one line. */
export interface AuditLine {
  atMs: number;
  /** Slack user id, or the name of a command's user. */
  actor: string;
  action: string;
  detail: string;
}

export async function insertAudit(db: Db, { atMs, ...line }: AuditLine): Promise<void> {
  await db
    .insertInto('audit')
    .values({ ...line, at_ms: atMs })
    .execute();
}

const AUDIT = ['id', 'at_ms as atMs', 'actor', 'action', 'detail'] as const;

/** Lists changes made by people, newest first. */
export function listAudit(db: Db, limit: number): Promise<AuditLine[]> {
  return db.selectFrom('audit').select(AUDIT).orderBy('id', 'desc').limit(limit).execute();
}

/** Changes after the one of this number, oldest first, with their numbers. */
export function listAuditSince(db: Db, id: number): Promise<(AuditLine & { id: number })[]> {
  return db.selectFrom('audit').select(AUDIT).where('id', '>', id).orderBy('id').limit(1000).execute();
}

/** Number of the newest change; 0: there is none. */
export async function findLastAuditId(db: Db): Promise<number> {
  const row = await db
    .selectFrom('audit')
    .select((eb) => eb.fn.max('id').as('id'))
    .executeTakeFirst();
  return row?.id ?? 0;
}
