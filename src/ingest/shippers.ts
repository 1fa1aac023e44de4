import { createLogReader, looksLikeJson, openAccessLog, toFound } from './access-log.ts';
import type { Adapter } from './adapter.ts';
import { createAdapter, Fault, type Fields, isFields, toFields } from './entries.ts';
import { describeValue } from './event-fields.ts';
import { type FieldMap, toMapper } from './field-map.ts';
import { isJsonType, JSON_TYPE, readJsonBody } from './json-body.ts';

/** Takes the log entry and its time out of a shipper's envelope. */
type OpenLog = (envelope: Fields) => { log: unknown; time: unknown };

/** Creates an adapter for log shippers. The entry in the envelope is read like an access log: a line, or JSON with known names. */
function createShipperAdapter(name: string, entry: string, open: OpenLog): Adapter {
  return createAdapter<unknown>(name, ({ body, contentType, options }) => {
    // Ignore the content type: clients send that of a form, as curl does, or none.
    if (!looksLikeJson(body)) return openAccessLog({ body, contentType: 'text/plain', options });
    const type = isJsonType(contentType) ? contentType : JSON_TYPE;
    const { values } = readJsonBody(body, type, { entries: options.map?.entries });
    const read = createLogReader(options);
    return {
      values,
      toEntry(value) {
        if (!isFields(value)) return new Fault(`The entry is ${describeValue(value)}: send ${entry}.`, value);
        const { log, time } = open(value);
        // Pass it as `message` with the shipper's time, which the reader uses if the entry has none.
        const message = isFields(log) ? JSON.stringify(log) : log;
        return toFound(read(typeof message === 'string' ? { message, time } : log), value);
      },
    };
  });
}

/**
 * Reads Splunk's HTTP Event Collector: objects one after the other, each with the line or the entry in `event`.
 * Source: "Format events for HTTP Event Collector" of the Splunk documentation.
 */
export const splunkAdapter = createShipperAdapter('splunk-hec', 'an object with "event"', (entry) => ({
  // The raw endpoint gets the log itself, without envelope.
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
 * Reads Datadog's logs intake: an array of objects with the line in `message`, or with attributes of Datadog's standard beside
 * it. Its `status` is a log level, its `duration` is in nanoseconds.
 */
export const datadogAdapter = createShipperAdapter('datadog', 'an object with "message"', (entry) => {
  const time = entry.timestamp ?? entry.date;
  const attributes = { ...entry, ...toFields(entry.attributes) };
  const log = toMapper(DATADOG_NAMES).read(attributes);
  return { log: log.status === undefined ? entry.message : log, time };
});
