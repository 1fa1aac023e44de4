import type { Worker } from 'node:worker_threads';
import { sql } from 'kysely';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { createHttpServer, type HttpServer } from '../../src/http/server.ts';
import { IntakeThread } from '../../src/ingest/intake-thread.ts';
import { ensureDefaultSource } from '../../src/ingest/source-admin.ts';
import { SourceDirectory } from '../../src/ingest/source-directory.ts';
import { SourceLimits } from '../../src/ingest/source-tally.ts';
import { createLogger } from '../../src/log.ts';
import { Secret } from '../../src/secret.ts';
import { type Db, openDatabase } from '../../src/store/database.ts';
import { createThreadedUsage } from '../../src/usage/reader-thread.ts';
import { describeEachDialect } from '../support/databases.ts';
import { ENVELOPE } from '../support/envelope.ts';
import {
  countByClient,
  inParallel,
  makeRequests,
  type Outcome,
  type Request,
  send,
  sendUntilTaken,
  TOKEN,
} from './load.ts';

const LANES = 16;
const MAX_BODY_BYTES = 4 * 1024 * 1024;

describeEachDialect('a server whose parts fail', ({ dialect, createUrl }) => {
  let databaseUrl: string;
  let db: Db;
  let intake: IntakeThread;
  let server: HttpServer;
  const workers: Worker[] = [];
  const note = (worker: Worker): void => void workers.push(worker);
  beforeAll(() => void process.on('worker', note));
  afterAll(() => void process.off('worker', note));

  beforeEach(async () => {
    databaseUrl = await createUrl();
    db = openDatabase(databaseUrl, { thread: true });
    await ensureDefaultSource(db, new Secret(TOKEN), Date.now());
    const log = createLogger('silent');
    intake = new IntakeThread(
      { databaseUrl, zone: 'Europe/Berlin', rawRetentionDays: 30, maxBodyBytes: MAX_BODY_BYTES },
      log,
      () => {},
    );
    workers.length = 0;
    await intake.start();
    server = createHttpServer({
      host: '127.0.0.1',
      port: 0,
      maxBodyBytes: MAX_BODY_BYTES,
      sources: new SourceDirectory(db, new Secret(Buffer.alloc(32, 7).toString('base64'))),
      tally: { add: () => {}, refuse: () => {} },
      limits: new SourceLimits(),
      intake,
      now: Date.now,
      readiness: () =>
        intake.check().then(
          () => ({ slack: 'none' }),
          (error: Error) => ({ slack: 'none', writerFault: error.message }),
        ),
      log,
    });
    await server.start();
  });
  afterEach(async () => {
    await server.stop();
    await intake.stop();
    await db.destroy();
  });
  const isReady = async (): Promise<number> => (await fetch(`${server.url}/readyz`)).status;

  it('loses its writing thread again and again: what it held is refused, the next works, nothing is lost or doubled', async () => {
    const requests = makeRequests('thread', 240);
    const outcomes = new Map<Request, Outcome>();
    let sent = 0;
    await inParallel(requests, LANES, async (request) => {
      sent += 1;
      if (sent % 50 === 0) void workers.at(-1)!.terminate();
      const outcome = await send(server.url, request);
      outcomes.set(request, outcome!);
    });
    expect(workers.length).toBeGreaterThan(4);
    // Once more, now certainly during a commit: it waits for another transaction that is still open.
    let held: Promise<unknown> = Promise.resolve();
    await db.transaction().execute(async (trx) => {
      if (dialect === 'postgres') await sql`lock table inbox in exclusive mode`.execute(trx);
      held = intake.ingest({ envelope: ENVELOPE, body: Buffer.from('{"client":"held"}'), receivedMs: Date.now() });
      held.catch(() => {});
      await new Promise((resolve) => setImmediate(resolve));
      void workers.at(-1)!.terminate();
    });
    await expect(held).rejects.toMatchObject({ code: 'overloaded' });
    const refused = [...outcomes].filter(([, { status }]) => status !== 200);
    expect(refused.every(([, { status }]) => status === 503)).toBe(true);
    expect(refused.every(([, { retryAfter }]) => Number(retryAfter) > 0)).toBe(true);
    expect(await isReady()).toBe(200);
    // If a thread ends between the commit and its answer, the retry finds all events counted.
    for (const [request] of refused) {
      const { accepted, duplicates } = await sendUntilTaken(server.url, request);
      expect([accepted, duplicates].sort((a, b) => a - b)).toEqual([0, request.size]);
    }
    await intake.fold();
    const { totals, raw } = await countByClient(databaseUrl);
    expect(totals).toEqual(Object.fromEntries(requests.map(({ client, size }) => [client, size])));
    expect(raw).toEqual(totals);
  });

  it('cannot store: 503 with Retry-After, /readyz and every sender are told, nothing is counted; then all is as before', async () => {
    const [first, ...rest] = makeRequests('full', 40) as [Request, ...Request[]];
    await sendUntilTaken(server.url, first);
    await db.schema.alterTable('inbox').renameTo('inbox_away').execute();
    await inParallel(rest, LANES, async (request) => {
      const outcome = await send(server.url, request);
      expect(outcome).toMatchObject({ status: 503, accepted: 0 });
      expect(Number(outcome!.retryAfter)).toBeGreaterThan(0);
    });
    expect(await isReady()).toBe(503);
    await db.schema.alterTable('inbox_away').renameTo('inbox').execute();
    expect(await isReady()).toBe(200);
    expect((await countByClient(databaseUrl)).totals).toEqual({ [first.client]: first.size });
    for (const request of rest) expect(await send(server.url, request)).toMatchObject({ accepted: request.size });
    await intake.fold();
    expect((await countByClient(databaseUrl)).requests).toBe([first, ...rest].reduce((sum, { size }) => sum + size, 0));
  });

  it('is asked for more than it can hold: the rest is refused at once with nothing counted, and readiness still answers', async () => {
    const event = JSON.stringify({ client: 'many', time: Date.now() });
    const body = Buffer.from(event);
    const request = { envelope: ENVELOPE, receivedMs: Date.now() };
    const flood = Array.from({ length: 21_000 }, () => intake.ingest({ ...request, body }));
    const ready = isReady();
    let accepted = 0;
    const errors: unknown[] = [];
    for (const outcome of await Promise.allSettled(flood)) {
      if (outcome.status === 'fulfilled') accepted += outcome.value.accepted;
      else errors.push(outcome.reason);
    }
    expect(await ready).toBe(200);
    expect(errors.length).toBeGreaterThan(0);
    expect(errors.every((error) => (error as { code: string }).code === 'overloaded')).toBe(true);
    expect(accepted).toBe(21_000 - errors.length);
    expect((await countByClient(databaseUrl)).totals).toEqual({ many: accepted });
    expect(await intake.ingest({ ...request, body })).toMatchObject({ accepted: 1 });

    // Requests keep coming on four connections, so that something is always waiting.
    let more = 0;
    let told: number | undefined;
    const asked = isReady().then((status) => {
      told = status;
    });
    const lane = async (): Promise<void> => {
      while (told === undefined) {
        await Promise.all(Array.from({ length: 300 }, () => intake.ingest({ ...request, body })));
        more += 300;
      }
    };
    await Promise.all([asked, lane(), lane(), lane(), lane()]);
    expect(told).toBe(200);

    const large = Buffer.concat([body, Buffer.alloc(3 * 1024 * 1024, ' ')]);
    const heavy = await Promise.allSettled(
      Array.from({ length: 60 }, () => intake.ingest({ ...request, body: large })),
    );
    const taken = heavy.filter(({ status }) => status === 'fulfilled').length;
    expect(taken).toBeGreaterThan(10);
    expect(taken).toBeLessThan(60);
    expect((await countByClient(databaseUrl)).totals).toEqual({ many: accepted + 1 + more + taken });
  });

  it('loses its reading thread: that question fails, the next is answered', async () => {
    await sendUntilTaken(server.url, makeRequests('read', 1)[0]!);
    const usage = createThreadedUsage({ databaseUrl, zone: 'Europe/Berlin' });
    expect(await usage.extent()).toBeDefined();
    // The thread fails and exits a moment later. By then its successor has the next question.
    workers.at(-1)!.postMessage(undefined);
    await expect(usage.extent()).rejects.toThrow();
    expect(await usage.extent()).toBeDefined();
    for (let round = 0; round < 3; round += 1) {
      const ended = workers.at(-1)!.terminate();
      await expect(usage.extent()).rejects.toThrow();
      expect(await usage.extent()).toBeDefined();
      await ended;
      expect(await usage.extent()).toBeDefined();
    }
    await usage.stop();
  });

  it.runIf(dialect === 'sqlite')(
    'loses the thread of its database: what ran there fails whole, the next statement has a new one',
    async () => {
      workers.length = 0;
      const own = openDatabase(databaseUrl, { thread: true });
      const insert = (name: string, connection: Db = own): Promise<unknown> =>
        connection.insertInto('setting').values({ name, value: '1' }).execute();
      await insert('a');
      const broken = own.transaction().execute(async (trx) => {
        await insert('b', trx);
        await workers[0]!.terminate();
        await insert('c', trx);
      });
      // This insert waits behind the transaction and must not become part of it.
      const next = insert('d');
      await expect(broken).rejects.toThrow('ended');
      await next;
      const rows = await own.selectFrom('setting').select('name').where('name', 'in', ['a', 'b', 'c', 'd']).execute();
      expect(rows.map(({ name }) => name).sort()).toEqual(['a', 'd']);
      await workers[1]!.terminate();
      await own.destroy();
    },
  );

  it('is sent what would harm a careless one: keys of objects, SQL, control characters, deep and wide JSON', async () => {
    const nowMs = Date.now();
    const hostile = [
      `{"client":"p1","time":${nowMs},"__proto__":{"client":"polluted","count":99},"constructor":{"prototype":{"x":1}}}`,
      `{"client":"__proto__","time":${nowMs},"user":"constructor","module":"toString","route":"__proto__"}`,
      JSON.stringify({
        client: "'; drop table inbox; --",
        time: nowMs,
        user: '%_\\',
        route: '$1 $$ ?',
        module: '\u0001\u001f\u007f',
      }),
      `{"client":"deep","time":${nowMs},"x":${'['.repeat(5000)}${']'.repeat(5000)}}`,
    ];
    for (const body of hostile)
      expect(await send(server.url, { body }), body.slice(0, 80)).toMatchObject({ accepted: 1 });
    expect(({} as Record<string, unknown>).count).toBeUndefined();
    expect(({} as Record<string, unknown>).x).toBeUndefined();
    for (const fold of [false, true]) {
      if (fold) await intake.fold();
      const { totals } = await countByClient(databaseUrl);
      expect(Object.entries(totals).sort()).toEqual([
        ["'; drop table inbox; --", 1],
        ['__proto__', 1],
        ['deep', 1],
        ['p1', 1],
      ]);
    }
    // A body of ten million zeros, each rejected: the request is refused, and others are served after it.
    const wide = await send(server.url, { body: `[${'0,'.repeat(MAX_BODY_BYTES / 2 - 2)}0]` });
    expect(wide!.status).toBe(413);
    expect(await sendUntilTaken(server.url, makeRequests('after', 1)[0]!)).toMatchObject({ accepted: 1 });
    expect(await isReady()).toBe(200);
  });
});
