import { HeadroomError } from '../errors.ts';
import { Fault, type Fields, isFields, toFields } from './entries.ts';
import { describeValue } from './event-fields.ts';
import { FIRST_EVENT_MS } from './event-time.ts';
import { toNumber } from './field-map.ts';
import { MAX_ENTRIES, mediaType, readJsonBody, tooMany } from './json-body.ts';
import { readMessage, readSchema } from './protobuf.ts';
import type { OtlpSignal } from './source-options.ts';

/** Names of the levels in which a signal nests its records: `resourceSpans[].scopeSpans[].spans[]`. */
const LEVELS: Readonly<Record<OtlpSignal, readonly [resources: string, scopes: string, records: string]>> = {
  traces: ['resourceSpans', 'scopeSpans', 'spans'],
  logs: ['resourceLogs', 'scopeLogs', 'logRecords'],
  metrics: ['resourceMetrics', 'scopeMetrics', 'metrics'],
};

/**
 * Messages of opentelemetry-proto 1.x with the fields that are used here: number, name (`*`: repeated) and type. A message comes
 * after those that it contains.
 */
const SCHEMA = `
Scalar: 1 stringValue text, 2 boolValue bool, 3 intValue int64, 4 doubleValue double
List: 1 values* Scalar
Value: 1 stringValue text, 2 boolValue bool, 3 intValue int64, 4 doubleValue double, 5 arrayValue List
Attribute: 1 key text, 2 value Value
Resource: 1 attributes* Attribute
Scope: 1 name text, 2 version text, 3 attributes* Attribute

Span: 1 traceId hex, 2 spanId hex, 5 name text, 6 kind enum, 7 startTimeUnixNano fixed64, 8 endTimeUnixNano fixed64, 9 attributes* Attribute
ScopeSpans: 1 scope Scope, 2 spans* Span, 3 schemaUrl text
ResourceSpans: 1 resource Resource, 2 scopeSpans* ScopeSpans, 3 schemaUrl text
traces: 1 resourceSpans* ResourceSpans

LogRecord: 1 timeUnixNano fixed64, 6 attributes* Attribute, 11 observedTimeUnixNano fixed64
ScopeLogs: 1 scope Scope, 2 logRecords* LogRecord, 3 schemaUrl text
ResourceLogs: 1 resource Resource, 2 scopeLogs* ScopeLogs, 3 schemaUrl text
logs: 1 resourceLogs* ResourceLogs

Number: 2 startTimeUnixNano fixed64, 3 timeUnixNano fixed64, 4 asDouble double, 6 asInt sfixed64, 7 attributes* Attribute, 8 flags enum
Bucketed: 2 startTimeUnixNano fixed64, 3 timeUnixNano fixed64, 4 count fixed64, 9 attributes* Attribute, 10 flags enum
Exponential: 1 attributes* Attribute, 2 startTimeUnixNano fixed64, 3 timeUnixNano fixed64, 4 count fixed64, 10 flags enum
Summarized: 2 startTimeUnixNano fixed64, 3 timeUnixNano fixed64, 4 count fixed64, 7 attributes* Attribute, 8 flags enum
Gauge: 1 dataPoints* Number
Sum: 1 dataPoints* Number, 2 aggregationTemporality enum, 3 isMonotonic bool
Histogram: 1 dataPoints* Bucketed, 2 aggregationTemporality enum
ExponentialHistogram: 1 dataPoints* Exponential, 2 aggregationTemporality enum
Summary: 1 dataPoints* Summarized
Metric: 1 name text, 3 unit text, 5 gauge Gauge, 7 sum Sum, 9 histogram Histogram, 10 exponentialHistogram ExponentialHistogram, 11 summary Summary
ScopeMetrics: 1 scope Scope, 2 metrics* Metric, 3 schemaUrl text
ResourceMetrics: 1 resource Resource, 2 scopeMetrics* ScopeMetrics, 3 schemaUrl text
metrics: 1 resourceMetrics* ResourceMetrics`;

const SHAPES = readSchema(SCHEMA);

/** Values of attributes by key. Maps, and lists of more than one element, are left out: no field of an event is one. */
export type Attributes = Readonly<Record<string, string | number | boolean>>;

/** Resource and scope of records, as they were sent. */
export interface OtlpOrigin {
  resource: Fields;
  resourceSchema: unknown;
  scope: Fields;
  scopeSchema: unknown;
}

/** One span, log record or metric, as plain data from either encoding. */
export interface OtlpRecord {
  record: Fields;
  /** Attributes of the resource; all its records share one object. */
  resource: Attributes;
  /** All records of a scope share one object. */
  origin: OtlpOrigin;
}

/** A record of a request, or the fault in its place. */
export type OtlpEntry = OtlpRecord | Fault;

/**
 * Reads the records of an export request in JSON or protobuf. If no signal is `expected`, the names in JSON tell it, and protobuf
 * is read as traces. A broken record does not affect the others. Throws `unsupported` for other content types, and `unreadable`.
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
    request = readMessage(body, SHAPES.get(signal)!);
  } else if (type === 'application/json' || type === '') {
    request = readJsonRequest(body, contentType, expected);
    signal = checkSignal(request, expected);
  } else {
    throw new HeadroomError(
      'unsupported',
      `Content-Type ${JSON.stringify(type.slice(0, 100))} is not supported for OTLP: send application/x-protobuf or application/json.`,
    );
  }
  return { signal, entries: listEntries(request, signal) };
}

/** Tells whether a content type means OTLP in protobuf. */
export function isOtlpProtobuf(contentType: string): boolean {
  return /^application\/(x-)?protobuf$/.test(mediaType(contentType));
}

function readJsonRequest(body: Uint8Array, contentType: string, signal: OtlpSignal = 'traces'): Fields {
  const expected = `one export request, an object with "${LEVELS[signal][0]}"`;
  const { values, single } = readJsonBody(body, contentType, { expected });
  if (single && isFields(values[0])) {
    const isSnake = SNAKE_NAME.test(Buffer.from(body.buffer, body.byteOffset, body.length).toString('latin1'));
    const request = isSnake ? (toLowerCamel(values[0]) as Fields) : values[0];
    const known = Object.values(LEVELS).some(([resources]) => Object.hasOwn(request, resources));
    if (known || Object.keys(request).length === 0) return request;
  }
  throw new HeadroomError('unreadable', `The body is something else: send ${expected}.`);
}

const SNAKE_NAME = /_[a-z_]+"\s*:/;

/** Converts names of fields as protobuf writes them (`resource_spans`, `int_value`) to those of the specification. */
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

/** Finds the signal of a request in JSON. Throws if it was sent to the endpoint of another signal, which would drop it. */
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
    const parts = parent[name] ?? [];
    const isList = Array.isArray(parts);
    for (const part of isList ? parts : [parts]) {
      if (isList && isFields(part)) read(part);
      else if (entries.length >= MAX_ENTRIES) throw tooMany();
      else entries.push(new Fault(describeOdd(name, part), isList ? part : undefined));
    }
  };
  each(request, resources, (resourcePart) => {
    const resource = toFields(resourcePart.resource);
    const attributes = readAttributes(resource);
    each(resourcePart, scopes, (scopePart) => {
      const [resourceSchema, scopeSchema] = [resourcePart.schemaUrl, scopePart.schemaUrl];
      const origin = { resource, resourceSchema, scope: toFields(scopePart.scope), scopeSchema };
      each(scopePart, records, (record) => {
        if (typeof attributes === 'string')
          entries.push(new Fault(`The resource cannot be read: ${attributes}`, record));
        else entries.push({ record, resource: attributes, origin });
      });
    });
  });
  const [first] = entries;
  if (first instanceof Fault && entries.every((entry) => entry instanceof Fault && !isFields(entry.sent))) {
    throw new HeadroomError('unreadable', first.error);
  }
  return entries;
}

/** Makes a request with this record alone. */
export function toRequest(signal: OtlpSignal, record: Fields, origin: OtlpOrigin): Fields {
  const [resources, scopes, records] = LEVELS[signal];
  const { resource, resourceSchema, scope, scopeSchema } = origin;
  const scopePart = { scope, schemaUrl: scopeSchema, [records]: [record] };
  return { [resources]: [{ resource, schemaUrl: resourceSchema, [scopes]: [scopePart] }] };
}

/** Lists the objects of an array, none if it is absent; or returns what is wrong with it. */
export function listFields(parent: Fields, name: string): readonly Fields[] | string {
  const list = parent[name] ?? [];
  const odd = Array.isArray(list) ? list.findIndex((part) => !isFields(part)) : -1;
  if (Array.isArray(list) && odd < 0) return list as Fields[];
  return describeOdd(name, Array.isArray(list) ? list[odd] : list);
}

function describeOdd(name: string, value: unknown): string {
  return `${name} holds ${describeValue(value)}: send an array of objects.`;
}

/** Reads the attributes of a resource, span, log record or data point; or returns what is wrong with them. */
export function readAttributes(parent: Fields): Attributes | string {
  const list = listFields(parent, 'attributes');
  if (typeof list === 'string') return list;
  const attributes: Record<string, string | number | boolean> = {};
  for (const { key, value } of list) {
    const read = typeof key === 'string' && isFields(value) ? readValue(value) : undefined;
    if (read !== undefined) attributes[key as string] = read;
  }
  return attributes;
}

/** Reads the value of an attribute. Numbers may be text: int64 in JSON, and `"NaN"` in protobuf's JSON. */
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

/** Converts an int64 to a number, or to text if a number cannot hold it. */
function toInteger(value: unknown): number | string {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : String(value);
}

/** Converts nanoseconds since 1970 to milliseconds. Returns any other value as it is, to be rejected later. */
export function toTime(nanoseconds: unknown): unknown {
  if (isUnset(nanoseconds)) return undefined;
  const exact = toNanoseconds(nanoseconds);
  if (exact === undefined) return nanoseconds;
  const timeMs = Number(exact / 1_000_000n);
  // Small numbers of milliseconds would be read as seconds: return a text.
  return timeMs < FIRST_EVENT_MS ? new Date(timeMs).toISOString() : timeMs;
}

/** Returns the milliseconds between two times; undefined if one is missing, or the end is before the start. */
export function toDuration(start: unknown, end: unknown): number | undefined {
  const from = toNanoseconds(start);
  const to = toNanoseconds(end);
  return isUnset(start) || from === undefined || to === undefined ? undefined : toNumber(Number(to - from) / 1e6);
}

/** Reads a 64-bit number: text, a number (often sent, though against the specification) or, from protobuf, a bigint. */
export function toNanoseconds(value: unknown): bigint | undefined {
  if (typeof value === 'bigint') return value;
  if (typeof value === 'number') return Number.isInteger(value) && value >= 0 ? BigInt(value) : undefined;
  return typeof value === 'string' && /^\d{1,20}$/.test(value) ? BigInt(value) : undefined;
}

/** Tells whether a number is missing: absent, empty, or 0, as protobuf reads an absent one. */
export function isUnset(value: unknown): boolean {
  return value === undefined || value === null || value === '' || toNanoseconds(value) === 0n;
}
