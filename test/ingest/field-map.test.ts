import { describe, expect, it } from 'vitest';
import { getAdapter } from '../../src/ingest/adapters.ts';
import { FieldMapper, parseFieldMap } from '../../src/ingest/field-map.ts';
import { parse } from './fixtures.ts';

const ENTRY = {
  at: '27/Nov/2026:10:00:00 +0000',
  consumer: { custom_id: 'acme', tier: 3 },
  request: { id: 'r-1', verb: 'post', route: { path: '/v1/orders/{orderId}' }, path: '/v1/orders/7' },
  response: { status: '404', latency: 0.25, size: '12' },
  'peer.address': '192.0.2.7:40001',
  service: 'crm',
};

const MAP =
  'client=consumer.custom_id,route=request.route.path,method=request.verb,status=response.status|status,time=at,' +
  'ip=peer.address,duration_ms=response.latency*1000,records=response.size,id=request.id+service';

describe('a map of fields', () => {
  it('reads what it names, on native and on every adapter of JSON', () => {
    const options = { map: parseFieldMap(MAP) };
    const expected = {
      client: 'acme',
      route: '/v1/orders/{orderId}',
      method: 'POST',
      status: 404,
      timeMs: Date.UTC(2026, 10, 27, 10),
      ip: '192.0.2.7',
      durationMs: 250,
      records: 12,
      id: '["r-1","crm"]',
    };
    for (const adapter of ['native', 'kong', 'logpush', 'access-log', 'moesif', 'azure-apim', 'apigee', 'tyk']) {
      const { events, rejected } = parse(adapter, ENTRY, { options });
      expect([adapter, rejected, events]).toEqual([adapter, [], [expect.objectContaining(expected)]]);
    }
    const cloudEvent = { specversion: '1.0', id: '1', source: 's', type: 't', data: ENTRY };
    expect(parse('cloudevents', cloudEvent, { options }).events).toEqual([expect.objectContaining(expected)]);
  });

  it('goes before what the adapter finds, field by field, and none leaves a field out', () => {
    const event = { id: '1', client: 'a', app: 'b', user: 'u', url: '/v1/a', route: '/v1' };
    const read = (map: string) => parse('native', event, { options: { map: parseFieldMap(map) } }).events[0]!;
    expect(read('client=app')).toMatchObject({ id: '1', client: 'b', user: 'u', route: '/v1' });
    expect(read('user=none,id=none')).toMatchObject({ id: undefined, user: undefined, client: 'a' });
    expect(read('url=url')).toMatchObject({ route: '/v1/a' });
    expect(read('client=missing|tenant.id|app')).toMatchObject({ client: 'b' });
  });

  it('joins the parts of an id so that no two meet, and leaves it unknown where one is missing', () => {
    const mapper = new FieldMapper({ id: 'a+b|c' });
    expect(mapper.read({ a: 'x', b: 'y+z' }).id).toBe('["x","y+z"]');
    expect(mapper.read({ a: 'x+y', b: 'z' }).id).toBe('["x+y","z"]');
    expect(mapper.read({ a: 'x', c: 7 }).id).toBe('7');
    expect(mapper.read({ a: 'x' }).id).toBeUndefined();
  });

  it('reads durations by their units, scaled, and between two instants', () => {
    const read = (map: string, entry: object) => new FieldMapper({ duration_ms: map }).read(entry).duration_ms;
    expect(read('d', { d: '41' })).toBe(41);
    expect(read('d', { d: '0.041s' })).toBe(41);
    expect(read('d', { d: '1m2.5s' })).toBe(62_500);
    expect(read('d/1000000', { d: 41_000_000 })).toBe(41);
    expect(read('a..b', { a: '2026-11-27T10:00:00.000Z', b: 1795773600041 })).toBe(41);
    expect(read('a..b', { a: '2026-11-27T10:00:01Z', b: '2026-11-27T10:00:00Z' })).toBeUndefined();
    expect(read('d', { d: 'soon' })).toBeUndefined();
  });

  it('reads a day and a time of day that stand apart, by the zone of the source where they name none', () => {
    const read = (
      map: string,
      zone?: string,
      entry: object = { client: 'a', day: '2026-11-27', clock: '10:00:00' },
    ) => {
      const { events, rejected } = parse('native', entry, { options: { map: parseFieldMap(map), zone } });
      return events[0]?.timeMs ?? rejected[0]!.error;
    };
    const noon = Date.UTC(2026, 10, 27, 10);
    expect(read('time=day+clock+UTC')).toBe(noon);
    expect(read('time=day+clock', 'Europe/Berlin')).toBe(noon - 3_600_000);
    expect(read('time=day+clock')).toMatch(/time is "2026-11-27 10:00:00".*set it with --zone/);
    for (const day of ['2026-11-27T10:00:00,5', '2026/11/27 10:00:00.500', '27/Nov/2026:10:00:00.5'])
      expect(read('time=day', 'Asia/Kolkata', { client: 'a', day })).toBe(noon - 5.5 * 3_600_000 + 500);
    // 02:30 is skipped in spring, and comes twice in autumn.
    expect(read('time=t', 'Europe/Berlin', { client: 'a', t: '2026-03-29 02:30:00' })).toBe(
      Date.UTC(2026, 2, 29, 1, 30),
    );
    expect(read('time=t', 'Europe/Berlin', { client: 'a', t: '2026-10-25 02:30:00' })).toBe(
      Date.UTC(2026, 9, 25, 0, 30),
    );
    expect(read('time=t', 'Europe/Berlin', { client: 'a', t: '2026-02-30 10:00:00' })).toMatch(/time is/);
  });

  it('scales no duration that names its unit', () => {
    expect(
      parse('access-log', { ip: '192.0.2.7', status: 200, path: '/', request_time: '0.041s' }).events,
    ).toMatchObject([{ durationMs: 41 }]);
  });

  it('finds the entries of a body where it says', () => {
    const options = { map: parseFieldMap('entries=data.items,client=who') };
    const body = { data: { page: 1, items: [{ who: 'a' }, 'x', { who: 'b' }] } };
    const { events, indexes, rejected } = parse('native', body, { options });
    expect(events.map(({ client }) => client)).toEqual(['a', 'b']);
    expect(indexes).toEqual([0, 2]);
    expect(rejected).toMatchObject([{ index: 1 }]);
    const broken = '{"data": {"page": 1, "items": [{"who":"a"},\n{"who":"5" disk"},{"who":"b"}]}, "next": {}}';
    const read = parse('native', broken, { options });
    expect([read.events.map(({ client }) => client), read.rejected.length]).toEqual([['a', 'b'], 1]);
  });

  it('is refused with the part that is wrong', () => {
    expect(() => parseFieldMap('client')).toThrow(/"client" is no part of a map: write FIELD=PATH/);
    expect(() => parseFieldMap('cleint=a')).toThrow(/no field "cleint" to map: did you mean client\?/);
    expect(() => parseFieldMap('client=request.headers.authorization')).toThrow(/opens doors/);
  });
});

describe('JSON of a shape that nobody knows', () => {
  it('is refused with the map that would read it', () => {
    for (const adapter of ['native', 'kong', 'moesif']) {
      const { at: _, ...entry } = ENTRY;
      const { events, rejected } = parse(adapter, entry);
      expect(events).toEqual([]);
      expect(rejected[0]!.error).toMatch(/client is missing/);
      const map = /--map (\S+?)\.$/.exec(rejected[0]!.error)?.[1];
      expect(parse(adapter, entry, { options: { map: parseFieldMap(map!) } }).events).toMatchObject([
        { client: 'acme', method: 'POST', status: 404, route: expect.stringContaining('/v1/orders/') },
      ]);
    }
  });

  it('is not counted without its route or status where the map misses them', () => {
    const options = { map: parseFieldMap('client=consumer.custom_id,status=state') };
    const { events, rejected } = parse('native', ENTRY, { options });
    expect(events).toEqual([]);
    expect(rejected[0]!.error).toMatch(
      /status is missing, though "response.status" holds "404".*--map .*status=response/,
    );
  });

  it('tells what of it was not read', () => {
    const known = { client: 'a', statuss: 500 };
    expect(parse('native', [known, known, { client: 'b' }]).unread).toEqual({ statuss: 2 });
    const options = { map: parseFieldMap('client=app,route=path.template') };
    expect(parse('native', { app: 'a' }, { options }).unread).toEqual({ 'route=path.template': 1 });
    const many = Object.fromEntries(Array.from({ length: 500 }, (_, at) => [`x${at}`, at]));
    expect(Object.keys(parse('native', { client: 'a', ...many }).unread!)).toHaveLength(50);
  });
});

describe('the name of an adapter', () => {
  it('that is none is answered with those that there are', () => {
    expect(() => getAdapter('soap')).toThrow(/moesif.*azure-apim.*splunk-hec/);
  });
});
