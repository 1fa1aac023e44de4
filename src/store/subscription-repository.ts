import type { Selection } from 'kysely';
import type { DigestWhat, StatedDay } from '../domain/digest.ts';
import type { ScheduleRule } from '../domain/schedule-rule.ts';
import { type Db, insertNew } from './database.ts';
import { DIGEST_WHAT, readColumn, SCHEDULE, STATED_DAY } from './json-columns.ts';
import type { Database } from './schema.ts';

/** A digest that is posted in a channel on a schedule. */
export interface Subscription {
  id: number;
  channel: string;
  owner: string;
  schedule: ScheduleRule;
  what: DigestWhat;
  paused: boolean;
  pausedUntilMs: number | null;
  /** Why Headroom paused it, with the cure. */
  broken: string | null;
  nextDueMs: number | null;
}

const SUBSCRIPTION = [
  ...(['id', 'channel', 'owner', 'schedule', 'what', 'paused', 'paused_until_ms as pausedUntilMs'] as const),
  ...(['broken', 'next_due_ms as nextDueMs'] as const),
] as const;

export async function insertSubscription(
  db: Db,
  subscription: Pick<Subscription, 'channel' | 'owner' | 'schedule' | 'what' | 'nextDueMs'>,
  nowMs: number,
): Promise<number> {
  const { id } = await db
    .insertInto('subscription')
    .values({
      channel: subscription.channel,
      owner: subscription.owner,
      schedule: JSON.stringify(subscription.schedule),
      what: JSON.stringify(subscription.what),
      paused: 0,
      next_due_ms: subscription.nextDueMs,
      created_ms: nowMs,
    })
    .returning('id')
    .executeTakeFirstOrThrow();
  return id;
}

/** Changes the fields that are given (null empties one). */
export async function updateSubscription(
  db: Db,
  id: number,
  change: Partial<Omit<Subscription, 'id'>> & { removedMs?: number },
): Promise<void> {
  const { schedule, what, paused, pausedUntilMs, nextDueMs, removedMs, ...same } = change;
  await db
    .updateTable('subscription')
    .set({
      ...same,
      schedule: schedule && JSON.stringify(schedule),
      what: what && JSON.stringify(what),
      paused: paused === undefined ? paused : Number(paused),
      paused_until_ms: pausedUntilMs,
      next_due_ms: nextDueMs,
      removed_ms: removedMs,
    })
    .where('id', '=', id)
    .execute();
}

export async function findSubscription(db: Db, id: number): Promise<Subscription | undefined> {
  const row = await db
    .selectFrom('subscription')
    .select(SUBSCRIPTION)
    .where('id', '=', id)
    .where('removed_ms', 'is', null)
    .executeTakeFirst();
  return row && toSubscription(row);
}

/** Lists subscriptions, of a channel or all, in the order they were added, without removed ones. */
export async function listSubscriptions(db: Db, channel?: string): Promise<Subscription[]> {
  let query = db.selectFrom('subscription').select(SUBSCRIPTION).where('removed_ms', 'is', null);
  if (channel !== undefined) query = query.where('channel', '=', channel);
  return (await query.orderBy('id').execute()).map(toSubscription);
}

/** Lists subscriptions whose next due time has come. */
export async function listDueSubscriptions(db: Db, nowMs: number): Promise<Subscription[]> {
  const rows = await db
    .selectFrom('subscription')
    .select(SUBSCRIPTION)
    .where('removed_ms', 'is', null)
    .where('paused', '=', 0)
    .where('next_due_ms', '<=', nowMs)
    .orderBy('next_due_ms')
    .orderBy('id')
    .execute();
  return rows.map(toSubscription);
}

/** Claims a local date for a digest; false if it was claimed before. */
export function claimDigest(
  trx: Db,
  digest: { subscriptionId: number; localDay: number; dueMs: number; deliveryKey: string },
  nowMs: number,
): Promise<boolean> {
  return insertNew(
    trx.insertInto('digest').values({
      subscription_id: digest.subscriptionId,
      local_day: digest.localDay,
      due_ms: digest.dueMs,
      claimed_ms: nowMs,
      delivery_key: digest.deliveryKey,
    }),
  );
}

/** Lists the delivery keys of a subscription's unsent digests, except `exceptKey`. */
export async function listUnsentDigests(db: Db, subscriptionId: number, exceptKey: string): Promise<string[]> {
  const rows = await db
    .selectFrom('digest')
    .innerJoin('delivery', 'delivery.key', 'digest.delivery_key')
    .select('delivery.key')
    .where('digest.subscription_id', '=', subscriptionId)
    .where('delivery.key', '!=', exceptKey)
    .where('delivery.state', 'in', ['pending', 'sending'])
    .execute();
  return rows.map(({ key }) => key);
}

/** A digest of a local date. `state` is that of its delivery; `forgotten` if that row was deleted. */
export interface PostedDigest {
  state: string;
  sentMs: number | undefined;
  /** The numbers it stated, as stored by `setDigestHeadline`. */
  headline: StatedDay | undefined;
}

/** Lists a subscription's digests, newest first. */
export async function listDigests(db: Db, subscriptionId: number, limit: number): Promise<PostedDigest[]> {
  const rows = await db
    .selectFrom('digest')
    .leftJoin('delivery', 'delivery.key', 'digest.delivery_key')
    .select(['digest.headline', 'delivery.state', 'delivery.sent_ms as sentMs'])
    .where('digest.subscription_id', '=', subscriptionId)
    .orderBy('digest.local_day', 'desc')
    .limit(limit)
    .execute();
  return rows.map(({ state, sentMs, headline }) => ({
    state: state ?? 'forgotten',
    sentMs: sentMs ?? undefined,
    headline: headline ? readColumn('digest.headline', STATED_DAY, headline) : undefined,
  }));
}

export async function setDigestHeadline(db: Db, deliveryKey: string, headline: StatedDay): Promise<void> {
  await db
    .updateTable('digest')
    .set({ headline: JSON.stringify(headline) })
    .where('delivery_key', '=', deliveryKey)
    .execute();
}

function toSubscription(row: Selection<Database, 'subscription', (typeof SUBSCRIPTION)[number]>): Subscription {
  return {
    ...row,
    schedule: readColumn('subscription.schedule', SCHEDULE, row.schedule),
    what: readColumn('subscription.what', DIGEST_WHAT, row.what),
    paused: row.paused === 1,
  };
}
