import type { Logger } from '../log.ts';
import { findLastAuditId, listAuditSince } from '../store/audit-repository.ts';
import type { Db } from '../store/database.ts';

/** Writes to the log what people changed since the run before, in Slack or on the command line, of whichever instance. */
export function createChangeLog(db: Db, log: Logger): () => Promise<void> {
  let last: number | undefined;
  return async () => {
    last ??= await findLastAuditId(db);
    for (const { id, actor, action, detail } of await listAuditSince(db, last)) {
      log.info({ actor, action, detail }, 'changed');
      last = id;
    }
  };
}
