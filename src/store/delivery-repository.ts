import type { Selection } from 'kysely';
import { DAY_MS } from '../domain/calendar.ts';
import type { DeliveryState, NewDelivery } from '../domain/delivery.ts';
import { type Db, didChange, insertNew } from './database.ts';
import { writeColumn } from './json-columns.ts';
import type { Database } from './schema.ts';

/** A row of the delivery log. */
export interface Delivery extends NewDelivery {
  id: number;
  state: DeliveryState;
  attempts: number;
  firstCallMs: number | undefined;
  unclear: boolean;
  superseded: boolean;
  sent: { channel: string; ts: string; ms: number } | undefined;
  error: string | undefined;
}

/** Columns that `toDelivery` reads. */
const DELIVERY = [
  ...(['id', 'key', 'kind', 'channel', 'content', 'state', 'attempts', 'unclear', 'superseded', 'error'] as const),
  ...(['due_ms as dueMs', 'first_call_ms as firstCallMs', 'thread_key as threadKey', 'broadcast'] as const),
  ...(['updates_key as updates', 'sent_channel as sentChannel', 'sent_ts as sentTs', 'sent_ms as sentMs'] as const),
] as const;
type Row = Selection<Database, 'delivery', (typeof DELIVERY)[number]>;

/** States of a delivery that is not settled. */
const OPEN = ['pending', 'sending'] as const;

/** Try an unsent delivery for a day; then its owner or the admins are told. */
export const GIVE_UP_AFTER_MS = DAY_MS;

/**
 * Queues a message; false if its key is in the delivery log already. Call it in the transaction that claims the alert or digest,
 * so that either both exist or neither.
 */
export function insertDelivery(db: Db, delivery: NewDelivery): Promise<boolean> {
  const { key, kind, channel, content, thread, updates, dueMs } = delivery;
  return insertNew(
    db.insertInto('delivery').values({
      ...{ key, kind, channel, content: writeColumn(content) },
      thread_key: thread?.key ?? null,
      broadcast: thread?.broadcast ? 1 : 0,
      updates_key: updates ?? null,
      rank: rankOf(delivery),
      ...{ due_ms: dueMs, next_ms: dueMs, state: 'pending' },
      ...{ attempts: 0, lease_until_ms: 0, unclear: 0, superseded: 0, swept_ms: 0 },
    }),
  );
}

/** Ranks alerts and webhook events first; replies that only a thread shows, and edits, come after all messages. */
function rankOf({ kind, updates, thread }: NewDelivery): number {
  const rank = { alert: 0, webhook: 0, notice: 1, digest: 2 }[kind];
  return updates || (thread && !thread.broadcast) ? rank + 10 : rank;
}

/**
 * Lists deliveries that may be tried now, in the order of sending: due, not leased, not to one of `exceptChannels`, and their
 * parent message (if any) settled. Edits of one message go one at a time. `to`: Slack (default) or the webhook.
 */
export async function listDueDeliveries(
  db: Db,
  nowMs: number,
  options: { to?: 'slack' | 'webhook'; exceptChannels?: readonly string[]; limit: number },
): Promise<Delivery[]> {
  let query = db
    .selectFrom('delivery as d')
    .leftJoin('delivery as parent', (join) =>
      join.on((on) => on('parent.key', '=', on.fn.coalesce('d.thread_key', 'd.updates_key'))),
    )
    .select(DELIVERY.map((column) => `d.${column}` as const))
    .where('d.kind', options.to === 'webhook' ? '=' : '!=', 'webhook')
    .where('d.state', 'in', OPEN)
    .where('d.next_ms', '<=', nowMs)
    .where('d.lease_until_ms', '<=', nowMs)
    .where((where) => where.or([where('parent.id', 'is', null), where('parent.state', 'not in', OPEN)]))
    .where((where) =>
      where.or([
        where('d.updates_key', 'is', null),
        where.not(
          where.exists(
            where
              .selectFrom('delivery as other')
              .select('other.id')
              .whereRef('other.updates_key', '=', 'd.updates_key')
              .where('other.state', 'in', OPEN)
              .where('other.lease_until_ms', '>', nowMs),
          ),
        ),
      ]),
    );
  if (options.exceptChannels?.length) query = query.where('d.channel', 'not in', options.exceptChannels);
  return listFound(query.orderBy('d.rank').orderBy('d.due_ms').orderBy('d.id').limit(options.limit));
}

/** Returns the next instant at which a delivery becomes due or a lease expires; undefined if nothing is waiting. */
export async function findNextDeliveryMs(db: Db, nowMs: number): Promise<number | undefined> {
  const open = db.selectFrom('delivery').where('state', 'in', OPEN);
  const waiting = await Promise.all(
    (['next_ms', 'lease_until_ms'] as const).map((column) =>
      open
        .select(({ fn }) => fn.min(column).as('ms'))
        .where(column, '>', nowMs)
        .executeTakeFirst(),
    ),
  );
  const times = waiting.flatMap((row) => row?.ms ?? []);
  return times.length ? Math.min(...times) : undefined;
}

/**
 * Leases a delivery for one attempt; undefined if it has changed since it was read. If an earlier lease expired during a call,
 * the delivery becomes unclear: the frozen holder may wake up and finish the call.
 */
export async function leaseDelivery(
  db: Db,
  read: Delivery,
  attempt: { id: string; nowMs: number; untilMs: number },
): Promise<Delivery | undefined> {
  const row = await db
    .updateTable('delivery')
    .set({
      attempt_id: attempt.id,
      lease_until_ms: attempt.untilMs,
      attempts: read.attempts + 1,
      ...(read.state === 'sending' ? { unclear: 1 } : {}),
    })
    .where('id', '=', read.id)
    .where('state', '=', read.state)
    .where('attempts', '=', read.attempts)
    .where('lease_until_ms', '<=', attempt.nowMs)
    .returning(DELIVERY)
    .executeTakeFirst();
  return row && toDelivery(row);
}

/** Changes to a delivery during an attempt. */
export interface DeliveryChange extends Partial<Pick<Delivery, 'state' | 'unclear' | 'sent'>> {
  firstCallMs?: number;
  /** 0 gives the lease up. */
  leaseUntilMs?: number;
  nextMs?: number;
  error?: string | null;
}

/** Changes a delivery if this attempt still has it; false if another attempt has leased it since. */
export function changeDelivery(db: Db, id: number, attemptId: string, change: DeliveryChange): Promise<boolean> {
  const { state, unclear, sent, firstCallMs, leaseUntilMs, nextMs, error } = change;
  return didChange(
    db
      .updateTable('delivery')
      .set({
        ...{ state, error, first_call_ms: firstCallMs, lease_until_ms: leaseUntilMs, next_ms: nextMs },
        ...{ sent_channel: sent?.channel, sent_ts: sent?.ts, sent_ms: sent?.ms },
        unclear: unclear === undefined ? unclear : Number(unclear),
      })
      .where('id', '=', id)
      .where('attempt_id', '=', attemptId)
      .where('state', 'in', OPEN),
  );
}

/** Marks that a copy may be in Slack, posted by a call that had lost its lease: the sweep looks for it. */
export async function markUnclear(db: Db, id: number): Promise<void> {
  await db.updateTable('delivery').set({ unclear: 1, swept_ms: 0 }).where('id', '=', id).execute();
}

/** Withdraws unsent deliveries in favour of a newer one. One that may be in Slack already stays open until it was looked for. */
export async function supersedeDeliveries(db: Db, keys: readonly string[]): Promise<void> {
  if (keys.length === 0) return;
  await db.updateTable('delivery').set({ superseded: 1 }).where('key', 'in', keys).where('state', 'in', OPEN).execute();
  await db
    .updateTable('delivery')
    .set({ state: 'replaced' })
    .where('key', 'in', keys)
    .where('state', '=', 'pending')
    .where('unclear', '=', 0)
    .where('lease_until_ms', '=', 0)
    .execute();
}

/** Makes deliveries due now that wait for a retry until `untilMs` or earlier; called when Slack is back. */
export async function expediteDeliveries(db: Db, nowMs: number, untilMs: number): Promise<void> {
  await db
    .updateTable('delivery')
    .set({ next_ms: nowMs })
    .where('state', 'in', OPEN)
    .where('attempts', '>', 0)
    .where('next_ms', '>', nowMs)
    .where('next_ms', '<=', untilMs)
    .execute();
}

/** Corrects deliveries after the clock was set back: none stays waiting, leased or swept until a time of the old clock. */
export async function setBackDeliveries(
  db: Db,
  { nowMs, dueUntilMs, leaseUntilMs }: { nowMs: number; dueUntilMs: number; leaseUntilMs: number },
): Promise<void> {
  const open = db.updateTable('delivery').where('state', 'in', OPEN);
  await open
    .set({ next_ms: nowMs })
    .where('next_ms', '>', nowMs)
    .where((where) => where.or([where('attempts', '>', 0), where('due_ms', '<=', dueUntilMs)]))
    .execute();
  // Shorten leases to the usual length: a live holder renews in time.
  await open.set({ lease_until_ms: leaseUntilMs }).where('lease_until_ms', '>', leaseUntilMs).execute();
  await db
    .updateTable('delivery')
    .set({ swept_ms: 0 })
    .where('unclear', '=', 1)
    .where('swept_ms', '>', nowMs)
    .execute();
}

/** Finds the key of the newest delivery to a channel. */
export async function findLastDeliveryKey(db: Db, channel: string): Promise<string | undefined> {
  const row = await db
    .selectFrom('delivery')
    .select('key')
    .where('channel', '=', channel)
    .orderBy('id', 'desc')
    .limit(1)
    .executeTakeFirst();
  return row?.key;
}

export async function findDelivery(db: Db, key: string): Promise<Delivery | undefined> {
  const [found] = await listFound(selectDeliveries(db).where('key', '=', key));
  return found;
}

/** Lists deliveries for admins, newest first. */
export async function listDeliveries(
  db: Db,
  options: { state?: DeliveryState; kind?: NewDelivery['kind']; sinceMs?: number; limit: number },
): Promise<Delivery[]> {
  let query = selectDeliveries(db);
  if (options.state) query = query.where('state', '=', options.state);
  if (options.kind) query = query.where('kind', '=', options.kind);
  if (options.sinceMs !== undefined) query = query.where('due_ms', '>=', options.sinceMs);
  return listFound(query.orderBy('id', 'desc').limit(options.limit));
}

/** Lists open messages and events due by `dueMs` that failed at least once, oldest first; without edits and hidden replies. */
export async function listStuckDeliveries(db: Db, dueMs: number): Promise<Delivery[]> {
  const stuck = selectDeliveries(db)
    .where('state', 'in', OPEN)
    .where('attempts', '>', 0)
    .where('superseded', '=', 0)
    .where('due_ms', '<=', dueMs)
    .where('updates_key', 'is', null)
    .where((where) => where.or([where('thread_key', 'is', null), where('broadcast', '=', 1)]))
    .orderBy('due_ms')
    .orderBy('id');
  return listFound(stuck.limit(1000));
}

/** Tells whether anything new went out to a channel, or by the webhook, after an instant. */
export async function wasSentSince(db: Db, place: string, sinceMs: number): Promise<boolean> {
  const row = await db
    .selectFrom('delivery')
    .select('id')
    .where('state', '=', 'sent')
    .where('sent_ms', '>', sinceMs)
    .where('updates_key', 'is', null)
    .where(place === 'webhook' ? 'kind' : 'channel', '=', place)
    .limit(1)
    .executeTakeFirst();
  return row !== undefined;
}

/** Lists messages of digests whose keys begin with `begin`, newest first; without their threads. */
export async function listDigestDeliveries(db: Db, begin: string, limit: number): Promise<Delivery[]> {
  const posts = selectDeliveries(db)
    .where('kind', '=', 'digest')
    .where('key', 'like', `${begin}%`)
    .where('thread_key', 'is', null)
    .where('updates_key', 'is', null);
  return listFound(posts.orderBy('id', 'desc').limit(limit));
}

function selectDeliveries(db: Db) {
  return db.selectFrom('delivery').select(DELIVERY);
}

async function listFound(query: { execute(): Promise<Row[]> }): Promise<Delivery[]> {
  return (await query.execute()).map(toDelivery);
}

function toDelivery(row: Row): Delivery {
  const { threadKey, broadcast, updates, sentChannel, sentTs, sentMs, ...same } = row;
  return {
    ...same,
    content: JSON.parse(row.content),
    ...(threadKey ? { thread: { key: threadKey, broadcast: broadcast === 1 } } : {}),
    ...(updates ? { updates } : {}),
    firstCallMs: row.firstCallMs ?? undefined,
    unclear: row.unclear === 1,
    superseded: row.superseded === 1,
    sent: sentTs ? { channel: sentChannel!, ts: sentTs, ms: sentMs! } : undefined,
    error: row.error ?? undefined,
  };
}

/** Lists sent messages that may have a copy in Slack, those looked at longest ago first. */
export async function listSweepable(
  db: Db,
  bounds: { sentSinceMs: number; sweptBeforeMs: number; limit: number },
): Promise<(Delivery & { sweptMs: number })[]> {
  const rows = await db
    .selectFrom('delivery')
    .select([...DELIVERY, 'swept_ms'])
    .where('unclear', '=', 1)
    .where('kind', '!=', 'webhook')
    .where('state', '=', 'sent')
    .where('updates_key', 'is', null)
    .where('sent_ms', '>=', bounds.sentSinceMs)
    .where('swept_ms', '<=', bounds.sweptBeforeMs)
    .orderBy('swept_ms')
    .orderBy('id')
    .limit(bounds.limit)
    .execute();
  return rows.map((row) => ({ ...toDelivery(row), sweptMs: row.swept_ms }));
}

export async function markSwept(db: Db, swept: readonly Delivery[], nowMs: number): Promise<void> {
  const ids = swept.map(({ id }) => id);
  if (ids.length > 0) await db.updateTable('delivery').set({ swept_ms: nowMs }).where('id', 'in', ids).execute();
}

/** Delete deliveries of digests after 35 days: people only read them, and nothing continues them. */
const KEEP_READ_MS = 35 * DAY_MS;
/** Keep alerts and notices longer than a yearly pool's period: their key makes them unique, and alerts go on in their thread. */
const KEEP_TOLD_MS = 400 * DAY_MS;

/**
 * Deletes old settled deliveries and returns how many. It keeps each subscription's latest digest, with which later corrections
 * are compared, and messages that an open delivery replies to or edits. A digest without a delivery counts as posted, so the
 * headline of one that never was is cleared first.
 */
export async function deleteSettledDeliveries(db: Db, nowMs: number): Promise<number> {
  await db
    .updateTable('digest')
    .set({ headline: null })
    .where('headline', 'is not', null)
    .where('delivery_key', 'in', (select) =>
      select.selectFrom('delivery').select('delivery.key').where('delivery.state', 'in', ['failed', 'replaced']),
    )
    .execute();
  const { numDeletedRows } = await db
    .deleteFrom('delivery')
    .where('state', 'in', ['sent', 'failed', 'replaced'])
    .where((where) =>
      where.or([
        where.and([where('kind', '=', 'digest'), where('due_ms', '<', nowMs - KEEP_READ_MS)]),
        where('due_ms', '<', nowMs - KEEP_TOLD_MS),
      ]),
    )
    .where('key', 'not in', (select) =>
      select
        .selectFrom('digest')
        .select('digest.delivery_key')
        .where(({ not, exists, selectFrom }) =>
          not(
            exists(
              selectFrom('digest as newer')
                .select('newer.local_day')
                .whereRef('newer.subscription_id', '=', 'digest.subscription_id')
                .whereRef('newer.local_day', '>', 'digest.local_day'),
            ),
          ),
        ),
    )
    .where('key', 'not in', (select) =>
      select
        .selectFrom('delivery as open')
        .select((one) => one.fn.coalesce('open.thread_key', 'open.updates_key', 'open.key').as('key'))
        .where('open.state', 'in', OPEN),
    )
    .executeTakeFirst();
  return Number(numDeletedRows);
}

/** Counts deliveries that are not settled. */
export async function countWaitingDeliveries(db: Db): Promise<number> {
  const { count } = await db
    .selectFrom('delivery')
    .select((eb) => eb.fn.countAll().as('count'))
    .where('state', 'in', OPEN)
    .executeTakeFirstOrThrow();
  return Number(count);
}
