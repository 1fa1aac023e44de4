import { listNearest } from '../domain/nearest.ts';
import { HeadroomError } from '../errors.ts';
import { parseClfTime } from './access-log-line.ts';
import { toAddress } from './caller.ts';
import { EVENT_FIELDS, type EventFields } from './event-fields.ts';
import { parseEventTime } from './event-time.ts';
import { findSecretPath } from './redact.ts';
import { toTarget } from './route-template.ts';
import type { Unread } from './unread.ts';

const FIELDS = [...EVENT_FIELDS] as (keyof EventFields)[];
/** Besides the fields of an event: where its entries stand in a body. */
const NAMES: readonly string[] = [...FIELDS, 'entries'];

/**
 * Where the fields of an event stand in a sender's own JSON, by field. A path goes into objects by dots; `a|b` takes the
 * first that says something, `none` leaves the field out. An `id` may join several (`a+b`). A duration may be scaled
 * (`latency*1000`, `latency/1000000`) or be the time from one instant to another (`begun..ended`).
 */
export type FieldMap = Readonly<Record<string, string>>;

/** A sender's entry, by paths. */
type Find = (entry: unknown) => unknown;

/** Reads `client=consumer.custom_id|client_ip,route=…`. Throws a `source` error that names the part. */
export function parseFieldMap(text: string): FieldMap {
  const map: Record<string, string> = {};
  for (const part of text.split(',')) {
    const equals = part.indexOf('=');
    const [field, paths] = [part.slice(0, equals).trim(), part.slice(equals + 1).trim()];
    if (equals < 0 || paths === '') {
      const cure = 'write FIELD=PATH, such as client=consumer.username|client_ip';
      throw new HeadroomError('source', `${JSON.stringify(part.trim())} is no part of a map: ${cure}.`);
    }
    if (!NAMES.includes(field)) {
      const [nearest] = listNearest(field, NAMES);
      const cure = nearest ? `did you mean ${nearest}?` : `use ${NAMES.join(', ')}.`;
      throw new HeadroomError('source', `There is no field ${JSON.stringify(field)} to map: ${cure}`);
    }
    const secret = findSecretPath(paths);
    if (secret !== undefined) {
      throw new HeadroomError(
        'source',
        `${JSON.stringify(secret)} opens doors and is never read: map ${field} to another.`,
      );
    }
    map[field] = paths;
  }
  return map;
}

export function formatFieldMap(map: FieldMap): string {
  return Object.entries(map)
    .map(([field, paths]) => `${field}=${paths}`)
    .join(',');
}

/** A field by its name, or by the names on the way to it; a field whose own name holds dots is found too. */
export function findField(fields: unknown, path: string): unknown {
  if (typeof fields !== 'object' || fields === null) return undefined;
  if (Object.hasOwn(fields, path)) return (fields as Record<string, unknown>)[path];
  for (let dot = path.indexOf('.'); dot >= 0; dot = path.indexOf('.', dot + 1)) {
    const name = path.slice(0, dot);
    if (!Object.hasOwn(fields, name)) continue;
    const found = findField((fields as Record<string, unknown>)[name], path.slice(dot + 1));
    if (found !== undefined) return found;
  }
  return undefined;
}

/** Reads what stands at a path and says something; `-` and empty texts are how logs write "nothing". */
function compilePath(path: string): Find {
  const names = path.split('.');
  // Properties of the prototype are no fields of a sender.
  const isPlain = names.every((name) => !(name in Object.prototype));
  return (entry) => {
    let value: unknown = isPlain ? entry : undefined;
    for (const name of names) {
      if (typeof value !== 'object' || value === null) {
        value = undefined;
        break;
      }
      value = (value as Record<string, unknown>)[name];
    }
    // A name may hold dots itself.
    if (value === undefined && (names.length > 1 || !isPlain)) value = findField(entry, path);
    return value === null || value === '' || value === '-' || typeof value === 'object' ? undefined : value;
  };
}

/** Reads the fields of a map from entries. Made once per source and kept: maps are compiled. */
export class FieldMapper {
  readonly #map: FieldMap;
  readonly #fields: readonly (readonly [keyof EventFields, Find])[];
  /** Fields that are left out whatever an adapter finds. */
  readonly #dropped: readonly (keyof EventFields)[];

  constructor(map: FieldMap) {
    this.#map = map;
    const named = FIELDS.filter((field) => map[field] !== undefined);
    this.#dropped = named.filter((field) => map[field] === 'none');
    this.#fields = named
      .filter((field) => map[field] !== 'none')
      .map((field) => [field, compile(field, map[field]!)] as const);
  }

  /** The fields that the map finds, over those that an adapter found by itself. `missed` counts what it does not find. */
  read(entry: unknown, own: EventFields = {}, missed?: Unread): EventFields {
    const fields: EventFields = { ...own };
    for (const field of this.#dropped) fields[field] = undefined;
    for (const [field, find] of this.#fields) {
      const value = find(entry);
      if (value === undefined) {
        missed?.add(`${field}=${this.#map[field]}`);
        continue;
      }
      fields[field] = value;
      // A mapped address goes before the adapter's own route.
      if (field === 'url' && own.route !== undefined) fields.route = undefined;
    }
    return fields;
  }
}

const mappers = new WeakMap<FieldMap, FieldMapper>();

/** The mapper of a source's options; undefined where it has no map. */
export function findMapper({ map }: { map?: FieldMap | undefined }): FieldMapper | undefined {
  return map && toMapper(map);
}

export function toMapper(map: FieldMap): FieldMapper {
  let mapper = mappers.get(map);
  if (!mapper) {
    mapper = new FieldMapper(map);
    mappers.set(map, mapper);
  }
  return mapper;
}

function compile(field: keyof EventFields, text: string): Find {
  const alternatives = text.split('|').map((path) => path.trim());
  if (field === 'id') return firstOf(alternatives.map(compileId));
  if (field === 'duration_ms') return firstOf(alternatives.map(compileDuration));
  const convert = CONVERSIONS[field] ?? toText;
  const find = firstOf(alternatives.map(compilePath));
  return (entry) => {
    const value = find(entry);
    return value === undefined ? undefined : convert(value);
  };
}

function firstOf(finds: readonly Find[]): Find {
  if (finds.length === 1) return finds[0]!;
  return (entry) => {
    for (const find of finds) {
      const value = find(entry);
      if (value !== undefined) return value;
    }
    return undefined;
  };
}

/** Several values are one id as JSON, so that no two of them meet; the id is unknown where one of them is. */
function compileId(text: string): Find {
  const finds = text.split('+').map((path) => compilePath(path.trim()));
  if (finds.length === 1) return (entry) => toText(finds[0]!(entry));
  return (entry) => {
    const values = finds.map((find) => find(entry));
    return values.includes(undefined) ? undefined : JSON.stringify(values.map(String));
  };
}

function compileDuration(text: string): Find {
  const [from, to] = text.split('..');
  if (to !== undefined) {
    const [findBegun, findEnded] = [compilePath(from!.trim()), compilePath(to.trim())];
    return (entry) => {
      const [begun, ended] = [toInstantMs(findBegun(entry)), toInstantMs(findEnded(entry))];
      return begun === undefined || ended === undefined || ended < begun ? undefined : ended - begun;
    };
  }
  const [, path, sign, number] = /^(.+?)\s*([*/])\s*(\d+(?:\.\d+)?)$/.exec(text) ?? [undefined, text];
  const factor = sign === undefined ? 1 : sign === '*' ? Number(number) : 1 / Number(number);
  const find = compilePath(path!);
  return (entry) => {
    const duration = toDurationMs(find(entry));
    return duration === undefined ? undefined : duration * factor;
  };
}

const CONVERSIONS: Partial<Record<keyof EventFields, (value: unknown) => unknown>> = {
  time: toTime,
  status: (value) => (Number(value) === 0 ? undefined : value),
  ip: withoutPort,
  url: (value) => (typeof value === 'string' ? toTarget(value) : value),
  count: toAmount,
  records: toAmount,
  credits: toAmount,
};

/** Names of clients and users are often numbers. */
export function toText(value: unknown): unknown {
  return typeof value === 'number' || typeof value === 'bigint' ? String(value) : value;
}

/** A number that may come as text; undefined for anything else, and below 0. */
export function toNumber(value: unknown): number | undefined {
  const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
  return typeof number === 'number' && number >= 0 && number < Number.POSITIVE_INFINITY ? number : undefined;
}

function toAmount(value: unknown): unknown {
  return toNumber(value) ?? value;
}

/** Each connection has a port of its own: the caller is the address alone, the first of a list. */
export function withoutPort(value: unknown): unknown {
  return typeof value === 'string' ? (toAddress(value) ?? value) : value;
}

/** Numbers this large are microseconds since 1970, and those nanoseconds. */
const FIRST_MICROSECONDS = 1e14;
const FIRST_NANOSECONDS = 1e17;

/** Instants as senders write them, besides those that events carry: micro- and nanoseconds, and the Common Log Format. */
export function toTime(value: unknown): unknown {
  if (typeof value === 'string') {
    if (parseEventTime(value) !== undefined) return value;
    return parseClfTime(value) ?? (/^\d{15,19}$/.test(value) ? toTime(Number(value)) : value);
  }
  if (typeof value !== 'number' || value < FIRST_MICROSECONDS) return value;
  return Math.floor(value >= FIRST_NANOSECONDS ? value / 1e6 : value / 1000);
}

function toInstantMs(value: unknown): number | undefined {
  return parseEventTime(toTime(value));
}

const UNITS: Readonly<Record<string, number>> = { ns: 1e-6, us: 1e-3, µs: 1e-3, μs: 1e-3, ms: 1, s: 1000, m: 60_000 };

/** Milliseconds of a number, or of a text that names its unit: `41`, `0.041s`, `1m2.5s`. */
function toDurationMs(value: unknown): number | undefined {
  const plain = toNumber(value);
  if (plain !== undefined || typeof value !== 'string' || value.length > 40) return plain;
  if (!/^(?:\d+(?:\.\d+)?(?:ns|us|µs|μs|ms|s|m))+$/.test(value)) return undefined;
  let sum = 0;
  for (const [, number, unit] of value.matchAll(/(\d+(?:\.\d+)?)([a-zµμ]+)/g)) sum += Number(number) * UNITS[unit!]!;
  return sum;
}
