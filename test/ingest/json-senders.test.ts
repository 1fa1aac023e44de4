import { describe, expect, it } from 'vitest';
import { parse, readFixture } from './fixtures.ts';

const TIME_MS = Date.UTC(2026, 10, 27, 10);

/** An entry of each sender as in its documentation, and the event that it stands for. */
const SENDERS: Readonly<Record<string, { body: object; event: object }>> = {
  'azure-apim': {
    body: {
      records: [
        { category: 'WebSocketConnectionLogs', correlationId: 'ws' },
        {
          time: '2026-11-27T10:00:00.0000000Z',
          category: 'GatewayLogs',
          operationName: 'Microsoft.ApiManagement/GatewayLogs',
          durationMs: 41,
          callerIpAddress: '192.0.2.7',
          correlationId: 'c-1',
          properties: {
            method: 'GET',
            url: 'https://contoso.example/orders/7?subscription-key=secret',
            responseCode: 429,
            backendResponseCode: 200,
            apiId: 'orders',
            apiRevision: '2',
            operationId: 'get-order',
            productId: 'starter',
            userId: '1',
            apimSubscriptionId: 'acme',
          },
        },
      ],
    },
    event: {
      ...{ id: 'c-1', client: 'acme', route: '/orders/{id}', status: 429, method: 'GET', ip: '192.0.2.7', user: '1' },
      ...{ module: 'orders', version: '2', function: 'get-order', durationMs: 41 },
    },
  },
  tyk: {
    body: {
      time: 1795773600,
      event: {
        ...{ method: 'GET', path: '/orders/7', raw_path: '/orders/7', response_code: 200, alias: 'acme', oauth_id: '' },
        ...{ api_key: '5d2e', api_version: 'Non Versioned', api_name: 'Orders', api_id: 'a1', ip_address: '192.0.2.7' },
        ...{ request_time: 41, time_stamp: '2026-11-27T10:00:00Z' },
      },
    },
    event: { client: 'acme', route: '/orders/{id}', status: 200, module: 'Orders', version: undefined, durationMs: 41 },
  },
  gravitee: {
    body: {
      ...{ type: 'request', _id: 'g-1', '@timestamp': '2026-11-27T10:00:00.000Z', method: 3, uri: '/orders/7?key=x' },
      ...{ status: 404, 'response-time': 41, 'api-response-time': 40, application: 'acme', api: 'orders' },
      ...{ plan: 'gold', 'remote-address': '192.0.2.7', 'mapped-path': '/orders/:id' },
    },
    event: { id: 'g-1', client: 'acme', method: 'GET', route: '/orders/:id', status: 404, durationMs: 41 },
  },
  'google-lb': {
    body: {
      message: {
        data: Buffer.from(
          JSON.stringify({
            insertId: 'i-1',
            timestamp: '2026-11-27T10:00:00.000001Z',
            httpRequest: {
              ...{ requestMethod: 'GET', requestUrl: 'https://api.example.org/orders/7?key=x', status: 502 },
              ...{ remoteIp: '192.0.2.7', latency: '0.041s', userAgent: 'curl/8' },
            },
            jsonPayload: { statusDetails: 'backend_timeout' },
            resource: { type: 'http_load_balancer', labels: { backend_service_name: 'orders' } },
          }),
        ).toString('base64'),
        messageId: '136969346945',
        publishTime: '2026-11-27T10:00:01Z',
      },
      subscription: 'projects/p/subscriptions/s',
    },
    event: { id: 'i-1', client: '192.0.2.7', route: '/orders/{id}', status: 502, module: 'orders', durationMs: 41 },
  },
  'splunk-hec': {
    body: {
      time: 1795773600.5,
      host: 'web1',
      sourcetype: 'httpevent',
      event: { remote_addr: '192.0.2.7', request: 'GET /orders/7 HTTP/1.1', status: '200', request_time: '0.041' },
    },
    event: { client: '192.0.2.7', route: '/orders/{id}', status: 200, timeMs: TIME_MS + 500, durationMs: 41 },
  },
  datadog: {
    body: [
      {
        ...{
          ddsource: 'nodejs',
          ddtags: 'env:prod',
          hostname: 'web1',
          service: 'orders',
          status: 'info',
          duration: 41e6,
        },
        ...{
          timestamp: TIME_MS,
          message: 'GET /orders/7 200',
          usr: { id: 'acme' },
          network: { client: { ip: '192.0.2.7' } },
        },
        http: { method: 'GET', status_code: 200, url: 'https://api.example.org/orders/7?key=x' },
      },
    ],
    event: { client: 'acme', route: '/orders/{id}', status: 200, timeMs: TIME_MS, ip: '192.0.2.7', durationMs: 41 },
  },
};

describe.each(Object.entries(SENDERS))('%s', (adapter, { body, event }) => {
  it('says of a call what its documentation has', () => {
    const { events, rejected } = parse(adapter, body);
    expect(rejected).toEqual([]);
    expect(events).toEqual([expect.objectContaining({ timeMs: expect.any(Number), ...event })]);
    expect(JSON.stringify(events)).not.toContain('key=');
  });

  it('loses no neighbour to an entry that is broken', () => {
    const text = JSON.stringify(body);
    for (const contentType of ['application/x-ndjson', 'application/json']) {
      const { events, rejected } = parse(adapter, `${text}\n{"a": "5" disk"}\n${text}`, { contentType });
      expect([events.length, rejected.length]).toEqual([2, 1]);
    }
  });
});

describe('Moesif', () => {
  const BODY = readFixture('senders/moesif-events-batch.json');

  it('is read as its library sends it, one by one and in batches', () => {
    const { events, rejected } = parse('moesif', BODY);
    expect(rejected).toEqual([]);
    expect(
      events.map(({ client, user, route, status, durationMs }) => [client, user, route, status, durationMs]),
    ).toEqual([
      ['client-acme', 'u-17', '/v2/contacts', 200, 2],
      ['client-acme', 'u-17', '/limited', 429, 0],
      ['client-acme', 'u-17', '/v2/contacts', 200, 0],
    ]);
    expect(new Set(events.map(({ id }) => id)).size).toBe(3);
    expect(parse('moesif', JSON.parse(BODY.toString())[0]).events).toHaveLength(1);
  });

  it('counts the weight of what is sampled, and no outgoing calls', () => {
    const [event] = JSON.parse(BODY.toString());
    expect(parse('moesif', { ...event, weight: 10 }).events[0]!.count).toBe(10);
    expect(parse('moesif', { ...event, direction: 'Outgoing' }).rejected[0]!.error).toMatch(/direction is "Outgoing"/);
  });
});

describe('Apigee', () => {
  it('is read by the names of its analytics, by itself and in records', () => {
    const body = JSON.parse(readFixture('senders/apigee-messagelogging.json').toString());
    const expected = {
      ...{ id: 'rrt-0b2c1f-a-wo-12-345-1', timeMs: 1795176001123, client: 'acme-sync', user: 'dev@acme.example' },
      ...{ method: 'GET', route: '/contacts', status: 200, ip: '203.0.113.7', module: 'crm-v2', durationMs: 41 },
    };
    expect(parse('apigee', body).events).toEqual([expect.objectContaining(expected)]);
    expect(parse('apigee', { organization: 'o', records: [body, { apiproxy: 'x' }, body] })).toMatchObject({
      events: [expected, expected],
      indexes: [0, 2],
      rejected: [{ index: 1, error: expect.stringMatching(/developer_app/) }],
    });
  });
});

describe('Gravitee', () => {
  it('is read in the form of JSON and of Elasticsearch, of versions 2 and 4', () => {
    const time = 1692359213844;
    const json = {
      v4: {
        ...{ timestamp: time, requestId: 'r1', apiId: '5f67b38f', apiName: 'API Name', applicationId: 'app-1' },
        ...{
          planId: 'p',
          httpMethod: 'GET',
          remoteAddress: '192.0.2.7',
          uri: '/test-v4?key=1',
          pathInfo: '',
          status: 200,
        },
        ...{ gatewayResponseTimeMs: 144, endpointResponseTimeMs: 137 },
      },
      v2: {
        ...{ timestamp: time, proxyResponseTimeMs: 144, requestId: 'r1', api: '5f67b38f', apiName: 'API Name' },
        ...{
          application: 'app-1',
          httpMethod: 'GET',
          remoteAddress: '192.0.2.7',
          uri: '/test-v4',
          status: 200,
          path: '',
        },
      },
      elastic: {
        ...{ type: 'v4-metrics', date: '2023.08.18', _id: 'r1', '@timestamp': '2023-08-18T11:46:53.844Z' },
        ...{ 'request-id': 'r1', 'api-id': '5f67b38f', 'api-name': 'API Name', 'application-id': 'app-1' },
        ...{ 'http-method': 3, 'remote-address': '192.0.2.7', uri: '/test-v4', 'path-info': '', status: 200 },
        'gateway-response-time-ms': 144,
      },
    };
    const expected = {
      ...{ id: 'r1', timeMs: time, client: 'app-1', method: 'GET', route: '/test-v4', status: 200, ip: '192.0.2.7' },
      ...{ module: 'API Name', durationMs: 144 },
    };
    for (const body of Object.values(json)) {
      expect(parse('gravitee', body)).toMatchObject({ events: [expected], rejected: [] });
    }
  });

  it('counts no messages, events, logs or nodes as calls', () => {
    const others = [
      {
        timestamp: 1,
        requestId: 'r',
        apiId: 'a',
        correlationId: 'c',
        operation: 'SUBSCRIBE',
        connectorType: 'ENTRYPOINT',
      },
      { timestamp: 1, gatewayId: 'g', apiId: 'a', applicationId: 'app', topic: 't' },
      { timestamp: 1, requestId: 'r', clientRequest: { method: 'GET', uri: '/a' } },
      { type: 'v4-message-metrics', 'application-id': 'app' },
      { index: { _index: 'gravitee-request' } },
    ];
    expect(parse('gravitee', others)).toMatchObject({ events: [], rejected: [] });
  });
});

describe('shippers of logs', () => {
  it('wrap lines as well as JSON', () => {
    const line = '192.0.2.7 - ana [27/Nov/2026:10:00:00 +0000] "GET /v1/a?key=x HTTP/1.1" 200 12 "-" "curl/8"';
    const expected = [expect.objectContaining({ client: 'ana', route: '/v1/a', status: 200, timeMs: TIME_MS })];
    expect(parse('splunk-hec', `{"event":${JSON.stringify(line)},"time":1}`).events).toEqual(expected);
    expect(parse('datadog', [{ message: line, ddsource: 'nginx', status: 'info' }]).events).toEqual(expected);
    const json = JSON.stringify({ user: 'ana', path: '/v1/a', status: 200, time: TIME_MS });
    expect(parse('datadog', [{ message: json, status: 'info' }]).events).toEqual(expected);
    expect(parse('splunk-hec', '{"event":"a"}{"event":{"b":1}}').rejected).toHaveLength(2);
    // Splunk's raw endpoint, with curl's default content type.
    const form = { contentType: 'application/x-www-form-urlencoded' };
    expect(parse('splunk-hec', `${line}\n`, form).events).toEqual(expected);
    expect(parse('splunk-hec', { event: line }, form).events).toEqual(expected);
  });
});
