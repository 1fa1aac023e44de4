import { existsSync, readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { IngestRequest } from '../../src/ingest/adapter.ts';
import { GROUP_BYTES, GROUP_EVENTS, Intake } from '../../src/ingest/intake.ts';
import { type Db, openDatabase } from '../../src/store/database.ts';
import { createDatabase, type TestDatabase } from '../support/databases.ts';
import { ENVELOPE } from '../support/envelope.ts';

const PACKED = { ...ENVELOPE, encoding: 'gzip' };

/** Packs a number of events and `padding` spaces into few bytes. */
function pack(events: number, padding = 0): IngestRequest {
  const text = `[${Array(events).fill('{"client":"a"}').join()}]${' '.repeat(padding)}`;
  return { envelope: PACKED, body: gzipSync(text), receivedMs: Date.now() };
}

describe('what is committed at once', () => {
  let database: TestDatabase;
  let db: Db;
  let intake: Intake;
  /** Time that reading a request takes, by the clock and of the processor. */
  let takes = { ms: 0, cpuMs: 0 };

  beforeEach(async () => {
    let nowMs = 0;
    let cpuMs = 0;
    takes = { ms: 0, cpuMs: 0 };
    vi.spyOn(performance, 'now').mockImplementation(() => {
      nowMs += takes.ms;
      cpuMs += takes.cpuMs;
      return nowMs;
    });
    vi.spyOn(process, 'threadCpuUsage').mockImplementation((before) => ({
      user: cpuMs * 1000 - (before?.user ?? 0),
      system: 0,
    }));
    database = await createDatabase('sqlite');
    db = openDatabase(database.url);
    intake = new Intake({
      databaseUrl: database.url,
      zone: 'UTC',
      rawRetentionDays: 30,
      maxBodyBytes: 4 * GROUP_BYTES,
    });
  });
  afterEach(async () => {
    vi.restoreAllMocks();
    await intake.close();
    await db.destroy();
    await database.remove();
  });
  const accepted = async (requests: IngestRequest[]): Promise<unknown[]> =>
    (await intake.take(() => requests)).map((outcome) =>
      outcome instanceof Error ? outcome.message : outcome.accepted,
    );

  it('is bounded by the events that requests hold, however small they came; one alone may hold more', async () => {
    const half = pack(GROUP_EVENTS / 2);
    const small = pack(10);
    expect(await accepted([half, half, small])).toEqual([GROUP_EVENTS / 2, GROUP_EVENTS / 2]);
    expect(await accepted([small, pack(GROUP_EVENTS + 1), small])).toEqual([10]);
    expect(await accepted([pack(GROUP_EVENTS + 1), small])).toEqual([GROUP_EVENTS + 1]);
  });

  it('holds bodies in UTF-16 that say so by their first bytes', async () => {
    const body = Buffer.from('\ufeff{"client":"Zoë"}', 'utf16le');
    const requests = [body, Buffer.from(body).swap16()].map((each) => ({
      envelope: ENVELOPE,
      body: each,
      receivedMs: 5,
    }));
    expect(await accepted(requests)).toEqual([1, 1]);
  });

  it('is in the totals after a rest, and its ids are known as before', async () => {
    const named = { envelope: ENVELOPE, body: Buffer.from('{"client":"a","id":"1"}'), receivedMs: Date.now() };
    expect(await accepted([named])).toEqual([1]);
    await intake.rest();
    expect(await db.selectFrom('inbox').select('seq').execute()).toEqual([]);
    expect(await db.selectFrom('event_segment').select('events').execute()).toEqual([{ events: 1 }]);
    expect(await accepted([named])).toEqual([0]);
    expect(await accepted([pack(2)])).toEqual([2]);
  });

  it('is bounded by their bytes after decompression', async () => {
    const wide = pack(1, 0.6 * GROUP_BYTES);
    expect(await accepted([wide, wide])).toEqual([1]);
    expect(await accepted([pack(2, 3 * GROUP_BYTES), wide])).toEqual([2]);
  });

  it('is bounded by the work that reading takes, also where nothing can be read; others may keep the processor meanwhile', async () => {
    const bomb = pack(1, 4 * GROUP_BYTES);
    const bombs = Array.from({ length: 10 }, () => ({ ...bomb }));
    expect(await accepted(bombs)).toHaveLength(10);
    takes = { ms: 1000, cpuMs: 5 };
    expect(await accepted(bombs)).toHaveLength(10);
    takes = { ms: 30, cpuMs: 30 };
    const refused = await accepted(bombs);
    expect(refused[0]).toContain('larger than');
    expect(refused).toHaveLength(4);
  });

  it('leaves the next request for the next commit, which does not read it again', async () => {
    const next = pack(2);
    expect(await accepted([pack(1, GROUP_BYTES), next])).toEqual([1]);
    next.body.fill(0);
    const refused = { ...pack(1), body: Buffer.from('no gzip') };
    expect(await accepted([next, refused])).toEqual([2, expect.stringContaining('not gzip')]);
    expect(await accepted([next])).toEqual([expect.stringContaining('not gzip')]);
  });

  it('holds what came while it waited for its turn, as long as that is read at once', async () => {
    const small = { envelope: ENVELOPE, body: Buffer.from('{"client":"b"}'), receivedMs: Date.now() };
    const looks = [[pack(1)], [small, small, pack(1), small]];
    looks[1]!.unshift(...looks[0]!);
    const outcomes = await intake.take(() => looks.shift()!);
    expect(outcomes).toMatchObject(Array(3).fill({ accepted: 1 }));
  });

  it('holds no whole address where the settings say so, in events and in rejections', async () => {
    const settings = { databaseUrl: database.url, zone: 'UTC', rawRetentionDays: 30, maxBodyBytes: 4 * GROUP_BYTES };
    const careful = new Intake({ ...settings, truncateAddresses: true });
    const body = gzipSync(
      '[{"id":"198.51.100.7:80-1","client":"198.51.100.7","ip":"198.51.100.7"},{"id":"198.51.100.7","ip":"198.51.100.7"}]',
    );
    const whole = [{ ...pack(1), body }];
    const [result] = await careful.take(() => whole);
    const broken = gzipSync('{"client":"a"}\n{"ip":"198.51.100.7"\n');
    const cut = [{ ...pack(1), body: broken }];
    const [unread] = await careful.take(() => cut);
    await careful.close();
    expect(unread).toMatchObject({ accepted: 1, rejected: [{ excerpt: expect.stringContaining('198.51.100.0') }] });
    expect(result).toMatchObject({ accepted: 1, rejected: [{ excerpt: expect.stringContaining('198.51.100.0') }] });
    const path = database.url.replace('sqlite:', '');
    const stored = Buffer.concat([path, `${path}-wal`].filter(existsSync).map((file) => readFileSync(file)));
    expect([stored.includes('198.51.100.0'), stored.includes('198.51.100.7')]).toEqual([true, false]);
  });

  it('refuses all that share a commit that fails, and what cannot be read for its own reason', async () => {
    await db.schema.dropTable('inbox').execute();
    const refused = { ...pack(1), body: Buffer.from('no gzip') };
    const requests = [pack(1), refused, pack(2)];
    const outcomes = await intake.take(() => requests);
    expect(outcomes).toMatchObject([{ code: 'overloaded' }, { code: 'unreadable' }, { code: 'overloaded' }]);
  });
});
