import type { Db } from '../store/database.ts';
import { insertDelivery } from '../store/delivery-repository.ts';
import type { NoticeContent } from './failed-delivery.ts';

/** Tells a digest's channel, once for each owner, that the owner has left: it goes on, and anyone there may take it over. */
export async function orderOrphanNotice(
  db: Db,
  { id, channel, owner }: { id: number; channel: string; owner: string },
  nowMs: number,
): Promise<void> {
  const line = `The owner of digest ${id}, <@${owner}>, has left. It goes on as before; somebody here can take it over, or stop it.`;
  const content: NoticeContent = { lines: [line], orphan: id };
  await insertDelivery(db, { key: `notice:orphan:${id}:${owner}`, kind: 'notice', channel, content, dueMs: nowMs });
}
