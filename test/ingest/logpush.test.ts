import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { parse, readFixture } from './fixtures.ts';

const LINE = {
  RayID: '48b371889c489b21',
  ClientIP: '203.0.113.7',
  ClientRequestUserAgent: 'acme-sync/3.1',
  EdgeStartTimestamp: '2026-11-20T12:00:01Z',
};

describe('lines of Logpush', () => {
  it('are read from gzip and from plain lines, whatever the content type', () => {
    for (const [file, contentType] of [
      ['cloudflare-logpush.ndjson', ''],
      ['cloudflare-logpush.ndjson.gz', 'application/octet-stream'],
    ] as const) {
      const { events, rejected } = parse('logpush', readFixture(`senders/${file}`), { contentType });
      expect(rejected).toEqual([]);
      expect(events).toHaveLength(3);
      expect(events[1]).toEqual({
        id: '48b371889c489b22',
        timeMs: Date.UTC(2026, 10, 20, 12, 0, 2),
        client: 'acme-sync/3.1',
        method: 'GET',
        route: '/v2/contacts',
        status: 429,
        ip: '203.0.113.7',
        kind: 'call',
        count: 1,
      });
    }
  });

  it('say how long the answer took to begin', () => {
    const { events } = parse('logpush', { ...LINE, EdgeTimeToFirstByteMs: 125, OriginResponseDurationMs: 90 });
    expect(events).toMatchObject([{ durationMs: 125 }]);
  });

  it('are no events where Cloudflare only checks the destination', () => {
    const check = readFixture('senders/cloudflare-logpush-validation-test.txt.gz');
    expect(parse('logpush', check)).toMatchObject({ events: [], indexes: [], rejected: [] });
    expect(parse('logpush', { content: 'tests', ClientIP: '203.0.113.7' }).events).toHaveLength(1);
  });

  it('name the user agent as client, else the IP, or what the source says', () => {
    const clientOf = (line: object, client?: string) =>
      parse('logpush', line, { options: client === undefined ? {} : { map: { client } } }).events[0]?.client;
    expect(clientOf({ ...LINE, ClientRequestUserAgent: '' })).toBe('203.0.113.7');
    expect(clientOf({ ...LINE, ClientRequestUserAgent: 'é🙂'.repeat(300) })).toBe('é🙂'.repeat(100));
    expect(clientOf(LINE, 'ZoneName|ClientIP')).toBe('203.0.113.7');
    expect(parse('logpush', { RayID: 'r' }).rejected).toMatchObject([
      { id: 'r', error: expect.stringContaining('ClientRequestUserAgent') },
    ]);
  });

  it('keep a path that begins with two slashes a path', () => {
    const line = { ...LINE, ClientRequestURI: '//v1/orders/7' };
    expect(parse('logpush', line).events[0]!.route).toBe('/v1/orders/{id}');
  });

  it('have their time as text, in seconds or in nanoseconds', () => {
    for (const EdgeStartTimestamp of ['2026-11-20T12:00:01Z', 1795176001, 1795176001000000000]) {
      expect(parse('logpush', { ...LINE, EdgeStartTimestamp }).events[0]!.timeMs).toBe(
        Date.UTC(2026, 10, 20, 12, 0, 1),
      );
    }
  });

  it('are rejected one by one, and gzip may not unpack without end', () => {
    const body = `${JSON.stringify(LINE)}\n{"RayID"\n7\n${JSON.stringify({ ...LINE, EdgeResponseStatus: 0 })}\n`;
    const { indexes, rejected } = parse('logpush', body);
    expect(indexes).toEqual([0, 3]);
    expect(rejected.map(({ index }) => index)).toEqual([1, 2]);
    const bomb = gzipSync(Buffer.alloc(64 * 1024 * 1024 + 1, ' '));
    expect(() => parse('logpush', bomb)).toThrow(expect.objectContaining({ code: 'too_large' }));
  });
});
