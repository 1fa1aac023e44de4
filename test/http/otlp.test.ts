import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { HeadroomError } from '../../src/errors.ts';
import { type MessageShape, readMessage } from '../../src/ingest/protobuf.ts';
import { listSourceHealth } from '../../src/store/source-repository.ts';
import { readFixture } from '../ingest/fixtures.ts';
import { openSenderStage, type SenderStage } from './sender-stage.ts';
import { send } from './server-stage.ts';

const PROTOBUF = { 'content-type': 'application/x-protobuf' };
/** Fields of ExportPartialSuccess and of google.rpc.Status. */
const COUNT_AND_TEXT: MessageShape = { 1: { name: 'count', type: 'int64' }, 2: { name: 'text', type: 'text' } };
const GZIP = { 'content-encoding': 'gzip' };

describe('OTLP', () => {
  let stage: SenderStage;

  beforeEach(async () => {
    stage = await openSenderStage();
  });

  afterEach(() => stage.close());

  it('takes what the exporters send, in both encodings, and answers success in the same type', async () => {
    for (const [file, encoding] of [
      ['otlp-traces.json', {}],
      ['otlp-traces.json.gz', GZIP],
    ] as const) {
      const reply = await send(stage, '/v1/traces', readFixture(`senders/${file}`), {
        headers: encoding,
        chunked: true,
      });
      expect([reply.status, reply.json]).toEqual([200, {}]);
      expect(reply.headers['content-type']).toBe('application/json');
    }
    for (const [file, encoding] of [
      ['otlp-traces.bin', {}],
      ['otlp-traces.bin.gz', GZIP],
    ] as const) {
      const headers = { ...PROTOBUF, ...encoding };
      for (let attempt = 0; attempt < 2; attempt += 1) {
        const reply = await send(stage, '/v1/traces', readFixture(`senders/${file}`), { headers, chunked: true });
        expect([reply.status, reply.text]).toEqual([200, '']);
        expect(reply.headers['content-type']).toBe('application/x-protobuf');
      }
    }
    const logs = await send(stage, '/v1/logs', readFixture('senders/otlp-logs.json'));
    expect([logs.status, logs.json]).toEqual([200, {}]);
    const events = await stage.listEvents();
    // Each recording has three spans of its own; repeated ones are counted once.
    expect(events).toHaveLength(4 * 3 + 1);
    for (const event of events) {
      expect(event).toMatchObject({
        client: 'client-acme',
        method: 'GET',
        route: '/v2/contacts',
        user: 'u-17',
        ip: '203.0.113.7',
        module: 'Contacts',
        credits: 3000,
      });
    }
  });

  it('counts each call of delta metrics once, and takes compressed log records, from the recorded bytes', async () => {
    stage.clock.nowMs = Date.UTC(2026, 10, 21, 5, 20);
    for (const file of ['otlp-metrics-delta-1.bin', 'otlp-metrics-delta-2.bin', 'otlp-metrics-delta-1.bin']) {
      const reply = await send(stage, '/v1/metrics', readFixture(`senders/${file}`), { headers: PROTOBUF });
      expect([reply.status, reply.text]).toEqual([200, '']);
    }
    const logs = await send(stage, '/v1/logs', readFixture('senders/otlp-logs.bin.gz'), {
      headers: { ...PROTOBUF, ...GZIP },
    });
    expect([logs.status, logs.text]).toEqual([200, '']);
    const events = await stage.listEvents();
    const calls = events.map(({ client, status, count, credits }) => `${client} ${status} × ${count}, ${credits}`);
    expect(calls.sort()).toEqual([
      'client-acme 200 × 1, 3000',
      'orders-api 200 × 1, 1000',
      'orders-api 200 × 2, 2000',
      'orders-api 429 × 1, 1000',
    ]);
  });

  it('counts what cumulative metrics add, once, from the recorded bytes', async () => {
    const metrics = readFixture('senders/otlp-metrics-cumulative.json');
    const other = 'Not counted: 1 data points of "api.credits.used".';
    const expected = { partialSuccess: { rejectedDataPoints: '0', errorMessage: other } };
    for (let at = 0; at < 2; at += 1) expect((await send(stage, '/v1/metrics', metrics)).json).toEqual(expected);
    const counts = (await stage.listEvents()).map(({ count }) => count);
    const points = JSON.parse(metrics.toString()).resourceMetrics[0].scopeMetrics[0].metrics[0].histogram.dataPoints;
    expect(counts.sort()).toEqual(points.map(({ count }: { count: string }) => Number(count)).sort());
  });

  it('says what it takes and does not count', async () => {
    const traces = JSON.parse(readFixture('senders/otlp-traces.json').toString());
    traces.resourceSpans[0].scopeSpans[0].spans[0].kind = 1;
    expect((await send(stage, '/v1/traces', traces)).json).toEqual({
      partialSuccess: { rejectedSpans: '0', errorMessage: 'Not counted: 1 spans of kind internal.' },
    });
    await stage.tally.flush();
    expect((await listSourceHealth(stage.db))[0]!.unread).toEqual([{ name: 'spans of kind internal', events: 1 }]);
  });

  it('reports what it rejects as a partial success', async () => {
    const metrics = JSON.parse(readFixture('senders/otlp-metrics-cumulative.json').toString());
    metrics.resourceMetrics[0].scopeMetrics[0].metrics[0].histogram.aggregationTemporality = 0;
    const reply = await send(stage, '/v1/metrics', metrics);
    expect(reply.status).toBe(200);
    expect(reply.json).toEqual({
      partialSuccess: {
        rejectedDataPoints: '2',
        errorMessage: expect.stringMatching(/^2 rejected: aggregationTemporality is 0/),
      },
    });
    const traces = JSON.parse(readFixture('senders/otlp-traces.json').toString());
    const [first] = traces.resourceSpans[0].scopeSpans[0].spans;
    first.traceId = '0'.repeat(32);
    expect((await send(stage, '/v1/traces', traces)).json.partialSuccess).toMatchObject({
      rejectedSpans: '1',
      errorMessage: expect.stringContaining('traceId is "0000'),
    });
    expect(await stage.listEvents()).toHaveLength(2);

    // One span with a trace id of 16 zero bytes, as protobuf.
    const span = Buffer.concat([
      Buffer.from([0x0a, 16]),
      Buffer.alloc(16),
      Buffer.from([0x12, 8]),
      Buffer.alloc(8, 1),
      Buffer.from([0x30, 2]),
    ]);
    const scope = Buffer.concat([Buffer.from([0x12, span.length]), span]);
    const resource = Buffer.concat([Buffer.from([0x12, scope.length]), scope]);
    const body = Buffer.concat([Buffer.from([0x0a, resource.length]), resource]);
    const binary = await send(stage, '/v1/traces', body, { headers: PROTOBUF });
    expect(binary.status).toBe(200);
    expect(readMessage(binary.bytes, { 1: { name: 'partialSuccess', type: COUNT_AND_TEXT } })).toEqual({
      partialSuccess: { count: 1n, text: expect.stringMatching(/^1 rejected: traceId is "0000/) },
    });
  });

  it('answers errors as google.rpc.Status, in the type of the request', async () => {
    const unreadable = await send(stage, '/v1/traces', '{"resourceSpans": 1}');
    expect([unreadable.status, unreadable.json.code]).toEqual([400, 3]);
    expect(unreadable.json.message).toMatch(/resourceSpans holds 1/);
    const binary = await send(stage, '/v1/traces', Buffer.from([0x0a, 5, 1]), { headers: PROTOBUF });
    expect([binary.status, binary.headers['content-type']]).toEqual([400, 'application/x-protobuf']);
    expect(readMessage(binary.bytes, COUNT_AND_TEXT)).toEqual({
      count: 3n,
      text: expect.stringContaining('is no export request in protobuf: at byte 0, 5 bytes are announced and 1 are'),
    });
    const anonymous = await send(stage, '/v1/logs', '{}', { anonymous: true });
    expect([anonymous.status, anonymous.json.code]).toEqual([401, 16]);
    const basic = { authorization: `Basic ${btoa(`${stage.token}:`)}` };
    expect((await send(stage, '/v1/logs', '{}', { headers: basic })).status).toBe(401);
    const text = await send(stage, '/v1/metrics', 'x', { headers: { 'content-type': 'text/plain' } });
    expect([text.status, text.json.code]).toEqual([415, 3]);
    const large = await send(stage, '/v1/traces', Buffer.alloc(1_000_001), { headers: PROTOBUF });
    expect([large.status, readMessage(large.bytes, COUNT_AND_TEXT).count]).toEqual([413, 8n]);
    expect((await send(stage, '/v1/traces')).status).toBe(405);
    const wrong = await send(stage, '/v1/traces', readFixture('senders/otlp-logs.json'));
    expect(wrong.json.message).toMatch(/holds resourceLogs.*\/v1\/logs/);
  });

  it('takes at a source of its own what exporters add to its address, with its settings', async () => {
    const token = await stage.addSource('otlp', { map: { client: 'user_agent.original' } });
    const own = { ...stage, token };
    expect((await send(own, '/sources/otlp/v1/traces', readFixture('senders/otlp-traces.json'))).json).toEqual({});
    const headers = PROTOBUF;
    expect((await send(own, '/sources/otlp', readFixture('senders/otlp-traces.bin'), { headers })).text).toBe('');
    expect((await send(own, '/sources/otlp/v1/logs', readFixture('senders/otlp-logs.json'))).json).toEqual({});
    expect((await send(own, '/sources/otlp/v1/other', '{}')).status).toBe(404);
    const events = await stage.listEvents();
    expect(events.map(({ client, source }) => `${source} ${client}`)).toEqual(Array(7).fill('otlp acme-sync/3.1'));
  });
});

it('tells exporters to send again what could not be stored, for whatever reason', async () => {
  let error: Error = new HeadroomError('overloaded', 'More requests are waiting than can be stored now.');
  const stage = await openSenderStage({ intake: { ingest: () => Promise.reject(error) } });
  for (const next of [new Error('a defect'), error]) {
    const reply = await send(stage, '/v1/traces', readFixture('senders/otlp-traces.json'));
    expect([reply.status, reply.json.code]).toEqual([503, 14]);
    expect(Number(reply.headers['retry-after'])).toBeGreaterThan(0);
    error = next;
  }
  await stage.close();
});
