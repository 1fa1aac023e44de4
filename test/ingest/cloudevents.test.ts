import { CloudEvent, HTTP } from 'cloudevents';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ParsedRequest } from '../../src/ingest/adapter.ts';
import { parse, readFixture } from './fixtures.ts';

const STRUCTURED = { contentType: 'application/cloudevents+json; charset=utf-8' };
const BATCH = { contentType: 'application/cloudevents-batch+json' };
const EVENT = { specversion: '1.0', id: '1', source: '/s', type: 'api.request', subject: 'acme' };

/** A recorded request: its headers in lower case, and its body. */
function parseRecorded(path: string): ParsedRequest {
  const [head, body] = readFixture(path)
    .toString()
    .split(/\r?\n\r?\n/);
  const lines = head!.split(/\r?\n/).slice(1);
  const headers = Object.fromEntries(
    lines.map((line) => [line.slice(0, line.indexOf(':')).toLowerCase(), line.slice(line.indexOf(':') + 2)]),
  );
  return parse('native', body!, { contentType: headers['content-type']!, headers });
}

describe('CloudEvents', () => {
  it('are read in structured, batched and binary mode, by the endpoint of native events too', () => {
    expect(parse('native', readFixture('senders/cloudevents-structured.json'), STRUCTURED).events).toEqual([
      {
        id: '["/gateways/eu-1","evt-0002"]',
        timeMs: Date.UTC(2026, 10, 20, 12, 0, 2),
        client: 'client-acme',
        method: 'GET',
        route: '/v2/contacts',
        status: 429,
        user: 'u-17',
        ip: '203.0.113.7',
        module: 'Contacts',
        kind: 'api.request',
        count: 1,
        credits: 1000,
        durationMs: 41,
      },
    ]);
    expect(parse('native', readFixture('senders/cloudevents-batch.json'), BATCH).events).toHaveLength(2);
    expect(parseRecorded('senders/cloudevents-binary.http').events).toMatchObject([
      { id: '["/gateways/eu-1","evt-0001"]', client: 'client-acme', status: 200, route: '/v2/contacts' },
    ]);
  });

  it('have their headers percent-decoded', () => {
    expect(parseRecorded('senders/cloudevents-binary-unicode.http').events[0]!.client).toBe('Euro € 😀');
    const binary = (subject: string) =>
      parse('cloudevents', '{}', {
        headers: { 'ce-specversion': '1.0', 'ce-id': '1', 'ce-source': '/s', 'ce-type': 't', 'ce-subject': subject },
      });
    expect(binary('"a \\"b\\""').events[0]!.client).toBe('a "b"');
    expect(binary('50%').events[0]!.client).toBe('50%');
    expect(binary(Buffer.from('Zürich').toString('latin1')).events[0]!.client).toBe('Zürich');
    expect(binary('Z%FCrich').rejected).toMatchObject([
      { index: 0, error: expect.stringMatching(/ce-subject is not UTF-8/) },
    ]);
  });

  it('come as their SDK and OpenMeter’s write them', () => {
    const event = new CloudEvent({ type: 'call', source: '/s', id: 'x', subject: 'acme', data: { status: 200 } });
    const { headers, body } = HTTP.binary(event);
    const lower = Object.fromEntries(
      Object.entries(headers).map(([name, value]) => [name.toLowerCase(), String(value)]),
    );
    expect(
      parse('cloudevents', body as string, { contentType: lower['content-type'], headers: lower }).events,
    ).toMatchObject([{ id: '["/s","x"]', client: 'acme', status: 200 }]);
    for (const contentType of ['application/json', BATCH.contentType]) {
      const { events } = parse('cloudevents', readFixture('senders/openmeter-sdk-batch.json'), { contentType });
      expect(events).toMatchObject([{ client: 'customer-1', route: '/hello', kind: 'request', durationMs: 13 }, {}]);
    }
  });

  it('prefer the client and kind of their data', () => {
    const data = { client: 'other', kind: 'task', count: 2 };
    expect(parse('cloudevents', { ...EVENT, data }).events).toMatchObject([
      { client: 'other', kind: 'task', count: 2 },
    ]);
  });

  it.each([
    [{ id: undefined }, /^id is missing/],
    [{ id: '' }, /^id is ""/],
    [{ id: 7 }, /^id is 7/],
    [{ source: undefined }, /^source is missing/],
    [{ type: undefined }, /^type is missing/],
    [{ specversion: '0.3' }, /^specversion is "0.3"/],
    [{ time: 'not-a-date' }, /^time is "not-a-date"/],
    [{ time: 1795176001 }, /^time is 1795176001/],
    [{ subject: undefined }, /^client is missing: send it in data.client, or as the subject/],
    [{ id: 'a\0' }, /NUL/],
  ])('without a proper attribute are rejected: %j', (change, error) => {
    const { events, rejected } = parse('native', [{ ...EVENT, ...change }, EVENT], BATCH);
    expect(events).toHaveLength(1);
    expect(rejected).toMatchObject([{ index: 0, error: expect.stringMatching(error) }]);
  });

  it('are refused whole in another mode than they say, and in XML', () => {
    expect(() => parse('native', EVENT, BATCH)).toThrow(expect.objectContaining({ code: 'unreadable' }));
    expect(() => parse('native', [EVENT], STRUCTURED)).toThrow(expect.objectContaining({ code: 'unreadable' }));
    expect(() => parse('native', '<event/>', { contentType: 'application/cloudevents+xml' })).toThrow(
      expect.objectContaining({ code: 'unsupported' }),
    );
  });

  it('keep apart every two pairs of source and id', () => {
    const text = fc.string({ minLength: 1, unit: fc.constantFrom('a', '"', ',', '[', '\\') });
    const pair = fc.tuple(text, text);
    const idOf = ([source, id]: [string, string]) => parse('cloudevents', { ...EVENT, source, id }).events[0]!.id;
    fc.assert(
      fc.property(pair, pair, (one, other) => {
        expect(idOf(one) === idOf(other)).toBe(one[0] === other[0] && one[1] === other[1]);
      }),
    );
  });

  it('have the hash of a long pair as their id', () => {
    const { id } = parse('cloudevents', { ...EVENT, id: 'x'.repeat(300) }).events[0]!;
    expect(id).toMatch(/^[0-9a-f]{64}$/);
    expect(parse('cloudevents', { ...EVENT, id: `${'x'.repeat(299)}y` }).events[0]!.id).not.toBe(id);
  });
});

describe('data that is JSON in a text', () => {
  const event = { specversion: '1.0', id: '1', source: 's', type: 't', subject: 'acme' };
  const input = { contentType: 'application/cloudevents+json' };

  it('is read, or refused where it breaks', () => {
    const data = '{"route":"/v1/a","status":500}';
    expect(parse('cloudevents', { ...event, data }, input).events).toMatchObject([{ route: '/v1/a', status: 500 }]);
    expect(parse('cloudevents', { ...event, data: '{"route":' }, input).rejected[0]!.error).toMatch(/^data is /);
    expect(parse('cloudevents', { ...event, data: 'plain' }, input).events).toMatchObject([{ client: 'acme' }]);
  });
});
