import type { Transaction } from 'kysely';
import type { AlertContent } from '../domain/alert.ts';
import type { NewDelivery } from '../domain/delivery.ts';
import { insertAlert, type Mute, type NewAlert, setAlertDeliveries } from '../store/alert-repository.ts';
import { findDelivery, insertDelivery } from '../store/delivery-repository.ts';
import type { Database } from '../store/schema.ts';
import type { AlertOrder } from './alert-content.ts';

export interface Claim extends Omit<NewAlert, 'content'> {
  content: AlertContent;
  /** A note to a pool's thread, where there is one; else it opens or goes on with a thread of its own. */
  note?: { subject: string; period: string };
}

/** Where alerts go: a channel, or the admins one by one. */
export type Targets = readonly string[];

/**
 * Writes an alert and its messages, or nothing where it was written before. The first of a subject and period is the parent;
 * a later one adds a line to its thread, shown in the channel too, and updates the parent; a note only adds its line.
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

/** The delivery of the message that a conversation begins with. */
export function toParentKey({ subject, period }: { subject: string; period: string }, target: string): string {
  return `alert:${subject}:${period}@${target}`;
}

/** Puts an alert's message to one target into the log; the message's key. */
async function tell(
  trx: Transaction<Database>,
  { key, subject, period, content }: Claim,
  note: Claim['note'],
  target: string,
  nowMs: number,
): Promise<string> {
  const parentKey = toParentKey(note ?? { subject, period }, target);
  const ownKey = `${key}@${target}`;
  const put = (deliveryKey: string, part: AlertOrder['part'], place: Pick<NewDelivery, 'thread' | 'updates'> = {}) =>
    insertDelivery(trx, {
      key: deliveryKey,
      kind: 'alert',
      channel: target,
      dueMs: nowMs,
      content: { alertKey: key, part, content } satisfies AlertOrder,
      ...place,
    });
  if (note) {
    const hasParent = (await findDelivery(trx, parentKey)) !== undefined;
    if (hasParent) await put(ownKey, 'line', { thread: { key: parentKey, broadcast: false } });
    else await put(ownKey, 'parent');
    return ownKey;
  }
  // Whoever is second, by a hair's breadth or by days, replies.
  if (await put(parentKey, 'parent')) return parentKey;
  await put(ownKey, 'line', { thread: { key: parentKey, broadcast: true } });
  await put(`${ownKey}#parent`, 'parent', { updates: parentKey });
  return ownKey;
}

/** Whether any mute covers an alert: all, its kind, its subject, or the scope that it is about. */
export function isMuted(mutes: readonly Mute[], alert: { kind: string; subject: string; scope?: string }): boolean {
  return mutes.some(
    ({ what }) => what === '*' || what === alert.kind || what === alert.subject || what === alert.scope,
  );
}
