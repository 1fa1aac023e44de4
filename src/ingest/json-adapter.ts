import type { Adapter, AdapterInput, ParsedRequest } from './adapter.ts';
import { EventCollector, type Fields, isFields } from './event-collector.ts';
import { describeValue, type EventFields } from './event-fields.ts';
import { compilePath, type FieldMap, toMapper } from './field-map.ts';
import { checkJsonType, type JsonBody, readJsonBody } from './json-body.ts';

/** A sender's JSON, told by where its fields stand. */
export interface JsonFormat {
  /** That of the adapter. */
  name: string;
  map: FieldMap;
  /** Where the entries stand in a body that holds them in an object. */
  entries?: string;
  /** Tells in refusals how to send: the content type with its sender, and one entry. */
  expects: { type: string; entry: string };
  /** How to name the client where the entry does not. */
  missingClient: string;
  /** Reads the body where it is not JSON by its content type. */
  read?: (input: AdapterInput) => JsonBody;
  /** The entry inside a wrapper; undefined: it says nothing of calls. A text: what is wrong with it. */
  open?: (value: Fields) => Fields | string | undefined;
  /** Last touches that a map cannot say. */
  finish?: (fields: EventFields, entry: Fields) => EventFields;
}

/** An adapter for JSON whose fields stand where a map says; the map of a source goes before it, field by field. */
export function createJsonAdapter(format: JsonFormat): Adapter {
  return { name: format.name, parse: (input) => parseJson(input, format) };
}

function parseJson(input: AdapterInput, format: JsonFormat): ParsedRequest {
  const { body, contentType, options } = input;
  if (!format.read) checkJsonType(contentType, format.expects.type);
  const entriesPath = options.map?.entries ?? format.entries;
  const read = format.read?.(input) ?? readJsonBody(body, contentType, entriesPath);
  const events = new EventCollector(options, read.unreadable, read.escapes);
  const mapper = toMapper(format.map);
  for (const { value, index } of listEntries(read, entriesPath)) {
    const entry = isFields(value) ? (format.open ? format.open(value) : value) : undefined;
    if (typeof entry === 'string') events.reject(index, value, entry);
    else if (entry) {
      const fields = mapper.read(entry);
      events.add(index, format.finish?.(fields, entry) ?? fields, entry, format.missingClient);
    } else if (!isFields(value)) {
      events.reject(index, value, `The entry is ${describeValue(value)}: send ${format.expects.entry}.`);
    }
  }
  return events.finish();
}

/** The entries of a body: its values, or what these hold at `path`; with the place of each in the request. */
export function listEntries(read: JsonBody, path: string | undefined): { value: unknown; index: number }[] {
  const listed: { value: unknown; index: number }[] = [];
  const find = path === undefined ? undefined : compilePath(path);
  let moved = 0;
  read.values.forEach((value, at) => {
    const index = read.indexes[at]! + moved;
    const entries = find?.(value);
    if (!Array.isArray(entries)) {
      listed.push({ value, index });
      return;
    }
    entries.forEach((entry: unknown, place) => {
      listed.push({ value: entry, index: index + place });
    });
    moved += Math.max(0, entries.length - 1);
  });
  return listed;
}
