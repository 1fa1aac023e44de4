import type { Worker } from 'node:worker_threads';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createHttpServer } from '../../src/http/server.ts';
import type { EventIntake } from '../../src/ingest/adapter.ts';
import { IntakeThread } from '../../src/ingest/intake-thread.ts';
import { addSource } from '../../src/ingest/source-admin.ts';
import { SourceDirectory } from '../../src/ingest/source-directory.ts';
import { SourceLimits } from '../../src/ingest/source-tally.ts';
import { createLogger } from '../../src/log.ts';
import { Secret } from '../../src/secret.ts';
import { type Db, openDatabase } from '../../src/store/database.ts';
import { createDatabase, type TestDatabase } from '../support/databases.ts';
import { ENVELOPE } from '../support/envelope.ts';

describe('the intake thread', () => {
  let database: TestDatabase;
  let db: Db;
  let intake: IntakeThread;
  /** Calls handed to the thread. */
  let calls = 0;
  const count = (worker: Worker): void => {
    const { postMessage } = worker;
    worker.postMessage = (...args: Parameters<Worker['postMessage']>) => {
      calls += 1;
      postMessage.apply(worker, args);
    };
  };

  beforeEach(async () => {
    process.on('worker', count);
    database = await createDatabase('sqlite');
    db = openDatabase(database.url);
    const settings = { databaseUrl: database.url, zone: 'UTC', rawRetentionDays: 30, maxBodyBytes: 1_000_000 };
    intake = new IntakeThread(settings, createLogger('silent'), () => {});
    await intake.start();
  });
  afterEach(async () => {
    await intake.stop();
    await db.destroy();
    await database.remove();
    process.off('worker', count);
  });

  it('writes the rows of usage_daily, day by day between requests, and ends in the middle of it', async () => {
    const body = [1, 2, 3, 4].map((days) => ({ client: 'a', time: new Date(Date.now() - days * 86_400_000) }));
    await intake.ingest({ envelope: ENVELOPE, body: Buffer.from(JSON.stringify(body)), receivedMs: Date.now() });
    await intake.writeDailyRows();
    await vi.waitFor(
      async () => {
        const rows = await db.selectFrom('usage_daily').select('requests').where('dimension', '=', 'client').execute();
        expect(rows).toEqual(Array(4).fill({ requests: 1 }));
      },
      { timeout: 30_000 },
    );
    await Promise.all([intake.writeDailyRows(), intake.stop()]);
  });

  it('is handed what has gathered as soon as that is worth it, also while it is at work', async () => {
    const ingest = (padding: number): Promise<unknown> =>
      intake.ingest({
        envelope: ENVELOPE,
        body: Buffer.from(`{"client":"a"}${' '.repeat(padding)}`),
        receivedMs: Date.now(),
      });
    calls = 0;
    // No answer can come in between, because all of this is one turn of the event loop.
    const taken = [ingest(64 * 1024)];
    expect(calls).toBe(1);
    taken.push(ingest(30 * 1024), ingest(30 * 1024));
    expect(calls).toBe(1);
    taken.push(ingest(4 * 1024));
    expect(calls).toBe(2);
    taken.push(ingest(0));
    expect(calls).toBe(2);
    expect(await Promise.all(taken)).toMatchObject(Array(5).fill({ accepted: 1 }));
  });

  it('keeps no source waiting for another: who has waited for long is to come again, others have room', async () => {
    const lock = openDatabase(database.url);
    const held = Promise.withResolvers<void>();
    const locked = Promise.withResolvers<void>();
    const lockedFor = lock.transaction().execute(async () => {
      locked.resolve();
      await held.promise;
    });
    await locked.promise;
    const ingest = (sourceId: number, receivedMs: number, size = 0): Promise<{ accepted: number }> =>
      intake.ingest({
        envelope: { ...ENVELOPE, sourceId },
        body: Buffer.from(`{"client":"a"}${' '.repeat(size)}`),
        receivedMs,
      });
    const taken = [ingest(1, 0), ingest(1, 5000)];
    await expect(ingest(1, 5001)).rejects.toMatchObject({ code: 'overloaded' });
    taken.push(ingest(2, 5001));
    const megabyte = 1024 * 1024;
    for (let size = 0; size < 63; size += 1) taken.push(ingest(2, 5001, megabyte - 100));
    for (let size = 0; size < 2; size += 1) taken.push(ingest(2, 5001, megabyte / 2 - 100));
    await expect(ingest(2, 5001, megabyte)).rejects.toMatchObject({ code: 'overloaded' });
    taken.push(ingest(3, 5001, megabyte - 100));

    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const ready = intake.check();
    vi.advanceTimersByTime(5000);
    await expect(ready).rejects.toThrow('Events wait longer than 5 s.');
    vi.useRealTimers();
    held.resolve();
    await lockedFor;
    await lock.destroy();
    await Promise.allSettled(taken);
    await intake.check();
  });

  it('takes one request of any size while nothing else waits, so that MAX_BODY_BYTES is the only bound of a body', async () => {
    const body = Buffer.alloc(129 * 1024 * 1024, ' ');
    const taken = intake.ingest({ envelope: ENVELOPE, body, receivedMs: 0 });
    await expect(taken).rejects.toMatchObject({ code: 'too_large' });
  });

  it('lets an event of another source in after one of each, whatever was handed over before; a check waits as that does', async () => {
    // These bodies are small when packed; unpacked, a commit takes one or two of them.
    const slow = gzipSync(`${'{"client":"a"}\n'.repeat(2000)}${' '.repeat(900_000)}`);
    const answered: string[] = [];
    const ingest = (sourceId: number, name: string, body: Buffer, encoding?: string): Promise<unknown> =>
      intake
        .ingest({ envelope: { ...ENVELOPE, sourceId, ...(encoding ? { encoding } : {}) }, body, receivedMs: 0 })
        .then(() => answered.push(name));
    const backlog = Array.from({ length: 40 }, () => ingest(1, 'backlog', slow, 'gzip'));
    await ingest(2, 'other', Buffer.from('{"client":"b"}'));
    expect(answered.length).toBeLessThan(10);
    await Promise.all(backlog);

    // With fake timers the check never times out, however slow the machine is.
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    answered.length = 0;
    const sources = [1, 2, 3, 4, 5].map((source) => ingest(source, 'first of a source', slow, 'gzip'));
    const more = [1, 2, 3, 4, 5].map((source) => ingest(source, 'second', slow, 'gzip'));
    await intake.check();
    expect(answered.filter((name) => name === 'first of a source')).toHaveLength(5);
    expect(answered.filter((name) => name === 'second').length).toBeLessThan(5);
    await Promise.all([...sources, ...more]);
    vi.useRealTimers();
  });

  it('meets a defect of ours: that is logged with its place, answered 500, and no reason to keep still', async () => {
    const key = new Secret(Buffer.alloc(32, 7).toString('base64'));
    const { token } = await addSource(
      db,
      { secretKey: key, secretKeyPath: '' },
      { name: 'default', adapter: 'native', options: {} },
      Date.now(),
    );
    // Breaks the envelope, so that the adapter fails.
    const broken: EventIntake = {
      ingest: ({ envelope, ...request }) =>
        intake.ingest({ ...request, envelope: { ...envelope, options: null as never } }),
    };
    let logged = '';
    const server = createHttpServer({
      host: '127.0.0.1',
      port: 0,
      maxBodyBytes: 1_000_000,
      sources: new SourceDirectory(db, key),
      intake: broken,
      tally: { add: () => {}, refuse: () => {} },
      limits: new SourceLimits(),
      now: Date.now,
      readiness: () => ({ slack: 'none' }),
      log: createLogger('error', {
        write: (line) => {
          logged += line;
        },
      }),
    });
    await server.start();
    const response = await fetch(`${server.url}/v1/events`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token.reveal()}`, 'content-type': 'application/json' },
      body: '{"client":"a"}',
    });
    expect(response.status).toBe(500);
    expect(response.headers.get('retry-after')).toBeNull();
    expect(await response.text()).not.toMatch(/Cannot read|routePatterns/);
    expect(logged).toMatch(/native\.ts/);
    await server.stop();
    await db.schema.alterTable('inbox').renameTo('inbox_away').execute();
    await expect(intake.fold()).rejects.toMatchObject({ code: 'database' });
    await db.schema.alterTable('inbox_away').renameTo('inbox').execute();
  });
});
