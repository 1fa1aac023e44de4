import { createHash } from 'node:crypto';
import { HeadroomError } from '../errors.ts';
import type { AdapterInput } from './adapter.ts';
import { createAdapter, Fault, type Fields, type Found, isFields, toFields } from './entries.ts';
import { describeValue, type EventFields, MAX_ID_LENGTH } from './event-fields.ts';
import { parseRfc3339 } from './event-time.ts';
import { checkCharset, checkCount, checkJsonType, isJsonType, mediaType, readJsonBody } from './json-body.ts';
import { parseJson } from './json-scan.ts';

/** Reads Headroom's own format: one event, an array, `{"events": […]}`, or one event a line; also CloudEvents, by their headers. */
export const nativeAdapter = createAdapter<unknown>('native', (input) => {
  const { body, contentType, headers, options } = input;
  if (isCloudEvent(contentType, headers)) return openCloudEvents(input);
  checkJsonType(contentType, 'application/json or application/x-ndjson');
  const { values, single, escapes } = readJsonBody(body, contentType, { entries: options.map?.entries });
  const isWrapped = single && options.map?.entries === undefined;
  return { values: isWrapped ? unwrap(values[0], headers) : values, toEntry, escapes, tellsUnknown: true };
});

function toEntry(value: unknown): Found {
  if (!isFields(value))
    return new Fault(`The event is ${describeValue(value)}: send an object with at least "client".`, value);
  const isCloudEventOfAnotherType = 'specversion' in value && !('client' in value);
  return isCloudEventOfAnotherType ? { fields: value, cure: CLOUD_EVENT } : { fields: value };
}

const CLOUD_EVENT = 'it looks like a CloudEvent: send Content-Type application/cloudevents+json (or -batch+json).';

function unwrap(value: unknown, headers: Readonly<Record<string, string>>): unknown[] {
  if (!isFields(value)) {
    throw new HeadroomError(
      'unreadable',
      `The body is ${describeValue(value)}: send an event, an array of events, or {"events": […]}.`,
    );
  }
  if (!('events' in value) || 'client' in value) return [openEnvelope(value, headers)];
  if (Array.isArray(value.events)) return checkCount(value.events);
  throw new HeadroomError('unreadable', `"events" is ${describeValue(value.events)}: send an array of events.`);
}

/**
 * Returns the event inside a webhook's `{type, timestamp, data}` (Standard Webhooks' payload), if that holds one. An event without
 * an id gets that of the message, which stays the same when it is sent again.
 */
function openEnvelope(value: object, headers: Readonly<Record<string, string>>): object {
  const messageId = headers['webhook-id'] ?? headers['x-github-delivery'];
  const { data, timestamp } = value as { data?: unknown; timestamp?: unknown };
  const isWrapped = !('client' in value) && !('specversion' in value) && isFields(data) && 'client' in data;
  const fields: { id?: unknown } = isWrapped ? { time: timestamp, ...data } : value;
  return messageId === undefined || (fields.id ?? '') !== '' ? fields : { ...fields, id: messageId };
}

/**
 * Reads CloudEvents 1.0 over HTTP: structured, batched and binary, distinguished by the content type (HTTP binding §3).
 * `application/json` without `ce-` headers is read as structured or batched, as OpenMeter's API does.
 * The client is `data.client`, else `subject`; the kind is `data.kind`, else `type`; other fields are those of `data`.
 */
export const cloudEventsAdapter = createAdapter('cloudevents', openCloudEvents);

/** Tells whether the headers of a request say that it is a CloudEvent, in any mode. */
function isCloudEvent(contentType: string, headers: Readonly<Record<string, string>>): boolean {
  return mediaType(contentType).startsWith('application/cloudevents') || headers['ce-specversion'] !== undefined;
}

function openCloudEvents({ body, contentType, headers, options }: AdapterInput) {
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

/** Reads the event of a request in binary mode. */
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

/** Finds an attribute that breaks the rules of the specification (§3.1). */
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

/** Reads the event's data as fields, also from JSON in a text. Empty if it has no fields; a text if something is wrong. */
function readData(event: Fields): EventFields | string {
  const type = typeof event.datacontenttype === 'string' ? event.datacontenttype : 'application/json';
  let { data } = event;
  if (data === undefined && typeof event.data_base64 === 'string') {
    if (!isJsonType(type)) return {};
    data = Buffer.from(event.data_base64, 'base64').toString();
  }
  if (typeof data === 'string' && data.trimStart().startsWith('{')) {
    const parsed = parseJson(data);
    return isFields(parsed) ? parsed : `data is ${describeValue(data)}: it begins as JSON and is none, send an object.`;
  }
  return toFields(data);
}

/** Joins source and id as JSON, so that different pairs never give the same id; over 256 characters, uses its SHA-256 in hex. */
function toPairId(source: string, id: string): string {
  const pair = JSON.stringify([source, id]);
  return pair.length <= MAX_ID_LENGTH ? pair : createHash('sha256').update(pair).digest('hex');
}

/**
 * Decodes a `ce-` header (HTTP binding §3.1.3.2): undoes quotes, then percent-encoding, once; undefined if the result is not
 * UTF-8. Node reads headers as Latin-1, byte by byte, so raw UTF-8 bytes are decoded too.
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
