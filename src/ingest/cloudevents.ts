import { createHash } from 'node:crypto';
import { HeadroomError } from '../errors.ts';
import type { AdapterInput } from './adapter.ts';
import { createAdapter, Fault, type Fields, type Found, isFields } from './entries.ts';
import { describeValue, type EventFields, MAX_ID_LENGTH } from './event-fields.ts';
import { parseRfc3339 } from './event-time.ts';
import { checkCharset, isJsonType, mediaType, readJsonBody } from './json-body.ts';

/**
 * CloudEvents 1.0 over HTTP: structured, batched and binary, told apart by the content type as its HTTP binding §3 says.
 * `application/json` without `ce-` headers is read as structured or batched, as OpenMeter's API does.
 * The client is `data.client`, else `subject`; the kind is `data.kind`, else `type`; other fields are those of `data`.
 */
export const cloudEventsAdapter = createAdapter('cloudevents', openCloudEvents);

/** Whether a request says of itself that it is a CloudEvent, in any mode. */
export function isCloudEvent(contentType: string, headers: Readonly<Record<string, string>>): boolean {
  return mediaType(contentType).startsWith('application/cloudevents') || headers['ce-specversion'] !== undefined;
}

export function openCloudEvents({ body, contentType, headers, options }: AdapterInput) {
  const toEntry = (event: unknown) => readCloudEvent(event, options.map !== undefined);
  const type = mediaType(contentType);
  const isNamed = type.startsWith('application/cloudevents');
  const isStructured = /^application\/cloudevents(?:-batch)?\+json$/.test(type);
  if (!isNamed && (headers['ce-specversion'] ?? headers['ce-id']) !== undefined) {
    return { values: [readHeaders(headers, contentType, body)], toEntry };
  }
  if (isStructured || (!isNamed && (type === '' || isJsonType(type)))) {
    const { values, single, escapes } = readJsonBody(body, contentType);
    if (single && type === 'application/cloudevents-batch+json')
      throw unreadable(`The body is ${describeValue(values[0])}: a batch is an array of events.`);
    if (!single && type === 'application/cloudevents+json')
      throw unreadable('The body holds several events: send them as application/cloudevents-batch+json.');
    return { values, toEntry, escapes };
  }
  throw new HeadroomError(
    'unsupported',
    `Content-Type ${JSON.stringify(type.slice(0, 100))} is not supported for CloudEvents: send application/cloudevents+json, application/cloudevents-batch+json, or ce- headers.`,
  );
}

function unreadable(message: string): HeadroomError {
  return new HeadroomError('unreadable', message);
}

/** The event of a request in binary mode. */
function readHeaders(headers: Readonly<Record<string, string>>, contentType: string, body: Uint8Array): object {
  const event: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(headers)) {
    if (!name.startsWith('ce-')) continue;
    const decoded = decodeHeader(value);
    if (decoded === undefined)
      return new Fault(`The header ${name} is not UTF-8 after percent-decoding: send percent-encoded UTF-8.`, event);
    event[name.slice(3)] = decoded;
  }
  checkCharset(contentType);
  if (body.length === 0 || !isJsonType(contentType)) return event;
  const [data] = readJsonBody(body, mediaType(contentType)).values;
  return data instanceof Fault ? data : { ...event, data };
}

function readCloudEvent(event: unknown, isMapped: boolean): Found {
  if (!isFields(event)) return new Fault(`The event is ${describeValue(event)}: send a CloudEvent, an object.`, event);
  const data = findFault(event) ?? readData(event);
  if (typeof data === 'string') return new Fault(data, event);
  const fields: EventFields = {
    ...data,
    id: toPairId(event.source as string, event.id as string),
    time: event.time ?? data.time,
    client: data.client ?? event.subject,
    kind: data.kind ?? event.type,
    duration_ms: data.duration_ms ?? (data as { latency_ms?: unknown }).latency_ms,
  };
  const object = isMapped ? { ...data, ...event } : event;
  return { fields, object, sent: event, cure: 'send it in data.client, or as the subject.' };
}

/** What breaks the specification's rules for attributes (§3.1). */
function findFault(event: Fields): string | undefined {
  if (event.specversion !== '1.0') {
    return `specversion is ${describeValue(event.specversion)}: send a CloudEvent of version "1.0".`;
  }
  for (const name of ['id', 'source', 'type'] as const) {
    const value = event[name];
    if (typeof value !== 'string' || value === '') {
      return `${name} is ${describeValue(value)}: a CloudEvent must have it, as text that is not empty.`;
    }
    if (value.includes('\0') || !value.isWellFormed()) {
      return `${name} is ${describeValue(value)}: it holds a NUL character or half of a surrogate pair, send it without.`;
    }
  }
  if (event.time !== undefined && event.time !== null) {
    if (typeof event.time !== 'string' || parseRfc3339(event.time) === undefined) {
      return `time is ${describeValue(event.time)}: send RFC 3339 with a zone (2026-11-20T12:00:00Z).`;
    }
  }
  return undefined;
}

/** The event's data as fields, also where it is JSON in a text; empty where nothing in it could be used. Or what is wrong. */
function readData(event: Fields): EventFields | string {
  const type = typeof event.datacontenttype === 'string' ? event.datacontenttype : 'application/json';
  let { data } = event;
  if (data === undefined && typeof event.data_base64 === 'string') {
    if (!isJsonType(type)) return {};
    data = Buffer.from(event.data_base64, 'base64').toString();
  }
  if (typeof data === 'string' && data.trimStart().startsWith('{')) {
    try {
      data = JSON.parse(data);
    } catch {
      return `data is ${describeValue(data)}: it begins as JSON and is none, send an object.`;
    }
  }
  return typeof data === 'object' && data !== null && !Array.isArray(data) ? data : {};
}

/** The pair (source, id) as one text: JSON, so that no two pairs meet; by its SHA-256 (hex) over 256 characters. */
function toPairId(source: string, id: string): string {
  const pair = JSON.stringify([source, id]);
  return pair.length <= MAX_ID_LENGTH ? pair : createHash('sha256').update(pair).digest('hex');
}

/**
 * The value of a `ce-` header (HTTP binding §3.1.3.2): quotes undone, then one round of percent-decoding; undefined if
 * that is not UTF-8. Node hands headers over byte by byte, so bytes sent raw come out right as well.
 */
function decodeHeader(value: string): string | undefined {
  const quoted = /^"((?:[^"\\]|\\.)*)"$/s.exec(value);
  const plain = quoted ? quoted[1]!.replace(/\\(.)/gs, '$1') : value;
  const bytes = plain.replace(/%([0-9a-f]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(Buffer.from(bytes, 'latin1'));
  } catch {
    return undefined;
  }
}
