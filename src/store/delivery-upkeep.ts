import { DAY_MS } from '../domain/calendar.ts';
import type { Db } from './database.ts';
import { DELIVERY, type Delivery, OPEN, toDelivery } from './delivery-repository.ts';

/** Sent messages of which a copy may exist, those looked at longest ago first. */
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

/** Messages that people only read may be forgotten after this long. */
const KEEP_READ_MS = 35 * DAY_MS;
/** Alerts and notices are told once, by their key, and alerts go on in their thread: as long as a yearly pool's period. */
const KEEP_TOLD_MS = 400 * DAY_MS;

/**
 * Forgets settled deliveries that nothing needs any more; how many. Kept are a subscription's latest digest, which says
 * what later corrections are told against, and whatever an open delivery replies to or changes. A digest whose delivery is
 * gone counts as posted, so one that never was loses what it would have stated.
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

/** Counts deliveries that are not settled, whether or not a call was made for them that may have got through. */
export async function countWaitingDeliveries(db: Db): Promise<number> {
  const { count } = await db
    .selectFrom('delivery')
    .select((eb) => eb.fn.countAll().as('count'))
    .where('state', 'in', OPEN)
    .executeTakeFirstOrThrow();
  return Number(count);
}
