import { createHash } from 'node:crypto';
import { createAdapter, Fault, type Fields, type Found, isFields } from './entries.ts';
import { describeValue, type EventFields } from './event-fields.ts';
import { compilePaths, type FieldMap, toMapper } from './field-map.ts';
import {
  type Attributes,
  isUnset,
  listFields,
  type OtlpEntry,
  type OtlpOrigin,
  type OtlpRecord,
  readAttributes,
  readOtlp,
  toDuration,
  toNanoseconds,
  toRequest,
  toTime,
} from './otlp-messages.ts';
import { SPAN_KINDS } from './source-options.ts';

/**
 * Reads OpenTelemetry over OTLP/HTTP: each SERVER span, each log record of a request and each data point of a request metric is
 * an event, by the names of the semantic conventions, stable and old. Other spans, records and metrics are not about calls and
 * only noted by kind. The client is `api.client.id`, else `enduser.id`, else `service.name`.
 * Options of the source: `spans` (`client` counts outgoing calls), `metrics` (names of metrics that count calls).
 * Source: https://opentelemetry.io/docs/specs/otlp and /docs/specs/semconv/http.
 */
export const otlpAdapter = createAdapter<OtlpRecord | PointEntry>('otlp', ({ body, contentType, options }) => {
  const { signal, entries } = readOtlp(body, contentType, options.signal);
  const counted: readonly string[] = options.spans ?? ['server'];
  return {
    values: signal === 'metrics' ? listPoints(entries, options.metrics ?? []) : entries,
    toEntry(entry) {
      if ('point' in entry) return readPoint(entry);
      return signal === 'logs' ? readLogRecord(entry) : readSpan(entry, counted);
    },
  };
});

const CURE = 'send it as the attribute api.client.id, enduser.id or service.name.';

/** Finds an attribute that shows that a record is about a request. */
const findRequest = compilePaths(
  'http.request.method|http.response.status_code|http.route|http.method|http.status_code|http.target',
);

function readSpan({ record, resource, origin }: OtlpRecord, counted: readonly string[]): Found {
  const { traceId, spanId, startTimeUnixNano, endTimeUnixNano } = record;
  const kind = toKind(record.kind);
  if (kind !== undefined && !counted.includes(kind)) return { note: `spans of kind ${kind}` };
  const sent = toRequest('traces', record, origin);
  const own = readAttributes(record);
  if (typeof own === 'string') return new Fault(own, sent, record);
  const attributes = { ...resource, ...own };
  if (kind === undefined) {
    return findRequest(attributes) === undefined
      ? { note: 'spans without kind' }
      : new Fault('kind is missing, though the span is of a request: send 2 (server) or 3 (client).', sent, record);
  }
  const fields: EventFields = {
    ...toEventFields(attributes),
    id: `${toHex(traceId)}${toHex(spanId)}`,
    time: toTime(startTimeUnixNano),
    duration_ms: toDuration(startTimeUnixNano, endTimeUnixNano),
  };
  const fault = findIdFault(record) ?? findTimeFault('startTimeUnixNano', startTimeUnixNano);
  if (fault !== undefined) return new Fault(fault, sent, fields);
  return { fields, object: { ...attributes, span: record }, sent, cure: CURE, nameOf: namesOf(attributes) };
}

function readLogRecord({ record, resource, origin }: OtlpRecord): Found {
  const { timeUnixNano, observedTimeUnixNano } = record;
  const sent = toRequest('logs', record, origin);
  const own = readAttributes(record);
  if (typeof own === 'string') return new Fault(own, sent, record);
  const attributes = { ...resource, ...own };
  if (findRequest(attributes) === undefined) return { note: 'log records of no request' };
  const fields: EventFields = {
    ...toEventFields(attributes),
    id: attributes['log.record.uid'],
    time: toTime(isUnset(timeUnixNano) ? observedTimeUnixNano : timeUnixNano),
  };
  const [name, time] = isUnset(timeUnixNano)
    ? ['observedTimeUnixNano', observedTimeUnixNano]
    : ['timeUnixNano', timeUnixNano];
  const fault = findTimeFault(name as string, time);
  if (fault !== undefined) return new Fault(fault, sent, fields);
  return { fields, object: attributes, sent, cure: CURE, nameOf: namesOf(attributes) };
}

/** Attributes for the fields of an event, except id and time. */
const NAMES: FieldMap = {
  client: 'api.client.id|enduser.id|service.name',
  method: 'http.request.method|http.method',
  route: 'http.route',
  url: 'url.path|http.target|url.full|http.url',
  status: 'http.response.status_code|http.status_code',
  user: 'enduser.id|user.id',
  ip: 'client.address|http.client_ip',
  module: 'api.module',
  api_version: 'api.version',
  function: 'api.function',
  initiator: 'api.initiator',
  kind: 'api.kind',
  scope: 'api.scope',
  records: 'api.records',
  credits: 'api.credits',
};

/** Attribute names by field. */
const SOURCES = new Map(Object.entries(NAMES).map(([field, names]) => [field, names.split('|')]));

function namesOf(attributes: Attributes): (field: string) => string | undefined {
  return (field) => SOURCES.get(field)?.find((name) => attributes[name] !== undefined);
}

/** Describes a wrong time in OTLP's terms, nanoseconds; the usual error would ask for text, seconds or milliseconds. */
function findTimeFault(name: string, value: unknown): string | undefined {
  if (isUnset(value)) return undefined;
  const time = toTime(value);
  if (typeof time === 'number') return undefined;
  const before = toNanoseconds(value) === undefined ? '' : ` that is ${time}, before 2000;`;
  return `${name} is ${describeValue(value)}:${before} send nanoseconds since 1970.`;
}

function toEventFields(attributes: Attributes): EventFields {
  const fields = toMapper(NAMES).read(attributes);
  // `_OTHER` stands for methods that the instrumentation does not know.
  if (fields.method === '_OTHER') fields.method = attributes['http.request.method_original'] ?? fields.method;
  return fields;
}

/** Reads the kind of a span: a number in OTLP's JSON, a name in protobuf's own JSON. Undefined if it is unset. */
function toKind(kind: unknown): string | undefined {
  const number = Number(kind);
  if (kind === undefined || kind === null || kind === 'SPAN_KIND_UNSPECIFIED' || number === 0) return undefined;
  const name = SPAN_KINDS.find((each, at) => number === at + 1 || kind === `SPAN_KIND_${each.toUpperCase()}`);
  return name ?? describeValue(kind);
}

/** Converts an id to lower-case hex. OTLP's JSON writes hex; protobuf's own JSON writes base64, which differs in length. */
function toHex(id: unknown): unknown {
  if (typeof id !== 'string') return id;
  const isBase64 = (id.length === 24 || id.length === 12) && /^[A-Za-z0-9+/]+={1,2}$/.test(id);
  return isBase64 ? Buffer.from(id, 'base64').toString('hex') : id.toLowerCase();
}

/** Finds an id of a span that breaks the rules: without valid ids a span that is sent twice would count twice. */
function findIdFault({ traceId, spanId }: Fields): string | undefined {
  for (const [name, value, length] of [
    ['traceId', traceId, 32],
    ['spanId', spanId, 16],
  ] as const) {
    const hex = toHex(value);
    const valid = typeof hex === 'string' && hex.length === length && /^[0-9a-f]*[1-9a-f][0-9a-f]*$/.test(hex);
    if (!valid) return `${name} is ${describeValue(value)}: send ${length} hex digits that are not all 0.`;
  }
  return undefined;
}

/** Histogram whose `count` is the number of calls, in the stable and the old semantic conventions. */
const STABLE_NAME = 'http.server.request.duration';
const OLD_NAME = 'http.server.duration';

const TYPES = ['histogram', 'exponentialHistogram', 'sum', 'gauge', 'summary'] as const;

const TEMPORALITIES = ['', 'AGGREGATION_TEMPORALITY_DELTA', 'AGGREGATION_TEMPORALITY_CUMULATIVE'];

const NO_COUNT = 'this is no count of calls. Send a monotonic sum or a histogram.';

/** Flag of a point without a recorded value. */
const NO_RECORDED_VALUE = 1;

/** A data point, with its metric. */
interface PointEntry extends OtlpRecord {
  type: (typeof TYPES)[number];
  point: Fields;
  isCounted: boolean;
}

/** Lists the data points of all metrics. Those of `named` metrics count, or without names those of the conventions. */
function* listPoints(entries: readonly OtlpEntry[], named: readonly string[]): Generator<PointEntry | Fault> {
  const stable = new Set<Attributes>();
  for (const entry of entries) {
    if (!(entry instanceof Fault) && entry.record.name === STABLE_NAME) stable.add(entry.resource);
  }
  for (const entry of entries) {
    if (entry instanceof Fault) {
      yield entry;
      continue;
    }
    const { record, resource } = entry;
    const type = TYPES.find((each) => isFields(record[each]));
    if (type === undefined) continue;
    // With `http/dup`, instrumentation counts each call under the old and the stable name: then use the stable one only.
    const byName = record.name === STABLE_NAME || (record.name === OLD_NAME && !stable.has(resource));
    const isCounted = named.length > 0 ? named.includes(String(record.name)) : byName;
    const points = listFields(record[type] as Fields, 'dataPoints');
    if (typeof points === 'string') yield new Fault(points, record);
    else for (const point of points) yield { ...entry, type, point, isCounted };
  }
}

/**
 * Reads a data point. A delta point is an event that stands for its calls, at the last millisecond of its span, with an id made
 * from its series and times, so that a repeated export counts once. The calls of a cumulative point depend on the points before
 * it, so the commit computes them.
 */
function readPoint({ record, resource, origin, type, point, isCounted }: PointEntry): Found {
  if (!isCounted) return { note: `data points of ${describeValue(record.name)}` };
  if ((Number(point.flags ?? 0) & NO_RECORDED_VALUE) !== 0) return undefined;
  const data = record[type] as Fields;
  const sent = toRequest('metrics', { ...record, [type]: { ...data, dataPoints: [point] } }, origin);
  const own = readAttributes(point);
  if (typeof own === 'string') return new Fault(own, sent, point);
  const attributes = { ...resource, ...own };
  const series = toSeries(record, type, origin, point);
  const [startNs, end] = [point.startTimeUnixNano, point.timeUnixNano].map((time) =>
    String(toNanoseconds(time ?? 0) ?? time),
  );
  const value = toValue(point);
  const isCumulative = type === 'summary' || toTemporality(data.aggregationTemporality) === 2;
  const fields: EventFields = {
    ...toEventFields(attributes),
    id: toHash(`${series} ${startNs} ${end}`),
    time: toPointTime(point),
    count: isCumulative ? 1 : value,
  };
  const fault = findPointFault({ record, type, point }, data, value);
  if (fault !== undefined) return new Fault(fault, sent, fields);
  const entry = { fields, object: attributes, sent, cure: CURE, nameOf: namesOf(attributes) };
  if (!isCumulative) return value === 0 ? undefined : entry;
  const endNs = toNanoseconds(point.timeUnixNano) ?? 0n;
  if (endNs === 0n) return new Fault('timeUnixNano is missing: send it.', sent, fields);
  return { ...entry, point: { series, startNs: startNs!, endNs, value: value as number } };
}

function findPointFault(
  { record, type, point }: Pick<PointEntry, 'record' | 'type' | 'point'>,
  data: Fields,
  value: unknown,
): string | undefined {
  const isTotal = type === 'sum' ? data.isMonotonic === true : type !== 'gauge';
  if (!isTotal) return `${describeValue(record.name)}: ${NO_COUNT}`;
  if (type !== 'summary' && toTemporality(data.aggregationTemporality) === 0) {
    return `aggregationTemporality is ${describeValue(data.aggregationTemporality)}: send 1 (delta) or 2 (cumulative).`;
  }
  const late = findTimeFault('timeUnixNano', point.timeUnixNano);
  if (late !== undefined) return late;
  if (Number.isSafeInteger(value) && (value as number) >= 0) return undefined;
  return `count is ${describeValue(value)}: send a whole number of calls from 0 on.`;
}

/** Reads a temporality, a number or a name; 0 if it is unset or unknown. */
function toTemporality(value: unknown): number {
  const number =
    typeof value === 'string' && TEMPORALITIES.includes(value) ? TEMPORALITIES.indexOf(value) : Number(value);
  return number === 1 || number === 2 ? number : 0;
}

/** Returns the last millisecond of a point's span [start, time), which keeps it on the right day. */
function toPointTime({ startTimeUnixNano, timeUnixNano }: Fields): unknown {
  const end = toTime(timeUnixNano);
  const start = isUnset(startTimeUnixNano) ? 0 : toTime(startTimeUnixNano);
  return typeof end === 'number' && typeof start === 'number' ? Math.max(start, end - 1) : end;
}

/** Reads the value of a point: integers may be text, numbers or bigint; protobuf's JSON writes `"NaN"` as text. */
function toValue({ count, asInt, asDouble }: Fields): unknown {
  const value = count ?? asInt;
  if (value === undefined || value === null) return typeof asDouble === 'string' ? Number(asDouble) : (asDouble ?? 0);
  const exact = toNanoseconds(value);
  return exact === undefined ? value : Number(exact);
}

/** Returns a hash that identifies a series by its resource, scope, metric, type and attributes, in any order. */
function toSeries({ name, unit }: Fields, type: string, origin: OtlpOrigin, point: Fields): string {
  const { resource, resourceSchema, scope, scopeSchema } = origin;
  const parts = [
    ...[toIdentity(resource.attributes), resourceSchema || '', scope.name || '', scope.version || ''],
    ...[toIdentity(scope.attributes), scopeSchema || '', name, unit || '', type, toIdentity(point.attributes)],
  ];
  // Write numbers as text, so that a series stays the same however they were sent.
  return toHash(
    JSON.stringify(parts, (key, value) => (typeof value === 'bigint' || key === 'intValue' ? String(value) : value)),
  );
}

/** Sorts attributes by key. */
function toIdentity(attributes: unknown): unknown {
  if (!Array.isArray(attributes)) return [];
  return attributes
    .filter(isFields)
    .map(({ key, value }) => [String(key), value] as const)
    .sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
}

/** Returns the SHA-256 of a text in hex. */
function toHash(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
