import { HeadroomError } from '../errors.ts';
import { isCloudEvent, openCloudEvents } from './cloudevents.ts';
import { createAdapter, Fault, type Found, isFields } from './entries.ts';
import { describeValue } from './event-fields.ts';
import { checkCount, checkJsonType, readJsonBody } from './json-body.ts';

/** Headroom's own format: one event, an array, `{"events": […]}`, or one event a line; or CloudEvents that say so. */
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
 * The event inside a webhook's `{type, timestamp, data}` (Standard Webhooks' payload), where that is one of ours; an event
 * that has no id of its own gets that of the message, which stays the same when it is sent again.
 */
function openEnvelope(value: object, headers: Readonly<Record<string, string>>): object {
  const messageId = headers['webhook-id'] ?? headers['x-github-delivery'];
  const { data, timestamp } = value as { data?: unknown; timestamp?: unknown };
  const isWrapped = !('client' in value) && !('specversion' in value) && isFields(data) && 'client' in data;
  const fields: { id?: unknown } = isWrapped ? { time: timestamp, ...data } : value;
  return messageId === undefined || (fields.id ?? '') !== '' ? fields : { ...fields, id: messageId };
}
