import type { Transaction } from 'kysely';
import type { NewDelivery } from '../domain/delivery.ts';
import { insertAlert, type Mute, type NewAlert } from '../store/alert-repository.ts';
import { findDelivery } from '../store/delivery-repository.ts';
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
  const deliveries: NewDelivery[] = [];
  if (!claim.covered) for (const target of targets) deliveries.push(...(await listMessages(trx, claim, target, nowMs)));
  const { note: _note, ...alert } = claim;
  return insertAlert(trx, alert, deliveries, nowMs);
}

async function listMessages(
  trx: Transaction<Database>,
  { key, subject, period, content, note }: Claim,
  target: string,
  nowMs: number,
): Promise<NewDelivery[]> {
  const thread = note ?? { subject, period };
  const parentKey = `alert:${thread.subject}:${thread.period}@${target}`;
  const order = (part: AlertOrder['part']): AlertOrder => ({
    alertKey: key,
    summary: summarize(content),
    part,
    content,
  });
  const message = { kind: 'alert' as const, channel: target, dueMs: nowMs };
  const hasParent = (await findDelivery(trx, parentKey)) !== undefined;
  const ownKey = `${key}@${target}`;
  const chart: NewDelivery[] =
    content.kind === 'level'
      ? [{ ...message, key: `${ownKey}#chart`, content: order('chart'), thread: { key: parentKey, broadcast: false } }]
      : [];
  if (!hasParent) return [{ ...message, key: note ? ownKey : parentKey, content: order('message') }, ...chart];
  const reply = { ...message, key: ownKey, content: order('message'), thread: { key: parentKey, broadcast: !note } };
  if (note) return [reply];
  return [reply, { ...message, key: `${ownKey}#parent`, content: order('parent'), updates: parentKey }, ...chart];
}

/** Whether any mute covers an alert: all, its kind, its subject, or the scope that it is about. */
export function isMuted(mutes: readonly Mute[], alert: { kind: string; subject: string; scope?: string }): boolean {
  return mutes.some(
    ({ what }) => what === '*' || what === alert.kind || what === alert.subject || what === alert.scope,
  );
}
