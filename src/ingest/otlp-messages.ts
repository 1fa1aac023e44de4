import { HeadroomError } from '../errors.ts';
import { type Fields, isFields, toFields } from './event-collector.ts';
import { describeValue } from './event-fields.ts';
import { FIRST_EVENT_MS } from './event-time.ts';
import { toNumber } from './field-map.ts';
import { mediaType, readJsonBody } from './json-body.ts';
import { MAX_ENTRIES, tooMany } from './json-scan.ts';
import { type FieldShape, type MessageShape, readMessage } from './protobuf.ts';
import type { OtlpSignal } from './source-options.ts';

/** The names in which a signal nests its records: `resourceSpans[].scopeSpans[].spans[]`. */
const LEVELS: Readonly<Record<OtlpSignal, readonly [resources: string, scopes: string, records: string]>> = {
  traces: ['resourceSpans', 'scopeSpans', 'spans'],
  logs: ['resourceLogs', 'scopeLogs', 'logRecords'],
  metrics: ['resourceMetrics', 'scopeMetrics', 'metrics'],
};

// Shapes of opentelemetry-proto 1.x, by field number, with the fields that are used here.
const SCALARS: MessageShape = {
  1: { name: 'stringValue', type: 'text' },
  2: { name: 'boolValue', type: 'bool' },
  3: { name: 'intValue', type: 'int64' },
  4: { name: 'doubleValue', type: 'double' },
};
const VALUE: MessageShape = {
  ...SCALARS,
  5: { name: 'arrayValue', type: { 1: { name: 'values', type: SCALARS, repeated: true } } },
};
const KEY_VALUE: MessageShape = { 1: { name: 'key', type: 'text' }, 2: { name: 'value', type: VALUE } };
const ATTRIBUTES: FieldShape = { name: 'attributes', type: KEY_VALUE, repeated: true };
const SCHEMA_URL: FieldShape = { name: 'schemaUrl', type: 'text' };

const SPAN: MessageShape = {
  1: { name: 'traceId', type: 'hex' },
  2: { name: 'spanId', type: 'hex' },
  5: { name: 'name', type: 'text' },
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
const FLAGS: FieldShape = { name: 'flags', type: 'enum' };
const NUMBER_POINT: MessageShape = {
  ...POINT,
  4: { name: 'asDouble', type: 'double' },
  6: { name: 'asInt', type: 'sfixed64' },
  7: ATTRIBUTES,
  8: FLAGS,
};
const COUNT: FieldShape = { name: 'count', type: 'fixed64' };
const TEMPORALITY: FieldShape = { name: 'aggregationTemporality', type: 'enum' };

const METRIC: MessageShape = {
  1: { name: 'name', type: 'text' },
  3: { name: 'unit', type: 'text' },
  5: { name: 'gauge', type: { 1: points(NUMBER_POINT) } },
  7: { name: 'sum', type: { 1: points(NUMBER_POINT), 2: TEMPORALITY, 3: { name: 'isMonotonic', type: 'bool' } } },
  9: { name: 'histogram', type: { 1: points({ ...POINT, 4: COUNT, 9: ATTRIBUTES, 10: FLAGS }), 2: TEMPORALITY } },
  10: {
    name: 'exponentialHistogram',
    type: { 1: points({ ...POINT, 1: ATTRIBUTES, 4: COUNT, 10: FLAGS }), 2: TEMPORALITY },
  },
  11: { name: 'summary', type: { 1: points({ ...POINT, 4: COUNT, 7: ATTRIBUTES, 8: FLAGS }) } },
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
    1: {
      name: 'scope',
      type: { 1: { name: 'name', type: 'text' }, 2: { name: 'version', type: 'text' }, 3: ATTRIBUTES },
    },
    2: { name: records, type: record, repeated: true },
    3: SCHEMA_URL,
  };
  const resource: MessageShape = {
    1: { name: 'resource', type: { 1: ATTRIBUTES } },
    2: { name: scopes, type: scope, repeated: true },
    3: SCHEMA_URL,
  };
  return { 1: { name: resources, type: resource, repeated: true } };
}

/** Values of attributes by their keys; of lists only those of one element, and no maps: no field of an event is one. */
export type Attributes = Readonly<Record<string, string | number | boolean>>;

/** Who made the records of a scope, as it was sent. */
export interface OtlpOrigin {
  resource: Fields;
  resourceSchema: unknown;
  scope: Fields;
  scopeSchema: unknown;
}

/** One span, log record or metric, as plain data whichever encoding it came in. */
export interface OtlpRecord {
  record: Fields;
  /** Attributes of the resource: one object for all its records. */
  resource: Attributes;
  /** One object for all records of a scope. */
  origin: OtlpOrigin;
}

/** One place of a request: a record, or the reason why there is none. */
export type OtlpEntry = OtlpRecord | { fault: string; value: unknown };

/**
 * The records of an export request, in JSON or protobuf. Without `signal`, JSON tells by its own names what it holds, and
 * protobuf is taken for traces. What is broken inside costs itself alone. Throws `unsupported` for other content types, and
 * `unreadable`.
 */
export function readOtlp(
  body: Uint8Array,
  contentType: string,
  expected: OtlpSignal | undefined,
): { signal: OtlpSignal; entries: OtlpEntry[] } {
  const type = mediaType(contentType);
  let request: Fields;
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
  return { signal, entries: listEntries(request, signal) };
}

/** Whether a content type stands for OTLP in protobuf. */
export function isOtlpProtobuf(contentType: string): boolean {
  return /^application\/(x-)?protobuf$/.test(mediaType(contentType));
}

function readJsonRequest(body: Uint8Array, contentType: string): Fields {
  const { values, single } = readJsonBody(body, contentType);
  if (single && isFields(values[0])) {
    const isSnake = SNAKE_NAME.test(Buffer.from(body.buffer, body.byteOffset, body.length).toString('latin1'));
    const request = isSnake ? (toLowerCamel(values[0]) as Fields) : values[0];
    const known = Object.values(LEVELS).some(([resources]) => Object.hasOwn(request, resources));
    if (known || Object.keys(request).length === 0) return request;
  }
  throw new HeadroomError('unreadable', 'The body is not one export request: send an object with "resourceSpans".');
}

const SNAKE_NAME = /_[a-z_]+"\s*:/;

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
function checkSignal(request: Fields, expected: OtlpSignal | undefined): OtlpSignal {
  const found = (Object.keys(LEVELS) as OtlpSignal[]).find((signal) => Object.hasOwn(request, LEVELS[signal][0]));
  if (expected !== undefined && found !== undefined && found !== expected) {
    throw new HeadroomError(
      'unreadable',
      `The body holds ${LEVELS[found][0]}, not ${LEVELS[expected][0]}: send it to /v1/${found}.`,
    );
  }
  return expected ?? found ?? 'traces';
}

function listEntries(request: Fields, signal: OtlpSignal): OtlpEntry[] {
  const [resources, scopes, records] = LEVELS[signal];
  const entries: OtlpEntry[] = [];
  const each = (parent: Fields, name: string, read: (part: Fields) => void): void => {
    for (const part of listParts(parent, name)) {
      if (isFields(part)) read(part);
      else if (entries.length >= MAX_ENTRIES) throw tooMany();
      else entries.push({ fault: describeOdd(name, part), value: part });
    }
  };
  each(request, resources, (resourcePart) => {
    const resource = toFields(resourcePart.resource);
    let attributes: Attributes | undefined;
    let fault = '';
    try {
      attributes = readAttributes(resource);
    } catch (error) {
      fault = `The resource cannot be read: ${(error as HeadroomError).message}`;
    }
    each(resourcePart, scopes, (scopePart) => {
      const [resourceSchema, scopeSchema] = [resourcePart.schemaUrl, scopePart.schemaUrl];
      const origin = { resource, resourceSchema, scope: toFields(scopePart.scope), scopeSchema };
      each(scopePart, records, (record) => {
        entries.push(attributes ? { record, resource: attributes, origin } : { fault, value: record });
      });
    });
  });
  const [first] = entries;
  if (first && 'fault' in first && entries.every((entry) => 'fault' in entry && !isFields(entry.value))) {
    throw new HeadroomError('unreadable', first.fault);
  }
  return entries;
}

/** A request that holds this record alone. */
export function toRequest(signal: OtlpSignal, record: Fields, origin: OtlpOrigin): Fields {
  const [resources, scopes, records] = LEVELS[signal];
  const { resource, resourceSchema, scope, scopeSchema } = origin;
  const scopePart = { scope, schemaUrl: scopeSchema, [records]: [record] };
  return { [resources]: [{ resource, schemaUrl: resourceSchema, [scopes]: [scopePart] }] };
}

/** A list; none where it is absent. Throws `unreadable` for anything else. */
function listParts(parent: Fields, name: string): readonly unknown[] {
  const list = parent[name];
  if (list === undefined || list === null) return [];
  if (Array.isArray(list)) return list;
  throw new HeadroomError('unreadable', describeOdd(name, list));
}

/** The objects of a list. Throws `unreadable` where it holds anything else. */
export function listFields(parent: Fields, name: string): readonly Fields[] {
  const list = listParts(parent, name);
  const odd = list.findIndex((part) => !isFields(part));
  if (odd < 0) return list as readonly Fields[];
  throw new HeadroomError('unreadable', describeOdd(name, list[odd]));
}

function describeOdd(name: string, value: unknown): string {
  return `${name} holds ${describeValue(value)}: send an array of objects.`;
}

/** The attributes of a resource, scope, span, log record or data point. Throws `unreadable` where they are no list of them. */
export function readAttributes(parent: Fields): Attributes {
  const attributes: Record<string, string | number | boolean> = {};
  for (const { key, value } of listFields(parent, 'attributes')) {
    const read = typeof key === 'string' && isFields(value) ? readValue(value) : undefined;
    if (read !== undefined) attributes[key as string] = read;
  }
  return attributes;
}

/** Numbers may come as text, as JSON's int64 does, and as protobuf's JSON writes those that are none. */
function readValue({
  stringValue,
  intValue,
  doubleValue,
  boolValue,
  arrayValue,
}: Fields): string | number | boolean | undefined {
  if (typeof stringValue === 'string') return stringValue;
  if (intValue !== undefined && intValue !== null) return toInteger(intValue);
  if (typeof doubleValue === 'number' || typeof doubleValue === 'string') return Number(doubleValue);
  if (typeof boolValue === 'boolean') return boolValue;
  const values = toFields(arrayValue).values;
  return Array.isArray(values) && values.length === 1 && isFields(values[0]) ? readValue(values[0]) : undefined;
}

/** An int64 as a number, or as text where a number cannot hold it. */
function toInteger(value: unknown): number | string {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : String(value);
}

/** Milliseconds of nanoseconds since 1970; what is no such number is handed on, to be rejected with its value. */
export function toTime(nanoseconds: unknown): unknown {
  if (isUnset(nanoseconds)) return undefined;
  const exact = toNanoseconds(nanoseconds);
  if (exact === undefined) return nanoseconds;
  const timeMs = Number(exact / 1_000_000n);
  // Milliseconds of 1970 would be taken for seconds of today.
  return timeMs < FIRST_EVENT_MS ? new Date(timeMs).toISOString() : timeMs;
}

/** Milliseconds between two times; undefined where one is missing, or the end is before the start. */
export function toDuration(start: unknown, end: unknown): number | undefined {
  const from = toNanoseconds(start);
  const to = toNanoseconds(end);
  return isUnset(start) || from === undefined || to === undefined ? undefined : toNumber(Number(to - from) / 1e6);
}

/** 64-bit numbers come as text, as numbers (against the specification, but often) or, from protobuf, as bigint. */
export function toNanoseconds(value: unknown): bigint | undefined {
  if (typeof value === 'bigint') return value;
  if (typeof value === 'number') return Number.isInteger(value) && value >= 0 ? BigInt(value) : undefined;
  return typeof value === 'string' && /^\d{1,20}$/.test(value) ? BigInt(value) : undefined;
}

/** In protobuf, a number that is not there is 0. */
export function isUnset(value: unknown): boolean {
  return value === undefined || value === null || value === '' || toNanoseconds(value) === 0n;
}
