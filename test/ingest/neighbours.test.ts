import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ParsedRequest } from '../../src/ingest/adapter.ts';
import { parseFieldMap } from '../../src/ingest/field-map.ts';
import { parse } from './fixtures.ts';

const TIME_MS = Date.UTC(2026, 10, 20, 11);
const NDJSON = { contentType: 'application/x-ndjson' };

interface Call {
  id: string;
  client: string;
  status: number;
}

/** Writers of a call in the format of each sender. */
const WRITERS: Readonly<Record<string, (call: Call) => object>> = {
  native: (call) => ({ ...call, time: TIME_MS }),
  kong: ({ id, client, status }) => ({
    ...{ started_at: TIME_MS, request: { id }, consumer: { username: client }, response: { status } },
  }),
  moesif: ({ id, client, status }) => ({
    ...{ transaction_id: id, company_id: client, request: { time: TIME_MS }, response: { status } },
  }),
  apigee: ({ id, client, status }) => ({
    ...{ messageid: id, client_id: client, response_status_code: status, client_received_start_timestamp: TIME_MS },
  }),
  logpush: ({ id, client, status }) => ({
    ...{ RayID: id, ClientRequestUserAgent: client, EdgeResponseStatus: status, EdgeStartTimestamp: TIME_MS / 1000 },
  }),
  cloudevents: ({ id, client, status }) => ({
    ...{
      specversion: '1.0',
      id,
      source: 's',
      type: 't',
      subject: client,
      time: '2026-11-20T11:00:00Z',
      data: { status },
    },
  }),
};

const NAME = fc
  .string({ unit: 'grapheme', minLength: 1, maxLength: 20 })
  .map((text) => `c${text.replaceAll('\0', '')}`);
const GOOD = fc.record({ client: NAME, status: fc.integer({ min: 100, max: 599 }) });
/** Text, random JSON, and calls that are cut off or have a byte too many. */
const JUNK = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 40 }),
  fc.json({ maxDepth: 2 }),
  fc.constantFrom('{"client":"x', '{"client":"5" disk"}', '{"client":}', '[', ']', '}{', '"', '{"a":[{]}', 'null', ','),
);
const ENTRIES = fc.array(
  fc.oneof(
    GOOD.map((good) => ({ good })),
    JUNK.map((junk) => ({ junk })),
  ),
  { maxLength: 8 },
);

/** Writes entries. Returns the valid calls by id, and the text of each entry. */
function write(entries: readonly ({ good: Omit<Call, 'id'> } | { junk: string })[], adapter: string) {
  const calls = new Map<string, Call>();
  const texts = entries.map((entry, at) => {
    if ('junk' in entry) return entry.junk.replace(/[\r\n\u2028\u2029]/g, ' ');
    const call = { id: `call-${at}`, ...entry.good };
    calls.set(call.id, call);
    return JSON.stringify(WRITERS[adapter]!(call));
  });
  return { calls, texts };
}

function expectTruth({ events }: ParsedRequest, calls: ReadonlyMap<string, Call>, adapter: string): void {
  for (const { id, client, status } of events) {
    const named = adapter === 'cloudevents' ? (JSON.parse(id!) as [string, string])[1] : id!;
    // Random JSON that names a client may be read as a call too; it has none of our ids.
    if (calls.has(named)) expect({ id: named, client, status }).toEqual(calls.get(named));
  }
}

describe.each(Object.keys(WRITERS))('entries of %s', (adapter) => {
  it('count under their true values, whatever lines stand between them', () => {
    fc.assert(
      fc.property(ENTRIES, (entries) => {
        const { calls, texts } = write(entries, adapter);
        if (calls.size === 0) return;
        const parsed = parse(adapter, texts.join('\n'), NDJSON);
        expectTruth(parsed, calls, adapter);
        expect(parsed.events.length).toBeGreaterThanOrEqual(calls.size);
        expect(parsed.events.length + parsed.rejected.length).toBeGreaterThanOrEqual(
          texts.filter((text) => text.trim() !== '' && text.trim() !== '[]').length,
        );
        for (const { error } of parsed.rejected) expect(error).not.toBe('');
      }),
      { numRuns: 60 },
    );
  });

  it('count under their true values or are refused, whatever stands between them in an array or a wrapper', () => {
    fc.assert(
      fc.property(ENTRIES, fc.constantFrom('[', '{"records":[', '{"meta":{"a":[1]},"batch":[', ''), (entries, open) => {
        const { calls, texts } = write(entries, adapter);
        const close = open === '' ? '' : open === '[' ? ']' : ']}';
        try {
          expectTruth(parse(adapter, `${open}${texts.join(',\n')}${close}`), calls, adapter);
        } catch (error) {
          expect(error).toMatchObject({ code: expect.stringMatching(/unreadable|too_large/) });
        }
      }),
      { numRuns: 60 },
    );
  });
});

describe('a wrapper', () => {
  const broken = '{"client":"5" disk"}';

  it('loses the entry that is broken, and no other', () => {
    const good = ['{"client":"a"}', '{"client":"b"}', '{"client":"c"}'];
    const list = [good[0], broken, good[1], good[2]].join(',');
    for (const body of [
      `{"events":[${list}]}`,
      `{"records":[${list}]}`,
      `{"sentAt":{"at":[1,{"b":2}]},"logs":[${list}],"more":{"c":3}}`,
    ]) {
      const { events, rejected } = parse('native', body);
      expect([events.map(({ client }) => client), rejected.length]).toEqual([['a', 'b', 'c'], 1]);
    }
    const batch = parse(
      'cloudevents',
      `[${JSON.stringify(WRITERS.cloudevents!({ id: '1', client: 'a', status: 200 }))},{"specversion":"1.0",}]`,
      {
        contentType: 'application/cloudevents-batch+json',
      },
    );
    expect([batch.events.length, batch.rejected.length]).toEqual([1, 1]);
  });

  it('is said to be cut off where it ends between two entries, as a list is', () => {
    const entries = '{"client":"a","tags":{"b":1}},{"client":"c"}';
    for (const begin of ['[', '{"events":[', '{"v":1,"events": [\n'])
      for (const end of ['', ',', ',\n']) {
        const { events, rejected } = parse('native', begin + entries + end);
        expect([begin + end, events.length, rejected.length]).toEqual([begin + end, 2, 1]);
        expect(rejected[0]!.error).toMatch(/it ends after/);
      }
    const inside = parse('native', '[{"client":"a"},{"client":"b","tags":{"b":1}');
    expect([inside.events.length, inside.rejected.length]).toEqual([1, 1]);
  });

  it('that nobody knows is refused with the place of its entries', () => {
    const body = { page: 1, data: { items: [{ consumer: { id: 'acme' }, path: '/v1/a', status: 200 }] } };
    const [rejection] = parse('native', body).rejected;
    const map = /--map (\S+?)\.$/.exec(rejection!.error)![1]!;
    expect(map).toMatch(/^entries=data\.items,/);
    expect(parse('native', body, { options: { map: parseFieldMap(map) } }).events).toMatchObject([
      { client: 'acme', route: '/v1/a', status: 200 },
    ]);
  });
});
