import { z } from 'zod';
import type { AlertContent, AlertKind } from '../domain/alert.ts';
import { type Calendar, HOUR_MS } from '../domain/calendar.ts';
import type { Definitions } from '../domain/definition.ts';
import type { NewDelivery } from '../domain/delivery.ts';
import type { PoolState, ScopeState } from '../domain/scope-state.ts';
import type { SourceHealth } from '../domain/source-health.ts';
import type { UsageReader } from '../domain/usage.ts';
import {
  type Alert,
  type Conversation,
  findAlert,
  insertAlert,
  type NewAlert,
  setAlertDeliveries,
  toPoolSubject,
} from '../store/alert-repository.ts';
import { type Db, transact } from '../store/database.ts';
import { findDelivery, insertDelivery } from '../store/delivery-repository.ts';
import { ALERT_CONTENT, readValue } from '../store/json-columns.ts';
import type { AlertRule } from '../store/view-repository.ts';
import { putAlertEvent } from './webhook-events.ts';

/** Channels that alerts go to: one, or the direct messages of the admins. */
export type Targets = readonly string[];

/** A pool or limit, with the names under which each of its alerts comes once. */
export interface PoolSubject {
  scope: ScopeState;
  pool: PoolState;
  /** `crm/Daily credits`. */
  subject: string;
  /** Undefined: a rolling pool outside any episode. */
  period: string | undefined;
}

/** Present state of everything that alerts are about. */
export interface AlertFacts {
  nowMs: number;
  calendar: Calendar;
  states: readonly ScopeState[];
  pools: readonly PoolSubject[];
  sources(): Promise<readonly SourceHealth[]>;
  rules(): Promise<readonly AlertRule[]>;
}

/** Facts and settings of one evaluation. */
export interface EvaluationContext extends AlertFacts {
  db: Db;
  usage: UsageReader;
  definitions(): Promise<Definitions>;
  targets: Targets;
  /** WEBHOOK_URL is set: events go there too. */
  webhook: boolean;
  /** The kind is on, and what the alert is about is not muted. */
  isTold(kind: AlertKind, about?: { subject: string; scope?: string | undefined }): boolean;
  /** What levels were looked at last, by subject. */
  seen: Map<string, string>;
}

/** Looks for one kind of alert. */
export interface Watch {
  kind: AlertKind;
  /** Lists what may be told; each is told once. */
  list(context: EvaluationContext): Promise<readonly Candidate[]> | readonly Candidate[];
  /** Returns how an alert that was told reads now; undefined: it no longer holds. */
  now(alert: Alert, facts: AlertFacts): Promise<AlertWords | undefined> | AlertWords | undefined;
}

/** An alert to be raised under a key that is unique for ever, as one of its subject and period. */
export interface Claim extends NewAlert {
  /** The conversation in whose thread it is one more line. Absent, or not begun: it has a message of its own. */
  thread?: Conversation | undefined;
}

/** An alert that may be raised. */
export interface Candidate extends Omit<Claim, 'content'> {
  scope?: string;
  /** Returns what is told, asked only where it was not told before; undefined: there is nothing after all. */
  tell(): Promise<AlertWords | undefined> | AlertWords | undefined;
}

/** Content of an alert that its watch writes. */
export type AlertWords = Omit<AlertContent, 'kind' | 'mention'> & { mention?: boolean };

/** Reads as it was told for an hour: the `now` of alerts about a minute or an hour that is over. */
export function readForAnHour({ content, atMs }: Alert, { nowMs }: AlertFacts): AlertWords | undefined {
  return nowMs < atMs + HOUR_MS ? content : undefined;
}

/** Finds the pool that an alert was told of, where the period of then is running. */
export function findPool({ subject, period }: Conversation, { pools }: AlertFacts): PoolSubject | undefined {
  return pools.find((each) => each.subject === toPoolSubject(subject) && each.period === period);
}

/** Raises what a watch finds, unless its kind is off, it is muted, or it was raised before. */
export async function raiseAlerts(context: EvaluationContext, { kind, list }: Watch): Promise<void> {
  if (!context.isTold(kind)) return;
  for (const { tell, ...candidate } of await list(context)) {
    if (!context.isTold(kind, candidate) || (await findAlert(context.db, candidate.key))) continue;
    const words = await tell();
    const { scope } = candidate;
    if (words)
      await claimAlert(context.db, { ...candidate, content: { kind, mention: false, scope, ...words } }, context);
  }
}

/**
 * Writes an alert and its messages, or nothing where it was written before. The first of a subject and period is the parent;
 * a later one adds a line to its thread, shown in the channel too, and updates the parent; one for the thread of another
 * conversation only adds its line.
 */
export function claimAlert(
  db: Db,
  { thread, ...alert }: Claim,
  { targets, webhook, nowMs }: Pick<EvaluationContext, 'targets' | 'webhook' | 'nowMs'>,
): Promise<boolean> {
  return transact(db, async (trx) => {
    if (!(await insertAlert(trx, alert, nowMs))) return false;
    const keys: string[] = [];
    for (const target of targets) keys.push(await tell(trx, { thread, ...alert }, target, nowMs));
    await setAlertDeliveries(trx, alert.key, keys);
    if (webhook) await putAlertEvent(trx, { conversation: thread ?? alert, content: alert.content }, nowMs);
    return true;
  });
}

/** The delivery of the message that a conversation begins with. */
export function toParentKey({ subject, period }: Conversation, target: string): string {
  return `alert:${subject}:${period}@${target}`;
}

/** Puts an alert's message to one channel or person into the delivery log. Returns its key. */
async function tell(trx: Db, { key, thread, content, ...own }: Claim, target: string, nowMs: number): Promise<string> {
  const parentKey = toParentKey(thread ?? own, target);
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
  if (thread) {
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

/** Puts an edit of the message that an alert's conversation begins with into the delivery log, wherever it was told. */
export async function updateParents(
  trx: Db,
  alert: Alert,
  { order, nowMs }: { order: Omit<AlertOrder, 'alertKey'>; nowMs: number },
): Promise<void> {
  for (const own of alert.deliveryKeys) {
    const channel = own.slice(own.lastIndexOf('@') + 1);
    const parentKey = toParentKey(alert, channel);
    const updates = (await findDelivery(trx, parentKey)) ? parentKey : own;
    // A period is acknowledged again when a further level was told, and over again after that.
    const key = `${updates}#${order.part === 'over' ? 'over' : 'acknowledged'}:${nowMs}`;
    const content = { alertKey: alert.key, ...order } satisfies AlertOrder;
    await insertDelivery(trx, { key, kind: 'alert', channel, content, updates, dueMs: nowMs });
  }
}

/**
 * `parent`: the message that a conversation begins with, kept up to date by edits; `over`: its last one. `line`: one line of
 * its thread. Deliveries of older versions have parts that are no longer sent.
 */
const ORDER = z.object({
  alertKey: z.string().optional(),
  part: z.enum(['parent', 'line', 'over', 'past']).catch('past'),
  content: ALERT_CONTENT,
  /** Of `over`: the last entry of the history. */
  event: z.object({ what: z.string(), atMs: z.number() }).optional(),
});

/** Content of an alert's delivery. `alertKey` is absent for a test. */
export type AlertOrder = z.infer<typeof ORDER>;

export function readAlertOrder(stored: unknown): AlertOrder {
  return readValue('delivery.content', ORDER, stored);
}
