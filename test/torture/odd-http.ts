import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { brotliCompressSync, deflateSync, gzipSync, zstdCompressSync } from 'node:zlib';
import { listAdapters } from '../../src/ingest/adapters.ts';
import type { WireRequest } from './wire.ts';

/** Credentials of the bot: the token of one source per adapter, by the adapter's name, and the tokens of the other endpoints. */
export interface Keys {
  sources: ReadonlyMap<string, string>;
  read: string;
  metrics: string;
}

/** A request, and its allowed results. */
export interface OddRequest extends WireRequest {
  /** True if its credentials give access to its endpoint; undefined if they do not matter. */
  opens: boolean | undefined;
  /** Set on a valid request: its client and number of events, all of which must be counted. */
  honest?: { client: string; events: number };
  /** Description for a failure. */
  told: string;
}

type Random = () => number;

const FIXTURES = fileURLToPath(new URL('../fixtures/', import.meta.url));
const BODIES = ['senders', 'access-log'].flatMap((folder) =>
  readdirSync(FIXTURES + folder)
    .filter((name) => !/README|semicomplete/.test(name))
    .map((name) => readFileSync(`${FIXTURES}${folder}/${name}`).subarray(0, 6000)),
);
const TYPES = [
  ...['application/json', 'application/x-ndjson', 'application/cloudevents+json', 'application/cloudevents-batch+json'],
  ...[
    'application/x-protobuf',
    'text/plain',
    '',
    'application/json; charset=latin1',
    'multipart/form-data; boundary=x',
  ],
];
const ENCODERS: Readonly<Record<string, (body: Uint8Array) => Uint8Array>> = {
  gzip: gzipSync,
  br: (body) => brotliCompressSync(body, { params: {} }),
  deflate: deflateSync,
  zstd: zstdCompressSync,
};
const ADDED = ['', '', '', '/v1/traces', '/v1/batch', '/api/v2/logs', '/services/collector/event', '/v1/input', '/'];
const PIECES = [
  ...['{', '}', '[', ']', ',', ':', '"', '\\', '\\u0000', '\\ud800', 'null', '1e999', '-0', '\0', '\r\n', '\u202e'],
  ...['"client":', '"count":9e15', '"time":"2026-02-30"', '"__proto__":{', '"status":999', '[[[[[[', '{"a":{"a":{'],
];
const QUESTIONS = [
  ...[
    'top clients',
    'pool',
    'status yesterday',
    'daily',
    'latency routes',
    'events 5',
    'history',
    'why acme',
    'sources',
  ],
  ...[
    'vs',
    'last hour',
    '2026-02-30',
    'client:"',
    '<!channel>',
    '__proto__',
    'top 0',
    '99999999999999999999',
    '%',
    'é',
  ],
];

const oneOf = <T>(list: readonly T[], random: Random): T => list[Math.floor(random() * list.length)]!;

/** Makes a random request: mostly odd ones, with valid ones between them. */
export function makeOddRequest(number: number, random: Random, keys: Keys): OddRequest {
  const kind = random();
  if (kind < 0.04) return makeHonest(number, keys);
  if (kind < 0.1) return makeQuestion(random, keys);
  if (kind < 0.14) return makeOther(random, keys);
  if (kind < 0.17) return makeMark(random, keys);
  const adapters = listAdapters();
  const name = oneOf(adapters, random);
  const path = oneOf(
    [
      ...['/v1/events', '/api/v1/events', '/v1/traces', '/v1/logs', '/v1/metrics', '/v1/events/', '/sources/nobody'],
      ...Array.from({ length: 8 }, () => `/sources/${name}${oneOf(ADDED, random)}`),
    ],
    random,
  );
  const source = /^\/sources\/([^/]+)/.exec(path)?.[1];
  const shown = oneOf(['none', 'right', 'right', 'right', 'right', 'other', 'read', 'metrics', 'odd'] as const, random);
  const tokens = {
    none: undefined,
    right: keys.sources.get(source ?? name) ?? 'hr_nobody',
    other: keys.sources.get(oneOf(adapters, random))!,
    read: keys.read,
    metrics: keys.metrics,
    odd: oneOf(['', 'x', 'hr_', '\u00ff', 'a'.repeat(3000)], random),
  };
  const token = tokens[shown];
  const opens = source === undefined ? isOneOf(keys, token) : token !== undefined && keys.sources.get(source) === token;
  const way = source === undefined ? 0 : random();
  const headers: string[] = [];
  let query = '';
  if (token !== undefined && way < 0.7) headers.push(`Authorization: Bearer ${token}`);
  else if (token !== undefined && way < 0.85)
    headers.push(`Authorization: Basic ${Buffer.from(`${token}:`).toString('base64')}`);
  else if (token !== undefined) query = `?token=${encodeURIComponent(token)}`;
  if (random() < 0.05) headers.push('X-Hub-Signature-256: sha256=00');
  if (random() < 0.1) headers.push('X-Amz-Firehose-Request-Id: 1');
  if (random() < 0.05) headers.push('ce-specversion: 1.0', 'ce-type: call', 'ce-source: s', `ce-id: ${number}`);
  const type = oneOf(TYPES, random);
  if (type) headers.push(`Content-Type: ${type}`);
  const body = encode(makeBody(random), headers, random);
  const method = random() < 0.96 ? 'POST' : oneOf(['GET', 'PUT', 'DELETE', 'OPTIONS', 'HEAD', 'PATCH'], random);
  return toRequest(method, path + query, headers, body, method === 'POST' ? opens : undefined);
}

function isOneOf(keys: Keys, token: string | undefined): boolean {
  return token !== undefined && [...keys.sources.values()].includes(token);
}

function makeHonest(number: number, keys: Keys): OddRequest {
  const client = `honest-${number % 40}`;
  const events = 1 + (number % 5);
  const body = Array.from({ length: events }, (_, index) => ({ id: `${number}/${index}`, client, status: 200 }));
  const headers = [`Authorization: Bearer ${keys.sources.get('native')}`, 'Content-Type: application/json'];
  const request = toRequest('POST', '/v1/events', headers, Buffer.from(JSON.stringify(body)), true);
  return { ...request, honest: { client, events } };
}

function makeQuestion(random: Random, keys: Keys): OddRequest {
  const words = Array.from({ length: 1 + Math.floor(random() * 4) }, () => oneOf(QUESTIONS, random)).join(' ');
  const as = oneOf(['', '', '&as=csv', '&as=text', '&as=xml', '&q=2', '&x=1'], random);
  const token = oneOf([keys.read, keys.read, keys.read, keys.metrics, keys.sources.get('native')!, 'x'], random);
  const headers = [`Authorization: Bearer ${token}`];
  if (random() < 0.2) headers.push(`Accept: ${oneOf(['text/csv', '*/*;q=x', 'image/webp', ',,', 'text/*'], random)}`);
  return toRequest('GET', `/v1/ask?q=${encodeURIComponent(words)}${as}`, headers, undefined, token === keys.read);
}

function makeMark(random: Random, keys: Keys): OddRequest {
  const label = oneOf(['v2.5.0', 'v2\u0000', '\ud800', ' ', 'x'.repeat(41), '<!channel>', '名前', 7, null], random);
  const time = oneOf([undefined, Math.floor(random() * 2e12), 1e300, '2026-02-30T00:00:00Z', 'noon', -1, {}], random);
  const body = oneOf([JSON.stringify({ label, time }), JSON.stringify({ label, time }), '{', '[]', '"', ''], random);
  const token = oneOf([keys.sources.get('native')!, keys.sources.get('kong')!, keys.read, keys.metrics, ''], random);
  const headers = [`Authorization: Bearer ${token}`];
  const method = oneOf(['POST', 'POST', 'DELETE', 'PUT', 'GET'], random);
  const opens = method === 'POST' || method === 'DELETE' ? isOneOf(keys, token) : undefined;
  return toRequest(method, '/v1/marks', headers, Buffer.from(body), opens);
}

function makeOther(random: Random, keys: Keys): OddRequest {
  const path = oneOf(['/healthz', '/readyz', '/metrics', '/metrics/', '/', '/nothing', '/%00', '/v1/ask', '/constructor', '/sources/', '/slack/events'], random); // biome-ignore format: one list
  const token = oneOf([keys.metrics, keys.read, keys.sources.get('native')!, ''], random);
  const method = path === '/slack/events' ? 'POST' : oneOf(['GET', 'GET', 'HEAD', 'POST', 'TRACE', 'OPTIONS'], random);
  const isAsking = method === 'GET' || method === 'HEAD';
  const opens = path.startsWith('/metrics')
    ? token === keys.metrics
    : path === '/v1/ask'
      ? token === keys.read
      : path !== '/slack/events';
  const isOpen = isAsking || path === '/slack/events' ? opens : undefined;
  const signed = path === '/slack/events' ? [`X-Slack-Signature: v0=${'0'.repeat(64)}`] : [];
  const headers = [`Authorization: Bearer ${token}`, `X-Slack-Request-Timestamp: ${Math.floor(random() * 4e9)}`];
  return toRequest(method, path, [...headers, ...signed], isAsking ? undefined : Buffer.from('{}'), isOpen);
}

/** Makes a body: recorded bodies with random changes, or random JSON or bytes. */
function makeBody(random: Random): Uint8Array {
  const kind = random();
  if (kind < 0.1) return Buffer.from(JSON.stringify(makeValue(random, 5)));
  if (kind < 0.15) return Uint8Array.from({ length: Math.floor(random() * 200) }, () => random() * 256);
  let body = oneOf(BODIES, random);
  // Cuts most long bodies, which would take most of the time.
  if (body.length > 1500 && random() < 0.8) body = body.subarray(0, 200 + Math.floor(random() * 1300));
  for (let changes = Math.floor(random() * 4); changes > 0; changes -= 1) {
    const at = Math.floor(random() * body.length);
    const until = Math.min(body.length, at + Math.floor(random() * 30));
    const middle = oneOf([Buffer.from(oneOf(PIECES, random)), body.subarray(at, until), Buffer.alloc(0)], random);
    body = Buffer.concat([body.subarray(0, at), middle, body.subarray(random() < 0.5 ? at : until)]);
  }
  return body;
}

const NAMES = ['client', 'id', 'time', 'status', 'events', 'records', 'data', 'message', 'count', 'credits', 'url'];
const VALUES = ['', 'acme', '\0', 0, -1, 200, 1e300, 9007199254740992, true, null, '2026-11-20T12:00:00Z', '😀'];

function makeValue(random: Random, depth: number): unknown {
  if (depth === 0 || random() < 0.3) return oneOf(VALUES, random);
  const entries = Array.from({ length: Math.floor(random() * 4) }, () => makeValue(random, depth - 1));
  return random() < 0.4 ? entries : Object.fromEntries(entries.map((value) => [oneOf(NAMES, random), value]));
}

function encode(body: Uint8Array, headers: string[], random: Random): Uint8Array {
  if (random() < 0.9) return body;
  const [name, encoder] = oneOf(Object.entries(ENCODERS), random);
  headers.push(`Content-Encoding: ${random() < 0.1 ? 'compress' : name}`);
  return random() < 0.2 ? body : encoder(body);
}

function toRequest(
  method: string,
  path: string,
  headers: readonly string[],
  body: Uint8Array | undefined,
  opens: boolean | undefined,
): OddRequest {
  const lines = [`${method} ${path} HTTP/1.1`, 'Host: x', ...headers];
  if (body) lines.push(`Content-Length: ${body.length}`);
  const head = Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1');
  const told = `${lines.join('\n')}\n\n${Buffer.from(body ?? []).toString('base64')}`;
  return { bytes: body ? Buffer.concat([head, body]) : head, head: method === 'HEAD', opens, told };
}
