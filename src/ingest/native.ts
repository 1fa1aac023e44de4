import { HeadroomError } from '../errors.ts';
import type { Adapter, AdapterInput, ParsedRequest } from './adapter.ts';
import { toClientFinder } from './client-from.ts';
import { cloudEventsAdapter, isCloudEvent } from './cloudevents.ts';
import { EventCollector, isFields } from './event-collector.ts';
import { describeValue, type EventFields, EventReader } from './event-fields.ts';
import { isJsonType, type JsonBody, mediaType, readJsonBody } from './json-body.ts';

/** Headroom's own format: one event, an array, `{"events": […]}`, or one event a line (PRODUCT.md §2 and §8). */
export const nativeAdapter: Adapter = { name: 'native', parse: parseNative };

function parseNative(input: AdapterInput): ParsedRequest {
  const { body, contentType, headers, options } = input;
  if (isCloudEvent(contentType, headers)) return cloudEventsAdapter.parse(input);
  checkJsonType(contentType, 'application/json or application/x-ndjson');
  return readEvents(unwrap(readJsonBody(body, contentType), headers), options);
}

/** Throws `unsupported` for a content type that is given and is not JSON. `expected` is the cure. */
export function checkJsonType(contentType: string, expected: string): void {
  if (contentType.trim() === '' || isJsonType(contentType)) return;
  throw new HeadroomError(
    'unsupported',
    `Content-Type ${JSON.stringify(mediaType(contentType).slice(0, 100))} is not supported here: send ${expected}.`,
  );
}

/** Each value of a body as an event in the fields of PRODUCT.md §2. */
function readEvents(body: JsonBody, options: Readonly<Record<string, unknown>>): ParsedRequest {
  const reader = new EventReader(options, body.escapes);
  const events = new EventCollector(options, body.unreadable);
  const findClient = toClientFinder(options);
  body.values.forEach((value, at) => {
    const index = body.indexes[at]!;
    if (!isFields(value)) {
      events.reject(index, value, `The event is ${describeValue(value)}: send an object with at least "client".`);
      return;
    }
    const event = reader.read(findClient ? { ...value, client: findClient(value) } : value);
    events.take(index, value, typeof event === 'string' ? explain(event, value) : event);
  });
  return events.finish();
}

function explain(error: string, value: object): string {
  return 'specversion' in value && !('client' in value)
    ? `${error} It looks like a CloudEvent: send Content-Type application/cloudevents+json (or -batch+json).`
    : error;
}

function unwrap(body: JsonBody, headers: Readonly<Record<string, string>>): JsonBody {
  const [value] = body.values;
  if (!body.single) return body;
  if (typeof value !== 'object' || value === null) {
    throw new HeadroomError(
      'unreadable',
      `The body is ${describeValue(value)}: send an event, an array of events, or {"events": […]}.`,
    );
  }
  if ('events' in value && !('client' in value)) {
    if (Array.isArray(value.events)) {
      return { ...body, values: value.events, indexes: Array.from(value.events.keys()), single: false };
    }
    throw new HeadroomError('unreadable', `"events" is ${describeValue(value.events)}: send an array of events.`);
  }
  return { ...body, values: [openEnvelope(value, headers)] };
}

/**
 * The event inside a webhook's `{type, timestamp, data}` (Standard Webhooks' payload); an event that has no id of its own
 * gets that of the message, which stays the same when it is sent again.
 */
function openEnvelope(value: object, headers: Readonly<Record<string, string>>): EventFields {
  const messageId = headers['webhook-id'] ?? headers['x-github-delivery'];
  const { data, timestamp } = value as { data?: unknown; timestamp?: unknown };
  const wrapped =
    !('client' in value) &&
    !('specversion' in value) &&
    typeof data === 'object' &&
    data !== null &&
    !Array.isArray(data);
  const fields: EventFields = wrapped ? { time: timestamp, ...data } : value;
  return messageId === undefined || (fields.id ?? '') !== '' ? fields : { ...fields, id: messageId };
}
