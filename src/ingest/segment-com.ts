import { HeadroomError } from '../errors.ts';
import type { Adapter, AdapterInput, ParsedRequest } from './adapter.ts';
import { EventCollector, isFields, toFields } from './event-collector.ts';
import { describeValue } from './event-fields.ts';
import { toText } from './field-map.ts';
import { checkJsonType, readJsonBody } from './json-body.ts';

/**
 * Segment's tracking API: `{"batch": […]}`, or one message. Each `track` is a usage event with the fields of src/domain/README.md
 * in its `properties`; `identify`, `page` and the like say nothing of usage and are passed over. The client is `userId`.
 * The id is `messageId`: a repeated request has other bytes (`sentAt`), but the same messages.
 */
export const segmentAdapter: Adapter = { name: 'segment', parse: parseSegment };

const MISSING_CLIENT = 'the message has no userId. Name another field with --map client=anonymousId.';

function parseSegment({ body, contentType, options }: AdapterInput): ParsedRequest {
  checkJsonType(contentType, 'application/json, as the Segment libraries do');
  const read = readJsonBody(body, contentType);
  const batch = read.single ? toFields(read.values[0]).batch : undefined;
  if (batch !== undefined && !Array.isArray(batch)) {
    throw new HeadroomError('unreadable', `"batch" is ${describeValue(batch)}: send an array of messages.`);
  }
  const events = new EventCollector(options, read.unreadable);
  (batch ?? read.values).forEach((message: unknown, at: number) => {
    const index = batch ? at : read.indexes[at]!;
    if (!isFields(message)) {
      events.reject(index, message, `The message is ${describeValue(message)}: send an object with "userId".`);
      return;
    }
    // The API's own endpoints (/v1/track) leave the type out.
    if (message.type !== undefined && message.type !== 'track') return;
    const { client: _, ...properties } = toFields(message.properties);
    events.add(
      index,
      {
        ...properties,
        id: message.messageId,
        time: message.timestamp ?? message.originalTimestamp ?? properties.time,
        client: toText(message.userId),
        ip: properties.ip ?? toFields(message.context).ip,
        kind: properties.kind ?? message.event,
      },
      message,
      MISSING_CLIENT,
    );
  });
  return events.finish();
}
