import { expect, it } from 'vitest';
import { getOrCreateSource } from '../../src/ingest/source-admin.ts';
import { SourceTally } from '../../src/ingest/source-tally.ts';
import { listRejectedEvents, listSourceHealth, REJECTED_EVENTS_KEPT } from '../../src/store/source-repository.ts';
import { describeEachDialect } from '../support/databases.ts';

const NOW = Date.UTC(2026, 10, 20, 12);

describeEachDialect('counts of what sources sent', ({ open }) => {
  it('wait with the reasons of what was rejected until they can be written, the newest of them', async () => {
    const db = await open();
    const { id } = await getOrCreateSource(db, 'gw', 'native', NOW);
    const errors: unknown[] = [];
    const tally = new SourceTally(db, (error) => errors.push(error));
    const send = (reason: string, receivedMs: number): void => {
      const rejected = Array.from({ length: 300 }, (_, index) => ({ index, error: reason }));
      tally.add(id, { accepted: 2, duplicates: 1, conflicts: 0, rejected, lastEventMs: receivedMs - 5 }, receivedMs);
    };

    await db.schema.alterTable('rejected_event').renameTo('out_of_reach').execute();
    send('first', NOW);
    const first = tally.flush();
    send('second', NOW + 1);
    await first;
    await tally.flush();
    expect(errors).toHaveLength(2);

    await db.schema.alterTable('out_of_reach').renameTo('rejected_event').execute();
    await tally.flush();
    await tally.flush();
    expect(errors).toHaveLength(2);
    expect(await listSourceHealth(db)).toMatchObject([
      {
        accepted: 4,
        duplicates: 2,
        rejected: 600,
        lastReceivedMs: NOW + 1,
        reasons: [{ events: 300 }, { events: 200 }],
      },
    ]);
    const kept = await listRejectedEvents(db, id);
    expect(kept.map(({ reason }) => reason)).toEqual([
      ...Array.from({ length: 300 }, () => 'second'),
      ...Array.from({ length: REJECTED_EVENTS_KEPT - 300 }, () => 'first'),
    ]);
  });

  it('take any name of a field that nobody knows, and mend what an older version stored of one', async () => {
    const db = await open();
    const { id } = await getOrCreateSource(db, 'gw', 'native', NOW);
    const spoiled = '{"constructor":"function Object() { [native code] }1","colour":2}';
    await db.updateTable('source').set({ unread: spoiled }).execute();
    const errors: unknown[] = [];
    const tally = new SourceTally(db, (error) => errors.push(error));
    const names = ['constructor', 'toString', '__proto__', 'colour'];
    for (let sent = 0; sent < 2; sent += 1) {
      const unread = Object.fromEntries(names.map((name) => [name, 1]));
      tally.add(id, { accepted: 1, duplicates: 0, conflicts: 0, rejected: [], unread }, NOW);
    }
    expect((await listSourceHealth(db))[0]!.unread).toEqual([{ name: 'colour', events: 2 }]);
    await tally.flush();
    expect(errors).toEqual([]);
    const [{ unread } = { unread: [] }] = await listSourceHealth(db);
    expect(new Map(unread.map(({ name, events }) => [name, events]))).toEqual(
      new Map([
        ['colour', 4],
        ['constructor', 2],
        ['toString', 2],
        ['__proto__', 2],
      ]),
    );
  });
});
