import { z } from 'zod';
import type { AlertContent, AlertKind } from '../domain/alert.ts';
import type { Calendar } from '../domain/calendar.ts';
import type { Definitions } from '../domain/definition.ts';
import type { NewDelivery } from '../domain/delivery.ts';
import type { Span, UsageReader } from '../domain/usage.ts';
import { findAlert, insertAlert, type Mute, type NewAlert, setAlertDeliveries } from '../store/alert-repository.ts';
import { type Db, transact } from '../store/database.ts';
import { findDelivery, insertDelivery } from '../store/delivery-repository.ts';
import { ALERT_CONTENT, readValue } from '../store/json-columns.ts';
import { putAlertEvent } from './webhook-events.ts';

/** Channels that alerts go to: one, or the direct messages of the admins. */
export type Targets = readonly string[];

/** The instant, the facts and the settings that one evaluation of alerts goes by. */
export interface EvaluationContext {
  db: Db;
  nowMs: number;
  calendar: Calendar;
  usage: UsageReader;
  definitions(): Promise<Definitions>;
  targets: Targets;
  mutes: readonly Mute[];
  isOn(kind: AlertKind): boolean;
  /** A webhook is told too. */
  webhook: boolean;
}

/** An alert to be raised: its row, and the conversation that it belongs to. */
export interface Claim extends NewAlert {
  /** A note to a pool's thread, where there is one; else it opens or goes on with a thread of its own. */
  note?: { subject: string; period: string };
}

/** Raises an alert unless its kind is off, it is muted, or it was raised before. Returns whether it did. */
export async function raiseAlert(context: EvaluationContext, claim: Claim): Promise<boolean> {
  const { db, mutes, targets, nowMs } = context;
  const { kind, scope } = claim.content;
  if (!context.isOn(kind)) return false;
  if (isMuted(mutes, { kind, subject: claim.subject, ...(scope ? { scope } : {}) })) return false;
  if (await findAlert(db, claim.key)) return false;
  return claimAlert(db, claim, { targets, webhook: context.webhook }, nowMs);
}

/**
 * Writes an alert and its messages, or nothing where it was written before. The first of a subject and period is the parent;
 * a later one adds a line to its thread, shown in the channel too, and updates the parent; a note only adds its line.
 */
export function claimAlert(
  db: Db,
  claim: Claim,
  { targets, webhook }: { targets: Targets; webhook: boolean },
  nowMs: number,
): Promise<boolean> {
  const { note, ...alert } = claim;
  return transact(db, async (trx) => {
    if (!(await insertAlert(trx, alert, nowMs))) return false;
    if (claim.covered) return true;
    const keys: string[] = [];
    for (const target of targets) keys.push(await tell(trx, claim, note, target, nowMs));
    await setAlertDeliveries(trx, claim.key, keys);
    if (webhook) await putAlertEvent(trx, { conversation: note ?? claim, content: claim.content }, nowMs);
    return true;
  });
}

/** The delivery of the message that a conversation begins with. */
export function toParentKey({ subject, period }: { subject: string; period: string }, target: string): string {
  return `alert:${subject}:${period}@${target}`;
}

/** Puts an alert's message to one target into the log; the message's key. */
async function tell(
  trx: Db,
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
  // The first delivery of a conversation is its parent; any later one replies, a moment later or days.
  if (await put(parentKey, 'parent')) return parentKey;
  await put(ownKey, 'line', { thread: { key: parentKey, broadcast: true } });
  await put(`${ownKey}#parent`, 'parent', { updates: parentKey });
  return ownKey;
}

/** Tells whether any mute covers an alert: all, its kind, its subject, or the scope that it is about. */
export function isMuted(mutes: readonly Mute[], alert: { kind: string; subject: string; scope?: string }): boolean {
  return mutes.some(
    ({ what }) => what === '*' || what === alert.kind || what === alert.subject || what === alert.scope,
  );
}

/**
 * `parent`: the message that a conversation begins with, kept up to date by edits. `line`: one line of its thread. Deliveries
 * of older versions have parts that are no longer sent.
 */
const ORDER = z.object({
  alertKey: z.string().optional(),
  part: z.enum(['parent', 'line', 'past']).catch('past'),
  content: ALERT_CONTENT,
});

/** Content of an alert's delivery. `alertKey` is absent for a test. */
export interface AlertOrder {
  alertKey?: string;
  part: 'parent' | 'line' | 'past';
  content: AlertContent;
}

export function readAlertOrder(stored: unknown): AlertOrder {
  return readValue('delivery.content', ORDER, stored);
}

/** Returns the local hour that ended last. */
export function lastFullHour({ calendar, nowMs }: EvaluationContext): Span {
  const toMs = calendar.startOfHour(nowMs);
  return { fromMs: calendar.startOfHour(toMs - 1), toMs };
}
