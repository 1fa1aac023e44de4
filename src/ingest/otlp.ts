import type { Adapter, AdapterInput, ParsedRequest } from './adapter.ts';
import { EventCollector, firstOf } from './event-collector.ts';
import { describeValue, type EventFields } from './event-fields.ts';
import { toText } from './field-map.ts';
import { SPAN_KINDS } from './otlp-kinds.ts';
import { type Attributes, type OtlpRecord, readAttributes, readOtlp } from './otlp-messages.ts';
import { listDataPoints } from './otlp-metrics.ts';
import { isUnset, toDuration, toTime } from './otlp-time.ts';
import { toTarget } from './route-template.ts';

/**
 * OpenTelemetry over OTLP/HTTP: each SERVER span, each log record of a request and each delta data point of a request
 * metric is an event, by the names of the semantic conventions, stable and old. All other spans, records and metrics say
 * nothing of calls and are passed over. The client is `api.client.id`, else `enduser.id`, else `service.name`.
 * Options of the source: `spans` (`client` counts outgoing calls), `metrics` (names of what counts calls).
 * Source: https://opentelemetry.io/docs/specs/otlp and /docs/specs/semconv/http.
 */
export const otlpAdapter: Adapter = { name: 'otlp', parse: parseOtlp };

const MISSING_CLIENT = 'send it as the attribute api.client.id, enduser.id or service.name.';

const MISSING_KIND = 'kind is missing, though the span is of a request: send 2 (server) or 3 (client).';

/** Any of these makes a log record one of a request. */
const REQUEST_ATTRIBUTES = [
  'http.request.method',
  'http.response.status_code',
  'http.route',
  'http.method',
  'http.status_code',
  'http.target',
];

function parseOtlp({ body, contentType, options }: AdapterInput): ParsedRequest {
  const { signal, records } = readOtlp(body, contentType, options.signal);
  const events = new EventCollector(options);
  if (signal === 'metrics') {
    listDataPoints(records, options.metrics).forEach(({ attributes, own, fault }, index) => {
      const fields: EventFields = { ...toFields(attributes), ...own };
      if (fault !== undefined) events.reject(index, fields, fault);
      // Nobody called in this span.
      else if (fields.count !== 0) events.add(index, fields, attributes, MISSING_CLIENT);
    });
    return events.finish();
  }
  const { spans = ['server'] } = options;
  records.forEach(({ record, resource }, index) => {
    const counts = signal !== 'traces' || spans.some((kind) => isKind(record.kind, kind));
    if (!counts && !isUnset(record.kind)) return;
    const attributes: Attributes = { ...resource, ...readAttributes(record) };
    if (!counts) {
      if (firstOf(attributes, REQUEST_ATTRIBUTES) !== undefined) events.reject(index, record, MISSING_KIND);
      return;
    }
    if (signal === 'logs' && firstOf(attributes, REQUEST_ATTRIBUTES) === undefined) return;
    const own = signal === 'logs' ? readLogRecord(record, attributes) : readSpan(record);
    const fields: EventFields = { ...toFields(attributes), ...own };
    const fault = signal === 'traces' ? findIdFault(record) : undefined;
    if (fault !== undefined) events.reject(index, fields, fault);
    else events.add(index, fields, { ...attributes, span: record }, MISSING_CLIENT);
  });
  return events.finish();
}

function readSpan({ traceId, spanId, startTimeUnixNano, endTimeUnixNano }: OtlpRecord['record']): EventFields {
  return {
    id: `${traceId}${spanId}`.toLowerCase(),
    time: toTime(startTimeUnixNano),
    duration_ms: toDuration(startTimeUnixNano, endTimeUnixNano),
  };
}

function readLogRecord(
  { timeUnixNano, observedTimeUnixNano }: OtlpRecord['record'],
  attributes: Attributes,
): EventFields {
  return {
    id: attributes['log.record.uid'],
    time: toTime(isUnset(timeUnixNano) ? observedTimeUnixNano : timeUnixNano),
  };
}

/** Turns attributes into the fields of an event, all but its id and time. */
function toFields(attributes: Attributes): EventFields {
  const find = (...names: string[]) => firstOf(attributes, names);
  const method = find('http.request.method', 'http.method');
  const target = find('url.path', 'http.target');
  const status = find('http.response.status_code', 'http.status_code');
  return {
    client: toText(find('api.client.id', 'enduser.id', 'service.name')),
    // `_OTHER` stands for methods that the instrumentation does not know.
    method: (method === '_OTHER' ? find('http.request.method_original') : undefined) ?? method,
    route: find('http.route'),
    url: typeof target === 'string' ? toTarget(target) : find('url.full', 'http.url'),
    status: status === 0 ? undefined : status,
    user: toText(find('enduser.id', 'user.id')),
    ip: find('client.address', 'http.client_ip'),
    module: find('api.module'),
    api_version: toText(find('api.version')),
    function: find('api.function'),
    initiator: find('api.initiator'),
    kind: find('api.kind'),
    scope: find('api.scope'),
    records: find('api.records'),
    credits: find('api.credits'),
  };
}

/** Enums are numbers in OTLP's JSON; some senders write their names all the same. */
function isKind(kind: unknown, counted: (typeof SPAN_KINDS)[number]): boolean {
  return Number(kind) === SPAN_KINDS.indexOf(counted) + 1 || kind === `SPAN_KIND_${counted.toUpperCase()}`;
}

/** A span whose ids break the rules cannot be known again when it is sent again. */
function findIdFault({ traceId, spanId }: OtlpRecord['record']): string | undefined {
  for (const [name, value, length] of [
    ['traceId', traceId, 32],
    ['spanId', spanId, 16],
  ] as const) {
    const valid = typeof value === 'string' && value.length === length && /^[0-9a-f]*[1-9a-f][0-9a-f]*$/i.test(value);
    if (!valid) return `${name} is ${describeValue(value)}: send ${length} hex digits that are not all 0.`;
  }
  return undefined;
}
