import { z } from 'zod';
import type { Composer } from '../delivery/slack-transport.ts';
import type { AlertContent, AlertKind } from '../domain/alert.ts';
import { type Calendar, formatDay, HOUR_MS, MINUTE_MS } from '../domain/calendar.ts';
import type { Definitions, Match } from '../domain/definition.ts';
import type { NewDelivery } from '../domain/delivery.ts';
import type { Dimension } from '../domain/dimension.ts';
import type { StoredFilter } from '../domain/filter.ts';
import type { PoolState, ScopeState } from '../domain/scope-state.ts';
import type { SourceHealth } from '../domain/source-health.ts';
import type { Span, UsageReader } from '../domain/usage.ts';
import { type AlertEvent, buildAlert, buildAlertLine } from '../messages/alert-message.ts';
import { formatClock, formatCredits, formatPercent } from '../report/format.ts';
import { reportTold } from '../report/pool.ts';
import { formatQuestion } from '../slack/command/format-question.ts';
import {
  type Alert,
  type AlertRule,
  type Conversation,
  type Episode,
  findAlert,
  insertAlert,
  listAlertsOf,
  type NewAlert,
  setAlertDeliveries,
  toPoolSubject,
} from '../store/alert-repository.ts';
import { type Db, transact } from '../store/database.ts';
import { findDelivery, insertDelivery } from '../store/delivery-repository.ts';
import { ALERT_CONTENT, readValue } from '../store/json-columns.ts';
import { putAlertEvent } from './webhook-events.ts';

/** Slack ids that alerts go to: one channel, or each admin by direct message. */
export type Targets = readonly string[];

/** A pool or limit with its subject and period: each of its alerts is sent once per subject and period. */
export interface PoolSubject {
  scope: ScopeState;
  pool: PoolState;
  /** `crm/Daily credits`. */
  subject: string;
  /** Undefined for a rolling pool outside any episode. */
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
  /** Fingerprint of each subject's levels at its last look; while it is the same, the subject is skipped. */
  seen: Map<string, string>;
}

/** Looks for one kind of alert. */
export interface Watch {
  kind: AlertKind;
  /** Lists alerts that may be due; each is sent once. */
  list(context: EvaluationContext): Promise<readonly Candidate[]> | readonly Candidate[];
  /** Returns an earlier alert in words of now; undefined if it no longer holds. */
  now(alert: Alert, facts: AlertFacts): Promise<AlertWords | undefined> | AlertWords | undefined;
}

/** An alert about to be raised. Its key is unique for ever, so that it is raised once. */
interface Claim extends NewAlert {
  /** Conversation that it adds a line to. If absent, or not begun yet, the alert gets a message of its own. */
  thread?: Conversation | undefined;
}

/** An alert that may be raised. */
export interface Candidate extends Omit<Claim, 'content'> {
  scope?: string;
  /** Makes the words; called only if the alert was not raised before. Undefined: there is nothing to say after all. */
  tell(): Promise<AlertWords | undefined> | AlertWords | undefined;
}

/** Content of an alert that its watch writes. */
export type AlertWords = Omit<AlertContent, 'kind' | 'mention'> & { mention?: boolean };

/** Returns the words as they were sent, for an hour after that: the `now` of alerts about a minute or an hour in the past. */
export function readForAnHour({ content, atMs }: Alert, { nowMs }: AlertFacts): AlertWords | undefined {
  return nowMs < atMs + HOUR_MS ? content : undefined;
}

/** Finds the pool that an alert is about; undefined once the alert's period is over. */
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
 * Writes an alert and its messages. Returns false, and writes nothing, if it was written before. The first alert of a subject
 * and period is the parent; a later one adds a line to its thread, shown in the channel too, and updates the parent. An alert
 * with a `thread` only adds its line there.
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

/** Returns the delivery key of the message that a conversation begins with. */
function toParentKey({ subject, period }: Conversation, target: string): string {
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
  // The first delivery of a conversation is its parent; any later one replies to it.
  if (await put(parentKey, 'parent')) return parentKey;
  await put(ownKey, 'line', { thread: { key: parentKey, broadcast: true } });
  await put(`${ownKey}#parent`, 'parent', { updates: parentKey });
  return ownKey;
}

/** Queues an edit of the parent message of an alert's conversation, in each channel that has one. */
export async function updateParents(
  trx: Db,
  alert: Alert,
  { order, nowMs }: { order: Omit<AlertOrder, 'alertKey'>; nowMs: number },
): Promise<void> {
  for (const own of alert.deliveryKeys) {
    const channel = own.slice(own.lastIndexOf('@') + 1);
    const parentKey = toParentKey(alert, channel);
    const updates = (await findDelivery(trx, parentKey)) ? parentKey : own;
    // The time keeps the key unique: a period can be acknowledged, and end, more than once.
    const key = `${updates}#${order.part === 'over' ? 'over' : 'acknowledged'}:${nowMs}`;
    const content = { alertKey: alert.key, ...order } satisfies AlertOrder;
    await insertDelivery(trx, { key, kind: 'alert', channel, content, updates, dueMs: nowMs });
  }
}

/**
 * `parent`: the message that a conversation begins with, kept up to date by edits; `over`: its last edit; `line`: a line of its
 * thread; `past`: a part that older versions queued and that is no longer sent.
 */
const ORDER = z.object({
  alertKey: z.string().optional(),
  part: z.enum(['parent', 'line', 'over', 'past']).catch('past'),
  content: ALERT_CONTENT,
  /** For `over`: the last entry of the history. */
  event: z.object({ what: z.string(), atMs: z.number() }).optional(),
});

/** Content of an alert's delivery. `alertKey` is absent for a test. */
export type AlertOrder = z.infer<typeof ORDER>;

export function readAlertOrder(stored: unknown): AlertOrder {
  return readValue('delivery.content', ORDER, stored);
}

/** Lists each pool and limit with its subject, the name for alerts and mutes; a limit named like a pool gets ` (limit)` appended. */
export function listSubjects(states: readonly ScopeState[], episodes: ReadonlyMap<string, Episode>): PoolSubject[] {
  return states.flatMap((scope) =>
    [...scope.pools, ...scope.limits].map((pool) => {
      const isNamesake = scope.limits.includes(pool) && scope.pools.some(({ name }) => name === pool.name);
      const subject = `${scope.scope}/${pool.name}${isNamesake ? ' (limit)' : ''}`;
      return { scope, pool, subject, period: toPeriod(pool, episodes.get(subject)) };
    }),
  );
}

function toPeriod({ periodKind, period }: PoolState, episode: Episode | undefined): string | undefined {
  if (periodKind !== 'rolling-24h') return new Date(period.fromMs).toISOString();
  return episode?.endedMs === null ? `episode-${episode.number}` : undefined;
}

/** A span counts as over five minutes after its end, because events may arrive late. */
export const LATE_MS = 5 * MINUTE_MS;

/** The command behind “Top clients”: who made a scope's calls in a range, or those that a limit with its own `match` counts. */
export function formatWho(range: string, scope?: string, match?: readonly Match[]): string {
  const filters = scope === undefined ? [] : toScopeFilters(scope, match);
  const client = filters.find(({ key }) => key === 'client')?.patterns;
  // Who called is known if a limit counts one client: ask what that client called.
  if (client?.length === 1 && !client[0]!.includes('*'))
    return formatQuestion({
      ...{ report: 'client', name: client[0]!, range, filters: filters.filter(({ key }) => key !== 'client') },
    });
  return formatQuestion({ report: 'top', dimension: 'client', range, filters });
}

/** Writes a pool's period up to today as a range, in dates: `this-month` leaves out today, and means other days tomorrow. */
export function toDays(
  { calendar, nowMs }: Pick<AlertFacts, 'calendar' | 'nowMs'>,
  { periodKind, period }: PoolState,
): string {
  if (periodKind === 'rolling-24h') return '24h';
  const [first, last] = [calendar.dayOf(period.fromMs), calendar.dayOf(nowMs)];
  return first === last ? formatDay(last) : `${formatDay(first)}..${formatDay(last)}`;
}

/** Writes whole hours as a range: `2026-11-28 17:00-19:00`. */
export function formatHoursOf({ dayOf, zone }: Calendar, { fromMs, toMs }: Span): string {
  return `${formatDay(dayOf(fromMs))} ${formatClock(fromMs, zone)}-${formatClock(toMs, zone)}`;
}

/** Returns filters for a scope's calls, or for those that a limit with its own `match` counts. */
export function toScopeFilters(scope: string, match: readonly Match[] = []): StoredFilter[] {
  return [only('scope', [scope]), ...toFilters(match)];
}

/** Entries of a match are alternatives, while filters all apply: returns none for a match that filters cannot express. */
function toFilters(match: readonly Match[]): StoredFilter[] {
  const entries = match.map((entry) => Object.entries(entry) as [Dimension, string][]);
  const keys = new Set(entries.flatMap((entry) => entry.map(([key]) => key)));
  if (entries.length > 1 && (keys.size > 1 || entries.some((entry) => entry.length === 0))) return [];
  return [...keys]
    .filter((key) => key !== 'scope')
    .map((key) =>
      only(key, [...new Set(entries.flatMap((entry) => entry.flatMap(([k, p]) => (k === key ? [p] : []))))]),
    );
}

function only(key: Dimension, patterns: readonly string[]): StoredFilter {
  return { key, patterns, not: false };
}

interface AlertComposerPorts {
  db: Db;
  zone: string;
  /** Id of a user or user group; undefined: nobody is mentioned. */
  oncall(): Promise<string | undefined>;
}

/**
 * Composes an alert's message when it is sent or updated: the highest level so far, the history, acknowledged or not. Once the
 * alert is over, only its `over` edit is sent; if another level was raised since, that edit is dropped.
 */
export function createAlertComposer(ports: AlertComposerPorts): Composer {
  const { db, zone } = ports;
  return async (delivered, { updating }) => {
    const order = readAlertOrder(delivered);
    if (order.part === 'past') return undefined;
    const told = order.alertKey === undefined ? undefined : await findAlert(db, order.alertKey);
    const all = told ? (await listAlertsOf(db, told.subject, told.period)).filter(({ covered }) => !covered) : [];
    const alert = updating ? (all.at(-1) ?? told) : told;
    const isOver = updating && order.part !== 'line' && alert?.overMs !== undefined;
    if (isOver !== (order.part === 'over')) return undefined;
    const content = alert && updating && !isOver ? alert.content : order.content;
    const mention = content.mention && !updating ? await ports.oncall() : undefined;
    if (order.part === 'line') return buildAlertLine(content, { zone, mention });
    const message = buildAlert(content, {
      ...{ zone, mention, id: alert && String(alert.id), isOpen: !isOver && alert?.acked === undefined },
      history: [...listEvents(updating ? all : told ? [told] : []), ...(order.event ? [order.event] : [])],
    });
    const { state, title } = content;
    if (!state || !alert) return message;
    return {
      ...message,
      drawn: reportTold(state, { finding: `${title}.`, atMs: isOver ? alert.overMs! : alert.atMs, zone }),
    };
  };
}

/** Lists an alert's history, oldest first: levels raised, and who acknowledged them. */
function listEvents(alerts: readonly Alert[]): AlertEvent[] {
  const told = alerts.flatMap((alert) =>
    alert.level === undefined ? [] : [{ what: nameLevel(alert), atMs: alert.atMs }],
  );
  const acknowledged = new Map(
    alerts.flatMap(({ acked }) => (acked ? [[acked.ms, { what: 'acknowledged', atMs: acked.ms, by: acked.by }]] : [])),
  );
  return [...told, ...acknowledged.values()].sort((a, b) => a.atMs - b.atMs);
}

/** `90%`, `used up`; for a level raised again after the amount grew, `90% of 1,100`. */
function nameLevel({ level, arm, amount }: Alert): string {
  const name = level === 100 ? 'used up' : formatPercent(level!);
  return arm > 0 && amount !== undefined ? `${name} of ${formatCredits(amount)}` : name;
}
