import { HeadroomError } from '../errors.ts';
import { type AccessLine, parseAccessLine } from './access-log-line.ts';
import type { Adapter, AdapterInput } from './adapter.ts';
import { readLogLines } from './body.ts';
import {
  createAdapter,
  type Entry,
  Fault,
  type Fields,
  type Found,
  findUnread,
  isFields,
  toFields,
} from './entries.ts';
import { describeValue, type EventFields, toTarget } from './event-fields.ts';
import { compilePaths, type FieldMap, OWN_NAMES, toMapper } from './field-map.ts';
import { isJsonType, JSON_TYPE, mediaType, readJsonBody } from './json-body.ts';
import { parseJson } from './json-scan.ts';
import type { LineFault, LogFormat } from './log-format.ts';
import { getLogFormats } from './log-presets.ts';
import type { SourceOptions } from './source-options.ts';

/**
 * Reads access logs: lines of the Common or Combined format, or JSON with the field names of nginx, Envoy, Caddy, Traefik, Fluent
 * Bit, syslog-ng, morgan, pino, the Elastic Common Schema and Google Cloud. JSON may be objects, an array, one object a line, or
 * lines inside `message` (Vector). The client is the user, else the IP; `client` or `client_id` of a JSON log goes before both.
 */
export const accessLogAdapter = createAdapter('access-log', openAccessLog);

/** Field names in JSON logs, the most reliable first. */
const NAMES = {
  id: 'id|request_id|requestId|x_request_id|req.id|insertId',
  time: 'msec|start_time|time|timestamp|@timestamp|ts|date|time_iso8601|time_local|StartUTC|StartLocal',
  client: 'client|client_id',
  user: 'user|remote_user|user_id|user.name|ClientUsername',
  ip:
    'ip|client_ip|remote_addr|remote_ip|remote|remoteAddress|req.remoteAddress|request.client_ip|request.remote_ip' +
    '|request.remote_addr|ClientHost|ClientAddr|client.ip|client.address|source.ip|source.address|httpRequest.remoteIp' +
    '|x_forwarded_for|xff|http_x_forwarded_for',
  method:
    'method|request_method|http_method|verb|req.method|request.method|RequestMethod|http.request.method' +
    '|httpRequest.requestMethod',
  url:
    'url|uri|request_uri|path|target|req.url|request.uri|request.url|request.path|RequestPath|url.path|url.original' +
    '|url.full|http.request.path|httpRequest.requestUrl',
  status:
    'status|code|response_code|status_code|statusCode|http_status|res.statusCode|response.status|response.status_code' +
    '|response.statusCode|DownstreamStatus|http.response.status_code|httpRequest.status',
  // nginx counts seconds, Traefik and the Elastic Common Schema nanoseconds.
  duration_ms:
    'request_time*1000|httpRequest.latency|Duration/1000000|event.duration/1000000|duration_ms|latency_ms|responseTime' +
    '|duration',
};
const LOG_MAP: FieldMap = { ...OWN_NAMES, ...NAMES };

/** Field names of the W3C's format, as CloudFront writes it in JSON. */
const W3C_MAP: FieldMap = {
  id: 'x-edge-request-id',
  time: 'timestamp(ms)|date+time+UTC|timestamp',
  user: 'cs-username',
  ip: 'c-ip',
  method: 'cs-method',
  url: 'cs-uri-stem|cs-uri',
  status: 'sc-status',
  duration_ms: 'time-taken',
};

const findId = compilePaths(NAMES.id);
const findTime = compilePaths(NAMES.time);
const findCall = compilePaths(`${NAMES.status}|${NAMES.url}`);

/** Finds the field into which a shipper puts a line, or an entry as text (GELF, journald, Elastic …). Shippers may nest. */
const findWrapped = compilePaths('message|log|line|MESSAGE|short_message|event.original');
const MAX_WRAPS = 3;

const LINES_TYPE = 'application/x-ndjson';

/** Matches types of text, and those of senders that know no type: libcurl calls every body a form by default. */
const TEXT_TYPE = /^$|^text\/|^application\/(?:octet-stream|x-www-form-urlencoded)$/;

/** Matches header lines of the W3C's format, which describe the lines after them. */
const DIRECTIVE = /^#(?:Fields|Version|Software|Date|Start-Date|End-Date|Remark):/;

export function openAccessLog({ body, contentType, options }: Omit<AdapterInput, 'headers' | 'receivedMs'>) {
  const type = mediaType(contentType);
  if (!isJsonType(type) && !TEXT_TYPE.test(type)) {
    throw new HeadroomError(
      'unsupported',
      `Content-Type ${JSON.stringify(type.slice(0, 100))} is not supported for access logs: send text/plain, application/json or application/x-ndjson.`,
    );
  }
  const read = createLogReader(options);
  const entries = options.map?.entries ?? 'logs';
  const isJson = isJsonType(type) || looksLikeJson(body);
  const values = isJson ? readJson(body, isJsonType(type) ? contentType : LINES_TYPE, entries, read) : undefined;
  if (!values && body.every((byte) => byte <= 32))
    throw new HeadroomError('unreadable', 'The body is empty: send one line of a log per call.');
  return { values: values ?? readLogLines(body), toEntry: (value: unknown) => toFound(read(value), value) };
}

/** Adds the `sent` value to an entry that was read, or makes a fault of an error. */
export function toFound(read: ReturnType<LogReader>, sent: unknown): Found {
  if (typeof read === 'string') return new Fault(read, sent);
  if (read) read.sent = sent;
  return read;
}

/** Reads the values of a JSON body; undefined if lines of a text log are among them, so that each line must be read by itself. */
function readJson(body: Uint8Array, type: string, entries: string, read: LogReader): unknown[] | undefined {
  const hasTextLine = (): boolean =>
    readLogLines(body).some((text) => !text.startsWith('{') && typeof read(text) === 'object');
  try {
    const { values } = readJsonBody(body, type, { entries, isLog: true });
    return values.some((value) => value instanceof Fault) && hasTextLine() ? undefined : values;
  } catch (error) {
    if ((error as HeadroomError).code === 'unreadable' && hasTextLine()) return undefined;
    throw error;
  }
}

/** Reads one line of text, or one value of a JSON log. Returns the entry or what is wrong with it; undefined if it is not a call. */
type LogReader = (value: unknown) => Entry | string | undefined;

/** Creates a reader for the lines of a log, which must come in order: a `#Fields:` line holds for the lines after it. */
export function createLogReader(options: SourceOptions): LogReader {
  const isMapped = options.map !== undefined;
  let formats = options.format === undefined ? undefined : getLogFormats(options.format);

  function readLine(text: string): Entry | string | undefined {
    const value = parseObject(text);
    if (value) return readValue(value);
    if (DIRECTIVE.test(text)) {
      if (!text.startsWith('#Fields:')) return undefined;
      formats = [];
      try {
        formats = getLogFormats(text.trimEnd());
        return undefined;
      } catch (error) {
        return (error as Error).message;
      }
    }
    const named = isMapped ? {} : undefined;
    const line = formats ? readFormatted(text, formats, options.zone, named) : parseAccessLine(text);
    if (typeof line === 'string') return `Not read: ${line}.`;
    line.ip ??= line.forwarded;
    line.client = line.user ?? line.ip;
    if (line.url !== undefined) line.url = toTarget(line.url);
    return isMapped ? { fields: line, object: { ...named, ...line }, isOpen: false } : { fields: line };
  }

  /** `shipped` is the shipper's time of an entry, used if the entry has none. */
  function readValue(value: unknown, shipped?: unknown, depth = 0): Entry | string | undefined {
    if (typeof value === 'string') return readLine(value);
    if (!isFields(value)) return `The entry is ${describeValue(value)}: send a line of a log, or an object.`;
    if (isBulkAction(value)) return undefined;
    if (findCall(value) === undefined) {
      const message = findWrapped(value);
      const inner = typeof message === 'string' ? parseObject(message) : isMapped ? undefined : findInner(value);
      if (inner && depth < MAX_WRAPS) return readValue(inner, findTime(value) ?? shipped, depth + 1);
      if (typeof message === 'string') return readLine(message.trimEnd());
    }
    const fields = readNames(value);
    fields.time ??= shipped;
    return { fields, object: value, isOpen: true };
  }

  return (value) => readValue(value);
}

/** Reads a line by the first of these formats that it fits; otherwise returns the error of the format that fits furthest. */
function readFormatted(
  text: string,
  formats: readonly LogFormat[],
  zone: string | undefined,
  named: Record<string, string> | undefined,
): AccessLine | string {
  let nearest: LineFault = { fits: -1, error: 'the source has no format for lines of text, only for JSON' };
  for (const format of formats) {
    const line = format.read(text, zone, named);
    if (!('error' in line)) return line;
    if (line.fits > nearest.fits) nearest = line;
  }
  return nearest.error;
}

/** Tells by the names of client and time whether an object is an entry of a log rather than an event in our own fields. */
export function isLogEntry(value: object): boolean {
  const { client, time } = value as EventFields;
  return client === undefined || (time === undefined && findTime(value) !== undefined);
}

/** Reads the fields of an entry by known names. */
function readNames(log: Fields): EventFields {
  const isW3c = 'sc-status' in log || 'cs-uri-stem' in log;
  const fields = toMapper(isW3c ? W3C_MAP : LOG_MAP).read(log);
  fields.client ??= fields.user ?? fields.ip;
  if (fields.url === undefined && typeof log.request === 'string') {
    const request = /^(\S+) (.+?)(?: HTTP\/\S+)?$/.exec(log.request);
    fields.method ??= request?.[1];
    fields.url = request && toTarget(request[2]!);
  }
  if (isW3c) {
    // CloudFront counts seconds with decimals, IIS whole milliseconds.
    if (String(log['time-taken']).includes('.')) fields.duration_ms = Number(fields.duration_ms) * 1000;
    return fields;
  }
  // A counter of the process (pino's default) cannot be an id, since it begins again at each start.
  if (typeof findId(log) !== 'string') fields.id = undefined;
  // Caddy, which puts the request into an object, counts seconds.
  if (isFields(log.request) && typeof log.duration === 'number') fields.duration_ms = log.duration * 1000;
  return fields;
}

/** Finds the entry that an application's logger nests inside its own, unless the outer one describes a call too. */
function findInner({ message, meta, ...others }: Fields): object | undefined {
  const inner = [message, meta].find(isFields);
  return inner && findUnread(others, { url: true, status: true }) === undefined ? inner : undefined;
}

/** Tells whether a value is the action line before each entry of Elastic's bulk format. */
function isBulkAction(value: Fields): boolean {
  return (isFields(value.index) || isFields(value.create)) && Object.keys(value).length === 1;
}

function parseObject(text: string): object | undefined {
  return text.trimStart().startsWith('{') ? (parseJson(text) as object | undefined) : undefined;
}

/** Tells by its first characters whether a body is JSON. */
export function looksLikeJson(body: Uint8Array): boolean {
  const start = Buffer.from(body.buffer, body.byteOffset, Math.min(body.length, 100))
    .toString()
    .replace(/^[\ufeff\s]+/, '');
  // Lines may begin with a time or an address in brackets.
  return /^(?:\{|\[\s*[[{"\]])/.test(start);
}

/** Takes the log entry and its time out of a shipper's envelope. */
type OpenLog = (envelope: Fields) => { log: unknown; time: unknown };

/** Creates an adapter for log shippers. The entry in the envelope is read like an access log: a line, or JSON with known names. */
function createShipperAdapter(name: string, entry: string, open: OpenLog): Adapter {
  return createAdapter<unknown>(name, ({ body, contentType, options }) => {
    // Ignore the content type: clients send that of a form, as curl does, or none.
    if (!looksLikeJson(body)) return openAccessLog({ body, contentType: 'text/plain', options });
    const type = isJsonType(contentType) ? contentType : JSON_TYPE;
    const { values } = readJsonBody(body, type, { entries: options.map?.entries });
    const read = createLogReader(options);
    return {
      values,
      toEntry(value) {
        if (!isFields(value)) return new Fault(`The entry is ${describeValue(value)}: send ${entry}.`, value);
        const { log, time } = open(value);
        // Pass it as `message` with the shipper's time, which the reader uses if the entry has none.
        const message = isFields(log) ? JSON.stringify(log) : log;
        return toFound(read(typeof message === 'string' ? { message, time } : log), value);
      },
    };
  });
}

/**
 * Reads Splunk's HTTP Event Collector: objects one after the other, each with the line or the entry in `event`.
 * Source: "Format events for HTTP Event Collector" of the Splunk documentation.
 */
export const splunkAdapter = createShipperAdapter('splunk-hec', 'an object with "event"', (entry) => ({
  // The raw endpoint gets the log itself, without envelope.
  log: 'event' in entry ? entry.event : entry,
  time: entry.time,
}));

const DATADOG_NAMES: FieldMap = {
  id: 'id',
  method: 'http.method',
  url: 'http.url_details.path|http.url',
  status: 'http.status_code',
  user: 'usr.id|usr.name',
  ip: 'network.client.ip',
  duration_ms: 'duration/1000000',
};

/**
 * Reads Datadog's logs intake: an array of objects with the line in `message`, or with attributes of Datadog's standard beside
 * it. Its `status` is a log level, its `duration` is in nanoseconds.
 */
export const datadogAdapter = createShipperAdapter('datadog', 'an object with "message"', (entry) => {
  const time = entry.timestamp ?? entry.date;
  const attributes = { ...entry, ...toFields(entry.attributes) };
  const log = toMapper(DATADOG_NAMES).read(attributes);
  return { log: log.status === undefined ? entry.message : log, time };
});
