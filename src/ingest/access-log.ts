import type { UsageEvent } from '../domain/event.ts';
import { HeadroomError } from '../errors.ts';
import { type AccessLine, parseAccessLine } from './access-log-line.ts';
import type { Adapter, AdapterInput, ParsedRequest } from './adapter.ts';
import { readLogLines } from './body-lines.ts';
import { EventCollector, type Fields, firstOf, isFields } from './event-collector.ts';
import { describeValue, type EventFields, EventReader } from './event-fields.ts';
import { findField, findMapper, toNumber, toText, toTime, withoutPort } from './field-map.ts';
import { findUnread } from './half-read.ts';
import { isJsonType, type JsonBody, mediaType, readJsonBody } from './json-body.ts';
import { type LineFault, LogFormat } from './log-format.ts';
import { getLogFormats } from './log-presets.ts';
import { toTarget } from './route-template.ts';
import type { SourceOptions } from './source-options.ts';

/**
 * Access logs: lines of the Common or Combined format, or JSON by the names that nginx, Envoy, Caddy, Traefik, Fluent Bit,
 * syslog-ng, morgan, pino, the Elastic Common Schema and Google Cloud give their fields; objects, an array, lines, one after the other, or lines inside `message` (Vector).
 * The client is the user, else the IP; a `client` or `client_id` that a JSON log names goes before both.
 */
export const accessLogAdapter: Adapter = { name: 'access-log', parse: parseAccessLog };

/** Field names in JSON logs, the most telling first; dots go into objects. */
const NAMES = {
  id: ['id', 'request_id', 'requestId', 'x_request_id', 'req.id', 'insertId'],
  time: [
    ...['msec', 'start_time', 'time', 'timestamp', '@timestamp', 'ts', 'date', 'time_iso8601', 'time_local'],
    ...['StartUTC', 'StartLocal'],
  ],
  client: ['client', 'client_id'],
  user: ['user', 'remote_user', 'user_id', 'user.name', 'ClientUsername'],
  ip: [
    ...['ip', 'client_ip', 'remote_addr', 'remote_ip', 'remote', 'remoteAddress', 'req.remoteAddress'],
    ...['request.client_ip', 'request.remote_ip', 'request.remote_addr', 'ClientHost', 'ClientAddr'],
    ...['client.ip', 'client.address', 'source.ip', 'source.address', 'httpRequest.remoteIp'],
  ],
  forwarded: ['x_forwarded_for', 'xff', 'http_x_forwarded_for'],
  method: [
    ...['method', 'request_method', 'http_method', 'verb', 'req.method', 'request.method', 'RequestMethod'],
    ...['http.request.method', 'httpRequest.requestMethod'],
  ],
  url: [
    ...['url', 'uri', 'request_uri', 'path', 'target', 'req.url', 'request.uri', 'request.url', 'request.path'],
    ...['RequestPath', 'url.path', 'url.original', 'url.full', 'http.request.path', 'httpRequest.requestUrl'],
  ],
  status: [
    ...['status', 'code', 'response_code', 'status_code', 'statusCode', 'http_status', 'res.statusCode'],
    ...['response.status', 'response.status_code', 'DownstreamStatus', 'http.response.status_code'],
    ...['httpRequest.status'],
  ],
  durationMs: ['duration_ms', 'latency_ms', 'responseTime', 'duration'],
  /** Google Cloud writes `0.012s`. */
  durationSeconds: ['request_time', 'httpRequest.latency'],
  /** Traefik, and the Elastic Common Schema. */
  durationNanoseconds: ['Duration', 'event.duration'],
} as const;

/** Where shippers put a line, or an entry as text; they may put it into each other's. */
const WRAPS = ['message', 'log', 'line'];
const MAX_WRAPS = 3;

/** Lines of the W3C's format that tell of the others. */
const DIRECTIVE = /^#(?:Fields|Version|Software|Date|Start-Date|End-Date|Remark):/;

function parseAccessLog({ body, contentType, options }: AdapterInput): ParsedRequest {
  const type = mediaType(contentType);
  if (!isJsonType(type) && !isTextType(type)) {
    throw new HeadroomError(
      'unsupported',
      `Content-Type ${JSON.stringify(type.slice(0, 100))} is not supported for access logs: send text/plain, application/json or application/x-ndjson.`,
    );
  }
  const reader = createLogReader(options);
  const read = isJsonType(type) || looksLikeJson(body) ? readJson(body, contentType, reader) : undefined;
  if (!read) return parseLines(body, options, reader);
  const wrapped = read.single ? findField(read.values[0], 'logs') : undefined;
  const values = Array.isArray(wrapped) ? wrapped : read.values;
  const events = new EventCollector(options, read.unreadable);
  values.forEach((value, at) => {
    const event = reader.value(value);
    if (event !== undefined) events.take(Array.isArray(wrapped) ? at : read.indexes[at]!, value, event);
  });
  return events.finish();
}

/** The values of a body of JSON; undefined where lines of a text log stand among them: then each line is read by itself. */
function readJson(body: Uint8Array, contentType: string, reader: LogReader): JsonBody | undefined {
  try {
    const read = readJsonBody(body, isJsonType(contentType) ? contentType : 'application/x-ndjson');
    return read.unreadable.length > 0 && hasTextLine(body, reader) ? undefined : read;
  } catch (error) {
    if ((error as HeadroomError).code === 'unreadable' && hasTextLine(body, reader)) return undefined;
    throw error;
  }
}

function hasTextLine(body: Uint8Array, reader: LogReader): boolean {
  for (const text of readLogLines(body)) {
    if (!text.startsWith('{') && typeof reader.line(text) === 'object') return true;
  }
  return false;
}

/** Old logs hold Latin-1; their lines count all the same. */
function parseLines(body: Uint8Array, options: SourceOptions, reader: LogReader): ParsedRequest {
  const events = new EventCollector(options);
  let index = 0;
  for (const text of readLogLines(body)) {
    if (text.trim() === '') continue;
    const event = reader.line(text);
    if (event !== undefined) events.take(index, text, event);
    index += 1;
  }
  if (index === 0) throw new HeadroomError('unreadable', 'The body is empty: send one line of a log per call.');
  return events.finish();
}

interface LogReader {
  line(text: string): UsageEvent | string | undefined;
  value(value: unknown): UsageEvent | string | undefined;
}

/**
 * Readers of one line of text, and of one value of a JSON log: the event, or what is wrong. A `#Fields:` line holds for
 * those behind it; it and its like are no events: undefined.
 */
export function createLogReader(options: SourceOptions): LogReader {
  const reader = new EventReader(options);
  const mapper = findMapper(options);

  let formats = options.format === undefined ? undefined : getLogFormats(options.format);

  function readLine(text: string): UsageEvent | string | undefined {
    const value = parseObject(text);
    if (value) return readValue(value);
    if (DIRECTIVE.test(text)) {
      if (!text.startsWith('#Fields:')) return undefined;
      formats = [];
      try {
        formats = [new LogFormat(text.trimEnd())];
        return undefined;
      } catch (error) {
        return (error as Error).message;
      }
    }
    const line = formats ? readFormatted(text, formats, mapper !== undefined) : parseAccessLine(text);
    if (typeof line === 'string') return `Not read: ${line}.`;
    const ip = line.ip ?? line.forwarded;
    const fields: EventFields = {
      id: line.id,
      time: line.timeMs,
      client: line.user ?? ip,
      method: line.method,
      url: line.url && toTarget(line.url),
      status: line.status,
      user: line.user,
      ip,
      duration_ms: Number.isNaN(line.durationMs) ? undefined : line.durationMs,
    };
    return reader.read(mapper ? withClientAddress(mapper.read({ ...line.named, ...line }, fields)) : fields);
  }

  /** `shipped` is the shipper's own time of an entry, which holds where the entry has none. */
  function readValue(value: unknown, shipped?: unknown, depth = 0): UsageEvent | string | undefined {
    if (typeof value === 'string') return readLine(value);
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      return `The entry is ${describeValue(value)}: send a line of a log, or an object.`;
    }
    const message = firstOf(value, WRAPS);
    if (
      typeof message === 'string' &&
      firstOf(value, NAMES.status) === undefined &&
      firstOf(value, NAMES.url) === undefined
    ) {
      const inner = depth < MAX_WRAPS ? parseObject(message) : undefined;
      return inner ? readValue(inner, firstOf(value, NAMES.time) ?? shipped, depth + 1) : readLine(message.trim());
    }
    const fields = toFields(value);
    return readFields(value, { ...fields, time: fields.time ?? shipped });
  }

  /** An entry is not counted without its route or status where these stand under names that are not known. */
  function readFields(log: object, own: EventFields): UsageEvent | string {
    const fields = mapper ? withClientAddress(mapper.read(log, own)) : own;
    const missing = {
      url: (fields.url ?? fields.route) === undefined && typeof (log as Fields).request !== 'string',
      status: firstOf(log, NAMES.status) === undefined,
    };
    return ((missing.url || missing.status) && findUnread(log, missing)) || reader.read(fields);
  }

  return { line: readLine, value: (value) => readValue(value) };
}

/** Reads a line by the first of these formats that it fits; else tells how far it fits the nearest. */
function readFormatted(text: string, formats: readonly LogFormat[], withNames: boolean): AccessLine | string {
  let nearest: LineFault = { fits: -1, error: 'the source has no format for lines of text, only for JSON' };
  for (const format of formats) {
    const line = format.read(text, withNames);
    if (!('error' in line)) return line;
    if (line.fits > nearest.fits) nearest = line;
  }
  return nearest.error;
}

/** Whether an object is rather an entry of a log than an event in our own fields: by what names its client and time. */
export function isLogEntry(value: object): boolean {
  const { client, time } = value as EventFields;
  return client === undefined || (time === undefined && firstOf(value, NAMES.time) !== undefined);
}

function toFields(log: object): EventFields {
  const { id: _, time: __, url: ___, status: ____, ...own } = log as EventFields;
  const user = toText(firstText(log, NAMES.user));
  const forwarded = firstOf(log, NAMES.forwarded);
  const ip = withoutPort(firstText(log, NAMES.ip) ?? forwarded);
  const line = firstOf(log, ['request']);
  const request = typeof line === 'string' ? /^(\S+) (.+?)(?: HTTP\/\S+)?$/.exec(line) : null;
  const id = firstOf(log, NAMES.id);
  const time = firstOf(log, NAMES.time);
  const status = firstOf(log, NAMES.status);
  const durationMs = readDuration(log);
  const url = firstText(log, NAMES.url) ?? request?.[2];
  return {
    ...own,
    // A counter of the process (pino's default) is no id: it begins again at each start.
    id: typeof id === 'string' ? id : undefined,
    time: toTime(time),
    client: toText(firstText(log, NAMES.client)) ?? user ?? ip,
    user,
    ip,
    method: firstOf(log, NAMES.method) ?? request?.[1],
    url: typeof url === 'string' ? toTarget(url) : url,
    // No answer was sent: the client hung up, or the upstream did.
    status: Number(status) === 0 ? undefined : status,
    duration_ms: durationMs,
  };
}

function readDuration(log: object): number | undefined {
  const written = firstOf(log, NAMES.durationSeconds);
  const seconds = toNumber(typeof written === 'string' ? written.replace(/(?<=\d)s$/, '') : written);
  if (seconds !== undefined) return seconds * 1000;
  const nanoseconds = toNumber(firstOf(log, NAMES.durationNanoseconds));
  if (nanoseconds !== undefined) return nanoseconds / 1e6;
  const duration = toNumber(firstOf(log, NAMES.durationMs));
  // Caddy, which puts the request into an object, counts seconds.
  const inSeconds = duration !== undefined && isFields((log as Fields).request) && Object.hasOwn(log, 'duration');
  return inSeconds ? duration * 1000 : duration;
}

/** The first that is no object: a name of one schema may be a group of fields in another. */
function firstText(log: object, names: readonly string[]): unknown {
  for (const name of names) {
    const value = firstOf(log, [name]);
    if (value !== undefined && typeof value !== 'object') return value;
  }
  return undefined;
}

/** Who is named as client may be an address, whose port is another one for each connection. */
function withClientAddress(fields: EventFields): EventFields {
  return { ...fields, client: withoutPort(fields.client) };
}

function parseObject(text: string): object | undefined {
  if (!text.trimStart().startsWith('{')) return undefined;
  try {
    return JSON.parse(text) as object;
  } catch {
    return undefined;
  }
}

function isTextType(type: string): boolean {
  return type === '' || type.startsWith('text/') || type === 'application/octet-stream';
}

/** Tells by its first characters whether a body is JSON. */
export function looksLikeJson(body: Uint8Array): boolean {
  const start = Buffer.from(body.buffer, body.byteOffset, Math.min(body.length, 100))
    .toString()
    .replace(/^[\ufeff\s]+/, '');
  // Lines may begin with a time or an address in brackets.
  return /^(?:\{|\[\s*[[{"\]])/.test(start);
}
