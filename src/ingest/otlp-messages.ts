import { HeadroomError } from '../errors.ts';
import { isFields } from './event-collector.ts';
import { describeValue } from './event-fields.ts';
import { mediaType, readJsonBody } from './json-body.ts';
import type { OtlpSignal } from './otlp-kinds.ts';
import { type FieldShape, type MessageShape, readMessage } from './protobuf.ts';

/** The names in which a signal nests its records: `resourceSpans[].scopeSpans[].spans[]`. */
const LEVELS: Readonly<Record<OtlpSignal, readonly [resources: string, scopes: string, records: string]>> = {
  traces: ['resourceSpans', 'scopeSpans', 'spans'],
  logs: ['resourceLogs', 'scopeLogs', 'logRecords'],
  metrics: ['resourceMetrics', 'scopeMetrics', 'metrics'],
};

// Shapes of opentelemetry-proto 1.x, by field number, with the fields that are used here.
const KEY_VALUE: MessageShape = {
  1: { name: 'key', type: 'text' },
  2: {
    name: 'value',
    type: {
      1: { name: 'stringValue', type: 'text' },
      2: { name: 'boolValue', type: 'bool' },
      3: { name: 'intValue', type: 'int64' },
      4: { name: 'doubleValue', type: 'double' },
    },
  },
};
const ATTRIBUTES: FieldShape = { name: 'attributes', type: KEY_VALUE, repeated: true };

const SPAN: MessageShape = {
  1: { name: 'traceId', type: 'hex' },
  2: { name: 'spanId', type: 'hex' },
  6: { name: 'kind', type: 'enum' },
  7: { name: 'startTimeUnixNano', type: 'fixed64' },
  8: { name: 'endTimeUnixNano', type: 'fixed64' },
  9: ATTRIBUTES,
};

const LOG_RECORD: MessageShape = {
  1: { name: 'timeUnixNano', type: 'fixed64' },
  6: ATTRIBUTES,
  11: { name: 'observedTimeUnixNano', type: 'fixed64' },
};

const POINT: MessageShape = {
  2: { name: 'startTimeUnixNano', type: 'fixed64' },
  3: { name: 'timeUnixNano', type: 'fixed64' },
};
const NUMBER_POINT: MessageShape = {
  ...POINT,
  4: { name: 'asDouble', type: 'double' },
  6: { name: 'asInt', type: 'sfixed64' },
  7: ATTRIBUTES,
};
const COUNT: FieldShape = { name: 'count', type: 'fixed64' };
const TEMPORALITY: FieldShape = { name: 'aggregationTemporality', type: 'enum' };

const METRIC: MessageShape = {
  1: { name: 'name', type: 'text' },
  5: { name: 'gauge', type: { 1: points(NUMBER_POINT) } },
  7: { name: 'sum', type: { 1: points(NUMBER_POINT), 2: TEMPORALITY, 3: { name: 'isMonotonic', type: 'bool' } } },
  9: { name: 'histogram', type: { 1: points({ ...POINT, 4: COUNT, 9: ATTRIBUTES }), 2: TEMPORALITY } },
  10: { name: 'exponentialHistogram', type: { 1: points({ ...POINT, 4: COUNT, 1: ATTRIBUTES }), 2: TEMPORALITY } },
  11: { name: 'summary', type: { 1: points({ ...POINT, 4: COUNT, 7: ATTRIBUTES }) } },
};

const SHAPES: Readonly<Record<OtlpSignal, MessageShape>> = {
  traces: toRequestShape('traces', SPAN),
  logs: toRequestShape('logs', LOG_RECORD),
  metrics: toRequestShape('metrics', METRIC),
};

function points(shape: MessageShape): FieldShape {
  return { name: 'dataPoints', type: shape, repeated: true };
}

function toRequestShape(signal: OtlpSignal, record: MessageShape): MessageShape {
  const [resources, scopes, records] = LEVELS[signal];
  const scope: MessageShape = {
    1: { name: 'scope', type: { 1: { name: 'name', type: 'text' }, 2: { name: 'version', type: 'text' } } },
    2: { name: records, type: record, repeated: true },
  };
  const resource: MessageShape = {
    1: { name: 'resource', type: { 1: ATTRIBUTES } },
    2: { name: scopes, type: scope, repeated: true },
  };
  return { 1: { name: resources, type: resource, repeated: true } };
}

/** Values of attributes by their keys, without lists and maps (no field of an event is one). */
export type Attributes = Readonly<Record<string, string | number | boolean>>;

/** One span, log record or metric, as plain data whichever encoding it came in, with who made it. */
export interface OtlpRecord {
  record: Readonly<Record<string, unknown>>;
  /** One object for all records of a resource. */
  resource: Attributes;
  /** Name and version of the instrumentation. */
  scope: string;
}

/**
 * The records of an export request, in JSON or protobuf. Without `signal`, JSON tells by its own names what it holds, and
 * protobuf is taken for traces. Throws `unsupported` for other content types, and `unreadable`.
 */
export function readOtlp(
  body: Uint8Array,
  contentType: string,
  expected: OtlpSignal | undefined,
): { signal: OtlpSignal; records: OtlpRecord[] } {
  const type = mediaType(contentType);
  let request: Readonly<Record<string, unknown>>;
  let signal: OtlpSignal;
  if (isOtlpProtobuf(type)) {
    signal = expected ?? 'traces';
    request = readMessage(body, SHAPES[signal]);
  } else if (type === 'application/json' || type === '') {
    request = readJsonRequest(body, contentType);
    signal = checkSignal(request, expected);
  } else {
    throw new HeadroomError(
      'unsupported',
      `Content-Type ${JSON.stringify(type.slice(0, 100))} is not supported for OTLP: send application/x-protobuf or application/json.`,
    );
  }
  return { signal, records: listRecords(request, signal) };
}

/** Whether a content type stands for OTLP in protobuf. */
export function isOtlpProtobuf(contentType: string): boolean {
  return /^application\/(x-)?protobuf$/.test(mediaType(contentType));
}

function readJsonRequest(body: Uint8Array, contentType: string): Readonly<Record<string, unknown>> {
  const { values, single } = readJsonBody(body, contentType);
  if (single && isFields(values[0])) {
    const request = toLowerCamel(values[0]) as Readonly<Record<string, unknown>>;
    const known = Object.values(LEVELS).some(([resources]) => Object.hasOwn(request, resources));
    if (known || Object.keys(request).length === 0) return request;
  }
  throw new HeadroomError('unreadable', 'The body is not one export request: send an object with "resourceSpans".');
}

/** Field names as the specification has them, of those that protobuf writes: `resource_spans`, `int_value`. */
function toLowerCamel(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(toLowerCamel);
  if (!isFields(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, field]) => [
      name.includes('_') ? name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase()) : name,
      toLowerCamel(field),
    ]),
  );
}

/** What a request in JSON holds. Throws where it is sent to the endpoint of another signal: there it would be dropped. */
function checkSignal(request: Readonly<Record<string, unknown>>, expected: OtlpSignal | undefined): OtlpSignal {
  const found = (Object.keys(LEVELS) as OtlpSignal[]).find((signal) => Object.hasOwn(request, LEVELS[signal][0]));
  if (expected !== undefined && found !== undefined && found !== expected) {
    throw new HeadroomError(
      'unreadable',
      `The body holds ${LEVELS[found][0]}, not ${LEVELS[expected][0]}: send it to /v1/${found}.`,
    );
  }
  return expected ?? found ?? 'traces';
}

function listRecords(request: Readonly<Record<string, unknown>>, signal: OtlpSignal): OtlpRecord[] {
  const [resources, scopes, records] = LEVELS[signal];
  const listed: OtlpRecord[] = [];
  for (const resource of listFields(request, resources)) {
    const attributes = readAttributes(isFields(resource.resource) ? resource.resource : {});
    for (const scope of listFields(resource, scopes)) {
      const { name, version } = isFields(scope.scope) ? scope.scope : {};
      const label = `${name ?? ''} ${version ?? ''}`.trim();
      for (const record of listFields(scope, records)) listed.push({ record, resource: attributes, scope: label });
    }
  }
  return listed;
}

/** The objects of a list; none where it is absent. Throws `unreadable` for anything else. */
export function listFields(
  parent: Readonly<Record<string, unknown>>,
  name: string,
): readonly Readonly<Record<string, unknown>>[] {
  const list = parent[name];
  if (list === undefined || list === null) return [];
  const wrong = Array.isArray(list) ? list.find((value) => !isFields(value)) : list;
  if (wrong === undefined) return list as Readonly<Record<string, unknown>>[];
  throw new HeadroomError('unreadable', `${name} holds ${describeValue(wrong)}: send an array of objects.`);
}

/** The attributes of a resource, span, log record or data point. Whole numbers may come as text, as JSON's int64 does. */
export function readAttributes(parent: Readonly<Record<string, unknown>>): Attributes {
  const attributes: Record<string, string | number | boolean> = {};
  for (const { key, value } of listFields(parent, 'attributes')) {
    if (typeof key !== 'string' || !isFields(value)) continue;
    const { stringValue, intValue, doubleValue, boolValue } = value;
    if (typeof stringValue === 'string') attributes[key] = stringValue;
    else if (intValue !== undefined) attributes[key] = toInteger(intValue);
    else if (typeof doubleValue === 'number') attributes[key] = doubleValue;
    else if (typeof boolValue === 'boolean') attributes[key] = boolValue;
  }
  return attributes;
}

/** An int64 as a number, or as text where a number cannot hold it. */
function toInteger(value: unknown): number | string {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : String(value);
}
