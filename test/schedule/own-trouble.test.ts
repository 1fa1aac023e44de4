import { expect, it } from 'vitest';
import type { SourceHealth } from '../../src/domain/source-health.ts';
import { createTroubleWatch } from '../../src/schedule/own-trouble.ts';
import { insertDelivery, listDeliveries } from '../../src/store/delivery-repository.ts';
import { describeEachDialect } from '../support/databases.ts';

const START = Date.UTC(2026, 10, 20, 12);
const MINUTE_MS = 60_000;
const GIB = 1024 ** 3;

describeEachDialect('what goes wrong with Headroom itself', ({ open }) => {
  const watch = async () => {
    const db = await open();
    const world = { free: 9 * GIB, sources: [] as SourceHealth[], nowMs: START };
    const run = createTroubleWatch({
      db,
      admins: async () => ['U01ADA'],
      sources: async () => world.sources,
      freeBytes: async () => world.free,
      wakeSender() {},
    });
    const told = async () =>
      (await listDeliveries(db, { kind: 'notice', limit: 99 }))
        .toReversed()
        .map(({ content }) => (content as { lines: string[] }).lines[0]);
    const minutes = async (count: number, stepMs = MINUTE_MS) => {
      for (let i = 0; i < count; i += 1) {
        await run(world.nowMs);
        world.nowMs += stepMs;
      }
    };
    return { db, world, told, minutes };
  };
  const source = (accepted: number, rejected: number) => ({ name: 'gw', accepted, rejected }) as SourceHealth;

  it('a disk that fills up is told once, and again when it fills up again', async () => {
    const { world, told, minutes } = await watch();
    await minutes(3);
    expect(await told()).toEqual([]);
    for (const free of [0.5, 0.4, 5, 0.3]) {
      world.free = free * GIB;
      await minutes(2);
    }
    expect(await told()).toEqual([
      'Only 0.5 GiB of disk are left for the database. Make room: without it events are refused.',
      'Only 0.3 GiB of disk are left for the database. Make room: without it events are refused.',
    ]);
  });

  it('a source of which everything is rejected is told once, until some of it is taken', async () => {
    const { world, told, minutes } = await watch();
    for (const [accepted, rejected] of [
      [100, 5],
      [100, 40],
      [100, 90],
      [100, 90],
      [101, 150],
      [101, 180],
    ]) {
      world.sources = [source(accepted!, rejected!)];
      await minutes(10);
    }
    await minutes(1);
    expect(await told()).toEqual([
      'All 35 events that source gw sent lately were rejected. See why: /usage sources.',
      'All 30 events that source gw sent lately were rejected. See why: /usage sources.',
    ]);
  });

  it('a scheduler that runs late again and again is told, a pause is not', async () => {
    const { told, minutes } = await watch();
    await minutes(2);
    await minutes(1, 60 * MINUTE_MS);
    await minutes(2);
    expect(await told()).toEqual([]);
    await minutes(6, 4 * MINUTE_MS);
    expect(await told()).toEqual([expect.stringMatching(/^The scheduler runs late/)]);
  });

  it('a webhook that takes nothing for half an hour is told once', async () => {
    const { db, told, minutes } = await watch();
    await insertDelivery(db, { key: 'w', kind: 'webhook', channel: 'webhook:x', content: {}, dueMs: START });
    await db.updateTable('delivery').set({ attempts: 3, error: 'HTTP 503' }).execute();
    await minutes(29);
    expect(await told()).toEqual([]);
    await minutes(5);
    expect(await told()).toEqual([expect.stringMatching(/^WEBHOOK_URL has taken no events .*\(HTTP 503\)/)]);
  });
});
