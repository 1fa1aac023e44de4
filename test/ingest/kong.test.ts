import { describe, expect, it } from 'vitest';
import { parse, readFixture } from './fixtures.ts';

const [ENTRY] = JSON.parse(readFixture('senders/kong-http-log-batch.json').toString());

describe('entries of Kong', () => {
  it('are read one by one and in batches', () => {
    const { events, rejected } = parse('kong', readFixture('senders/kong-http-log-batch.json'));
    expect(rejected).toEqual([]);
    expect(events.map(({ client, status }) => [client, status])).toEqual([
      ['client-acme', 200],
      ['client-acme', 429],
      ['client-beta', 500],
    ]);
    expect(parse('kong', readFixture('senders/kong-http-log-single.json')).events).toMatchObject([
      { client: 'client-acme', method: 'GET', module: 'crm', count: 1 },
    ]);
    expect(events[0]).toEqual({
      id: '61620957a1443c946a143cf99a7d24fa',
      timeMs: 1795219202000,
      client: 'client-acme',
      method: 'GET',
      route: '/v2/contacts',
      status: 200,
      ip: '203.0.113.7',
      module: 'crm',
      kind: 'call',
      count: 1,
      durationMs: 173,
    });
  });

  it('are read of APISIX, which names time and latency otherwise', () => {
    const entry = {
      ...{ client_ip: '192.0.2.7', start_time: 1795219202000, latency: 12.5, route_id: 'r1', service_id: '' },
      ...{
        request: { method: 'GET', uri: '/v1/orders/7?key=x', url: 'http://a/v1/orders/7' },
        response: { status: 404 },
      },
      consumer: { username: 'acme' },
    };
    expect(parse('kong', [entry]).events).toMatchObject([
      { client: 'acme', timeMs: 1795219202000, route: '/v1/orders/{id}', status: 404, module: 'r1', durationMs: 12.5 },
    ]);
  });

  it('keep a path that begins with two slashes a path', () => {
    const entry = { ...ENTRY, request: { ...ENTRY.request, uri: '//v1/orders/7' } };
    expect(parse('kong', entry).events[0]!.route).toBe('/v1/orders/{id}');
  });

  it('name the consumer as client, or what the source says', () => {
    const clientOf = (entry: object, client?: string) =>
      parse('kong', entry, { options: client === undefined ? {} : { map: { client } } }).events[0]?.client;
    const anonymous = { ...ENTRY, consumer: undefined };
    expect(clientOf(anonymous)).toBeUndefined();
    expect(clientOf(anonymous, 'consumer.custom_id|client_ip')).toBe('203.0.113.7');
    expect(clientOf(ENTRY, 'service.name')).toBe('crm');
  });

  it('take the id of older versions from the header that carries it', () => {
    const { id, ...request } = ENTRY.request;
    expect(parse('kong', { ...ENTRY, request }).events[0]!.id).toBe(id);
    expect(parse('kong', { ...ENTRY, request, response: { status: 200 } }).events[0]).toMatchObject({ id: undefined });
  });

  it('are rejected where they are none, beside those that are', () => {
    const { indexes, rejected } = parse('kong', [ENTRY, 'entry', { ...ENTRY, response: { status: 0 } }]);
    expect(indexes).toEqual([0, 2]);
    expect(rejected).toMatchObject([{ index: 1, error: expect.stringContaining('"entry"') }]);
    expect(() => parse('kong', 'x', { contentType: 'text/plain' })).toThrow(
      expect.objectContaining({ code: 'unsupported' }),
    );
  });
});
