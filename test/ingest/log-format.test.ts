import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { getLogFormats, learnFormat, listPresets } from '../../src/ingest/log-presets.ts';
import { parse, readFixture } from './fixtures.ts';

const TEXT = { contentType: 'text/plain' };
const TIME = Date.UTC(2026, 10, 27, 10);

function read(format: string, ...lines: string[]) {
  return parse('access-log', lines.join('\n'), { ...TEXT, options: { format } });
}

describe('presets', () => {
  it.each([
    [
      'alb',
      'alb.log',
      [
        { client: '192.168.131.39', ip: '192.168.131.39', route: '/', method: 'GET', status: 200, durationMs: 1 },
        { timeMs: Date.parse('2018-07-02T22:22:48.364Z'), status: 200, durationMs: 171 },
        { status: 502 },
        { client: '192.168.131.39', method: undefined, route: undefined, status: 400, durationMs: undefined },
      ],
    ],
    [
      'cloudfront',
      'cloudfront.log',
      [
        {
          id: 'SOX4xwn4XV6Q4rgb7XiVGOHms_BGlTAC4KyHmureZmBNrjGdRLiNIQ==',
          timeMs: Date.parse('2019-12-04T21:02:31Z'),
          client: '192.0.2.100',
          route: '/index.html',
          durationMs: 1,
        },
        { status: 200 },
      ],
    ],
    [
      'envoy',
      'envoy.log',
      [
        {
          id: 'cc21d9b0-cf5c-432b-8c7e-98aeb7988cd2',
          timeMs: Date.parse('2016-04-15T20:17:00.310Z'),
          client: '10.0.35.28',
          method: 'POST',
          route: '/api/v1/locations',
          status: 204,
          durationMs: 226,
        },
      ],
    ],
    [
      'haproxy',
      'haproxy.log',
      [
        {
          timeMs: Date.parse('2009-02-06T12:14:14.655Z'),
          client: '10.0.1.2',
          route: '/index.html',
          status: 200,
          durationMs: 109,
        },
        { method: 'HEAD', route: '/', durationMs: 6723 },
        { client: '127.0.0.1', route: undefined, status: 408, durationMs: 50_001 },
      ],
    ],
    [
      'apache',
      'apache.log',
      [
        { timeMs: Date.parse('2000-10-10T13:55:36-07:00'), client: 'frank', user: 'frank', ip: '127.0.0.1' },
        { client: 'frank', route: '/apache_pb.gif', status: 200 },
        { client: 'Jane Doe', user: 'Jane Doe', ip: '127.0.0.1' },
      ],
    ],
    [
      'ingress-nginx',
      'ingress-nginx.log',
      [
        {
          id: '3ef0b0a2d2f6f4b4a3ce7a2f5c1b8e11',
          client: '192.0.2.60',
          route: '/v1/orders/{id}',
          status: 502,
          durationMs: 253,
        },
        { client: 'ana', ip: '192.0.2.60', status: 200, durationMs: 4 },
      ],
    ],
    [
      'traefik',
      'traefik.log',
      [
        { timeMs: TIME, client: 'ana', ip: '192.0.2.61', route: '/v1/orders', status: 404, durationMs: 5 },
        { client: '192.0.2.61', durationMs: 0 },
      ],
    ],
    [
      'traefik',
      'traefik.ndjson',
      [{ client: 'ana', ip: '192.0.2.61', route: '/v1/orders', status: 404, durationMs: 5 }],
    ],
    ['caddy', 'caddy.ndjson', [{ timeMs: 1646861401524, client: '127.0.0.1', method: 'GET', route: '/', status: 200 }]],
    [
      'iis',
      'iis.log',
      [
        {
          timeMs: Date.parse('2002-05-02T17:42:15Z'),
          client: '172.22.255.255',
          route: '/images/picture.jpg',
          status: 200,
        },
        { timeMs: TIME, client: 'CORP\\ana', ip: '192.0.2.62', method: 'POST', status: 404, durationMs: 15 },
      ],
    ],
  ])('%s reads %s', (format, file, expected) => {
    const { events, rejected } = parse('access-log', readFixture(`access-log/${file}`), {
      ...TEXT,
      options: { format },
    });
    expect(rejected).toEqual([]);
    expect(events).toMatchObject(expected);
    expect(events).toHaveLength(expected.length);
  });

  it('are learned from a sample, but where the reader of Combined lines does as well', () => {
    for (const name of listPresets()) {
      if (name === 'caddy' || name === 'iis') continue;
      const file = name === 'nginx' ? 'senders/nginx-combined.log' : `access-log/${name}.log`;
      const lines = readFixture(file).toString().trim().split('\n');
      const learned = name === 'nginx' || name === 'apache' ? undefined : name;
      expect(learnFormat(lines.filter((line) => !line.startsWith('#'))), name).toBe(learned);
    }
    expect(learnFormat(['hello'])).toBeUndefined();
  });

  it('take no other line, and say where it stops fitting', () => {
    const { events, rejected } = read('traefik', '192.0.2.1 - - [27/Nov/2026:10:00:00 +0000] "GET / HTTP/1.1" ok 1');
    expect(events).toEqual([]);
    expect(rejected[0]!.error).toMatch(/at character 61, where status should stand, stands "ok 1"/);
    expect(read('caddy', 'hello').rejected[0]!.error).toMatch(/no format for lines of text, only for JSON/);
    expect(read('iis', '2026-11-27 10:00:00 10.0.0.1 GET /a b c').rejected[0]!.error).toMatch(/should stand/);
  });
});

describe('a format of one’s own', () => {
  it.each([
    [
      '$remote_addr - $remote_user [$time_local] "$request" $status $request_time "$http_x_forwarded_for"',
      '192.0.2.7 - Jane Doe [27/Nov/2026:10:00:00 +0000] "GET /v1/a HTTP/1.1" 200 0.250 "-"',
      { client: 'Jane Doe', ip: '192.0.2.7', timeMs: TIME, route: '/v1/a', status: 200, durationMs: 250 },
    ],
    [
      "log_format main '$msec|$http_x_forwarded_for|'\n  '$request_method|$host$request_uri|$status|$request_id';",
      '1795773600.000|192.0.2.7, 10.0.0.1|GET|api.example.org/v1/a?x=1|404|r1',
      { id: 'r1', client: '192.0.2.7', timeMs: TIME, method: 'GET', route: '/v1/a', status: 404 },
    ],
    [
      'LogFormat "%h %l %u %t \\"%r\\" %>s %b %D" timed',
      '192.0.2.7 - ana [27/Nov/2026:10:00:00 +0000] "GET /v1/a HTTP/1.1" 200 - 2500',
      { client: 'ana', route: '/v1/a', durationMs: 2.5 },
    ],
    [
      '%{X-Forwarded-For}i %{msec}t %m %U%q %>s %{us}T',
      '192.0.2.7 1795773600000 GET /v1/a?x=1 503 1500',
      { client: '192.0.2.7', timeMs: TIME, method: 'GET', route: '/v1/a', status: 503, durationMs: 1.5 },
    ],
    [
      '#Fields: time date c-ip cs-method cs-uri cs-uri-query sc-status',
      '10:00:00 2026-11-27 192.0.2.7 GET /v1/a x=1 200',
      { client: '192.0.2.7', timeMs: TIME, route: '/v1/a', status: 200 },
    ],
    [
      '#Fields: date time c-ip cs-method cs-uri-stem sc-status time-taken',
      '2026-11-27 10:00:00 192.0.2.7 GET /v1/a 200 0.005',
      { client: '192.0.2.7', timeMs: TIME, route: '/v1/a', durationMs: 5 },
    ],
  ])('%s', (format, line, expected) => {
    for (const header of ['', '<190>', 'Nov 27 10:00:00 web1 nginx: ', 'web_1  | ', '2026-11-27T10:00:00Z stdout F ']) {
      const { events, rejected } = read(format, `${header}${line}`);
      expect(rejected).toEqual([]);
      expect(events).toMatchObject([expected]);
    }
  });

  it('lets another of its fields name the client', () => {
    const options = {
      format: '$remote_addr [$time_iso8601] "$request" $status $http_x_api_key',
      map: { client: 'http_x_api_key' },
    };
    const { events } = parse('access-log', '192.0.2.7 [2026-11-27T10:00:00Z] "GET / HTTP/1.1" 200 key-7', {
      ...TEXT,
      options,
    });
    expect(events).toMatchObject([{ client: 'key-7', ip: '192.0.2.7' }]);
  });

  it.each([
    ['ngnix', /did you mean nginx\?/],
    ['$remote_addr "$request"', /it tells no time/],
    ['[$time_local] "$request"', /does not tell who called/],
    ['$remote_addr$status [$time_local]', /nothing stands between remote_addr and status/],
    ['%h %{%d}t', /%\{%d\}t writes times in a form of its own/],
    ['#Fields: time c-ip', /it tells no time/],
  ])('is refused where no line could be read: %s', (format, message) => {
    expect(() => getLogFormats(format)).toThrow(message);
  });

  it.each([
    ['nginx', 'api.example.org 192.0.2.13 - - [27/Nov/2026:10:00:00 +0000] "GET / HTTP/1.1" 200 1'],
    ['apache', 'web1 192.0.2.13 - - [27/Nov/2026:10:00:00 +0000] "GET / HTTP/1.1" 200 1'],
    ['apache', 'web1 192.0.2.13 - [27/Nov/2026:10:00:00 +0000] "GET / HTTP/1.1" 200 1'],
    ['nginx', '10:00:00 - - [27/Nov/2026:10:00:00 +0000] "GET / HTTP/1.1" 200 1'],
    ['envoy', '[2016-04-15T20:17:00Z] "GET / HTTP/2" 204 - 1 0 2 1 "10.0.0.1" "a" "b" "id" "host" "tcp://x"'],
  ])('reads no line whose fields may be others’: %s', (format, line) => {
    expect(read(format, line)).toMatchObject({ events: [], rejected: [{}] });
  });
});

it('counts each line of every preset under its true values or refuses it, whatever stands in it', () => {
  const samples = listPresets().flatMap((format) => {
    if (format === 'caddy') return [];
    const file = format === 'nginx' ? 'senders/nginx-combined.log' : `access-log/${format}.log`;
    const all = readFixture(file).toString().trimEnd().split(/\r?\n/);
    const header = all.filter((line) => line.startsWith('#')).at(-1);
    const good = all.at(-1)!;
    return [{ format: header ?? format, good, event: read(header ?? format, good).events[0]! }];
  });
  const odd = fc.oneof(
    fc.constantFrom(
      ' ',
      '"',
      '\\',
      '- ',
      '[',
      ']',
      '""',
      '10.0.0.1 ',
      '200 ',
      '\t',
      '\0',
      '|',
      '{',
      '#',
      '\u2028',
      '\ufeff',
    ),
    fc.constantFrom('GET /x HTTP/1.1', '27/Nov/2026:10:00:00 +0000', '2026-11-27T10:00:00Z', 'nginx: ', '\x1b[31m'),
    fc.string({ unit: 'binary', maxLength: 6 }).map((text) => text.toWellFormed()),
  );
  const bytes = fc.uint8Array({ maxLength: 8 });
  fc.assert(
    fc.property(fc.constantFrom(...samples), odd, bytes, fc.boolean(), fc.nat(), (sample, text, raw, around, at) => {
      const { format, good, event } = sample;
      const places = around ? [0, good.length] : [at % (good.length + 1)];
      const place = places[at % places.length]!;
      const [space, insert] = [around ? ' ' : '', at % 2 === 0 ? Buffer.from(text) : Buffer.from(raw)];
      if (insert.includes(10) || insert.includes(13)) return;
      const [before, behind] = [good.slice(0, place), good.slice(place)];
      const line = Buffer.concat([
        Buffer.from(before && before + space),
        insert,
        Buffer.from(behind && space + behind),
      ]);
      const body = Buffer.concat([Buffer.from(`${good}\n`), line, Buffer.from(`\n${good}`)]);
      const { events, rejected } = parse('access-log', body, { ...TEXT, options: { format } });
      const neighbours = [events[0], events.at(-1)];
      expect(neighbours).toEqual([event, event]);
      expect(events.length + rejected.length).toBe(3);
      for (const { error } of rejected) expect(error).not.toBe('');
      if (events.length < 3 || !around) return;
      // Text before or after the entry belongs to none of its fields.
      expect(events[1]).toEqual(event);
    }),
    { numRuns: 1000 },
  );
});

it('takes a field at the beginning for empty where nothing stands there, however the line comes', () => {
  const format = '$host $remote_addr:$remote_port [$time_local] "$request" $status $body_bytes_sent';
  const line = ' 192.0.2.7:53318 [27/Nov/2026:10:00:00 +0000] "BROKEN" 400 157';
  for (const body of [line, `<190>Nov 27 10:00:00 web1 nginx: ${line}`]) {
    expect(parse('access-log', body, { ...TEXT, options: { format } }).events).toMatchObject([{ ip: '192.0.2.7' }]);
    expect(parse('access-log', { message: body }, { options: { format } }).events).toMatchObject([{ ip: '192.0.2.7' }]);
  }
});

it('takes times without a zone for those of the source, and of HAProxy for UTC where it has none', () => {
  const line = readFixture('access-log/haproxy.log').toString().split('\n')[0]!;
  const timeOf = (zone?: string) =>
    parse('access-log', line, { ...TEXT, options: { format: 'haproxy', zone } }).events[0]!.timeMs;
  expect(timeOf()).toBe(Date.parse('2009-02-06T12:14:14.655Z'));
  expect(timeOf('America/New_York')).toBe(Date.parse('2009-02-06T12:14:14.655-05:00'));
  // A zone in the line itself wins over the option.
  const named = '192.0.2.7 - - [27/Nov/2026:10:00:00 +0100] "GET /a HTTP/1.1" 200 1';
  for (const format of ['apache', undefined])
    expect(
      parse('access-log', named, { ...TEXT, options: { format, zone: 'America/New_York' } }).events[0]!.timeMs,
    ).toBe(TIME - 3_600_000);
});

it('reads CloudFront as JSON, and with the fields of its second version', () => {
  const json = {
    ...{ date: '2026-11-27', time: '10:00:00', 'x-edge-location': 'FRA56-P4', 'sc-bytes': '402' },
    ...{ 'c-ip': '192.0.2.7', 'cs-method': 'GET', 'cs(Host)': 'd111111abcdef8.cloudfront.net' },
    ...{ 'cs-uri-stem': '/v1/orders/7', 'sc-status': '404', 'cs-uri-query': 'key=x', 'time-taken': '0.041' },
    ...{ 'x-edge-result-type': 'Error', 'x-edge-request-id': 'r1==', 'c-country': 'DE' },
  };
  const expected = {
    ...{ id: 'r1==', timeMs: TIME, client: '192.0.2.7', ip: '192.0.2.7', method: 'GET', route: '/v1/orders/{id}' },
    ...{ status: 404, durationMs: 41 },
  };
  expect(parse('access-log', json)).toMatchObject({ events: [expected], rejected: [] });
  const precise = { ...json, date: undefined, time: undefined, 'timestamp(ms)': String(TIME + 7) };
  expect(parse('access-log', precise).events).toMatchObject([{ ...expected, timeMs: TIME + 7 }]);
  expect(parse('access-log', { ...json, 'cs-uri-stem': '-', 'sc-status': '000' }).events).toMatchObject([
    { route: undefined, status: undefined },
  ]);
  const lines = '#Fields: timestamp(ms) c-ip cs-method cs-uri-stem sc-status time-taken x-edge-request-id\n';
  const line = `${TIME}\t192.0.2.7\tGET\t/v1/orders/7\t404\t0.041\tr1==`;
  expect(parse('access-log', lines + line, TEXT)).toMatchObject({ events: [expected], rejected: [] });
});

it('refuses a long hostile line in its stride', () => {
  const start = '192.0.2.1 - - [27/Nov/2026:10:00:00 +0000] "GET / HTTP/1.1" 200 1 "-" "-" 1 1 [] [] ';
  const lists = '$http_x_forwarded_for, $remote_addr [$time_local] "$request" $upstream_addr $upstream_status';
  for (const piece of ['1, ', '192.0.2.1,', 'a : b ', ' - ', '" "', '\\', '[', '{', '27/Nov/2026:10:00:00 ', 'x']) {
    const lines = ['-', start].map((before) => before + piece.repeat(60_000 / piece.length));
    for (const format of [...listPresets(), lists]) expect(read(format, ...lines, '!').rejected).not.toEqual([]);
  }
});
