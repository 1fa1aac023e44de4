import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parse, readFixture } from './fixtures.ts';

const START = '1795224666348000000';
const IDS = { traceId: '4127e76d9552b1058485bca1d01ab783', spanId: 'a13b0a3e56f803ae' };

type Value = string | number | boolean;

function toAttributes(values: Record<string, Value>) {
  return Object.entries(values).map(([key, value]) => ({
    key,
    value:
      typeof value === 'string'
        ? { stringValue: value }
        : typeof value === 'boolean'
          ? { boolValue: value }
          : { intValue: value },
  }));
}

const RESOURCE = { attributes: toAttributes({ 'service.name': 'orders-api' }) };

function traces(...spans: object[]) {
  return { resourceSpans: [{ resource: RESOURCE, scopeSpans: [{ spans }] }] };
}

function span(values: Record<string, Value>, fields: object = {}) {
  return { ...IDS, kind: 2, startTimeUnixNano: START, attributes: toAttributes(values), ...fields };
}

function metrics(...list: object[]) {
  return { resourceMetrics: [{ resource: RESOURCE, scopeMetrics: [{ scope: { name: 'http' }, metrics: list }] }] };
}

function requests(point: object, fields: object = {}) {
  const dataPoints = [
    {
      attributes: toAttributes({ 'http.request.method': 'GET' }),
      startTimeUnixNano: START,
      timeUnixNano: '1795224726348000000',
      ...point,
    },
  ];
  return { name: 'http.server.request.duration', histogram: { aggregationTemporality: 1, dataPoints, ...fields } };
}

describe('spans', () => {
  it('are read from the recorded bytes alike in both encodings', () => {
    const json = parse('otlp', readFixture('senders/otlp-traces.json'));
    expect(json.rejected).toEqual([]);
    expect(json.events[0]).toEqual({
      id: '4127e76d9552b1058485bca1d01ab783a13b0a3e56f803ae',
      timeMs: 1795224666348,
      client: 'client-acme',
      method: 'GET',
      route: '/v2/contacts',
      status: 200,
      user: 'u-17',
      ip: '203.0.113.7',
      module: 'Contacts',
      kind: 'call',
      count: 1,
      credits: 3000,
      durationMs: 0.305532,
    });
    const binary = parse('otlp', readFixture('senders/otlp-traces.bin'), { contentType: 'application/x-protobuf' });
    expect(binary.rejected).toEqual([]);
    expect(binary.events.map(({ status }) => status)).toEqual(json.events.map(({ status }) => status));
    const withoutIds = ({ id: _, timeMs: __, durationMs: ___, ...rest }: (typeof json.events)[number]) => rest;
    expect(binary.events.map(withoutIds)).toEqual(json.events.map(withoutIds));
    for (const { id, timeMs } of binary.events) {
      expect(id).toMatch(/^[0-9a-f]{48}$/);
      expect(Math.abs(timeMs! - 1795224666348)).toBeLessThan(1000);
    }
  });

  it('count when their kind is that of the source: SERVER unless set', () => {
    const body = traces(...[0, 1, 2, 3, 4, 5, 'SPAN_KIND_SERVER'].map((kind, at) => span({ at }, { kind })));
    expect(parse('otlp', body).indexes).toEqual([2, 6]);
    expect(parse('otlp', body).unread).toMatchObject({ 'spans of kind internal': 1, 'spans of kind client': 1 });
    expect(parse('otlp', body, { options: { spans: ['client', 'server'] } }).indexes).toEqual([2, 3, 6]);
  });

  it('name their client by api.client.id, else enduser.id, else service.name, or as set', () => {
    const clientOf = (values: Record<string, Value>, client?: string) =>
      parse('otlp', traces(span(values)), { options: client === undefined ? {} : { map: { client } } }).events[0]
        ?.client;
    const all = { 'api.client.id': 'acme', 'enduser.id': 'u-1', 'tenant.id': 7 };
    expect(clientOf(all)).toBe('acme');
    expect(clientOf({ 'enduser.id': 17 })).toBe('17');
    expect(clientOf({})).toBe('orders-api');
    expect(clientOf(all, 'tenant.id')).toBe('7');
    expect(clientOf(all, 'missing|service.name')).toBe('orders-api');
    const nameless = parse('otlp', { resourceSpans: [{ scopeSpans: [{ spans: [span({})] }] }] });
    expect(nameless.rejected).toMatchObject([
      {
        index: 0,
        // The hint names attributes, not a map: attributes of spans are read as they are.
        error: 'client is missing: send it as the attribute api.client.id, enduser.id or service.name.',
      },
    ]);
  });

  it('are read by the old names of the conventions too, and by the route before the path', () => {
    const old = {
      'http.method': 'post',
      'http.target': '/v1/orders/42?x=1',
      'http.status_code': 503,
      'http.client_ip': '203.0.113.9',
    };
    expect(parse('otlp', traces(span(old))).events).toMatchObject([
      { method: 'POST', route: '/v1/orders/{id}', status: 503, ip: '203.0.113.9' },
    ]);
    const routed = span({
      'http.route': '/v1/orders/:id',
      'url.path': '/v1/orders/42',
      'http.request.method': '_OTHER',
      'http.request.method_original': 'PURGE',
    });
    expect(parse('otlp', traces(routed)).events).toMatchObject([{ route: '/v1/orders/:id', method: 'PURGE' }]);
  });

  it('are read by the names that protobuf gives its fields', () => {
    const { traceId: trace_id, spanId: span_id } = IDS;
    const attributes = [
      { key: 'service.name', value: { string_value: 'orders-api' } },
      { key: 'http.response.status_code', value: { int_value: 500 } },
      { key: 'url.path', value: { string_value: '//v1/orders/7' } },
    ];
    const spans = [{ trace_id, span_id, kind: '2', start_time_unix_nano: START, attributes }];
    const { events, rejected } = parse('otlp', { resource_spans: [{ scope_spans: [{ spans }] }] });
    expect(rejected).toEqual([]);
    expect(events).toMatchObject([
      { client: 'orders-api', status: 500, route: '/v1/orders/{id}', timeMs: 1795224666348 },
    ]);
  });

  it('are rejected where they are of a request and say no kind, and a body of other names is refused', () => {
    const unset = span({ 'http.route': '/v1/a' }, { kind: undefined });
    expect(parse('otlp', traces(unset)).rejected).toMatchObject([{ error: expect.stringMatching(/^kind is missing/) }]);
    expect(() => parse('otlp', { ResourceSpan: [] })).toThrow(
      /send one export request, an object with "resourceSpans"/,
    );
  });

  it('are rejected one by one for ids or values that break the rules', () => {
    const body = traces(
      span({ a: 1 }),
      span({}, { spanId: '0000000000000000' }),
      span({}, { traceId: 'xyz' }),
      span({ 'http.response.status_code': 999 }),
      span({}, { startTimeUnixNano: 'yesterday' }),
      span({}, { spanId: 'A13B0A3E56F803AF', startTimeUnixNano: 1795224666348000000 }),
    );
    const { events, indexes, rejected } = parse('otlp', body);
    expect(indexes).toEqual([0, 5]);
    expect(events[1]).toMatchObject({ id: `${IDS.traceId}a13b0a3e56f803af`, timeMs: 1795224666348 });
    expect(rejected.map(({ index, error }) => `${index} ${error}`)).toEqual([
      expect.stringMatching(/^1 spanId is "0000000000000000": send 16 hex digits/),
      expect.stringMatching(/^2 traceId is "xyz"/),
      expect.stringMatching(/^3 http\.response\.status_code is 999/),
      expect.stringMatching(/^4 startTimeUnixNano is "yesterday": send nanoseconds since 1970\.$/),
    ]);
  });

  it('have their ids in hex or base64, and cost no neighbour', () => {
    const base64 = { traceId: Buffer.from(IDS.traceId, 'hex').toString('base64'), spanId: 'oTsKPlb4A64=' };
    const odd = { ...span({}), attributes: { a: 1 } };
    const body = traces(span({}, base64), odd, 7 as unknown as object, span({}));
    const broken = { resource: { attributes: 'x' }, scopeSpans: [{ spans: [span({})] }] };
    const { events, indexes, rejected } = parse('otlp', { resourceSpans: [...body.resourceSpans, broken, null] });
    expect(indexes).toEqual([0, 3]);
    expect(events.map(({ id }) => id)).toEqual(Array(2).fill(`${IDS.traceId}${IDS.spanId}`));
    expect(rejected.map(({ index, error }) => `${index} ${error}`)).toEqual([
      '1 attributes holds an object: send an array of objects.',
      '2 spans holds 7 (a number): send an array of objects.',
      expect.stringMatching(/^4 The resource cannot be read: attributes holds "x"/),
      '5 resourceSpans holds null: send an array of objects.',
    ]);
  });

  it('keep 64-bit numbers whether they come as text or as numbers', () => {
    const attributes = [
      { key: 'api.credits', value: { doubleValue: 1.5 } },
      { key: 'http.response.status_code', value: { intValue: '429' } },
      { key: 'api.client.id', value: { intValue: '9007199254740993' } },
      { key: 'api.module', value: { arrayValue: { values: [] } } },
      { key: 'odd' },
    ];
    expect(parse('otlp', traces({ ...span({}), attributes })).events).toMatchObject([
      { credits: 1500, status: 429, client: '9007199254740993' },
    ]);
  });
});

describe('a body of another shape', () => {
  it('is refused, and whatever JSON it is never breaks the reader', () => {
    for (const body of ['[]', '1', '', '{"resourceSpans": {}}', '{"resourceSpans": [1]}']) {
      expect(() => parse('otlp', body), body).toThrow(expect.objectContaining({ code: 'unreadable' }));
    }
    expect(parse('otlp', {}).events).toEqual([]);
    for (const [signal, name] of [
      ['traces', 'resourceSpans'],
      ['logs', 'resourceLogs'],
      ['metrics', 'resourceMetrics'],
    ] as const)
      for (const body of ['', 'x', '[]'])
        expect(() => parse('otlp', body, { options: { signal } })).toThrow(
          new RegExp(`[Ss]end one export request, an object with "${name}"\\.$`),
        );
    const json = fc.jsonValue({ maxDepth: 3 });
    const record = fc.oneof(
      json,
      fc.record({ kind: fc.constant(2), attributes: json, traceId: json, startTimeUnixNano: json }),
    );
    fc.assert(
      fc.property(fc.array(record), (spans) => {
        const body = { resourceSpans: [{ resource: null, scopeSpans: [{ spans }] }] };
        try {
          const { events, rejected } = parse('otlp', body);
          expect(events.length + rejected.length).toBeLessThanOrEqual(spans.length);
        } catch (error) {
          expect(error).toMatchObject({ code: 'unreadable' });
        }
      }),
    );
  });
});

describe('log records', () => {
  it('count when they are of a request, with their time, without an id', () => {
    const { events, rejected } = parse('otlp', readFixture('senders/otlp-logs.json'));
    expect(rejected).toEqual([]);
    expect(events).toMatchObject([{ id: undefined, timeMs: 1795224667394, client: 'client-acme', status: 200 }]);
    const log = (values: Record<string, Value>, fields: object) => ({ attributes: toAttributes(values), ...fields });
    const logRecords = [
      log({ message: 'started' }, { timeUnixNano: START }),
      log(
        { 'http.response.status_code': 200, 'log.record.uid': '01ARZ3' },
        { timeUnixNano: '0', observedTimeUnixNano: START },
      ),
    ];
    const parsed = parse('otlp', { resourceLogs: [{ resource: RESOURCE, scopeLogs: [{ logRecords }] }] });
    expect(parsed.indexes).toEqual([1]);
    expect(parsed.events).toMatchObject([{ id: '01ARZ3', timeMs: 1795224666348, client: 'orders-api' }]);
  });
});

describe('metrics', () => {
  it('count the calls of a delta histogram, each data point under an id of its own', () => {
    const body = metrics(requests({ count: '3' }), requests({ count: 0 }), { name: 'process.cpu.time', sum: {} });
    const { events, rejected } = parse('otlp', body);
    expect(rejected).toEqual([]);
    expect(events).toMatchObject([{ count: 3, client: 'orders-api', method: 'GET', timeMs: 1795224726347 }]);
    const idOf = (...list: object[]) => parse('otlp', metrics(...list)).events[0]!.id;
    expect(idOf(requests({ count: 3 }))).toBe(events[0]!.id);
    const other = toAttributes({ 'http.request.method': 'PUT' });
    const next = { startTimeUnixNano: '1795224726348000000', timeUnixNano: '1795224786348000000' };
    expect(
      new Set([events[0]!.id, idOf(requests({ count: 3, attributes: other })), idOf(requests({ count: 3, ...next }))])
        .size,
    ).toBe(3);
  });

  it('are told apart by all that names them, however it is written, and by nothing else', () => {
    const sum = (point: object = {}, metric: object = {}, scope: object = {}, part: object = {}) => {
      const attributes = [
        { key: 'b', value: { intValue: '7' } },
        { key: 'a', value: { stringValue: 'x' } },
      ];
      const times = { startTimeUnixNano: START, timeUnixNano: '1795224726348000000' };
      const dataPoints = [{ attributes, ...times, asInt: '5', ...point }];
      const data = { isMonotonic: true, aggregationTemporality: 'AGGREGATION_TEMPORALITY_DELTA', dataPoints };
      const scopePart = { scope: { name: 's', ...scope }, metrics: [{ name: 'calls', sum: data, ...metric }], ...part };
      const body = { resourceMetrics: [{ resource: RESOURCE, scopeMetrics: [scopePart] }] };
      return parse('otlp', body, { options: { metrics: ['calls'] } }).events[0]!.id;
    };
    const id = sum();
    const reordered = [
      { key: 'a', value: { stringValue: 'x' } },
      { key: 'b', value: { intValue: 7 } },
    ];
    expect(sum({ attributes: reordered, timeUnixNano: 1795224726348000000, asInt: 5 })).toBe(id);
    expect(sum({ asInt: undefined, asDouble: 5 })).toBe(id);
    const others = [
      sum({ attributes: [{ key: 'b', value: { intValue: 8 } }] }),
      sum({
        attributes: [...reordered, { key: 'c', value: { arrayValue: { values: [{ intValue: 1 }, { intValue: 2 }] } } }],
      }),
      sum({}, { unit: '{call}' }),
      sum({}, {}, { version: '2' }),
      sum({}, {}, { attributes: [{ key: 'tenant', value: { stringValue: 'b' } }] }),
      sum({}, {}, {}, { schemaUrl: 'https://opentelemetry.io/schemas/1.27.0' }),
    ];
    expect(new Set([id, ...others]).size).toBe(others.length + 1);
  });

  it('are held for the commit where they are cumulative, and rejected where they are no count', () => {
    const recorded = parse('otlp', readFixture('senders/otlp-metrics-cumulative.json'));
    expect([recorded.events, recorded.rejected, recorded.cumulative!.length]).toEqual([[], [], 2]);
    const gauge = { name: 'http.server.request.duration', gauge: { dataPoints: [{ asInt: 1 }] } };
    expect(parse('otlp', metrics(gauge)).rejected[0]!.error).toMatch(/no count of calls/);
    for (const [point, error] of [
      [{ count: -1 }, /count is -1/],
      [{ count: undefined, asDouble: 'NaN' }, /count is NaN/],
      [{ count: undefined, asDouble: 2.5 }, /count is 2.5/],
      [{ count: 3, attributes: 7 }, /attributes holds 7/],
    ] as const) {
      expect(parse('otlp', metrics(requests(point))).rejected[0]!.error).toMatch(error);
    }
    const unset = requests({ count: 3 }, { aggregationTemporality: undefined });
    expect(parse('otlp', metrics(unset)).rejected[0]!.error).toMatch(/aggregationTemporality is missing/);
    const silent = requests({ count: 3, flags: 1 });
    expect(parse('otlp', metrics(silent))).toMatchObject({ events: [], rejected: [] });
    const dataPoints = [{ startTimeUnixNano: START, timeUnixNano: '1795224726348000000', count: '4' }];
    const exponential = {
      name: 'http.server.request.duration',
      exponentialHistogram: { aggregationTemporality: 1, dataPoints },
    };
    expect(parse('otlp', metrics(exponential)).events).toMatchObject([{ count: 4 }]);
  });

  it('say which of them count nothing', () => {
    const other = { name: 'http.client.request.duration', histogram: { dataPoints: [{}, {}] } };
    expect(parse('otlp', metrics(other)).unread).toEqual({ 'data points of "http.client.request.duration"': 2 });
  });

  it('count once where they come under their old name and the stable one', () => {
    const old = { ...requests({ count: 3 }), name: 'http.server.duration' };
    expect(parse('otlp', metrics(old, requests({ count: 3 }))).events).toMatchObject([{ count: 3 }]);
    const [first] = metrics(old).resourceMetrics;
    const [second] = metrics(requests({ count: 4 })).resourceMetrics;
    expect(parse('otlp', { resourceMetrics: [first, second] }).events.map(({ count }) => count)).toEqual([3, 4]);
  });

  it('are those that the source names', () => {
    const point = { startTimeUnixNano: START, timeUnixNano: START, asInt: '5' };
    const sum = { name: 'api.calls', sum: { isMonotonic: true, aggregationTemporality: 1, dataPoints: [point] } };
    const body = metrics(requests({ count: 3 }), sum);
    expect(parse('otlp', body, { options: { metrics: ['api.calls'] } }).events).toMatchObject([{ count: 5 }]);
  });

  it('are rejected where the clock was never set: nanoseconds of 1970 are no seconds of today', () => {
    const parsed = parse('otlp', traces(span({ 'api.client.id': 'a' }, { startTimeUnixNano: '1795224666348000' })));
    expect(parsed.events).toEqual([]);
    expect(parsed.rejected[0]!.error).toMatch(
      /^startTimeUnixNano is "1795224666348000": that is 1970-01-21T18:40:24.666Z, before 2000; send nanoseconds since 1970\.$/,
    );
  });

  it('are read from protobuf', () => {
    // resource_metrics > scope_metrics > metric { name, sum { data_point { as_int 5, time }, delta, monotonic } }.
    const field = (tag: number, ...parts: Uint8Array[]) => {
      const content = Buffer.concat(parts);
      return Buffer.concat([Uint8Array.from([tag, content.length]), content]);
    };
    const fixed = (tag: number, value: bigint) => {
      const part = Buffer.alloc(9, tag);
      part.writeBigInt64LE(value, 1);
      return part;
    };
    const attribute = field(
      0x3a,
      field(0x0a, Buffer.from('api.client.id')),
      field(0x12, field(0x0a, Buffer.from('acme'))),
    );
    const point = field(0x0a, attribute, fixed(0x19, 1795224666348000000n), fixed(0x31, 5n));
    const sum = field(0x3a, point, Buffer.from([0x10, 1, 0x18, 1]));
    const metric = field(0x12, field(0x0a, Buffer.from('calls')), sum);
    const body = field(0x0a, field(0x12, metric));
    const input = {
      contentType: 'application/x-protobuf',
      options: { signal: 'metrics' as const, metrics: ['calls'] },
    };
    expect(parse('otlp', body, input).events).toMatchObject([{ client: 'acme', count: 5, timeMs: 1795224666347 }]);
  });
});
