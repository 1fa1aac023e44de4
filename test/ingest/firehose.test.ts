import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { parse, readFixture } from './fixtures.ts';

const REQUEST_ID = 'ed4acda5-034f-9f42-bba1-f29aea6d7d8f';
const ENTRY = { requestId: 'r1', apiKeyId: 'ak_acme', status: '200', requestTime: '20/Nov/2026:12:00:01 +0000' };

/** A delivery of these records, each a text or bytes. */
function deliver(...records: (string | Uint8Array)[]) {
  return {
    requestId: REQUEST_ID,
    records: records.map((data) => ({ data: Buffer.from(data as Uint8Array).toString('base64') })),
  };
}

describe('records of Firehose', () => {
  it('are read from the entries of API Gateway', () => {
    const headers = { 'x-amz-firehose-request-id': REQUEST_ID };
    const { events, rejected } = parse('firehose', readFixture('senders/firehose-request-body.json'), { headers });
    expect(rejected).toEqual([]);
    expect(events).toHaveLength(3);
    expect(events[1]).toEqual({
      id: 'c6af9ac6-7b61-11e6-9a41-93e8deadbe02',
      timeMs: 1795176002000,
      client: 'ak_acme',
      method: 'GET',
      route: '/v2/contacts/{id}',
      status: 429,
      ip: '203.0.113.7',
      kind: 'call',
      count: 1,
      durationMs: 41,
    });
  });

  it('are read from CloudWatch Logs, in gzip, but for its control messages', () => {
    const { events, rejected } = parse('firehose', readFixture('senders/firehose-cloudwatch-gzip-record.json'));
    expect(rejected).toEqual([]);
    expect(events.length).toBeGreaterThan(0);
    for (const event of events) expect(event).toMatchObject({ client: 'ak_acme', method: 'GET' });
    const control = { messageType: 'CONTROL_MESSAGE', logEvents: [{ id: '', message: 'CWL CONTROL MESSAGE' }] };
    const data = {
      messageType: 'DATA_MESSAGE',
      logEvents: [
        { id: 'e1', timestamp: 1795176001000, message: '{"apiKeyId": "ak_acme"}' },
        { id: 'e2', timestamp: 1795176001000, message: 'plain text' },
      ],
    };
    const parsed = parse('firehose', deliver(gzipSync(JSON.stringify(control) + JSON.stringify(data))));
    expect(parsed.events).toMatchObject([{ id: 'e1', timeMs: 1795176001000 }]);
    expect(parsed.rejected).toMatchObject([{ error: expect.stringMatching(/^Record 0: .*"plain text", not JSON/) }]);
  });

  it('may hold several entries, by lines or without space between', () => {
    const text = JSON.stringify(ENTRY);
    const parsed = parse('firehose', deliver(text + text, `${text}\n${text}\n`, 'no JSON', text));
    expect(parsed.indexes).toEqual([0, 1, 2, 3, 5]);
    expect(parsed.rejected).toMatchObject([
      { index: 4, error: expect.stringMatching(/^Record 2: The body is not JSON/) },
    ]);
    expect(parsed.events[0]).toMatchObject({ timeMs: Date.UTC(2026, 10, 20, 12, 0, 1) });
  });

  it('lose a broken entry of a record alone', () => {
    const text = JSON.stringify(ENTRY);
    const broken = '{"requestId":"g2","apiKeyId":"acme","userAgent":"5" disk"}';
    const parsed = parse('firehose', deliver([text, broken, text, text].join('\n')));
    expect(parsed.events).toHaveLength(3);
    expect(parsed.rejected).toMatchObject([{ error: expect.stringMatching(/^Record 0: .*not JSON/) }]);
  });

  it('have ids of their own place where they name none, the same in every attempt', () => {
    const text = JSON.stringify({ ...ENTRY, requestId: undefined });
    const body = deliver(text + text, text);
    const { events } = parse('firehose', body);
    expect(events.map(({ id }) => id)).toEqual([`${REQUEST_ID}/0/0`, `${REQUEST_ID}/0/1`, `${REQUEST_ID}/1/0`]);
    expect(parse('firehose', body).events).toEqual(events);
  });

  it('name the API key as client, or what the source says, and read what HTTP APIs write', () => {
    const http = { requestId: 'r', routeKey: 'GET /pets/{pet}', ip: '203.0.113.7', status: '200', apiKeyId: '-' };
    expect(parse('firehose', deliver(JSON.stringify(http))).rejected).toMatchObject([
      { id: 'r', error: expect.stringMatching(/no apiKeyId.*--map client=/) },
    ]);
    const options = { map: { client: 'authorizer.sub|ip' } };
    expect(parse('firehose', deliver(JSON.stringify(http)), { options }).events).toMatchObject([
      { client: '203.0.113.7', method: 'GET', route: '/pets/{pet}' },
    ]);
  });

  it('are refused as a whole where the request itself is damaged', () => {
    const refused = (body: unknown, error: RegExp, headers = {}) =>
      expect(() => parse('firehose', body, { headers })).toThrow(error);
    refused({}, /has no records/);
    refused([], /has no records/);
    refused({ records: [] }, /requestId is missing/);
    refused(deliver('{}'), /requestId is "ed4acda5.*"other"/, { 'x-amz-firehose-request-id': 'other' });
    const large = gzipSync(Buffer.alloc(40 * 1024 * 1024, ' '));
    refused(deliver(large, large), /unpacks to more than/);
    expect(parse('firehose', deliver())).toMatchObject({ events: [], indexes: [], rejected: [] });
  });

  it('cost themselves alone where they are damaged', () => {
    const good = { data: btoa('{"requestId":"g","apiKeyId":"acme"}') };
    const cut = gzipSync('{"requestId":"z"}').subarray(0, 20).toString('base64');
    const { events, rejected } = parse('firehose', {
      requestId: 'r',
      records: [good, { data: 'e30' }, 7, { data: cut }, good],
    });
    expect(events).toHaveLength(2);
    expect(rejected.map(({ error }) => error)).toEqual([
      'Record 1: its data is not base64: "e30".',
      'Record 2: its data is not base64: missing.',
      expect.stringMatching(/^Record 3: .*gzip/),
    ]);
  });
});
