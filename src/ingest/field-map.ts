import { listNearest } from '../domain/names.ts';
import { HeadroomError } from '../errors.ts';
import { toAddress } from './access-log-line.ts';
import { type EventFields, FIELDS, toTarget } from './event-fields.ts';
import { parseEventTime, toTime } from './event-time.ts';
import { findSecretPath } from './privacy.ts';

/** Names that a map may have: the fields of an event, and `entries`, the path of the entries in a body. */
const NAMES: readonly string[] = [...FIELDS, 'entries'];

/**
 * Paths of the fields of an event in a sender's own JSON, by field. Dots lead into objects; `a|b` takes the first path with a
 * value; `none` leaves the field out. An `id` may join several values (`a+b`), a time may join a day and a time of day
 * (`date+clock`, or `date+clock+UTC`). A duration may be scaled (`latency*1000`, `latency/1000000`) or be the time between two
 * instants (`begun..ended`).
 */
export type FieldMap = Readonly<Record<string, string>>;

/** Maps each field to its own name. */
export const OWN_NAMES: FieldMap = Object.fromEntries(FIELDS.map((field) => [field, field]));

/** Looks a value up in a sender's entry. */
export type Find = (entry: unknown) => unknown;

/** Parses `client=consumer.custom_id|client_ip,route=…`. Throws a `source` error that names the wrong part. */
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

/** Alternative names to look up, each with the names that may follow it: a name may contain dots itself. */
type Steps = readonly { name: string; next: Steps | undefined }[];

function toSteps(path: string): Steps {
  const names = path.split('.');
  let steps: Steps | undefined;
  const behind: (Steps | undefined)[] = [undefined];
  for (let from = names.length - 1; from >= 0; from -= 1) {
    steps = names.slice(from).map((_, at) => ({ name: names.slice(from, from + at + 1).join('.'), next: behind[at] }));
    // A step that takes the first name goes on with the second, and so on.
    behind.unshift(steps);
  }
  return steps!;
}

function walk(value: unknown, steps: Steps): unknown {
  if (typeof value !== 'object' || value === null) return undefined;
  for (const { name, next } of steps) {
    let found = (value as Record<string, unknown>)[name];
    if (found !== undefined && next) found = walk(found, next);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** Compiles a path to a function that finds its value. */
export function compilePath(path: string): Find {
  const steps = toSteps(path);
  return (entry) => walk(entry, steps);
}

/** Compiles `a|b`: the first path with a value. Objects, `-` and empty texts, with which logs write "nothing", do not count. */
export function compilePaths(paths: string): Find {
  return firstOf(paths.split('|').map((path) => compileTelling(path.trim())));
}

function compileTelling(path: string): Find {
  const steps = toSteps(path);
  const { name } = steps[0]!;
  const isPlain = steps.length === 1;
  return (entry) => {
    const value = isPlain ? (entry as Record<string, unknown>)[name] : walk(entry, steps);
    // A name that the entry lacks may be a method of all objects, such as `toString`.
    const isNone = value === null || value === '' || value === '-' || typeof value === 'object';
    return isNone || typeof value === 'function' ? undefined : value;
  };
}

const BLANK: EventFields = Object.fromEntries(FIELDS.map((field) => [field, undefined]));

/** Value of a field that the map leaves out even if the adapter finds it. */
const NONE = Symbol('none');

/** Reads the fields of a map from entries. Compiling is slow: get cached mappers from `toMapper`. */
export class FieldMapper {
  readonly #fields: readonly { field: keyof EventFields; find: Find; text: string }[];

  constructor(map: FieldMap) {
    const named = FIELDS.filter((field) => map[field] !== undefined);
    this.#fields = named.map((field) => ({ field, find: compile(field, map[field]!), text: `${field}=${map[field]}` }));
  }

  /** Reads the fields of the map, over those that the adapter found (`own`). `missed` is called for each that is not found. */
  read(entry: object, own: EventFields = BLANK, missed?: (path: string) => void): EventFields {
    const fields: EventFields = { ...own };
    for (const { field, find, text } of this.#fields) {
      const value = find(entry);
      if (value === undefined) missed?.(text);
      else if (value === NONE) fields[field] = undefined;
      else {
        fields[field] = value;
        // A mapped address goes before the adapter's own route.
        if (field === 'url' && own.route !== undefined) fields.route = undefined;
      }
    }
    return fields;
  }
}

const mappers = new WeakMap<FieldMap, FieldMapper>();

export function toMapper(map: FieldMap): FieldMapper {
  return mappers.getOrInsertComputed(map, () => new FieldMapper(map));
}

function compile(field: keyof EventFields, text: string): Find {
  if (text === 'none') return () => NONE;
  const alternatives = text.split('|').map((path) => path.trim());
  if (field === 'id') return firstOf(alternatives.map(compileId));
  if (field === 'time') return firstOf(alternatives.map(compileTime));
  if (field === 'duration_ms') return firstOf(alternatives.map(compileDuration));
  return chain(compilePaths(text), CONVERSIONS[field] ?? toText);
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

/** Compiles an id. Several values are joined as JSON, so that different values never give the same id; absent if one is absent. */
function compileId(text: string): Find {
  const finds = text.split('+').map(compilePaths);
  if (finds.length === 1) return (entry) => toText(finds[0]!(entry));
  return (entry) => {
    const values = finds.map((find) => find(entry));
    return values.includes(undefined) ? undefined : JSON.stringify(values.map(String));
  };
}

/** Compiles a time, which may be two fields: a day and a time of day. */
function compileTime(text: string): Find {
  const [day, clock, zone] = text.split('+').map((path) => path.trim());
  if (clock === undefined) return chain(compilePaths(day!), toTime);
  const [findDay, findClock] = [compilePaths(day!), compilePaths(clock)];
  return (entry) => {
    const [on, at] = [findDay(entry), findClock(entry)];
    return on === undefined || at === undefined ? undefined : `${on}${zone === 'UTC' ? `T${at}Z` : ` ${at}`}`;
  };
}

function chain(find: Find, convert: (value: unknown) => unknown): Find {
  return (entry) => {
    const value = find(entry);
    return value === undefined ? undefined : convert(value);
  };
}

function compileDuration(text: string): Find {
  const [from, to] = text.split('..');
  if (to !== undefined) {
    const [findBegun, findEnded] = [compilePaths(from!), compilePaths(to)];
    return (entry) => {
      const [begun, ended] = [toInstantMs(findBegun(entry)), toInstantMs(findEnded(entry))];
      return begun === undefined || ended === undefined || ended < begun ? undefined : ended - begun;
    };
  }
  const [, path, sign, number] = /^(.+?)\s*([*/])\s*(\d+(?:\.\d+)?)$/.exec(text) ?? [undefined, text];
  const find = compilePaths(path!);
  if (sign === undefined) return chain(find, (value) => toDurationMs(value));
  const scale = (plain: number): number => (sign === '*' ? plain * Number(number) : plain / Number(number));
  return chain(find, (value) => toDurationMs(value, scale));
}

const CONVERSIONS: Partial<Record<keyof EventFields, (value: unknown) => unknown>> = {
  status: (value) => (Number(value) === 0 ? undefined : value),
  client: (value) => withoutPort(toText(value)),
  ip: withoutPort,
  url: (value) => (typeof value === 'string' ? toTarget(value) : value),
  count: toAmount,
  records: toAmount,
  credits: toAmount,
};

/** Converts numbers to text: names of clients and users are often numbers. */
function toText(value: unknown): unknown {
  return typeof value === 'number' || typeof value === 'bigint' ? String(value) : value;
}

/** Reads a number that may be text; undefined for anything else, and below 0. */
export function toNumber(value: unknown): number | undefined {
  const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
  return typeof number === 'number' && number >= 0 && number < Number.POSITIVE_INFINITY ? number : undefined;
}

function toAmount(value: unknown): unknown {
  return toNumber(value) ?? value;
}

/** Removes the port from an address, since each connection has another one; of a list, takes the first address. */
function withoutPort(value: unknown): unknown {
  return typeof value === 'string' && /[:,]/.test(value) ? (toAddress(value) ?? value) : value;
}

function toInstantMs(value: unknown): number | undefined {
  return parseEventTime(toTime(value));
}

const UNITS: Readonly<Record<string, number>> = { ns: 1e-6, us: 1e-3, µs: 1e-3, μs: 1e-3, ms: 1, s: 1000, m: 60_000 };

/** Converts a number (scaled), or a text with units, to milliseconds: `41`, `0.041s`, `1m2.5s`. */
function toDurationMs(value: unknown, scale?: (plain: number) => number): number | undefined {
  const plain = toNumber(value);
  if (plain !== undefined) return scale ? scale(plain) : plain;
  if (typeof value !== 'string' || !/^(?:\d{1,15}(?:\.\d{1,15})?(?:ns|us|µs|μs|ms|s|m)){1,4}$/.test(value))
    return undefined;
  let sum = 0;
  for (const [, number, unit] of value.matchAll(/(\d+(?:\.\d+)?)([a-zµμ]+)/g)) sum += Number(number) * UNITS[unit!]!;
  return sum;
}
