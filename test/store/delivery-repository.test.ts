import { expect, it } from 'vitest';
import { EVERYTHING } from '../../src/domain/digest.ts';
import type { Db } from '../../src/store/database.ts';
import { deleteSettledDeliveries, insertDelivery, listDeliveries } from '../../src/store/delivery-repository.ts';
import {
  claimDigest,
  insertSubscription,
  listDigests,
  setDigestHeadline,
} from '../../src/store/subscription-repository.ts';
import { describeEachDialect } from '../support/databases.ts';

const DAY_MS = 24 * 3_600_000;
const NOW = Date.parse('2026-11-21T12:00:00Z');

describeEachDialect('settled deliveries', (databases) => {
  it('are forgotten once nothing needs them: reading matter after 35 days, what is told once after 400', async () => {
    const db = await databases.open();
    for (const [key, kind, days] of [
      ['digest young', 'digest', 34],
      ['digest old', 'digest', 36],
      ['alert of this year', 'alert', 399],
      ['alert long ago', 'alert', 401],
      ['notice of this year', 'notice', 399],
    ] as const)
      await put(db, key, kind, NOW - days * DAY_MS);
    await insertDelivery(db, { key: 'open', kind: 'digest', channel: 'C1', content: {}, dueMs: NOW - 40 * DAY_MS });
    expect(await deleteSettledDeliveries(db, NOW)).toBe(2);
    expect(await keysOf(db)).toEqual(['alert of this year', 'digest young', 'notice of this year', 'open']);
  });

  it('are kept where an open one replies, and where a digest is the latest of its subscription', async () => {
    const db = await databases.open();
    await put(db, 'parent', 'alert', NOW - 500 * DAY_MS);
    await insertDelivery(db, {
      key: 'reply',
      kind: 'alert',
      channel: 'C1',
      content: {},
      dueMs: NOW,
      thread: { key: 'parent', broadcast: true },
    });
    const schedule = { every: 'month' as const, day: 1, time: '09:00', zone: 'UTC' };
    const subscription = { channel: 'C1', owner: 'U1', schedule, what: EVERYTHING, nextDueMs: NOW };
    const subscriptionId = await insertSubscription(db, subscription, NOW);
    for (const [localDay, days] of [
      [1, 70],
      [2, 40],
    ] as const) {
      const deliveryKey = `digest ${localDay}`;
      const dueMs = NOW - days * DAY_MS;
      await put(db, deliveryKey, 'digest', dueMs);
      await db
        .transaction()
        .execute((trx) => claimDigest(trx, { subscriptionId, localDay, dueMs, deliveryKey }, dueMs));
    }
    await deleteSettledDeliveries(db, NOW);
    expect(await keysOf(db)).toEqual(['digest 2', 'parent', 'reply']);
  });

  it('of digests leave what was stated behind, but not of one that was never posted', async () => {
    const db = await databases.open();
    const schedule = { every: 'month' as const, day: 1, time: '09:00', zone: 'UTC' };
    const subscription = { channel: 'C1', owner: 'U1', schedule, what: EVERYTHING, nextDueMs: NOW };
    const subscriptionId = await insertSubscription(db, subscription, NOW);
    for (const [localDay, state] of [
      [1, 'sent'],
      [2, 'failed'],
      [3, 'replaced'],
      [4, 'sent'],
    ] as const) {
      const deliveryKey = `digest ${localDay}`;
      const dueMs = NOW - (50 - localDay) * DAY_MS;
      await put(db, deliveryKey, 'digest', dueMs, state);
      await db
        .transaction()
        .execute((trx) => claimDigest(trx, { subscriptionId, localDay, dueMs, deliveryKey }, dueMs));
      await setDigestHeadline(db, deliveryKey, { day: localDay, requests: localDay, failed: 0 });
    }
    expect(await deleteSettledDeliveries(db, NOW)).toBe(3);
    const digests = await listDigests(db, subscriptionId, 14);
    expect(digests.map(({ state, headline }) => [state, headline?.day])).toEqual([
      ['sent', 4],
      ['forgotten', undefined],
      ['forgotten', undefined],
      ['forgotten', 1],
    ]);
  });
});

async function put(
  db: Db,
  key: string,
  kind: 'alert' | 'digest' | 'notice',
  dueMs: number,
  state: 'sent' | 'failed' | 'replaced' = 'sent',
): Promise<void> {
  await insertDelivery(db, { key, kind, channel: 'C1', content: {}, dueMs });
  await db.updateTable('delivery').set({ state }).where('key', '=', key).execute();
}

async function keysOf(db: Db): Promise<string[]> {
  return (await listDeliveries(db, { limit: 100 })).map(({ key }) => key).sort();
}
