import { gunzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parse, readFixture } from './fixtures.ts';

const TEXT = { contentType: 'text/plain' };
const LINES = { contentType: 'application/x-ndjson' };
const LINE = '203.0.113.7 - u-17 [20/Nov/2026:12:00:00 +0000] "GET /v1/orders/42?x=1 HTTP/1.1" 429 512';

describe('access logs', () => {
  it('are read as text, Common and Combined, with either way of escaping', () => {
    for (const file of ['common.log', 'morgan-combined.log', 'nginx-combined.log']) {
      const { events, rejected } = parse('access-log', readFixture(`senders/${file}`), TEXT);
      expect(rejected, file).toEqual([]);
      expect(events[0], file).toMatchObject({ method: 'GET', route: '/v2/contacts', status: 200, ip: '127.0.0.1' });
      expect(events[1]!.status, file).toBe(429);
    }
    expect(parse('access-log', `${LINE} "-" "say \\"x\\" \\x22y\\x22" extra`, TEXT).events).toEqual([
      {
        timeMs: Date.UTC(2026, 10, 20, 12),
        client: 'u-17',
        method: 'GET',
        route: '/v1/orders/{id}',
        status: 429,
        user: 'u-17',
        ip: '203.0.113.7',
        kind: 'call',
        count: 1,
      },
    ]);
  });

  it('name the user as client, else the IP, or what the source says', () => {
    const anonymous = LINE.replace('u-17', '-');
    expect(parse('access-log', anonymous, TEXT).events[0]!.client).toBe('203.0.113.7');
    const agent = `${LINE} "-" "acme-sync/3.1"`;
    expect(parse('access-log', agent, { ...TEXT, options: { map: { client: 'agent' } } }).events[0]!.client).toBe(
      'acme-sync/3.1',
    );
  });

  it('are read as JSON of nginx, Envoy, Fluent Bit, Vector, syslog-ng and pino, however it is framed', () => {
    const expected: [string, string, object][] = [
      [
        'nginx-access.ndjson',
        LINES.contentType,
        { id: '866a8f245c0bb4ffa03dcc19653aaa60', client: 'client-acme', timeMs: 1795224744399, route: '/limited' },
      ],
      [
        'syslog-ng-batch.json',
        'application/json',
        { id: '866a8f245c0bb4ffa03dcc19653aaa60', client: 'client-acme', timeMs: 1795224744399, route: '/limited' },
      ],
      [
        'envoy-access.ndjson',
        LINES.contentType,
        { id: 'a4cadca4-662f-4a9c-8000-000000000002', client: '203.0.113.7', timeMs: 1795176002123, durationMs: 41 },
      ],
      ['fluentbit-json.json', 'application/json', { client: 'u-17', timeMs: 1795176002123, status: 429 }],
      ['fluentbit-json_lines.ndjson', LINES.contentType, { client: 'u-17', timeMs: 1795176002123, status: 429 }],
      ['fluentbit-json_stream.txt', 'application/json', { client: 'u-17', timeMs: 1795176002123, status: 429 }],
      ['vector-json.json', 'application/json', { id: 'r2', client: 'client-acme', timeMs: 1795176002123 }],
      ['vector-ndjson.ndjson', '', { id: 'r2', client: 'client-acme', timeMs: 1795176002123 }],
      [
        'pino-http-send.json',
        'application/json',
        { id: 'r1', client: '203.0.113.7', status: 200, route: '/v2/contacts' },
      ],
    ];
    for (const [file, contentType, second] of expected) {
      const { events, rejected } = parse('access-log', readFixture(`senders/${file}`), { contentType });
      expect(rejected, file).toEqual([]);
      expect(events[1], file).toMatchObject(second);
    }
  });

  it('take a duration as a number or as text, in seconds or milliseconds, and what is none for no duration', () => {
    const durationOf = (fields: object) => {
      const { events } = parse('access-log', { client: 'a', ...fields });
      expect(events).toHaveLength(1);
      return events[0]!.durationMs;
    };
    expect(durationOf({ request_time: 0.25 })).toBe(250);
    expect(durationOf({ request_time: '0.250', duration: 3 })).toBe(250);
    expect(durationOf({ latency_ms: '12.5' })).toBe(12.5);
    expect(durationOf({ httpRequest: { latency: '0.012s', status: 200 } })).toBe(12);
    expect(durationOf({ event: { duration: 41_250_000 } })).toBe(41.25);
    expect(durationOf({ Duration: 5_000_000, OriginDuration: 4_000_000 })).toBe(5);
    expect(durationOf({ responseTime: 7, upstream_response_time: '0.005' })).toBe(7);
    for (const none of [' ', '-', 'Infinity', '1e999', 'soon', -1, true, {}]) {
      expect(durationOf({ duration: none }), String(none)).toBeUndefined();
    }
  });

  it('may carry text lines in a message', () => {
    const { events } = parse('access-log', { host: 'edge', message: LINE, timestamp: '2026-11-20T12:00:09Z' });
    expect(events).toMatchObject([{ client: 'u-17', timeMs: Date.UTC(2026, 10, 20, 12) }]);
  });

  it('are read as templates write JSON: with escapes of nginx, missing values and odd bytes', () => {
    const entry = (agent: string, time: string) =>
      `{"remote_addr":"192.0.2.7","status":200,"uri":"/v1/a","agent":"${agent}","request_time":${time}}`;
    const lines = [
      entry('5\\x22 disk: -,', '0.041'),
      entry('a', '-'),
      entry('b', 'NaN'),
      entry('c', ''),
      entry('d', '1'),
    ];
    const odd = Buffer.from(`${lines.join('\n')}\n${entry('\u00fc', '1')}`, 'latin1');
    for (const contentType of ['application/x-ndjson', 'application/json', 'text/plain']) {
      const { events, rejected } = parse('access-log', odd, { contentType });
      expect([contentType, rejected]).toEqual([contentType, []]);
      expect(events.map(({ route, durationMs }) => [route, durationMs])).toEqual([
        ['/v1/a', 41],
        ...[undefined, undefined, undefined, 1000, 1000].map((ms) => ['/v1/a', ms]),
      ]);
    }
    // A broken line stays rejected, unless only a value is missing.
    const broken = '{"remote_addr":"192.0.2.7","uri":"5" disk","status":,}';
    expect(parse('access-log', `${broken}\n${lines[1]}`, { contentType: 'application/x-ndjson' })).toMatchObject({
      events: [{ route: '/v1/a' }],
      rejected: [{ index: 0 }],
    });
  });

  it('are read where columns are set in line', () => {
    const line = '192.0.2.7  -  -     [27/Nov/2026:10:00:00 +0000] "GET /v1/a HTTP/1.1" 200      83\t"-"  "curl/8" 17';
    expect(parse('access-log', line, { contentType: 'text/plain' }).events).toMatchObject([
      { client: '192.0.2.7', route: '/v1/a', status: 200 },
    ]);
  });

  it('are found in what journald, GELF and bulks of Elastic make of them, and by a map in any list', () => {
    const line = '192.0.2.7 - - [27/Nov/2026:10:00:00 +0000] "GET /v1/a HTTP/1.1" 200 83 "-" "curl/8"';
    const expected = { client: '192.0.2.7', route: '/v1/a', status: 200 };
    const wrapped = [{ MESSAGE: line }, { short_message: line, version: '1.1' }, { event: { original: line } }];
    expect(parse('access-log', wrapped)).toMatchObject({ events: [expected, expected, expected], rejected: [] });
    const bulk = `{"create":{}}\n{"message":${JSON.stringify(line)}}\n{"index":{"_index":"a"}}`;
    expect(parse('access-log', bulk)).toMatchObject({ events: [expected], rejected: [] });
    const list = { messageType: 'DATA_MESSAGE', logEvents: [{ message: line }, { message: 'started' }] };
    expect(parse('access-log', list).rejected[0]!.error).toMatch(/client is missing.*--map entries=logEvents/);
    expect(parse('access-log', list, { options: { map: { entries: 'logEvents' } } })).toMatchObject({
      events: [expected],
      rejected: [{ index: 1 }],
    });
  });

  it('are found where loggers of applications put them below their own fields', () => {
    const call = { method: 'GET', url: '/v1/a', status: 201, ip: '192.0.2.7' };
    const expected = [expect.objectContaining({ client: '192.0.2.7', route: '/v1/a', status: 201 })];
    // Events of splunk-logging and of winston-splunk-httplogger.
    for (const event of [
      { message: call, severity: 'info' },
      { message: { msg: 'request', meta: { level: 'info', ...call } }, severity: 'info' },
    ]) {
      expect(parse('splunk-hec', { time: '1795773600.5', event }).events).toEqual(expected);
    }
    const other = { response_status: 500, message: call };
    expect(parse('access-log', other)).toMatchObject({
      events: [],
      rejected: [{ error: expect.stringMatching(/status/) }],
    });
    const mapped = { options: { map: { client: 'message.ip', url: 'message.url', status: 'message.status' } } };
    expect(parse('access-log', { message: call, severity: 'info' }, mapped).events).toEqual(expected);
  });

  it('are found however many shippers wrapped them, with the nearest time to the call', () => {
    const entry = JSON.stringify({ client: 'acme', url: '/v1/a', status: 200 });
    const wrapped = (inner: string) => ({
      message: JSON.stringify({ log: inner, time: '2026-11-20T12:00:01Z' }),
      time: 9,
    });
    expect(parse('access-log', wrapped(LINE)).events).toMatchObject([
      { client: 'u-17', timeMs: Date.UTC(2026, 10, 20, 12) },
    ]);
    expect(parse('access-log', wrapped(entry)).events).toMatchObject([
      { client: 'acme', timeMs: Date.UTC(2026, 10, 20, 12, 0, 1) },
    ]);
    for (const event of [LINE, { message: LINE }, { line: LINE, source: 'stdout' }]) {
      expect(parse('splunk-hec', { time: 1795773600, event }).events).toMatchObject([{ client: 'u-17', status: 429 }]);
    }
  });

  it('count a line whose request is none, and one without an answer', () => {
    const broken = '203.0.113.7 - - [20/Nov/2026:12:00:00 +0000] "\\x16\\x03\\x01\\x00" 400 0';
    expect(parse('access-log', broken, TEXT).events).toEqual([
      {
        timeMs: Date.UTC(2026, 10, 20, 12),
        client: '203.0.113.7',
        ip: '203.0.113.7',
        status: 400,
        kind: 'call',
        count: 1,
      },
    ]);
    expect(parse('access-log', { client: 'a', response_code: 0 }).events).toEqual([
      { client: 'a', kind: 'call', count: 1 },
    ]);
  });

  it('keep a path that begins with two slashes a path', () => {
    expect(parse('access-log', LINE.replace('/v1/orders/42?x=1', '//wp/a'), TEXT).events[0]!.route).toBe('/wp/a');
  });

  const ANSWER = '[27/Nov/2026:10:00:00 +0000] "GET /v1/a HTTP/1.1" 200 12 "-" "curl/8"';

  it.each([
    ['Nov 27 10:00:00 web1 nginx: 192.0.2.18 - -', '192.0.2.18', undefined],
    ['<190>Nov 27 10:00:00 web1 nginx: 192.0.2.18 - ana', '192.0.2.18', 'ana'],
    ['<190>1 2026-11-27T10:00:00Z web1 nginx 7 - - 192.0.2.18 - -', '192.0.2.18', undefined],
    ['<190>192.0.2.18 - -', '192.0.2.18', undefined],
    ['nginx_1  | 192.0.2.18 - -', '192.0.2.18', undefined],
    ['2026-11-27T10:00:00Z stdout F 192.0.2.18 - -', '192.0.2.18', undefined],
    ['api.example.org 192.0.2.13 - -', '192.0.2.13', undefined],
    ['api.example.org:443 192.0.2.13 - ana', '192.0.2.13', 'ana'],
    ['[2001:db8::5]:443 192.0.2.15 - -', '192.0.2.15', undefined],
    ['192.0.2.12 - ""', '192.0.2.12', undefined],
    ['192.0.2.12 - "Jane Doe"', '192.0.2.12', 'Jane Doe'],
    ['192.0.2.62:40001 - -', '192.0.2.62', undefined],
    ['[2001:db8::5]:40001 - -', '2001:db8::5', undefined],
    ['192.0.2.12 - - api.example.org', '192.0.2.12', undefined],
    ['::ffff:192.0.2.12 - -', '192.0.2.12', undefined],
    ['[::ffff:192.0.2.12]:40001 - -', '192.0.2.12', undefined],
    ['192.0.2.12 - [192.0.2.12] - ana', '192.0.2.12', 'ana'],
    ['203.0.113.1, 192.0.2.9 - -', '203.0.113.1', undefined],
    ['host.example.org - -', 'host.example.org', undefined],
  ])('name the caller of %s', (before, ip, user) => {
    const expected = [{ client: user ?? ip, ip, route: '/v1/a', status: 200 }];
    expect(parse('access-log', `${before} ${ANSWER}`, TEXT).events).toMatchObject(expected);
    expect(parse('access-log', { message: `${before} ${ANSWER}` }).events).toMatchObject(expected);
  });

  it.each([
    'web1 nginx: - -',
    'web1 client.example.org - -',
    '192.0.2.1 - ana api.example.org',
    '192.0.2.1 - ana 192.0.2.2 - -',
    '192.0.2.1 192.0.2.2 - -',
    '192.0.2.1 -',
    '10:00:00 - -',
  ])('refuse a line whose caller is uncertain: %s', (before) => {
    const { events, rejected } = parse('access-log', `${before} ${ANSWER}`, TEXT);
    expect(events).toEqual([]);
    expect(rejected[0]!.error).toMatch(/who called cannot be read from/);
  });

  it('count each line under its true values or refuse it, whatever stands around its fields', () => {
    const odd = fc.oneof(
      fc.constantFrom(
        '',
        'nginx:',
        '<190>',
        '-',
        '""',
        '10:00:00',
        '[2001:db8::5]:443',
        'api.example.org',
        '"x y"',
        '{',
        '[',
        '10.0.0.1 - ',
      ),
      fc.string({ unit: 'binary', maxLength: 8 }).map((text) => text.replace(/[\r\n]/g, ' ').toWellFormed()),
    );
    fc.assert(
      fc.property(fc.array(odd, { maxLength: 4 }), odd, odd, (front, between, behind) => {
        const line = `${front.join(' ')} 192.0.2.18 - - ${between} [27/Nov/2026:10:00:00 +0000] "GET /v1/a HTTP/1.1" 404 12 ${behind}`;
        const { events, rejected } = parse('access-log', `${LINE}\n${line}\n${LINE}`, TEXT);
        const odds = events.filter(({ client }) => client !== 'u-17');
        expect(events.length - odds.length).toBe(2);
        expect(odds.length + rejected.length).toBe(1);
        for (const event of odds)
          expect(event).toMatchObject({ client: '192.0.2.18', ip: '192.0.2.18', route: '/v1/a', status: 404 });
      }),
      { numRuns: 500 },
    );
  });

  it.each([
    [
      {
        ts: 1795773600,
        request: { remote_ip: '192.0.2.60', method: 'POST', uri: '/v1/a?x=1' },
        user_id: 'ana',
        status: 404,
        duration: 0.25,
      },
      { client: 'ana', ip: '192.0.2.60', method: 'POST', route: '/v1/a', status: 404, durationMs: 250 },
    ],
    [
      {
        ClientHost: '192.0.2.61',
        DownstreamStatus: 404,
        RequestMethod: 'GET',
        RequestPath: '/v1/b',
        Duration: 5_000_000,
        time: '2026-11-27T10:00:00Z',
      },
      { client: '192.0.2.61', method: 'GET', route: '/v1/b', status: 404, durationMs: 5 },
    ],
    [
      {
        '@timestamp': '2026-11-27T10:00:00Z',
        client: { ip: '192.0.2.61' },
        http: { request: { method: 'GET' }, response: { status_code: 404 } },
        url: { path: '/v1/b' },
      },
      { client: '192.0.2.61', method: 'GET', route: '/v1/b', status: 404 },
    ],
    [
      {
        timestamp: '2026-11-27T10:00:00Z',
        httpRequest: {
          remoteIp: '192.0.2.61',
          requestMethod: 'GET',
          requestUrl: 'https://api.example.org/v1/b',
          status: 404,
        },
      },
      { client: '192.0.2.61', method: 'GET', route: '/v1/b', status: 404 },
    ],
  ])('are read where JSON nests them or names them its own way', (entry, expected) => {
    const { events, rejected } = parse('access-log', entry);
    expect(rejected).toEqual([]);
    expect(events).toMatchObject([expected]);
  });

  it('are refused where a route or status stands under a name that is not known', () => {
    const refused = (entry: object) => parse('access-log', { client_ip: '192.0.2.61', ...entry }).rejected[0]?.error;
    expect(refused({ uri: '/v1/a', answer: { http_status_code: 404 } })).toMatch(
      /status is missing, though "answer.http_status_code" holds "404"/,
    );
    expect(refused({ status: 200, call: { request_path: '/v1/a' } })).toMatch(
      /url is missing, though "call.request_path" holds "\/v1\/a"/,
    );
    expect(refused({ status: 200, referer_url: '/v1/a', log: { file: { path: '/var/log/a' } } })).toBeUndefined();
  });

  it('take no status for none, however it is written', () => {
    for (const status of ['0', '000', '-']) {
      const { events } = parse('access-log', LINE.replace(' 429 ', ` ${status} `), TEXT);
      expect(events).toMatchObject([{ client: 'u-17', status: undefined }]);
    }
  });

  it('count one caller once, whatever port each connection had', () => {
    const json = (remote_addr: string) => ({ remote_addr, uri: '/v1/a', status: 200 });
    const addresses = [
      '192.0.2.62:40001',
      '192.0.2.62:40002',
      '192.0.2.62',
      '192.0.2.62:1, 10.0.0.1',
      '::ffff:192.0.2.62',
    ];
    for (const map of [undefined, { client: 'remote_addr' }]) {
      const { events } = parse('access-log', addresses.map(json), { options: { map } });
      expect(events.map(({ client }) => client)).toEqual(Array(5).fill('192.0.2.62'));
    }
  });

  it('are read beside lines of other kinds, in any order and under any type', () => {
    const json = JSON.stringify({ client: 'acme', uri: '/v1/a', status: 200 });
    const bracket = `[2001:db8::5]:443 192.0.2.15 - - ${ANSWER}`;
    for (const lines of [
      [LINE, json, bracket],
      [bracket, LINE, json],
      [json, bracket, LINE],
    ]) {
      for (const contentType of ['text/plain', 'application/json', 'application/x-ndjson']) {
        const { events, rejected } = parse('access-log', lines.join('\n'), { contentType });
        expect(rejected).toEqual([]);
        expect(events.map(({ client }) => client).sort()).toEqual(['192.0.2.15', 'acme', 'u-17']);
      }
    }
  });

  it('are two calls where a return stands between them, and refused where nothing does', () => {
    const other = LINE.replace('u-17', 'u-18');
    const two = parse('access-log', `${LINE}\r${other}\n${LINE}\r\r\n${other}`, TEXT);
    expect(two.rejected).toEqual([]);
    expect(two.events.map(({ client }) => client)).toEqual(['u-17', 'u-18', 'u-17', 'u-18']);
    for (const glue of ['', ' ', '\u2028', ' "-" "curl"', ' "-" "cu']) {
      for (const format of [undefined, 'nginx', 'apache', '%h %l %u %t "%r" %>s %b']) {
        const { events, rejected } = parse('access-log', `${LINE}${glue}${other}\n${other}`, {
          ...TEXT,
          options: { format },
        });
        expect(
          events.map(({ client }) => client),
          JSON.stringify([glue, format]),
        ).toEqual(['u-18']);
        expect(rejected).toHaveLength(1);
      }
    }
  });

  it('keep an odd byte in its own line', () => {
    const body = Buffer.concat([
      Buffer.from(`${LINE.replace('u-17', 'Zoë')}\n`),
      Buffer.from(`${LINE.replace('u-17', 'Zoë')}\n`, 'latin1'),
    ]);
    expect(parse('access-log', body, TEXT).events.map(({ client }) => client)).toEqual(['Zoë', 'Zoë']);
  });

  it('reject a line that is none, by its place', () => {
    const { events, rejected } = parse('access-log', `${LINE}\r\n\r\nhello\n${LINE}`, TEXT);
    expect(events).toHaveLength(2);
    expect(rejected).toMatchObject([{ index: 1, error: expect.stringMatching(/"hello" is not a line/) }]);
  });

  it('come as a form by name too, as libcurl and so curl and syslog-ng send what they are told no type of', () => {
    const form = { contentType: 'application/x-www-form-urlencoded' };
    expect(parse('access-log', `${LINE}\n${LINE}`, form).events).toEqual(
      parse('access-log', `${LINE}\n${LINE}`, TEXT).events,
    );
  });

  it('refuse other types, and emptiness', () => {
    expect(() => parse('access-log', '\n', TEXT)).toThrow(expect.objectContaining({ code: 'unreadable' }));
    expect(() => parse('access-log', LINE, { contentType: 'application/msgpack' })).toThrow(
      expect.objectContaining({ code: 'unsupported' }),
    );
  });

  it('make of every line an event or a rejection, whatever it is', () => {
    const part = fc.constantFrom(
      '"',
      '\\',
      '\\x',
      '[',
      ']',
      ' ',
      '-',
      '200',
      'GET /',
      '20/Nov/2026:12:00:00 +0000',
      '\0',
      'é',
    );
    const line = fc.oneof(
      fc.array(part).map((parts) => parts.join('')),
      fc.string({ unit: 'binary' }),
    );
    fc.assert(
      fc.property(fc.array(line, { minLength: 1 }), (lines) => {
        const body = lines
          .map((each) => `x${each.replaceAll('\n', '').replaceAll('\r', '').toWellFormed()}`)
          .join('\n');
        const { events, rejected } = parse('access-log', body, TEXT);
        expect(events.length + rejected.length).toBe(lines.length);
      }),
    );
  });

  it('take a long hostile line in their stride', () => {
    for (const body of [
      `${LINE} "${'\\'.repeat(60_000)}`,
      `a ${'b '.repeat(30_000)}`,
      `${LINE} ${'" "'.repeat(20_000)}`,
      'x'.repeat(5_000_000),
      // Each of these takes seconds if a pattern starts again at every bracket and runs to the end of the line.
      Array(50)
        .fill(`a - ${' ['.repeat(32_000)}`)
        .join('\n'),
      Array(50)
        .fill(`a - ${' [20/Nov/2026:12:00:00 +0000'.repeat(2000)}`)
        .join('\n'),
      Array(50)
        .fill(`a - ${' [20/Nov/2026:12:00:00 +0000] "'.repeat(2000)}`)
        .join('\n'),
    ]) {
      expect(() => parse('access-log', body, TEXT)).not.toThrow();
    }
  });

  it('take a hostile line inside JSON in their stride', () => {
    const message = `a - -${' [20/Nov/2026:12:00:00 +0000] "" 200 1 '.repeat(1600)}\n`;
    const { events } = parse('access-log', Array(100).fill({ message: `${message}x` }));
    expect(events).toHaveLength(100);
  });

  it('go in whole, from a web server’s own months', () => {
    const log = gunzipSync(readFixture('access-log/semicomplete-access.log.gz'));
    const { events, rejected } = parse('access-log', log, TEXT);
    expect(rejected).toEqual([]);
    expect(events).toHaveLength(10_000);
    expect(events.every(({ client, ip }) => client === ip)).toBe(true);
  });
});
