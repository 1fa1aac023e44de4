import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { tallyInputs } from '../support/figures.ts';
import { size } from '../support/size.ts';
import { parse } from './fixtures.ts';

const NDJSON = { contentType: 'application/x-ndjson' };

function rejection(fields: Record<string, unknown>): string | undefined {
  return parse('native', { client: 'a', ...fields }).rejected[0]?.error;
}

function event(fields: Record<string, unknown>) {
  const { events, rejected } = parse('native', { client: 'a', ...fields });
  expect(rejected).toEqual([]);
  return events[0]!;
}

describe('the native format', () => {
  it('reads every field of an event', () => {
    expect(
      event({
        id: 'e1',
        time: '2026-11-20T12:00:00.123Z',
        client: 'Acme €',
        method: 'post',
        url: 'https://api.example.com/v1/orders/42?x=1#y',
        status: 429,
        user: 'u',
        ip: '203.0.113.7',
        module: 'm',
        api_version: 'v1',
        function: 'f',
        initiator: 'manual',
        kind: 'integration_task',
        scope: 's',
        count: 3,
        records: 7,
        credits: 1.5,
        duration_ms: 12.5,
        something_else: { ignored: true },
      }),
    ).toEqual({
      id: 'e1',
      timeMs: Date.UTC(2026, 10, 20, 12, 0, 0, 123),
      client: 'Acme €',
      method: 'POST',
      route: '/v1/orders/{id}',
      status: 429,
      user: 'u',
      ip: '203.0.113.7',
      module: 'm',
      version: 'v1',
      function: 'f',
      initiator: 'manual',
      kind: 'integration_task',
      scope: 's',
      count: 3,
      records: 7,
      credits: 1500,
      durationMs: 12.5,
    });
  });

  it('takes the first moment of 2000 as the earliest time', () => {
    for (const time of ['2000-01-01T00:00:00Z', '1999-12-31T23:00:00-01:00', 946684800, 946684800000]) {
      expect(event({ time })).toMatchObject({ timeMs: 946684800000 });
    }
  });

  it('needs no more than a client', () => {
    expect(event({})).toEqual({ client: 'a', kind: 'call', count: 1 });
  });

  it('takes null and empty texts for absent fields, as log formats write them', () => {
    expect(event({ id: '', user: null, ip: '', status: null, time: null })).toEqual({
      client: 'a',
      kind: 'call',
      count: 1,
    });
  });

  it('takes one event, an array, {"events": […]} and lines for the same', () => {
    const two = [{ client: 'a' }, { client: 'b' }];
    const lines = two.map((each) => JSON.stringify(each)).join('\n');
    const expected = parse('native', two).events;
    expect(parse('native', { events: two }).events).toEqual(expected);
    expect(parse('native', `${lines}\n`, NDJSON).events).toEqual(expected);
    expect(parse('native', lines).events).toEqual(expected);
    expect(parse('native', two.map((each) => JSON.stringify(each)).join('')).events).toEqual(expected);
    expect(parse('native', JSON.stringify(two, null, 2), NDJSON).events).toEqual(expected);
    expect(parse('native', `\ufeff${lines}`, NDJSON).events).toEqual(expected);
    expect(parse('native', two[0]).events).toEqual(expected.slice(0, 1));
  });

  it('takes an empty array for no events, and an empty body for a mistake', () => {
    expect(parse('native', [])).toMatchObject({ events: [], indexes: [], rejected: [] });
    expect(() => parse('native', ' ')).toThrow(expect.objectContaining({ code: 'unreadable' }));
    expect(() => parse('native', '', NDJSON)).toThrow(/empty/);
  });

  it('rejects a bad event beside good ones, with its place and id', () => {
    const { events, indexes, rejected } = parse('native', [{ client: 'a' }, { id: 'x' }, 7, { client: 'b' }]);
    expect(events.map(({ client }) => client)).toEqual(['a', 'b']);
    expect(indexes).toEqual([0, 3]);
    expect(rejected).toMatchObject([
      { index: 1, id: 'x', error: expect.stringMatching(/client is missing: say who/) },
      { index: 2, error: expect.stringMatching(/The event is 7 \(a number\): send an object/) },
    ]);
  });

  it('rejects a line that is no JSON, and takes the others', () => {
    const { events, indexes, rejected } = parse('native', '{"client":"a"}\n{"client":\n\n{"client":"b"}', NDJSON);
    expect(events).toHaveLength(2);
    expect(indexes).toEqual([0, 2]);
    expect(rejected).toMatchObject([{ index: 1, error: expect.stringMatching(/Line 2 is not JSON: column 11/) }]);
  });

  it('says where JSON breaks off', () => {
    expect(() => parse('native', '[\n {"client" "b"}]')).toThrow(/not JSON: line 2, column 12 \(position 13\), near /);
    expect(() => parse('native', '[{"client":"a"')).toThrow(/column 15 \(position 14\), it ends after/);
    expect(() => parse('native', 'hello')).toThrow(expect.objectContaining({ code: 'unreadable' }));
    expect(() => parse('native', '42')).toThrow(/The body is 42 \(a number\)/);
    expect(() => parse('native', { events: 'none' })).toThrow(/"events" is "none": send an array/);
  });

  const BROKEN = '{"client":"x","user":"5" disk"}';

  it.each([
    ['an array', '[{"client":"a"},{"client" "x"},{"client":"b"}]', 1],
    ['an array with an odd quotation mark', `[{"client":"a"},${BROKEN},{"client":"b"}]`, 1],
    ['an array with two of them', `[{"client":"a"},${BROKEN},{"client":"b"},${BROKEN}]`, 1],
    ['an array of lines', `[\n{"client":"a"},\n${BROKEN},\n{"client":"b"}\n]`, 1],
    ['an array with an entry cut short', '[\n{"client":"a"},\n{"client":\n,{"client":"x"},\n{"client":"b"}\n]', 1],
    [
      'an array of several lines each',
      `[\n  {\n    "client": "a"\n  },\n  {\n    "client" "x"\n  },\n  {\n    "client": "b"\n  }\n]`,
      1,
    ],
    ['an array that is cut off', '[{"client":"a"},{"client":"b"},{"cli', 1],
    ['an array that is not closed', '[{"client":"a"},{"client":"b"}', 1],
    ['a list of events', `{"events":[{"client":"a"},${BROKEN},{"client":"b"}]}`, 1],
    ['lines', `{"client":"a"}\n${BROKEN}\n{"client":"b"}\n`, 1],
    ['lines, one cut short', '{"client":"a"}\n{"client":\n{"client":"b"}\n', 1],
    ['objects one after the other', `{"client":"a"}${BROKEN}{"client":"b"}`, 1],
    [
      'an entry that holds objects',
      '[{"client":"a"},{"client" "x","list":[{"client":"y"},{"client":"z"}]},{"client":"b"}]',
      1,
    ],
  ])('refuses a broken entry alone, in %s', (_, body, broken) => {
    const { events, rejected } = parse('native', body);
    expect(events.map(({ client }) => client)).toEqual(['a', 'b']);
    expect(rejected.length).toBeGreaterThanOrEqual(broken);
    for (const { error } of rejected) expect(error).toMatch(/is not JSON/);
  });

  it('refuses a broken entry alone, whatever stands around it', () => {
    const entry = fc.oneof(
      fc.constant('good' as const),
      fc.constantFrom(BROKEN, '{"client" "x"}', '{"client":"x",}', '{"client":x}', '{x\\"}', '{"a":"\u0001"}'),
    );
    const frames = fc.constantFrom(['[', ',', ']'], ['[\n', ',\n', '\n]'], ['', '\n', ''], ['', '', '']);
    fc.assert(
      fc.property(fc.array(entry, { minLength: 1, maxLength: 12 }), frames, (entries, [start, between, end]) => {
        fc.pre(entries.includes('good'));
        const texts = entries.map((each, at) => (each === 'good' ? `{"client":"c${at}","user":"u"}` : each));
        const { events, rejected } = parse('native', `${start}${texts.join(between)}${end}`);
        expect(events.map(({ client }) => client)).toEqual(
          entries.flatMap((each, at) => (each === 'good' ? [`c${at}`] : [])),
        );
        expect(rejected).toHaveLength(entries.length - events.length);
      }),
    );
  });

  it('refuses what would take far more memory than its bytes before it is parsed', () => {
    for (const body of [
      `[${'{},'.repeat(2_000_000)}{}]`,
      '{}'.repeat(200_000),
      `{"client":"a","x":[${'[],'.repeat(1_000_000)}[]]}`,
    ]) {
      expect(() => parse('native', body)).toThrow(expect.objectContaining({ code: 'too_large' }));
    }
    expect(() => parse('native', '['.repeat(20_000_000))).toThrow(/more than 1000000 brackets/);
    const many = `[${'0,'.repeat(100_000)}0]`;
    for (const body of [many, `{"events":${many}}`, `${many}\n{}`])
      expect(() => parse('native', body)).toThrow(/more than 100000 entries/);
    for (const adapter of ['native', 'kong'])
      expect(() =>
        parse(adapter, `{"items":${many}}`, { options: { map: { client: 'who', entries: 'items' } } }),
      ).toThrow(/more than 100000 entries/);
    expect(() => parse('native', `[${'{x\\"},'.repeat(90_000)}`)).toThrow(
      expect.objectContaining({ code: 'unreadable' }),
    );
  });

  it('says which byte is not UTF-8', () => {
    const body = Buffer.from('{"client":"Zürich"}', 'latin1');
    expect(() => parse('native', body)).toThrow(/byte 12 is 0xfc/);
    const lines = Buffer.concat([Buffer.from('{"client":"a"}\n'), body]);
    expect(parse('native', lines, NDJSON)).toMatchObject({ events: [{ client: 'a' }], rejected: [{ index: 1 }] });
  });

  it('refuses other types and charsets', () => {
    for (const contentType of [
      'text/plain',
      'application/x-www-form-urlencoded',
      'application/xml',
      'application/json; charset=latin1',
    ]) {
      expect(() => parse('native', '{"client":"a"}', { contentType }), contentType).toThrow(
        expect.objectContaining({ code: 'unsupported' }),
      );
    }
    for (const contentType of [
      '',
      'application/json; charset="UTF-8"',
      'application/vnd.acme.v1+json',
      'APPLICATION/JSON',
    ]) {
      expect(parse('native', '{"client":"a"}', { contentType }).events, contentType).toHaveLength(1);
    }
  });

  it.each([
    ['client', '', /^client is "": say who/],
    ['client', 42, /^client is 42 \(a number\)/],
    ['client', 'x'.repeat(201), /201 characters, send at most 200/],
    ['client', 'a\0b', /NUL/],
    ['client', '\ud800', /surrogate/],
    ['user', 'a\ud800', /^user is .*surrogate/],
    ['id', 'x'.repeat(257), /257 characters, send at most 256/],
    ['id', 7, /^id is 7/],
    ['status', 99, /^status is 99 .*100 to 599/],
    ['status', 600, /^status is 600/],
    ['status', 200.5, /^status is 200.5/],
    ['status', '2000', /^status is "2000"/],
    ['count', 0, /^count is 0 .*1 to 1000000000/],
    ['count', 1e9 + 1, /^count/],
    ['count', 1.5, /^count/],
    ['count', '3', /^count is "3"/],
    ['records', -1, /^records is -1/],
    ['credits', -0.001, /^credits/],
    ['credits', 0.0001, /^credits is 0.0001 .*three decimals/],
    ['credits', 1e9 + 0.001, /^credits/],
    ['credits', '1', /^credits is "1"/],
    ['duration_ms', -1, /^duration_ms/],
    ['time', 'yesterday', /^time is "yesterday": send RFC 3339/],
    ['time', '2026-11-20', /^time/],
    ['time', '2026-11-20T12:00:00', /^time/],
    ['time', 1795176001123456, /^time/],
    ['time', true, /^time is true/],
    ['time', 0, /^time is 0 \(a number\): that is 1970-01-01T00:00:00.000Z, before 2000; send when the call began/],
    ['time', '1999-12-31T23:59:59.999Z', /^time is "1999-12-31T23:59:59.999Z": .*before 2000/],
    ['time', '2000-01-01T00:00:00+00:01', /before 2000/],
    ['time', '0050-06-01T00:00:00Z', /before 2000/],
    ['time', 946684799, /^time is 946684799 \(a number\): that is 1999-12-31/],
    ['time', 946684799999, /before 2000/],
  ])('rejects %s %j, saying why', (field, value, error) => {
    expect(rejection({ [field]: value })).toMatch(error);
  });

  it.each(['   ', '\u200b', '\u2800', '\u3164', '\u00a0\u2060', '\t'])(
    'rejects a client that shows nothing: %j',
    (client) => {
      expect(rejection({ client })).toMatch(/^client is .*nothing of it can be seen/);
    },
  );

  it.each(['user', 'ip', 'module', 'route', 'function', 'scope', 'method'])(
    'takes a %s that shows nothing as none',
    (name) => {
      for (const blank of ['  ', '\u200b', '\u3164']) expect(event({ [name]: blank })).toEqual(event({}));
    },
  );

  it('counts characters, not code units', () => {
    expect(event({ client: '😀'.repeat(200) }).client).toHaveLength(400);
    expect(event({ id: 'é'.repeat(256), client: 'a' }).id).toHaveLength(256);
  });

  it('takes a status that was sent as text', () => {
    expect(event({ status: '404' }).status).toBe(404);
  });

  it('keeps unknown methods, upper-cased', () => {
    expect(event({ method: 'purge' }).method).toBe('PURGE');
  });

  it('takes a route as it is, before a url', () => {
    expect(event({ route: '/v1/orders/42?x', url: '/other' }).route).toBe('/v1/orders/42?x');
  });

  it('takes credits as exact thousandths', () => {
    expect(event({ credits: 0.1 + 0.2 }).credits).toBe(300);
    expect(event({ credits: 1.005 }).credits).toBe(1005);
    expect(event({ credits: 1e9 }).credits).toBe(1e12);
    expect(event({ credits: 0 }).credits).toBe(0);
    expect(parse('native', '{"client":"a","credits":1e-3}').events[0]!.credits).toBe(1);
    expect(parse('native', '{"client":"a","credits":-0}').events[0]!.credits).toBe(0);
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 1e12 }), (thousandths) => {
        expect(event({ credits: thousandths / 1000 }).credits).toBe(thousandths);
      }),
    );
  });

  it('never takes a number with more than three decimals', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 1e9 }), fc.integer({ min: 1, max: 9 }), (thousandths, digit) => {
        const text = `${Math.floor(thousandths / 1000)}.${String(thousandths % 1000).padStart(3, '0')}${digit}`;
        expect(parse('native', `{"client":"a","credits":${text}}`).rejected).toHaveLength(1);
      }),
    );
  });

  it('opens the envelope of a signed webhook and takes its id where the event has none', () => {
    const body = { type: 'usage', timestamp: '2026-11-20T12:00:00Z', data: { client: 'a', status: 200 } };
    expect(parse('native', body, { headers: { 'webhook-id': 'msg_1' } }).events).toMatchObject([
      { id: 'msg_1', client: 'a', status: 200, timeMs: Date.UTC(2026, 10, 20, 12) },
    ]);
  });

  it('finds the client where the source says it stands', () => {
    const options = { map: { client: 'app.name|user' } };
    expect(parse('native', [{ app: { name: 'x' } }, { user: 'u' }], { options }).events.map((e) => e.client)).toEqual([
      'x',
      'u',
    ]);
  });

  it('makes of every JSON value either an event or a rejection, whatever it is', () => {
    const name = fc.constantFrom(
      'id',
      'time',
      'client',
      'url',
      'route',
      'status',
      'credits',
      'count',
      'user',
      'events',
      '__proto__',
    );
    const near = fc.dictionary(
      name,
      fc.oneof(fc.jsonValue(), fc.string({ unit: 'binary' }), fc.integer(), fc.double()),
    );
    fc.assert(
      fc.property(fc.array(fc.oneof(fc.jsonValue(), near), { maxLength: 20 }), (values) => {
        const { events, indexes, rejected } = parse('native', JSON.stringify(values));
        expect(indexes).toHaveLength(events.length);
        const places = [...indexes, ...rejected.map(({ index }) => index)].sort((a, b) => a - b);
        expect(places).toEqual(values.map((_, index) => index));
        for (const { client, route } of events)
          expect(
            [client, route].every((text) => text === undefined || (text.isWellFormed() && !text.includes('\0'))),
          ).toBe(true);
      }),
      { numRuns: size(37, 1500) },
    );
  });

  it('never throws anything but a clear error, whatever the bytes', () => {
    const types = fc.constantFrom('application/json', 'application/x-ndjson', '');
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), types, (bytes, contentType) => {
        try {
          parse('native', bytes, { contentType });
        } catch (error) {
          expect(error).toMatchObject({ name: 'HeadroomError', code: 'unreadable' });
        }
      }),
      { numRuns: size(250, 10_000) },
    );
    tallyInputs('bodies', size(250, 10_000));
  });

  it('bears nesting as deep as a body may be', () => {
    const deep = `${'['.repeat(1_000_000)}`;
    expect(() => parse('native', deep)).toThrow(expect.objectContaining({ code: 'unreadable' }));
    expect(() => parse('native', `${'{"a":'.repeat(200_000)}`)).toThrow(
      expect.objectContaining({ code: 'unreadable' }),
    );
    const nested = `{"client":"a","extra":${'['.repeat(100_000)}${']'.repeat(100_000)}}`;
    expect(parse('native', nested).events).toHaveLength(1);
    expect(parse('native', nested.replace('"a"', '""')).rejected[0]!.excerpt).toContain('extra: an array of 1');
  });
});
