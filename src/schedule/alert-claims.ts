import type { Transaction } from 'kysely';
import type { NewDelivery } from '../domain/delivery.ts';
import { insertAlert, type Mute, type NewAlert, setAlertDeliveries } from '../store/alert-repository.ts';
import { findDelivery, insertDelivery } from '../store/delivery-repository.ts';
import type { Database } from '../store/schema.ts';
import { type AlertContent, type AlertOrder, summarize } from './alert-content.ts';

export interface Claim extends Omit<NewAlert, 'content'> {
  content: AlertContent;
  /** A note to a pool's thread, where there is one; else it opens or goes on with a thread of its own. */
  note?: { subject: string; period: string };
}

/** Where alerts go: a channel, or the admins one by one. */
export type Targets = readonly string[];

/**
 * Writes an alert and its messages, or nothing where it was written before. The first of a subject and period is the
 * parent; a later one replies to it, is shown in the channel too, and updates it; a note only replies.
 */
export async function claimAlert(
  trx: Transaction<Database>,
  claim: Claim,
  targets: Targets,
  nowMs: number,
): Promise<boolean> {
  const { note, ...alert } = claim;
  if (!(await insertAlert(trx, alert, nowMs))) return false;
  if (claim.covered) return true;
  const keys: string[] = [];
  for (const target of targets) keys.push(await tell(trx, claim, note, target, nowMs));
  await setAlertDeliveries(trx, claim.key, keys);
  return true;
}

/** Puts an alert's message to one target into the log, with its chart; the message's key. */
async function tell(
  trx: Transaction<Database>,
  { key, subject, period, content }: Claim,
  note: Claim['note'],
  target: string,
  nowMs: number,
): Promise<string> {
  const thread = note ?? { subject, period };
  const parentKey = `alert:${thread.subject}:${thread.period}@${target}`;
  const ownKey = `${key}@${target}`;
  const put = (deliveryKey: string, part: AlertOrder['part'], place: Pick<NewDelivery, 'thread' | 'updates'> = {}) => {
    const order: AlertOrder = { alertKey: key, summary: summarize(content), part, content };
    return insertDelivery(trx, {
      key: deliveryKey,
      kind: 'alert',
      channel: target,
      dueMs: nowMs,
      content: order,
      ...place,
    });
  };
  if (note) {
    const hasParent = (await findDelivery(trx, parentKey)) !== undefined;
    await put(ownKey, 'message', hasParent ? { thread: { key: parentKey, broadcast: false } } : {});
    return ownKey;
  }
  // Whoever is second, by a hair's breadth or by days, replies.
  const isParent = await put(parentKey, 'message');
  if (!isParent) {
    await put(ownKey, 'message', { thread: { key: parentKey, broadcast: true } });
    await put(`${ownKey}#parent`, 'parent', { updates: parentKey });
  }
  if (content.kind === 'level') await put(`${ownKey}#chart`, 'chart', { thread: { key: parentKey, broadcast: false } });
  return isParent ? parentKey : ownKey;
}

/** Whether any mute covers an alert: all, its kind, its subject, or the scope that it is about. */
export function isMuted(mutes: readonly Mute[], alert: { kind: string; subject: string; scope?: string }): boolean {
  return mutes.some(
    ({ what }) => what === '*' || what === alert.kind || what === alert.subject || what === alert.scope,
  );
}
