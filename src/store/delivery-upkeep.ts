import { DAY_MS } from '../domain/calendar.ts';
import type { Db } from './database.ts';
import { DELIVERY, type Delivery, OPEN, toDelivery } from './delivery-repository.ts';

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
