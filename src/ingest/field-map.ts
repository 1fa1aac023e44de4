import { listNearest } from '../domain/names.ts';
import { HeadroomError } from '../errors.ts';
import { toAddress } from './access-log-line.ts';
import { type EventFields, FIELDS, toTarget } from './event-fields.ts';
import { parseEventTime, toTime } from './event-time.ts';
import { findSecretPath } from './privacy.ts';

/** Besides the fields of an event: where its entries stand in a body. */
const NAMES: readonly string[] = [...FIELDS, 'entries'];

/**
 * Where the fields of an event stand in a sender's own JSON, by field. A path goes into objects by dots; `a|b` takes the
 * first that says something, `none` leaves the field out. An `id` may join several (`a+b`), a time a day and a time of day
 * (`date+clock`, or `date+clock+UTC`). A duration may be scaled (`latency*1000`, `latency/1000000`) or be the time from one
 * instant to another (`begun..ended`).
 */
export type FieldMap = Readonly<Record<string, string>>;

/** Each field under its own name. */
export const OWN_NAMES: FieldMap = Object.fromEntries(FIELDS.map((field) => [field, field]));

/** Looks a value up in a sender's entry. */
export type Find = (entry: unknown) => unknown;

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

/** Names to look up one after the other, each with those that may follow it; a name may hold dots itself. */
type Steps = readonly { name: string; next: Steps | undefined }[];

function toSteps(path: string): Steps {
  const names = path.split('.');
  let steps: Steps | undefined;
  const behind: (Steps | undefined)[] = [undefined];
  for (let from = names.length - 1; from >= 0; from -= 1) {
    steps = names.slice(from).map((_, at) => ({ name: names.slice(from, from + at + 1).join('.'), next: behind[at] }));
    // The first of them goes on with the next name, and so on.
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

/** Compiles the way to whatever stands at a path. */
export function compilePath(path: string): Find {
  const steps = toSteps(path);
  return (entry) => walk(entry, steps);
}

/** Compiles `a|b`: the first that says something. Objects, `-` and empty texts, with which logs write "nothing", do not. */
export function compilePaths(paths: string): Find {
  return firstOf(paths.split('|').map((path) => compileTelling(path.trim())));
}

function compileTelling(path: string): Find {
  const steps = toSteps(path);
  const { name } = steps[0]!;
  const isPlain = steps.length === 1;
  return (entry) => {
    const value = isPlain ? (entry as Record<string, unknown>)[name] : walk(entry, steps);
    // Of an entry that lacks the field a name may be a method of all objects.
    const isNone = value === null || value === '' || value === '-' || typeof value === 'object';
    return isNone || typeof value === 'function' ? undefined : value;
  };
}

const BLANK: EventFields = Object.fromEntries(FIELDS.map((field) => [field, undefined]));

/** Found in the place of a field that is left out whatever an adapter finds. */
const NONE = Symbol('none');

/** Reads the fields of a map from entries. Made once per source and kept: maps are compiled. */
export class FieldMapper {
  readonly #fields: readonly { field: keyof EventFields; find: Find; text: string }[];

  constructor(map: FieldMap) {
    const named = FIELDS.filter((field) => map[field] !== undefined);
    this.#fields = named.map((field) => ({ field, find: compile(field, map[field]!), text: `${field}=${map[field]}` }));
  }

  /** The fields that the map finds, over those that an adapter found by itself. `missed` hears of what it does not find. */
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

/** Several values are one id as JSON, so that no two of them meet; the id is unknown where one of them is. */
function compileId(text: string): Find {
  const finds = text.split('+').map(compilePaths);
  if (finds.length === 1) return (entry) => toText(finds[0]!(entry));
  return (entry) => {
    const values = finds.map((find) => find(entry));
    return values.includes(undefined) ? undefined : JSON.stringify(values.map(String));
  };
}

/** A day and a time of day may stand apart. */
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

/** Names of clients and users are often numbers. */
function toText(value: unknown): unknown {
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
function withoutPort(value: unknown): unknown {
  return typeof value === 'string' && /[:,]/.test(value) ? (toAddress(value) ?? value) : value;
}

function toInstantMs(value: unknown): number | undefined {
  return parseEventTime(toTime(value));
}

const UNITS: Readonly<Record<string, number>> = { ns: 1e-6, us: 1e-3, µs: 1e-3, μs: 1e-3, ms: 1, s: 1000, m: 60_000 };

/** Milliseconds of a number, scaled, or of a text that names its unit: `41`, `0.041s`, `1m2.5s`. */
function toDurationMs(value: unknown, scale?: (plain: number) => number): number | undefined {
  const plain = toNumber(value);
  if (plain !== undefined) return scale ? scale(plain) : plain;
  if (typeof value !== 'string' || !/^(?:\d{1,15}(?:\.\d{1,15})?(?:ns|us|µs|μs|ms|s|m)){1,4}$/.test(value))
    return undefined;
  let sum = 0;
  for (const [, number, unit] of value.matchAll(/(\d+(?:\.\d+)?)([a-zµμ]+)/g)) sum += Number(number) * UNITS[unit!]!;
  return sum;
}
