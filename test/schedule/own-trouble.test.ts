import { expect, it } from 'vitest';
import type { Refusals, SourceHealth } from '../../src/domain/source-health.ts';
import { createTroubleWatch, followFailure } from '../../src/schedule/notices.ts';
import type { Failure } from '../../src/slack/client/errors.ts';
import { type Delivery, findDelivery, insertDelivery, listDeliveries } from '../../src/store/delivery-repository.ts';
import { describeEachDialect } from '../support/databases.ts';

const START = Date.UTC(2026, 10, 20, 12);
const MINUTE_MS = 60_000;
const GIB = 1024 ** 3;

describeEachDialect('what goes wrong with Headroom itself', ({ open }) => {
  const watch = async () => {
    const db = await open();
    const world = {
      free: 9 * GIB,
      sources: [] as SourceHealth[],
      refusals: undefined as Refusals | undefined,
      nowMs: START,
    };
    const run = createTroubleWatch({
      db,
      admins: async () => ['U01ADA'],
      sources: async () => world.sources,
      refusals: () => world.refusals,
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

  it.each([
    [
      'unauthorised',
      100,
      /^30 requests to source gw were refused in ten minutes: their credentials are not its own \(401\)\. "headroom sources rotate gw"/,
    ],
    ['unreadable', 100, /their bodies cannot be read \(400\)/],
    // A source over its limit is refused, although some of its events are taken.
    ['limited', 999, /it is over its limit \(429\)\. "headroom sources set gw --limit" raises it/],
  ] as const)('a source whose requests are refused as %s is told once per streak', async (code, accepted, line) => {
    const { world, told, minutes } = await watch();
    const look = async (requests: number, taken: number) => {
      world.refusals = { requests, code };
      world.sources = [source(taken, 0)];
      await minutes(10);
    };
    await look(5, 100);
    await look(15, 100);
    expect(await told()).toEqual([]);
    await look(45, accepted);
    await look(75, accepted);
    await look(75, accepted);
    await minutes(1);
    expect(await told()).toEqual([expect.stringMatching(line)]);
    await look(76, accepted + 1);
    await look(110, accepted + 1);
    await minutes(1);
    expect(await told()).toHaveLength(2);
  });

  it('a source of which some is taken is not told for what strangers send in its name', async () => {
    const { world, told, minutes } = await watch();
    for (let i = 1; i < 5; i += 1) {
      world.refusals = { requests: i * 1000, code: 'unauthorised' };
      world.sources = [source(i, 0)];
      await minutes(10);
    }
    expect(await told()).toEqual([]);
  });

  it('a channel that refuses for a reason of its own is told after half an hour, once; an outage of Slack is not', async () => {
    const { db, told, minutes } = await watch();
    for (const [key, channel, error] of [
      ['a', 'C01ODD', 'some_new_code'],
      ['b', 'C01ODD', 'some_new_code'],
      ['c', 'C01AWAY', 'HTTP 503'],
      ['d', 'C01AWAY', 'ECONNREFUSED'],
      ['e', 'C01AWAY', 'invalid_auth'],
    ] as const) {
      await insertDelivery(db, { key, kind: 'alert', channel, content: {}, dueMs: START });
      // The state after an attempt with unknown outcome.
      await db
        .updateTable('delivery')
        .set({ attempts: 3, state: 'sending', unclear: 1, error })
        .where('key', '=', key)
        .execute();
    }
    await minutes(29);
    expect(await told()).toEqual([]);
    await minutes(20);
    const line = /^Messages to <#C01ODD> have not gone out for half an hour.*Slack answered some_new_code/;
    expect(await told()).toEqual([expect.stringMatching(line)]);
    await db
      .updateTable('delivery')
      .set({ state: 'sent', sent_ms: START + 50 * MINUTE_MS })
      .where('key', 'in', ['a', 'b'])
      .execute();
    await minutes(5);
    await insertDelivery(db, {
      key: 'f',
      kind: 'alert',
      channel: 'C01ODD',
      content: {},
      dueMs: START + 30 * MINUTE_MS,
    });
    await db.updateTable('delivery').set({ attempts: 3, error: 'some_new_code' }).where('key', '=', 'f').execute();
    await minutes(30);
    expect(await told()).toHaveLength(2);
  });

  it('what is given up is told once for each place; what follows stands in the thread', async () => {
    const { db, minutes } = await watch();
    const refused: Failure = { reason: 'refused', error: 'is_archived', unclear: false };
    let number = 0;
    const giveUp = async (kind: Delivery['kind'], channel: string, content: unknown, nowMs: number) => {
      number += 1;
      const key = `${kind} ${number}`;
      await insertDelivery(db, { key, kind, channel, content, dueMs: nowMs });
      await db.updateTable('delivery').set({ state: 'failed' }).where('key', '=', key).execute();
      await followFailure(db, (await findDelivery(db, key))!, refused, nowMs, ['U01ADA', 'U02BOB']);
    };
    const alert = (title: string) => ({
      part: 'parent',
      content: { kind: 'silent', sign: '🔴', title, lines: [], mention: false },
    });
    const notices = async () =>
      (await listDeliveries(db, { kind: 'notice', limit: 99 })).toReversed().map(({ channel, thread, content }) => ({
        channel,
        thread: thread && { ...thread },
        lines: (content as { lines: string[] }).lines,
      }));
    for (let i = 0; i < 3; i += 1) await giveUp('notice', 'U09OWNER', { lines: [`word ${i}`] }, START + i);
    for (let i = 0; i < 3; i += 1) await giveUp('webhook', `webhook:${i}`, {}, START + i);
    await giveUp('alert', 'C01GONE', alert('gw is silent'), START);
    await giveUp('alert', 'C01GONE', alert('crm at 90%'), START + 1);
    await minutes(2);
    const first = `trouble:delivery U09OWNER:${START}`;
    const ada = (await notices()).filter(({ channel }) => channel === 'U01ADA');
    expect(ada.map(({ thread, lines }) => [thread?.key, lines[0], lines[1]])).toEqual([
      [undefined, expect.stringMatching(/^<@U09OWNER> could not be told\. The channel is archived/), 'word 0'],
      [`notice:${first}:U01ADA`, '<@U09OWNER> could not be told.', 'word 1'],
      [`notice:${first}:U01ADA`, '<@U09OWNER> could not be told.', 'word 2'],
      [
        undefined,
        expect.stringMatching(/^WEBHOOK_URL did not take an event for 24 hours.*so it was dropped: webhook 4\./),
        undefined,
      ],
      [expect.any(String), expect.stringMatching(/^WEBHOOK_URL did not take/), undefined],
      [
        undefined,
        expect.stringMatching(/^An alert could not be posted to <#C01GONE>\. The channel is archived/),
        'It said: gw is silent',
      ],
      [
        `notice:trouble:delivery C01GONE:${START}:U01ADA`,
        'An alert could not be posted to <#C01GONE>.',
        'It said: crm at 90%',
      ],
    ]);
    expect((await notices()).filter(({ channel }) => channel === 'U02BOB')).toHaveLength(7);
  });

  it('a scheduler that runs late again and again is told, a pause is not', async () => {
    const { told, minutes } = await watch();
    await minutes(2);
    await minutes(4, 60 * MINUTE_MS);
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
