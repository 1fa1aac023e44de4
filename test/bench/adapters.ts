import { gzipSync } from 'node:zlib';
import { getAdapter } from '../../src/ingest/adapters.ts';
import type { SourceOptions } from '../../src/ingest/source-options.ts';
import { type BenchEvent, createEventSource } from './events.ts';
import { countPerSecond, type Row, type Settings } from './row.ts';

interface Case {
  name: string;
  adapter: string;
  contentType: string;
  body: (events: readonly BenchEvent[]) => string | Uint8Array;
  options?: SourceOptions;
}

const JSON_TYPE = 'application/json';
const all = (list: unknown[]): string => JSON.stringify(list);
const lines = (list: unknown[]): string => list.map((each) => JSON.stringify(each)).join('\n');

const CASES: readonly Case[] = [
  { name: 'native, array', adapter: 'native', contentType: JSON_TYPE, body: (events) => all([...events]) },
  {
    name: 'native, NDJSON',
    adapter: 'native',
    contentType: 'application/x-ndjson',
    body: (events) => lines([...events]),
  },
  {
    name: 'native, json_stream',
    adapter: 'native',
    contentType: JSON_TYPE,
    body: (events) => events.map((event) => JSON.stringify(event)).join(''),
  },
  {
    name: 'native, --map',
    adapter: 'native',
    contentType: JSON_TYPE,
    body: (events) =>
      all(events.map(({ client, route, ...rest }) => ({ ...rest, app: { name: client }, req: { route } }))),
    options: { map: { client: 'app.name|user', route: 'req.route' } },
  },
  {
    name: 'cloudevents, batch',
    adapter: 'cloudevents',
    contentType: 'application/cloudevents-batch+json',
    body: (events) =>
      all(
        events.map(({ id, time, client, ...data }) => ({
          ...{ specversion: '1.0', type: 'call', source: 'bench', id, time, subject: client, data },
        })),
      ),
  },
  {
    name: 'access-log, Combined',
    adapter: 'access-log',
    contentType: 'text/plain',
    body: (events) =>
      events
        .map(
          ({ ip, user, method, route, status }) =>
            `${ip} - ${user} [20/Nov/2026:12:00:00 +0000] "${method} ${route} HTTP/1.1" ${status} 12 "-" "curl/8"`,
        )
        .join('\n'),
  },
  {
    name: 'access-log, JSON',
    adapter: 'access-log',
    contentType: 'application/x-ndjson',
    body: (events) => lines([...events]),
  },
  {
    name: 'kong, batch',
    adapter: 'kong',
    contentType: JSON_TYPE,
    body: (events) =>
      all(
        events.map(({ id, time, client, method, route, status, ip, module }) => ({
          ...{ started_at: Date.parse(time), client_ip: ip, consumer: { username: client }, service: { name: module } },
          ...{
            request: { id, method, uri: route, headers: { host: 'a' } },
            response: { status },
            latencies: { request: 41 },
          },
        })),
      ),
  },
  {
    name: 'logpush, gzip',
    adapter: 'logpush',
    contentType: '',
    body: (events) =>
      gzipSync(
        lines(
          events.map(({ id, time, client, method, route, status, ip }) => ({
            ...{ RayID: id, EdgeStartTimestamp: time, ClientRequestUserAgent: client, ClientRequestMethod: method },
            ...{ ClientRequestURI: route, EdgeResponseStatus: status, ClientIP: ip },
          })),
        ),
      ),
  },
  {
    name: 'firehose, records',
    adapter: 'firehose',
    contentType: JSON_TYPE,
    body: (events) =>
      JSON.stringify({
        requestId: 'r',
        records: events.map(({ id, time, client, route, status, ip }) => ({
          data: Buffer.from(
            JSON.stringify({ requestId: id, requestTime: time, apiKeyId: client, resourcePath: route, status, ip }),
          ).toString('base64'),
        })),
      }),
  },
  {
    name: 'otlp, spans in JSON',
    adapter: 'otlp',
    contentType: JSON_TYPE,
    body: (events) => {
      const spans = events.map(({ time, client, method, route, status }, at) => ({
        ...{ traceId: '4127e76d9552b1058485bca1d01ab783', spanId: (at + 1).toString(16).padStart(16, '0'), kind: 2 },
        startTimeUnixNano: `${Date.parse(time)}000000`,
        attributes: [
          { key: 'api.client.id', value: { stringValue: client } },
          { key: 'http.request.method', value: { stringValue: method } },
          { key: 'http.route', value: { stringValue: route } },
          { key: 'http.response.status_code', value: { intValue: status } },
        ],
      }));
      return JSON.stringify({ resourceSpans: [{ scopeSpans: [{ spans }] }] });
    },
  },
];

/** Measures the events that each adapter reads per second of processor time, in one thread. Nothing is stored. */
export function* measureAdapters({ share }: Settings): Generator<Row> {
  const next = createEventSource(7);
  const receivedMs = Date.UTC(2026, 10, 20, 12);
  const events = Array.from({ length: 2000 }, (_, at) => next(receivedMs - at));
  for (const { name, adapter, contentType, body, options = {} } of CASES) {
    const bytes = Buffer.from(body(events) as Uint8Array);
    const parse = (): number =>
      getAdapter(adapter).parse({ body: bytes, contentType, headers: {}, receivedMs, options }).events.length;
    if (parse() !== events.length) throw new Error(`${name}: not every event is read`);
    for (let warm = 0; warm < 5; warm += 1) parse();
    yield { adapter: name, eventsPerSecond: countPerSecond(1.5 * share, parse), bytes: bytes.length };
  }
}
