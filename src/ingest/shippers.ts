import { createLogReader, looksLikeJson, openAccessLog, toFound } from './access-log.ts';
import type { Adapter } from './adapter.ts';
import { createAdapter, Fault, type Fields, isFields, toFields } from './entries.ts';
import { describeValue } from './event-fields.ts';
import { type FieldMap, toMapper } from './field-map.ts';
import { isJsonType, JSON_TYPE, readJsonBody } from './json-body.ts';

/** Takes the log entry and its time out of the envelope that a shipper puts around it. */
type OpenLog = (envelope: Fields) => { log: unknown; time: unknown };

/** An adapter for shippers of logs: what they wrap is read as an access log is, a line or JSON by any known names. */
function createShipperAdapter(name: string, entry: string, open: OpenLog): Adapter {
  return createAdapter<unknown>(name, ({ body, contentType, options }) => {
    // Their clients name any content type: that of a form, as curl does, or none.
    if (!looksLikeJson(body)) return openAccessLog({ body, contentType: 'text/plain', options });
    const type = isJsonType(contentType) ? contentType : JSON_TYPE;
    const { values } = readJsonBody(body, type, { entries: options.map?.entries });
    const read = createLogReader(options);
    return {
      values,
      toEntry(value) {
        if (!isFields(value)) return new Fault(`The entry is ${describeValue(value)}: send ${entry}.`, value);
        const { log, time } = open(value);
        // As the reader knows it of shippers: a line in `message`, with the shipper's own time for one that has none.
        const message = isFields(log) ? JSON.stringify(log) : log;
        return toFound(read(typeof message === 'string' ? { message, time } : log), value);
      },
    };
  });
}

/**
 * Splunk's HTTP Event Collector: objects one after the other, each with the line or the entry in `event`.
 * Source: "Format events for HTTP Event Collector" of the Splunk documentation.
 */
export const splunkAdapter = createShipperAdapter('splunk-hec', 'an object with "event"', (entry) => ({
  // Its raw endpoint takes the log itself.
  log: 'event' in entry ? entry.event : entry,
  time: entry.time,
}));

const DATADOG_NAMES: FieldMap = {
  id: 'id',
  method: 'http.method',
  url: 'http.url_details.path|http.url',
  status: 'http.status_code',
  user: 'usr.id|usr.name',
  ip: 'network.client.ip',
  duration_ms: 'duration/1000000',
};

/**
 * Datadog's logs intake: an array of objects with the line in `message`, or with the attributes of Datadog's own standard
 * beside it. Its `status` is a level, its `duration` counts nanoseconds.
 */
export const datadogAdapter = createShipperAdapter('datadog', 'an object with "message"', (entry) => {
  const time = entry.timestamp ?? entry.date;
  const attributes = { ...entry, ...toFields(entry.attributes) };
  const log = toMapper(DATADOG_NAMES).read(attributes);
  return { log: log.status === undefined ? entry.message : log, time };
});
