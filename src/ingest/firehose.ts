import { HeadroomError } from '../errors.ts';
import type { AdapterInput } from './adapter.ts';
import { Unpacker } from './body.ts';
import { createAdapter, Fault, type Fields, type Found, isFields, toFields } from './entries.ts';
import { describeValue } from './event-fields.ts';
import { type FieldMap, OWN_NAMES, toMapper } from './field-map.ts';
import { checkCount, checkJsonType, JSON_TYPE, readJsonBody } from './json-body.ts';
import { parseJson } from './json-scan.ts';

/**
 * Reads Amazon Data Firehose, HTTP endpoint delivery: records in base64, each with one or more log entries of API Gateway as
 * JSON, or wrapped by a CloudWatch Logs subscription (gzip, `logEvents`). The client is `apiKeyId`. An entry without an id gets one
 * from the id of the request, which Firehose keeps when it retries, and its place in the request.
 * Source: "HTTP endpoint delivery request and response specifications" of the Firehose developer guide.
 */
export const firehoseAdapter = createAdapter<LogEntry>(
  'firehose',
  (input) => {
    checkJsonType(input.contentType, 'application/json, as Firehose does');
    const { requestId, records } = openEnvelope(input);
    return { values: readRecords(requestId, records), toEntry };
  },
  {
    rewrap: (sent) =>
      JSON.stringify({ requestId: '-', records: [{ data: Buffer.from(sent, 'utf8').toString('base64') }] }),
  },
);

const CURE =
  'the entry has no apiKeyId. Add "apiKeyId": "$context.identity.apiKeyId" to the log format, or name a field with --map client=FIELD.';

/** One entry, with facts from its wrapping. */
interface LogEntry {
  value: unknown;
  /** Place in the request, for error messages. */
  place: string;
  id: string;
  time?: unknown;
}

/** Reads the entries of all records: lines, or objects one after the other. A broken record is a fault, but too much data throws. */
function* readRecords(requestId: string, records: readonly unknown[]): Generator<LogEntry | Fault> {
  const unpacker = new Unpacker();
  for (const [at, record] of records.entries()) {
    const place = `Record ${at}`;
    const bytes = decodeRecord(record);
    if (bytes === undefined) {
      yield new Fault(`${place}: its data is not base64: ${describeValue(toFields(record).data)}.`);
      continue;
    }
    try {
      const { values } = readJsonBody(unpacker.unpack(bytes), JSON_TYPE);
      for (const [number, value] of values.entries()) {
        const id = `${requestId}/${at}/${number}`;
        if (value instanceof Fault) yield new Fault(`${place}: ${value.error}`, undefined, value.shown);
        else if (isFields(value) && typeof value.messageType === 'string') yield* openMessages(value, place, id);
        else yield { value, place, id };
      }
    } catch (error) {
      if (!(error instanceof HeadroomError) || error.code === 'too_large') throw error;
      yield new Fault(`${place}: ${error.message}`);
    }
  }
}

/** Reads the log entries in a message of a CloudWatch Logs subscription; a CONTROL_MESSAGE only checks that we answer. */
function* openMessages({ messageType, logEvents }: Fields, place: string, id: string): Generator<LogEntry | Fault> {
  if (messageType !== 'DATA_MESSAGE' || !Array.isArray(logEvents)) return;
  for (const [number, logEvent] of checkCount(logEvents).entries()) {
    const event = toFields(logEvent);
    const message = parseMessage(event.message);
    const eventId = typeof event.id === 'string' && event.id !== '' ? event.id : `${id}/${number}`;
    yield message
      ? { value: message, place, id: eventId, time: event.timestamp }
      : new Fault(
          `${place}: the message of log event ${number} is ${describeValue(event.message)}, not JSON: choose JSON as log format.`,
        );
  }
}

function openEnvelope({ body, headers }: AdapterInput): { requestId: string; records: readonly unknown[] } {
  const expected = '{"requestId", "timestamp", "records": […]}';
  const { values, single } = readJsonBody(body, JSON_TYPE, { expected });
  const [request] = values;
  if (!single || !isFields(request) || !Array.isArray(request.records)) {
    throw new HeadroomError('unreadable', `The body has no records: send ${expected}.`);
  }
  const { requestId } = request;
  const announced = headers['x-amz-firehose-request-id'] ?? requestId;
  if (typeof requestId !== 'string' || requestId === '' || requestId !== announced) {
    throw new HeadroomError(
      'unreadable',
      `requestId is ${describeValue(requestId)}: it must be that of X-Amz-Firehose-Request-Id, ${describeValue(announced)}.`,
    );
  }
  return { requestId, records: request.records };
}

/** Decodes the bytes of a record; undefined if its data is not base64. */
function decodeRecord(record: unknown): Uint8Array | undefined {
  const { data } = toFields(record);
  if (typeof data === 'string' && data.length % 4 === 0) {
    const bytes = Buffer.from(data, 'base64');
    // The decoder skips characters that are not base64, so the length shows whether there were any.
    if (bytes.length === Buffer.byteLength(data, 'base64')) return bytes;
  }
  return undefined;
}

function parseMessage(message: unknown): Fields | undefined {
  const value = parseJson(String(message));
  return isFields(value) ? value : undefined;
}

/** Usual names for `$context.*`, which the owner of a log format chooses, besides our own names. */
const NAMES: FieldMap = {
  ...OWN_NAMES,
  id: 'requestId|extendedRequestId|id',
  time: 'requestTimeEpoch|requestTime|time',
  client: 'client|apiKeyId',
  method: 'httpMethod|method',
  route: 'resourcePath|route',
  url: 'path|url',
  user: 'user|principalId|caller',
  ip: 'ip|sourceIp',
  duration_ms: 'duration_ms|responseLatency',
};

function toEntry({ value, place, id, time }: LogEntry): Found {
  if (!isFields(value)) return new Fault(`${place}: the entry is ${describeValue(value)}, send an object.`, value);
  const fields = toMapper(NAMES).read(value);
  fields.id ??= id;
  fields.time ??= time;
  const [, method, route] = /^([A-Z]+) (\/.*)$/.exec(String(value.routeKey ?? '')) ?? [];
  fields.method ??= method;
  fields.route ??= route;
  return { fields, object: value, sent: { id, ...(time === undefined ? {} : { time }), ...value }, cure: CURE };
}
