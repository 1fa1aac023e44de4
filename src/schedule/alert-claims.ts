import { z } from 'zod';
import type { AlertContent, AlertKind } from '../domain/alert.ts';
import { type Calendar, formatDay, MINUTE_MS } from '../domain/calendar.ts';
import type { Definitions, Match } from '../domain/definition.ts';
import type { NewDelivery } from '../domain/delivery.ts';
import type { Dimension } from '../domain/dimension.ts';
import type { StoredFilter } from '../domain/filter.ts';
import type { PoolState, ScopeState } from '../domain/scope-state.ts';
import type { Span, UsageReader } from '../domain/usage.ts';
import { formatClock } from '../report/format.ts';
import { formatQuestion } from '../slack/command/format-question.ts';
import {
  findAlert,
  findOpenEpisode,
  insertAlert,
  type Mute,
  type NewAlert,
  setAlertDeliveries,
  toPoolSubject,
} from '../store/alert-repository.ts';
import { type Db, transact } from '../store/database.ts';
import { findDelivery, insertDelivery } from '../store/delivery-repository.ts';
import { ALERT_CONTENT, readValue } from '../store/json-columns.ts';
import { putAlertEvent } from './webhook-events.ts';

/** Channels that alerts go to: one, or the direct messages of the admins. */
export type Targets = readonly string[];

/** Facts and settings of one evaluation: the time, where alerts go, what is muted, which kinds are on. */
export interface EvaluationContext {
  db: Db;
  nowMs: number;
  calendar: Calendar;
  usage: UsageReader;
  definitions(): Promise<Definitions>;
  targets: Targets;
  mutes: readonly Mute[];
  isOn(kind: AlertKind): boolean;
  /** WEBHOOK_URL is set: events go there too. */
  webhook: boolean;
}

/** An alert to be raised: its row, and the conversation that it belongs to. */
export interface Claim extends NewAlert {
  /** The conversation in whose thread this is one more line. Absent, or not begun: the alert has a message of its own. */
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

/** Puts an alert's message to one channel or person into the delivery log. Returns its key. */
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

/** Tells whether any mute covers an alert: all, its kind, its subject, the pool or the scope that it is about. */
export function isMuted(mutes: readonly Mute[], alert: { kind: string; subject: string; scope?: string }): boolean {
  const covering = ['*', alert.kind, alert.subject, toPoolSubject(alert.subject), alert.scope];
  return mutes.some(({ what }) => covering.includes(what));
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

/** A span counts as over five minutes after its end, because events may arrive late. */
export const LATE_MS = 5 * MINUTE_MS;

/** Returns the last local hour whose events have arrived. */
export function lastFullHour({ calendar, nowMs }: EvaluationContext): Span {
  const toMs = calendar.startOfHour(nowMs - LATE_MS);
  return { fromMs: calendar.startOfHour(toMs - 1), toMs };
}

/** Returns `crm/Daily credits`, the name under which a pool is alerted and muted; a limit named like a pool gets ` (limit)` behind it. */
export function subjectOf(scope: ScopeState, pool: PoolState): string {
  const isNamesake = scope.limits.includes(pool) && scope.pools.some(({ name }) => name === pool.name);
  return `${scope.scope}/${pool.name}${isNamesake ? ' (limit)' : ''}`;
}

/** Names a period in keys: its first instant. */
export function toPeriodKey(period: { fromMs: number }): string {
  return new Date(period.fromMs).toISOString();
}

export function toEpisodeKey(number: number): string {
  return `episode-${number}`;
}

/** Returns the key of the period in which a pool's alerts come once each; undefined for a rolling pool outside any episode. */
export async function findPeriod(db: Db, subject: string, pool: PoolState): Promise<string | undefined> {
  if (pool.periodKind !== 'rolling-24h') return toPeriodKey(pool.period);
  const episode = await findOpenEpisode(db, subject);
  return episode === undefined ? undefined : toEpisodeKey(episode.number);
}

/** The command behind “Top clients”: who made a scope's calls in a range, or those that a limit with its own `match` counts. */
export function formatWho(range: string, scope?: string, match?: readonly Match[]): string {
  const filters = scope === undefined ? [] : toScopeFilters(scope, match);
  const client = filters.find(({ key }) => key === 'client')?.patterns;
  // Of a limit for one client it is known who: what it called says more.
  if (client?.length === 1 && !client[0]!.includes('*'))
    return formatQuestion({
      ...{ report: 'client', name: client[0]!, range, filters: filters.filter(({ key }) => key !== 'client') },
    });
  return formatQuestion({ report: 'top', dimension: 'client', range, filters });
}

/** Filters for a scope's calls, or for those that a limit with its own `match` counts. */
export function toScopeFilters(scope: string, match: readonly Match[] = []): StoredFilter[] {
  return [only('scope', [scope]), ...toFilters(match)];
}

/** Whole hours as a range's words: `2026-11-28 17:00-19:00`. */
export function formatHoursOf({ dayOf, zone }: Calendar, { fromMs, toMs }: Span): string {
  return `${formatDay(dayOf(fromMs))} ${formatClock(fromMs, zone)}-${formatClock(toMs, zone)}`;
}

/** The command behind “Chart” of an alert about single hours: a day by the hour, of a scope or of everything. */
export function formatHours(report: 'day' | 'status', day: string, scope?: string): string {
  const filters = scope === undefined ? [] : [only('scope', [scope])];
  return formatQuestion({ report, range: day, filters });
}

export function formatPools(scope: string): string {
  return formatQuestion({ report: 'pool', scope });
}

/** Entries of a match are alternatives, filters apply together: a match that filters cannot express gets none. */
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
