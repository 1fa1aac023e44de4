import { createHash } from 'node:crypto';
import { HeadroomError } from '../errors.ts';
import type { Adapter, AdapterInput, ParsedRequest } from './adapter.ts';
import { EventCollector, type Fields, isFields } from './event-collector.ts';
import { describeValue, type EventFields, MAX_ID_LENGTH } from './event-fields.ts';
import { parseRfc3339 } from './event-time.ts';
import { checkCharset, isJsonType, mediaType, readJsonBody } from './json-body.ts';

/**
 * CloudEvents 1.0 over HTTP: structured, batched and binary, told apart by the content type as its HTTP binding §3 says.
 * `application/json` without `ce-` headers is read as structured or batched, as OpenMeter's API does.
 * The client is `data.client`, else `subject`; the kind is `data.kind`, else `type`; other fields are those of `data`.
 */
export const cloudEventsAdapter: Adapter = { name: 'cloudevents', parse: parseCloudEvents };

/** Whether a request says of itself that it is a CloudEvent, in any mode. */
export function isCloudEvent(contentType: string, headers: Readonly<Record<string, string>>): boolean {
  return mediaType(contentType).startsWith('application/cloudevents') || headers['ce-specversion'] !== undefined;
}

function parseCloudEvents(input: AdapterInput): ParsedRequest {
  const type = mediaType(input.contentType);
  if (type === 'application/cloudevents-batch+json') return readStructured(input, 'batch');
  if (type === 'application/cloudevents+json') return readStructured(input, 'single');
  if (type.startsWith('application/cloudevents')) throw unsupported(type);
  if (input.headers['ce-specversion'] !== undefined || input.headers['ce-id'] !== undefined) return readBinary(input);
  if (type === '' || isJsonType(type)) return readStructured(input, 'either');
  throw unsupported(type);
}

function unsupported(type: string): HeadroomError {
  return new HeadroomError(
    'unsupported',
    `Content-Type ${JSON.stringify(type.slice(0, 100))} is not supported for CloudEvents: send application/cloudevents+json, application/cloudevents-batch+json, or ce- headers.`,
  );
}

function readStructured(
  { body, contentType, options }: AdapterInput,
  mode: 'single' | 'batch' | 'either',
): ParsedRequest {
  const read = readJsonBody(body, contentType);
  if (mode === 'batch' && read.single) {
    throw new HeadroomError(
      'unreadable',
      `The body is ${describeValue(read.values[0])}: a batch is an array of events.`,
    );
  }
  if (mode === 'single' && !read.single) {
    throw new HeadroomError(
      'unreadable',
      'The body holds several events: send them as application/cloudevents-batch+json.',
    );
  }
  const events = new EventCollector(options, read.unreadable, read.escapes);
  read.values.forEach((value, at) => {
    addEvent(events, read.indexes[at]!, value);
  });
  return events.finish();
}

function readBinary({ body, contentType, headers, options }: AdapterInput): ParsedRequest {
  const events = new EventCollector(options);
  const event: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(headers)) {
    if (!name.startsWith('ce-')) continue;
    const decoded = decodeHeader(value);
    if (decoded === undefined) {
      const error = `The header ${name} is not UTF-8 after percent-decoding: send percent-encoded UTF-8.`;
      events.reject(0, event, error);
      return events.finish();
    }
    event[name.slice(3)] = decoded;
  }
  checkCharset(contentType);
  if (body.length > 0 && isJsonType(contentType)) event.data = readJsonBody(body, mediaType(contentType)).values[0];
  addEvent(events, 0, event);
  return events.finish();
}

const MISSING_CLIENT = 'send it in data.client, or as the subject.';

function addEvent(events: EventCollector, index: number, event: unknown): void {
  if (!isFields(event)) {
    events.reject(index, event, `The event is ${describeValue(event)}: send a CloudEvent, an object.`);
    return;
  }
  const fault = findFault(event);
  const data = fault ?? readData(event);
  if (typeof data === 'string') {
    events.reject(index, event, data);
    return;
  }
  const fields: EventFields = {
    ...data,
    id: toPairId(event.source as string, event.id as string),
    time: event.time ?? data.time,
    client: data.client ?? event.subject,
    kind: data.kind ?? event.type,
    duration_ms: data.duration_ms ?? (data as { latency_ms?: unknown }).latency_ms,
  };
  events.add(index, fields, events.mapper ? { ...data, ...event } : event, MISSING_CLIENT);
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
