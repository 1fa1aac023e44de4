import type { Adapter, AdapterInput, ParsedRequest } from './adapter.ts';
import { EventCollector, type Fields } from './event-collector.ts';
import { describeValue, type EventFields } from './event-fields.ts';
import { compilePaths, type FieldMap, toMapper } from './field-map.ts';
import {
  type Attributes,
  isUnset,
  type OtlpRecord,
  readAttributes,
  readOtlp,
  toDuration,
  toRequest,
  toTime,
} from './otlp-messages.ts';
import { takeMetrics } from './otlp-metrics.ts';
import { SPAN_KINDS } from './source-options.ts';

/**
 * OpenTelemetry over OTLP/HTTP: each SERVER span, each log record of a request and each data point of a request metric is an
 * event, by the names of the semantic conventions, stable and old. All other spans, records and metrics say nothing of calls;
 * they are noted by what they are. The client is `api.client.id`, else `enduser.id`, else `service.name`.
 * Options of the source: `spans` (`client` counts outgoing calls), `metrics` (names of what counts calls).
 * Source: https://opentelemetry.io/docs/specs/otlp and /docs/specs/semconv/http.
 */
export const otlpAdapter: Adapter = { name: 'otlp', parse: parseOtlp };

const MISSING_CLIENT = 'send it as the attribute api.client.id, enduser.id or service.name.';

const MISSING_KIND = 'kind is missing, though the span is of a request: send 2 (server) or 3 (client).';

/** Any of these makes a log record one of a request. */
const findRequest = compilePaths(
  'http.request.method|http.response.status_code|http.route|http.method|http.status_code|http.target',
);

function parseOtlp({ body, contentType, options }: AdapterInput): ParsedRequest {
  const { signal, entries } = readOtlp(body, contentType, options.signal);
  const events = new EventCollector(options);
  if (signal === 'metrics') {
    const cumulative = takeMetrics(entries, events, options.metrics, toEventFields, MISSING_CLIENT);
    return { ...events.finish(), ...(cumulative.length > 0 ? { cumulative } : {}) };
  }
  const counted = options.spans ?? ['server'];
  entries.forEach((entry, index) => {
    if ('fault' in entry) {
      events.reject(index, entry.value, entry.fault);
      return;
    }
    const { record, origin } = entry;
    const sent = toRequest(signal, record, origin);
    const kind = signal === 'traces' ? toKind(record.kind) : undefined;
    if (kind !== undefined && !counted.some((each) => each === kind)) {
      events.note(`spans of kind ${kind}`);
      return;
    }
    const attributes = readRecordAttributes(entry);
    if (typeof attributes === 'string') {
      events.take(index, record, attributes, sent);
      return;
    }
    const isRequest = findRequest(attributes) !== undefined;
    if (kind === undefined && !isRequest)
      events.note(signal === 'logs' ? 'log records of no request' : 'spans without kind');
    else if (signal === 'traces' && kind === undefined) events.take(index, record, MISSING_KIND, sent);
    else {
      const own = signal === 'logs' ? readLogRecord(record, attributes) : readSpan(record);
      const fields: EventFields = { ...toEventFields(attributes), ...own };
      const fault = signal === 'traces' ? findIdFault(record) : undefined;
      const named = events.mapper ? { ...attributes, span: record } : attributes;
      if (fault !== undefined) events.take(index, fields, fault, sent);
      else events.add(index, fields, named, MISSING_CLIENT, sent);
    }
  });
  return events.finish();
}

/** The attributes of a record over those of its resource, or what is wrong with them. */
function readRecordAttributes({ record, resource }: OtlpRecord): Attributes | string {
  try {
    return { ...resource, ...readAttributes(record) };
  } catch (error) {
    return (error as Error).message;
  }
}

function readSpan({ traceId, spanId, startTimeUnixNano, endTimeUnixNano }: Fields): EventFields {
  return {
    id: `${toHex(traceId)}${toHex(spanId)}`,
    time: toTime(startTimeUnixNano),
    duration_ms: toDuration(startTimeUnixNano, endTimeUnixNano),
  };
}

function readLogRecord({ timeUnixNano, observedTimeUnixNano }: Fields, attributes: Attributes): EventFields {
  return {
    id: attributes['log.record.uid'],
    time: toTime(isUnset(timeUnixNano) ? observedTimeUnixNano : timeUnixNano),
  };
}

/** Attributes that say the fields of an event, all but its id and time. */
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

function toEventFields(attributes: Attributes): EventFields {
  const fields = toMapper(NAMES).read(attributes);
  // `_OTHER` stands for methods that the instrumentation does not know.
  if (fields.method === '_OTHER') fields.method = attributes['http.request.method_original'] ?? fields.method;
  return fields;
}

/** Enums are numbers in OTLP's JSON; protobuf's own JSON writes their names. Undefined where it is unset. */
function toKind(kind: unknown): string | undefined {
  const number = Number(kind);
  if (kind === undefined || kind === null || kind === 'SPAN_KIND_UNSPECIFIED' || number === 0) return undefined;
  const name = SPAN_KINDS.find((each, at) => number === at + 1 || kind === `SPAN_KIND_${each.toUpperCase()}`);
  return name ?? describeValue(kind);
}

/** An id as lower-case hex: OTLP's JSON writes hex, protobuf's own base64, which is shorter and never of the same length. */
function toHex(id: unknown): unknown {
  if (typeof id !== 'string') return id;
  const isBase64 = (id.length === 24 || id.length === 12) && /^[A-Za-z0-9+/]+={1,2}$/.test(id);
  return isBase64 ? Buffer.from(id, 'base64').toString('hex') : id.toLowerCase();
}

/** A span whose ids break the rules cannot be known again when it is sent again. */
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
