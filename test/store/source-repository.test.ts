import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sql } from 'kysely';
import { expect, it } from 'vitest';
import { addSource, ensureDefaultSource, openSecretKey, rotateSource } from '../../src/ingest/source-admin.ts';
import { Secret } from '../../src/secret.ts';
import type { Db } from '../../src/store/database.ts';
import {
  addSourceCounts,
  findSource,
  insertRejectedEvents,
  listRejectedEvents,
  listSourceHealth,
  listSources,
  REJECTED_EVENTS_KEPT,
  revokeSource,
  subtractSourceCounts,
} from '../../src/store/source-repository.ts';
import { describeEachDialect } from '../support/databases.ts';

const NOW = Date.UTC(2026, 10, 20, 12);
const CONFIG = { secretKey: new Secret(Buffer.alloc(32, 7).toString('base64')), secretKeyPath: '' };
const NEW = { name: 'gw', adapter: 'native', options: { clientFrom: 'app' } };
const COUNTS = {
  accepted: 3,
  duplicates: 2,
  conflicts: 1,
  rejected: 0,
  withoutId: 1,
  late: 1,
  receivedMs: NOW,
  lastEventMs: NOW - 5000,
};

/** Waits until another transaction of this database waits for a lock. */
async function waitForLock(db: Db): Promise<void> {
  for (;;) {
    const { rows } = await sql`select pid from pg_stat_activity
      where datname = current_database() and wait_event_type = 'Lock'`.execute(db);
    if (rows.length > 0) return;
    await sql`select pg_stat_clear_snapshot()`.execute(db);
  }
}

describeEachDialect('a source', (databases) => {
  it('keeps of its credentials a hash and a seal', async () => {
    const db = await databases.open();
    const { token, signingSecret, source } = await addSource(db, CONFIG, NEW, NOW);
    const stored = JSON.stringify(await db.selectFrom('source').selectAll().execute());
    expect(stored).not.toContain(token.reveal());
    expect(stored).not.toContain(signingSecret.reveal());
    expect(await findSource(db, 'gw')).toEqual(source);
    expect(source).toMatchObject({ options: { clientFrom: 'app' }, createdMs: NOW, revokedMs: undefined });
  });

  it('has a name of its own, of plain characters, and a known adapter', async () => {
    const db = await databases.open();
    await addSource(db, CONFIG, NEW, NOW);
    await expect(addSource(db, CONFIG, NEW, NOW)).rejects.toThrow(/source gw already.*rotate gw/);
    await expect(addSource(db, CONFIG, { ...NEW, name: 'a/b' }, NOW)).rejects.toThrow(/"a\/b" cannot be the name/);
    await expect(addSource(db, CONFIG, { ...NEW, name: 'b', adapter: 'soap' }, NOW)).rejects.toThrow(
      /use one of native, /,
    );
  });

  it('keeps its number when it is removed and added again', async () => {
    const db = await databases.open();
    const { source } = await addSource(db, CONFIG, NEW, NOW);
    await revokeSource(db, source.id, NOW);
    expect(await listSources(db)).toEqual([]);
    expect(await listSources(db, { revoked: true })).toHaveLength(1);
    expect((await addSource(db, CONFIG, NEW, NOW)).source.id).toBe(source.id);
    expect(await listSources(db)).toHaveLength(1);
  });

  it('named default has the token that INGEST_TOKEN says, and is revoked without it', async () => {
    const db = await databases.open();
    const read = async () => (await findSource(db, 'default'))!;
    await ensureDefaultSource(db, undefined, NOW);
    expect(await findSource(db, 'default')).toBeUndefined();
    await ensureDefaultSource(db, new Secret('first-token-first-token'), NOW);
    const first = await read();
    await ensureDefaultSource(db, new Secret('first-token-first-token'), NOW + 1);
    expect(await read()).toEqual(first);
    await rotateSource(db, CONFIG, first);
    await ensureDefaultSource(db, new Secret('second-token-second'), NOW);
    expect(await read()).toMatchObject({ id: first.id, sealedSecret: undefined });
    expect((await read()).tokenHash).not.toBe(first.tokenHash);
    const { token } = await addSource(db, CONFIG, NEW, NOW);
    await expect(ensureDefaultSource(db, token, NOW)).rejects.toThrow(/INGEST_TOKEN .*another source has it/);
    await ensureDefaultSource(db, undefined, NOW + 2);
    expect((await listSources(db)).map(({ name }) => name)).toEqual([NEW.name]);
    await ensureDefaultSource(db, new Secret('third-token-third'), NOW + 3);
    expect((await read()).revokedMs).toBeUndefined();
  });

  it('named default by an admin outlives the setting', async () => {
    const db = await databases.open();
    await addSource(db, CONFIG, { ...NEW, name: 'default' }, NOW);
    await ensureDefaultSource(db, undefined, NOW);
    expect((await findSource(db, 'default'))?.revokedMs).toBeUndefined();
  });

  it('with sealed secrets is opened with their key alone; another is made by a rotation only', async () => {
    const db = await databases.open();
    const folder = mkdtempSync(join(tmpdir(), 'headroom-key-'));
    const config = { secretKey: undefined, secretKeyPath: join(folder, 'secret.key') };
    const made = await openSecretKey(db, config);
    expect((await openSecretKey(db, config)).reveal()).toBe(made.reveal());
    await addSource(db, config, NEW, NOW);
    rmSync(config.secretKeyPath);
    await expect(openSecretKey(db, config)).rejects.toThrow(
      /secret\.key is missing, .* of gw are sealed with it\. Put it back/,
    );
    await expect(addSource(db, config, { ...NEW, name: 'other' }, NOW)).rejects.toThrow(/secret\.key is missing/);
    expect(existsSync(config.secretKeyPath)).toBe(false);

    const wrong = { ...config, secretKey: new Secret(Buffer.alloc(32, 9).toString('base64')) };
    const named = /^SECRET_KEY is not the key that the signing secrets of gw are sealed with\. Put that one back\./;
    await expect(openSecretKey(db, wrong)).rejects.toThrow(named);
    await expect(addSource(db, wrong, { ...NEW, name: 'other' }, NOW)).rejects.toThrow(named);

    writeFileSync(config.secretKeyPath, made.reveal());
    const { source: other } = await addSource(db, config, { ...NEW, name: 'other' }, NOW);
    rmSync(config.secretKeyPath);
    expect((await rotateSource(db, config, other)).closed).toEqual(['gw']);
    // The key opens one of the two secrets.
    const rotated = await openSecretKey(db, config);
    expect(rotated.reveal()).not.toBe(made.reveal());
    writeFileSync(config.secretKeyPath, Buffer.alloc(32, 9).toString('base64'));
    await expect(openSecretKey(db, config)).rejects.toThrow(
      /secret\.key is not the key that the signing secrets of gw, other/,
    );
    rmSync(folder, { recursive: true });
  });

  it('adds up what it sent, and how often and how late', async () => {
    const db = await databases.open();
    const { source } = await addSource(db, CONFIG, NEW, NOW);
    for (let minute = 0; minute < 7; minute += 1) {
      const receivedMs = NOW + minute * 60_000;
      await addSourceCounts(db, source.id, { ...COUNTS, receivedMs, lastEventMs: receivedMs - 5000 });
    }
    await addSourceCounts(db, source.id, { ...COUNTS, receivedMs: NOW, lastEventMs: undefined });
    expect(await listSourceHealth(db)).toEqual([
      {
        name: 'gw',
        adapter: 'native',
        lastReceivedMs: NOW + 6 * 60_000,
        usualGapMs: 60_000,
        accepted: 24,
        duplicates: 16,
        conflicts: 8,
        rejected: 0,
        reasons: [],
        unread: [],
        withoutId: 8,
        late: 8,
        limit: undefined,
        limited: 0,
        medianLagMs: 5000,
      },
    ]);
  });

  it('adds up fields that were not read, also those whose names hold what a database cannot', async () => {
    const db = await databases.open();
    const { source } = await addSource(db, CONFIG, NEW, NOW);
    for (const count of [1, 2])
      await addSourceCounts(db, source.id, { ...COUNTS, receivedMs: NOW, unread: { 'a\0b': count, statuss: count } });
    const [health] = await listSourceHealth(db);
    expect(health!.unread).toEqual([
      { name: 'a\ufffdb', events: 3 },
      { name: 'statuss', events: 3 },
    ]);
  });

  it('learns nothing from imports of how often and how late it sends', async () => {
    const db = await databases.open();
    const { source } = await addSource(db, CONFIG, NEW, NOW);
    for (let second = 0; second < 7; second += 1) {
      const receivedMs = NOW + second * 1000;
      await addSourceCounts(db, source.id, { ...COUNTS, receivedMs, lastEventMs: receivedMs - 5000, imported: true });
    }
    const [health] = await listSourceHealth(db);
    expect(health).toMatchObject({ accepted: 21, lastReceivedMs: NOW + 6000 });
    expect(health).toMatchObject({ usualGapMs: undefined, medianLagMs: undefined });
    await subtractSourceCounts(db, source.id, { events: 21, duplicates: 12, rejected: 0 });
    expect((await listSourceHealth(db))[0]).toMatchObject({ accepted: 0, duplicates: 2, conflicts: 2 });
  });

  it('loses no count to another instance', async () => {
    const db = await databases.open();
    const { source } = await addSource(db, CONFIG, NEW, NOW);
    await Promise.all(Array.from({ length: 10 }, () => addSourceCounts(db, source.id, COUNTS)));
    expect((await listSourceHealth(db))[0]!.accepted).toBe(30);
  });

  it('loses no time of receipt to another instance', async () => {
    const db = await databases.open();
    const { source } = await addSource(db, CONFIG, NEW, NOW);
    const receive = (target: Db, minute: number): Promise<void> =>
      addSourceCounts(target, source.id, { ...COUNTS, receivedMs: NOW + minute * 60_000, lastEventMs: NOW });
    await receive(db, 0);
    let other: Promise<void> | undefined;
    await db.transaction().execute(async (trx) => {
      await receive(trx, 2);
      other = db.transaction().execute((later) => receive(later, 1));
      if (databases.dialect === 'postgres') await waitForLock(trx);
    });
    await other;
    const { last_received_ms, gaps_ms, lags_ms } = await db
      .selectFrom('source')
      .selectAll()
      .where('id', '=', source.id)
      .executeTakeFirstOrThrow();
    expect(last_received_ms).toBe(NOW + 120_000);
    expect([JSON.parse(gaps_ms), JSON.parse(lags_ms)]).toEqual([[120_000], [0, 120_000, 60_000]]);
  });

  it('keeps the newest of its rejected events, up to a bound, and the commonest reasons first', async () => {
    const db = await databases.open();
    const { source } = await addSource(db, CONFIG, NEW, NOW);
    const { source: other } = await addSource(db, CONFIG, { ...NEW, name: 'other' }, NOW);
    await insertRejectedEvents(db, other.id, [{ index: 0, error: 'kept' }], NOW);
    const rejected = Array.from({ length: 300 }, (_, index) => ({
      index,
      id: `e\0${index}`,
      error: index % 3 ? 'often' : 'seldom',
      excerpt: '\ud800',
    }));
    await insertRejectedEvents(db, source.id, rejected, NOW);
    await insertRejectedEvents(db, source.id, rejected, NOW + 1);
    const kept = await listRejectedEvents(db, source.id);
    expect(kept).toHaveLength(REJECTED_EVENTS_KEPT);
    expect(kept[0]).toMatchObject({ atMs: NOW + 1, eventId: 'e�299', reason: 'often', excerpt: '�' });
    const [health] = await listSourceHealth(db);
    expect(health!.reasons.map(({ reason }) => reason)).toEqual(['often', 'seldom']);
    expect(await listRejectedEvents(db, other.id)).toHaveLength(1);
  });
});
