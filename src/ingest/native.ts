import { HeadroomError } from '../errors.ts';
import type { Adapter, AdapterInput, ParsedRequest } from './adapter.ts';
import { cloudEventsAdapter, isCloudEvent } from './cloudevents.ts';
import { EventCollector, isFields } from './event-collector.ts';
import { describeValue, type EventFields } from './event-fields.ts';
import { checkJsonType, type JsonBody, listEntries, readJsonBody } from './json-body.ts';
import { MAX_ENTRIES, tooMany } from './json-scan.ts';
import type { SourceOptions } from './source-options.ts';

/** Headroom's own format: one event, an array, `{"events": […]}`, or one event a line. */
export const nativeAdapter: Adapter = { name: 'native', parse: parseNative };

function parseNative(input: AdapterInput): ParsedRequest {
  const { body, contentType, headers, options } = input;
  if (isCloudEvent(contentType, headers)) return cloudEventsAdapter.parse(input);
  checkJsonType(contentType, 'application/json or application/x-ndjson');
  return readEvents(unwrap(readJsonBody(body, contentType, options.map?.entries), headers, options), options);
}

/** Each value of a body as an event in the fields of src/domain/README.md. */
function readEvents(body: JsonBody, options: SourceOptions): ParsedRequest {
  const events = new EventCollector(options, body.unreadable, body.escapes);
  body.values.forEach((value, at) => {
    const index = body.indexes[at]!;
    if (!isFields(value)) {
      events.reject(index, value, `The event is ${describeValue(value)}: send an object with at least "client".`);
      return;
    }
    if (!events.mapper) events.noteUnknown(value);
    events.add(index, value, value, isCloudEventOfAnotherType(value) ? CLOUD_EVENT : undefined);
  });
  return events.finish();
}

const CLOUD_EVENT = 'it looks like a CloudEvent: send Content-Type application/cloudevents+json (or -batch+json).';

function isCloudEventOfAnotherType(value: object): boolean {
  return 'specversion' in value && !('client' in value);
}

function unwrap(body: JsonBody, headers: Readonly<Record<string, string>>, { map }: SourceOptions): JsonBody {
  const [value] = body.values;
  if (map?.entries !== undefined) {
    const entries = listEntries(body, map.entries);
    return { ...body, values: entries.map((each) => each.value), indexes: entries.map(({ index }) => index) };
  }
  if (!body.single) return body;
  if (typeof value !== 'object' || value === null) {
    throw new HeadroomError(
      'unreadable',
      `The body is ${describeValue(value)}: send an event, an array of events, or {"events": […]}.`,
    );
  }
  if ('events' in value && !('client' in value)) {
    if (Array.isArray(value.events)) {
      if (value.events.length > MAX_ENTRIES) throw tooMany();
      return { ...body, values: value.events, indexes: Array.from(value.events.keys()), single: false };
    }
    throw new HeadroomError('unreadable', `"events" is ${describeValue(value.events)}: send an array of events.`);
  }
  return { ...body, values: [openEnvelope(value, headers)] };
}

/**
 * The event inside a webhook's `{type, timestamp, data}` (Standard Webhooks' payload), where that is one of ours; an event
 * that has no id of its own gets that of the message, which stays the same when it is sent again.
 */
function openEnvelope(value: object, headers: Readonly<Record<string, string>>): EventFields {
  const messageId = headers['webhook-id'] ?? headers['x-github-delivery'];
  const { data, timestamp } = value as { data?: unknown; timestamp?: unknown };
  const isWrapped = !('client' in value) && !('specversion' in value) && isFields(data) && 'client' in data;
  const fields: EventFields = isWrapped ? { time: timestamp, ...data } : value;
  return messageId === undefined || (fields.id ?? '') !== '' ? fields : { ...fields, id: messageId };
}
