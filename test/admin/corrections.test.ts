import { expect, it } from 'vitest';
import { createCorrectionAdmin } from '../../src/admin/corrections.ts';
import { createCalendar } from '../../src/domain/calendar.ts';
import type { UsageReader } from '../../src/domain/usage.ts';
import { listCorrections } from '../../src/store/correction-repository.ts';
import type { Db } from '../../src/store/database.ts';
import { StoredUsage } from '../../src/usage/reader.ts';
import { createMemoryUsage } from '../report/memory-usage.ts';
import { describeEachDialect } from '../support/databases.ts';

const NOW = Date.parse('2026-11-21T10:00:00Z');
const ADA = { user: 'U01ADMIN', zone: 'UTC', admin: true };
const calendar = createCalendar('UTC');
const events = [{ timeMs: Date.parse('2026-11-20T08:00:00Z'), count: 700 }];

describeEachDialect('corrections by admins', (databases) => {
  /** Starts with events counted in memory and corrections stored in the database. */
  function start(db: Db) {
    const counted = createMemoryUsage(events, calendar);
    const stored = new StoredUsage(db, databases.dialect, calendar);
    const usage: Pick<UsageReader, 'meter' | 'extent'> = {
      extent: () => counted.extent(),
      meter: async (query) => [...(await counted.meter(query)), ...(await stored.meter(query))],
    };
    let nowMs = NOW;
    const admin = createCorrectionAdmin({ db, calendar, usage, now: () => nowMs });
    return {
      correct: (amount: number, on?: string, reason = 'counted twice') =>
        admin.correct({ scope: 'default', amount, ...(on ? { on } : {}), reason }, ADA),
      wait(ms: number) {
        nowMs += ms;
      },
    };
  }

  it('say what the day was and is', async () => {
    const { correct } = start(await databases.open());
    expect(await correct(-500_500, '2026-11-20')).toEqual([
      'Corrected default by -500.5 credits on Fri 20 Nov 2026: counted twice',
      'Used by default on Fri 20 Nov 2026: 700 → 199.5 credits',
    ]);
    expect((await correct(1000, '2026-11-20', 'a call more'))[1]).toBe(
      'Used by default on Fri 20 Nov 2026: 199.5 → 200.5 credits',
    );
    expect((await correct(-900_000, '2026-11-20'))[1]).toBe(
      'Used by default on Fri 20 Nov 2026: 200.5 → 0 credits (a day never goes below zero)',
    );
  });

  it('that are entered again within a minute are taken, and told', async () => {
    const db = await databases.open();
    const { correct, wait } = start(db);
    expect(await correct(-5000)).toHaveLength(2);
    wait(30_000);
    const again = await correct(-5000);
    expect(again[2]).toBe(
      'The same correction was entered once in the last minute already, and each counts. ' +
        'To take this one back, enter +5 credits for default on the same day.',
    );
    expect(await correct(-5000, undefined, 'another reason')).toHaveLength(2);
    expect(await correct(-5000, '2026-11-20')).toHaveLength(2);
    wait(60_001);
    expect(await correct(-5000)).toHaveLength(2);
    expect(await listCorrections(db)).toHaveLength(5);
  });

  it('before the data begin are told', async () => {
    const { correct } = start(await databases.open());
    expect((await correct(5000, '2026-11-19'))[2]).toBe(
      'Data begins on Fri 20 Nov 2026: is Thu 19 Nov 2026 the day you meant?',
    );
  });
});
