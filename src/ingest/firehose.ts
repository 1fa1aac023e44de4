import { HeadroomError } from '../errors.ts';
import type { Adapter, AdapterInput, ParsedRequest } from './adapter.ts';
import { Unpacker } from './body.ts';
import { EventCollector, type Fields, isFields } from './event-collector.ts';
import { describeValue, type EventFields } from './event-fields.ts';
import { type FieldMap, OWN_NAMES, toMapper } from './field-map.ts';
import { checkJsonType, type JsonBody, readJsonBody } from './json-body.ts';
import { MAX_ENTRIES, tooMany } from './json-scan.ts';

/**
 * Amazon Data Firehose, HTTP endpoint delivery: records in base64, each holding one or more log entries of API Gateway as
 * JSON, or what a CloudWatch Logs subscription makes of them (gzip, `logEvents`). The client is `apiKeyId`.
 * An entry without id gets one of the request's id, which Firehose keeps between attempts, and its place in it.
 * Source: "HTTP endpoint delivery request and response specifications" of the Firehose developer guide.
 */
export const firehoseAdapter: Adapter = {
  name: 'firehose',
  parse: parseFirehose,
  rewrap: (sent) =>
    JSON.stringify({ requestId: '-', records: [{ data: Buffer.from(sent, 'utf8').toString('base64') }] }),
};

const MISSING_CLIENT =
  'the entry has no apiKeyId. Add "apiKeyId": "$context.identity.apiKeyId" to the log format, or name a field with --map client=FIELD.';

/** One entry, with what its wrapping knows of it. */
interface LogEntry {
  value: unknown;
  id: string;
  time?: unknown;
}

function parseFirehose({ body, contentType, headers, options }: AdapterInput): ParsedRequest {
  checkJsonType(contentType, 'application/json, as Firehose does');
  const { requestId, records } = readEnvelope(readJsonBody(body, 'application/json'), headers);
  const events = new EventCollector(options);
  const unpacker = new Unpacker();
  let index = 0;
  records.forEach((record, at) => {
    const place = `Record ${at}`;
    const bytes = decodeRecord(record);
    const read = typeof bytes === 'string' ? bytes : readEntries(unpacker, bytes, `${requestId}/${at}`);
    if (typeof read === 'string') {
      events.reject(index, undefined, `${place}: ${read}`);
      index += 1;
      return;
    }
    for (const { error, excerpt } of read.unreadable) {
      events.reject(index, excerpt, `${place}: ${error}`);
      index += 1;
    }
    for (const entry of read.entries) {
      if (isFields(entry.value)) {
        const sent = { id: entry.id, ...(entry.time === undefined ? {} : { time: entry.time }), ...entry.value };
        events.add(index, toEventFields(entry.value, entry), sent, MISSING_CLIENT);
      } else events.reject(index, entry.value, `${place}: the entry is ${describeValue(entry.value)}, send an object.`);
      index += 1;
    }
  });
  return events.finish();
}

function readEnvelope(
  { values, single }: JsonBody,
  headers: Readonly<Record<string, string>>,
): { requestId: string; records: readonly unknown[] } {
  const [request] = values;
  if (!single || !isFields(request) || !Array.isArray(request.records)) {
    throw new HeadroomError('unreadable', 'The body has no records: send {"requestId", "timestamp", "records": […]}.');
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

/** The bytes of a record, or what is wrong with it. */
function decodeRecord(record: unknown): Uint8Array | string {
  const data = isFields(record) ? record.data : undefined;
  if (typeof data === 'string' && data.length % 4 === 0) {
    const bytes = Buffer.from(data, 'base64');
    // What is no base64 is left out by the decoder.
    if (bytes.length === Buffer.byteLength(data, 'base64')) return bytes;
  }
  return `its data is not base64: ${describeValue(data)}.`;
}

/** The entries of a record: lines, or objects one after the other; or why there are none. */
function readEntries(
  unpacker: Unpacker,
  bytes: Uint8Array,
  idPrefix: string,
): { entries: LogEntry[]; unreadable: JsonBody['unreadable'] } | string {
  let read: JsonBody;
  try {
    read = readJsonBody(unpacker.unpack(bytes), 'application/json');
  } catch (error) {
    // A record costs itself alone, but no room without end.
    if (error instanceof HeadroomError && error.code !== 'too_large') return error.message;
    throw error;
  }
  const entries: LogEntry[] = [];
  const unreadable = [...read.unreadable];
  read.values.forEach((value, at) => {
    const id = `${idPrefix}/${read.indexes[at]}`;
    if (!isFields(value) || typeof value.messageType !== 'string') {
      entries.push({ value, id });
      return;
    }
    // A CONTROL_MESSAGE only checks that the destination answers.
    if (value.messageType !== 'DATA_MESSAGE' || !Array.isArray(value.logEvents)) return;
    if (value.logEvents.length > MAX_ENTRIES) throw tooMany();
    value.logEvents.forEach((logEvent: unknown, number) => {
      const event = isFields(logEvent) ? logEvent : {};
      const message = parseMessage(event.message);
      if (message) {
        const eventId = typeof event.id === 'string' && event.id !== '' ? event.id : `${id}/${number}`;
        entries.push({ value: message, id: eventId, time: event.timestamp });
      } else {
        const error = `the message of log event ${number} is ${describeValue(event.message)}, not JSON: choose JSON as log format.`;
        unreadable.push({ index: number, error });
      }
    });
  });
  return { entries, unreadable };
}

function parseMessage(message: unknown): Fields | undefined {
  try {
    const value: unknown = JSON.parse(String(message));
    return isFields(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** The names of `$context.*`, which the owner of a log format chooses; our own names hold where they are used. */
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

function toEventFields(entry: Fields, { id, time }: LogEntry): EventFields {
  const fields = toMapper(NAMES).read(entry);
  fields.id ??= id;
  fields.time ??= time;
  const [, method, route] = /^([A-Z]+) (\/.*)$/.exec(String(entry.routeKey ?? '')) ?? [];
  fields.method ??= method;
  fields.route ??= route;
  return fields;
}
