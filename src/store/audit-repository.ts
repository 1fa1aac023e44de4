import type { Db } from './database.ts';

/** One change made by a person: an action such as `digest.add`, with what and where in one line. */
export interface AuditLine {
  atMs: number;
  /** Slack user id, or the name of the user who ran a command. */
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

/** Lists at most 1000 changes after the one with this id, oldest first. */
export function listAuditSince(db: Db, id: number): Promise<(AuditLine & { id: number })[]> {
  return db.selectFrom('audit').select(AUDIT).where('id', '>', id).orderBy('id').limit(1000).execute();
}

/** Returns the id of the newest change; 0 if there is none. */
export async function findLastAuditId(db: Db): Promise<number> {
  const row = await db
    .selectFrom('audit')
    .select((eb) => eb.fn.max('id').as('id'))
    .executeTakeFirst();
  return row?.id ?? 0;
}
