import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { HeadroomError } from '../../src/errors.ts';
import { listAdapters } from '../../src/ingest/adapters.ts';
import { tallyInputs } from '../support/figures.ts';
import { size } from '../support/size.ts';
import { parse } from './fixtures.ts';

/** Field names of the adapters, so that random bodies pass their first checks. */
const NAMES = [
  ...['events', 'client', 'id', 'time', 'status', 'data', 'specversion', 'source', 'type', 'subject', 'url', 'count'],
  ...[
    'request',
    'response',
    'consumer',
    'username',
    'headers',
    'latencies',
    'uri',
    'started_at',
    'service',
    'client_ip',
  ],
  ...['requestId', 'records', 'messageType', 'logEvents', 'message', 'apiKeyId', 'routeKey', 'requestTimeEpoch'],
  ...[
    'resourceSpans',
    'resourceLogs',
    'resourceMetrics',
    'resource',
    'scopeSpans',
    'spans',
    'attributes',
    'key',
    'value',
  ],
  ...['batch', 'userId', 'messageId', 'properties', 'timestamp', 'context'],
  ...['RayID', 'ClientIP', 'ClientRequestUserAgent', 'EdgeStartTimestamp', 'content', '__proto__', 'constructor'],
];

const VALUES = [
  '',
  '-',
  'GET',
  '200',
  '\0',
  '\ud800',
  '2026-11-20T12:00:00Z',
  0,
  -1,
  2,
  1e300,
  1795176001000000000,
  true,
  null,
];

const { body: arbitraryBody } = fc.letrec((tie) => ({
  object: fc.dictionary(fc.constantFrom(...NAMES), tie('body'), { maxKeys: 6 }),
  list: fc.array(tie('body'), { maxLength: 4 }),
  body: fc.oneof({ maxDepth: 6 }, fc.constantFrom(...VALUES), fc.string(), tie('object'), tie('list')),
}));

describe.each(listAdapters())('whatever a body holds, the adapter %s', (adapter) => {
  it('takes each event, rejects it with a reason, or refuses the body with one', () => {
    const contentType = fc.constantFrom('application/json', 'application/x-ndjson', '');
    fc.assert(
      fc.property(arbitraryBody, contentType, (body, type) => {
        try {
          const { events, indexes, rejected } = parse(adapter, JSON.stringify(body), { contentType: type });
          expect(indexes).toHaveLength(events.length);
          const places = [...indexes, ...rejected.map(({ index }) => index)];
          expect(new Set(places).size).toBe(places.length);
          for (const event of events) {
            expect(event.client).toMatch(/./su);
            for (const text of [event.id, event.client, event.route, event.user, event.module]) {
              expect(
                text === undefined || (typeof text === 'string' && text.isWellFormed() && !text.includes('\0')),
              ).toBe(true);
            }
          }
          for (const { error } of rejected) expect(error).toMatch(/\w/);
        } catch (error) {
          expect(error).toBeInstanceOf(HeadroomError);
          expect(['unreadable', 'unsupported']).toContain((error as HeadroomError).code);
        }
      }),
      { numRuns: size(250, 10_000) },
    );
    tallyInputs('bodies', size(250, 10_000));
  });
});

describe.each(['native', 'logpush', 'access-log', 'splunk-hec'])(
  'a body that repeats itself, the adapter %s',
  (adapter) => {
    it('reads or refuses in a time that grows with it alone', () => {
      for (const run of ['/', ' ', '?/', '}{', '{"a":[', '"', '\\', 'a.', '\n', ', ', '}\n{']) {
        for (const [open, close] of [
          ['?', '"'],
          ['{"records":[{"a":"?', '"}]}'],
          ['{', '"x":1'],
        ] as const) {
          try {
            parse(adapter, `${open}${run.repeat(100_000 / run.length)}${close}`, { contentType: '' });
          } catch (error) {
            expect(error).toBeInstanceOf(HeadroomError);
          }
        }
      }
    });
  },
);
