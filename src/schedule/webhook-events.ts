import { z } from 'zod';
import { type AlertContent, spell } from '../domain/alert.ts';
import { formatDay } from '../domain/calendar.ts';
import { toNumberOrText } from '../domain/definition.ts';
import type { PoolState, ScopeState } from '../domain/scope-state.ts';
import { formatMoment } from '../report/format.ts';
import type { Conversation } from '../store/alert-repository.ts';
import type { Db } from '../store/database.ts';
import { findLastDeliveryKey, insertDelivery } from '../store/delivery-repository.ts';
import { readValue } from '../store/json-columns.ts';
import { composeDigest, type DigestOrder, readDigestOrder } from './digest-composer.ts';
import type { DigestSources } from './digest-days.ts';

/**
 * Types of events: an alert's first level (or its only message), each further level, its acknowledgement, its end; and each
 * digest.
 */
const TYPES = ['alert.raised', 'alert.level', 'alert.acknowledged', 'alert.over', 'digest.posted'] as const;

const EVENT = z.looseObject({ type: z.enum(TYPES), timestamp: z.string(), data: z.looseObject({}) });

const SEVERITIES = { '🔵': 'info', '🟠': 'warning', '🔴': 'critical', '⛔': 'critical' } as const;

/**
 * Queues an event about an alert, after earlier ones of the same alert. If no event announced the alert, its acknowledgement
 * and its end are dropped.
 */
export async function putAlertEvent(
  trx: Db,
  event: { type?: 'alert.acknowledged' | 'alert.over'; by?: string; conversation: Conversation; content: AlertContent },
  nowMs: number,
): Promise<void> {
  const { conversation, content, by } = event;
  const alert = `${conversation.subject}:${conversation.period}`;
  const channel = `webhook:${alert}`;
  const last = await findLastDeliveryKey(trx, channel);
  if (event.type && last === undefined) return;
  const type = event.type ?? (last === undefined ? 'alert.raised' : 'alert.level');
  const { kind, sign, title, lines, mention, scope, pool, level, used, amount, periodEndMs } = content;
  const data = {
    alert,
    kind,
    severity: SEVERITIES[sign],
    title,
    // Slack shows instants in each reader's zone; an event gives them in UTC.
    text: lines.map((line) => spell(line, (atMs) => `${formatMoment(atMs, 'UTC')} UTC`)).join('\n'),
    calls_oncall: mention,
    ...{ scope, pool, level, acknowledged_by: by },
    used: used === undefined ? undefined : toNumberOrText(used),
    amount: amount === undefined ? undefined : toNumberOrText(amount),
    period_ends: periodEndMs === undefined ? undefined : new Date(periodEndMs).toISOString(),
  };
  await insertDelivery(trx, {
    key: `${channel}:${type}:${content.level ?? kind}:${nowMs}`,
    kind: 'webhook',
    channel,
    content: { type, timestamp: new Date(nowMs).toISOString(), data },
    dueMs: nowMs,
    ...(last === undefined ? {} : { thread: { key: last, broadcast: true } }),
  });
}

/** Queues a digest for the webhook; its numbers are read when it is sent, like those of the message. */
export async function putDigestEvent(trx: Db, key: string, order: DigestOrder, nowMs: number): Promise<void> {
  const content = { type: 'digest.posted', timestamp: new Date(nowMs).toISOString(), data: { ...order } };
  await insertDelivery(trx, {
    ...{ key: `webhook:${key}`, kind: 'webhook', channel: `webhook:${key}`, content },
    dueMs: nowMs,
  });
}

/** Makes the body of an event from its delivery; a digest's numbers are read now. */
export async function composeWebhook(ports: DigestSources, stored: unknown, nowMs: number): Promise<object> {
  const event = readValue('delivery.content', EVENT, stored);
  if (event.type !== 'digest.posted') return event;
  const order = readDigestOrder(event.data);
  const { day: about, lines, pools } = await composeDigest(ports, order, nowMs);
  const { day, totals, dayBefore, hours } = about;
  return {
    ...event,
    data: {
      digest: order.subscriptionId,
      every: order.every,
      day: formatDay(day),
      zone: ports.calendar.zone,
      title: lines.title,
      requests: totals.requests,
      ok: totals.ok,
      failed: totals.failed,
      requests_day_before: dayBefore,
      clients: hours.clients,
      pools: pools.flatMap((scope) => scope.pools.map((pool) => toPool(scope, pool))),
      findings: (lines.findings ?? []).map(({ text }) => text),
    },
  };
}

function toPool({ scope }: ScopeState, { name, used, amount, left, level }: PoolState): object {
  const [credits, whole, rest] = [used, amount, left].map(toNumberOrText);
  return { scope, pool: name, used: credits, amount: whole, left: rest, level };
}
