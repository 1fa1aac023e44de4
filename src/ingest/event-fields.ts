import type { UsageEvent } from '../domain/event.ts';
import { toMatcher } from '../domain/filter.ts';
import { FIRST_EVENT_MS, parseEventTime, parseLocalTime } from './event-time.ts';
import type { SourceOptions } from './source-options.ts';

/** Names of the fields of an event. */
export const FIELDS = [
  ...(['id', 'time', 'client', 'method', 'url', 'route', 'status', 'user', 'ip', 'module', 'api_version'] as const),
  ...(['function', 'initiator', 'kind', 'scope', 'count', 'records', 'credits', 'duration_ms'] as const),
];

/** One event as its sender wrote it, by the fields of src/domain/README.md. Nothing is checked yet. */
export type EventFields = { [field in (typeof FIELDS)[number]]?: unknown };

/** The same names as a set. */
export const EVENT_FIELDS: ReadonlySet<string> = new Set(FIELDS);

export const MAX_ID_LENGTH = 256;
export const MAX_CLIENT_LENGTH = 200;
/** Limit for texts without a limit of their own, so that no event gets larger than a page. */
const MAX_TEXT_LENGTH = 2000;
const MAX_AMOUNT = 1e9;
const TIME_FORMS = 'RFC 3339 with a zone (2026-11-20T12:00:00Z), or seconds or milliseconds since 1970';

/** Usual methods by the names in which they arrive, so that they need not be upper-cased each time. */
const METHODS = new Map(
  ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'TRACE', 'CONNECT'].flatMap((name) => [
    [name, name],
    [name.toLowerCase(), name],
  ]),
);

/**
 * Checks and converts the fields of events. This is the hot path: it allocates nothing but the event, and never throws.
 */
export class EventReader {
  readonly #routePatterns: readonly string[];
  /** Zone for times that name none. */
  readonly #zone: string | undefined;
  /** True if texts may contain NUL or lone surrogates; in JSON only a `\u` escape can write them. */
  readonly #unsafeText: boolean;
  #fault = '';

  constructor({ routePatterns = [], zone }: SourceOptions, unsafeText = true) {
    this.#routePatterns = routePatterns;
    this.#zone = zone;
    this.#unsafeText = unsafeText;
  }

  /**
   * Returns the event, or a sentence with the field, its value and the cure. `null` and blank texts mean that a field is absent,
   * as log formats write it; only `client` must be there. A status may be text, as API Gateway, Fluent Bit and Envoy send it.
   */
  read(fields: EventFields): UsageEvent | string {
    this.#fault = '';
    const event: UsageEvent = {
      id: this.#text('id', fields.id, MAX_ID_LENGTH),
      timeMs: this.#time(fields.time),
      client: this.#client(fields.client),
      method: this.#method(fields.method),
      route: this.#route(fields.route, fields.url),
      status: this.#status(fields.status),
      user: this.#text('user', fields.user, MAX_TEXT_LENGTH),
      ip: this.#text('ip', fields.ip, MAX_TEXT_LENGTH),
      module: this.#text('module', fields.module, MAX_TEXT_LENGTH),
      version: this.#text('api_version', fields.api_version, MAX_TEXT_LENGTH),
      function: this.#text('function', fields.function, MAX_TEXT_LENGTH),
      initiator: this.#text('initiator', fields.initiator, MAX_TEXT_LENGTH),
      kind: this.#text('kind', fields.kind, MAX_TEXT_LENGTH) ?? 'call',
      scope: this.#text('scope', fields.scope, MAX_TEXT_LENGTH),
      count: this.#whole('count', fields.count, 1, MAX_AMOUNT) ?? 1,
      records: this.#whole('records', fields.records, 0, Number.MAX_SAFE_INTEGER),
      credits: this.#credits(fields.credits),
      durationMs: this.#duration(fields.duration_ms),
    };
    return this.#fault === '' ? event : this.#fault;
  }

  #fail(field: string, value: unknown, cure: string): undefined {
    if (this.#fault === '') this.#fault = `${field} is ${describeValue(value)}: ${cure}.`;
  }

  #text(field: string, value: unknown, maxLength: number): string | undefined {
    if (value === undefined || value === null || value === '') return undefined;
    if (typeof value !== 'string') return this.#fail(field, value, 'send it as text in quotes, or leave it out');
    if (value.length > maxLength && Array.from(value).length > maxLength) {
      return this.#fail(field, value, `it has ${Array.from(value).length} characters, send at most ${maxLength}`);
    }
    if (this.#unsafeText) {
      if (value.includes('\0')) return this.#fail(field, value, 'it holds a NUL character, send it without');
      if (!value.isWellFormed()) {
        return this.#fail(field, value, 'it holds half of a surrogate pair, send whole characters');
      }
    }
    // An invisible name counts as absent. Ids are not read by people, so they may be anything.
    return field === 'id' || isVisible(value) ? value : undefined;
  }

  #client(value: unknown): string {
    if (value === undefined || value === null) {
      if (this.#fault === '')
        this.#fault = `client is missing: say who made the call, in 1 to ${MAX_CLIENT_LENGTH} characters.`;
      return '';
    }
    if (value === '') this.#fail('client', value, `say who made the call, in 1 to ${MAX_CLIENT_LENGTH} characters`);
    const client = this.#text('client', value, MAX_CLIENT_LENGTH);
    if (client === undefined && this.#fault === '')
      this.#fail('client', value, 'nothing of it can be seen, send a name that people can read');
    return client ?? '';
  }

  #method(value: unknown): string | undefined {
    const known = METHODS.get(value as string);
    return known ?? this.#text('method', value, MAX_TEXT_LENGTH)?.toUpperCase();
  }

  #route(route: unknown, url: unknown): string | undefined {
    const given = this.#text('route', route, MAX_TEXT_LENGTH);
    if (given !== undefined || url === undefined) return given;
    // Only the path is stored, so the limit holds for the path only.
    const address = this.#text('url', url, Number.MAX_SAFE_INTEGER);
    if (address === undefined) return undefined;
    return this.#text('the path of url', toRoute(address, this.#routePatterns), MAX_TEXT_LENGTH);
  }

  #time(value: unknown): number | undefined {
    if (value === undefined || value === null || value === '') return undefined;
    const timeMs = parseEventTime(value) ?? this.#localTime(value);
    if (timeMs === undefined) return this.#fail('time', value, `send ${TIME_FORMS}${this.#zoneCure(value)}`);
    if (timeMs >= FIRST_EVENT_MS) return timeMs;
    const iso = new Date(timeMs).toISOString();
    const cure = `that is ${iso}, before 2000; send when the call began, as ${TIME_FORMS}, or leave it out`;
    return this.#fail('time', value, cure);
  }

  #localTime(value: unknown): number | undefined {
    return this.#zone === undefined || typeof value !== 'string' ? undefined : parseLocalTime(value, this.#zone);
  }

  #zoneCure(value: unknown): string {
    const isLocal = typeof value === 'string' && parseLocalTime(value, 'UTC') !== undefined;
    return isLocal ? '; where the sender cannot name its zone, set it with --zone, such as --zone Europe/Berlin' : '';
  }

  #status(value: unknown): number | undefined {
    if (value === undefined || value === null || value === '') return undefined;
    const status = typeof value === 'string' && /^[0-9]{3}$/.test(value) ? Number(value) : value;
    if (Number.isInteger(status) && (status as number) >= 100 && (status as number) <= 599) return status as number;
    return this.#fail('status', value, 'send a whole number from 100 to 599, or leave it out');
  }

  #whole(field: string, value: unknown, min: number, max: number): number | undefined {
    if (value === undefined || value === null) return undefined;
    if (Number.isInteger(value) && (value as number) >= min && (value as number) <= max) return (value as number) + 0;
    return this.#fail(field, value, `send a whole number from ${min} to ${max}, or leave it out`);
  }

  #credits(value: unknown): number | undefined {
    if (value === undefined || value === null) return undefined;
    if (typeof value === 'number') {
      const thousandths = toThousandths(value);
      if (thousandths !== undefined) return thousandths;
    }
    return this.#fail(
      'credits',
      value,
      `send a number from 0 to ${MAX_AMOUNT} with at most three decimals, or leave it out`,
    );
  }

  #duration(value: unknown): number | undefined {
    if (value === undefined || value === null) return undefined;
    if (typeof value === 'number' && value >= 0 && value < Number.POSITIVE_INFINITY) return value + 0;
    return this.#fail('duration_ms', value, 'send a number of milliseconds from 0 on, or leave it out');
  }
}

/** Matches texts of spaces, controls and characters that fonts leave blank: U+200B, U+2800, Hangul fillers. */
const BLANK = /^[\p{Z}\p{Cc}\p{Cf}\p{Default_Ignorable_Code_Point}\p{M}\u2800]*$/u;

/** Tells whether a name has a visible character; the first one nearly always is. */
function isVisible(name: string): boolean {
  const code = name.charCodeAt(0);
  return (code > 32 && code < 127) || !BLANK.test(name);
}

/**
 * Converts credits to exact thousandths; undefined below 0, over 10^9 or with more than three decimals. Rounding errors of
 * binary arithmetic (0.1 + 0.2 = 0.30000000000000004) do not count as decimals: a number within four units in the last place of
 * a thousandth means that thousandth.
 */
function toThousandths(value: number): number | undefined {
  if (!(value >= 0 && value <= MAX_AMOUNT)) return undefined;
  const thousandths = Math.round(value * 1000);
  return Math.abs(value - thousandths / 1000) <= 4 * Number.EPSILON * value ? thousandths + 0 : undefined;
}

/** Describes a value for an error message: texts are shortened, of objects and arrays only the type is named. */
export function describeValue(value: unknown): string {
  if (value === undefined) return 'missing';
  if (value === null) return 'null';
  if (Array.isArray(value)) return `an array of ${value.length}`;
  if (typeof value === 'object') return 'an object';
  if (typeof value !== 'string') return `${value} (a ${typeof value})`;
  const shown = value.length > 60 ? `${value.slice(0, 60)}…` : value;
  return JSON.stringify(shown.toWellFormed());
}

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
const DIGITS = /^[0-9]+$/;
const HEX = /^[0-9a-f]{16,}$/i;
const SLASH = 47;
const LETTER = /\p{L}/u;
const DIGIT = /[0-9]/;

/** Cache the routes of 20,000 paths of up to 300 characters for each set of patterns. */
const CACHED_PATHS = 20_000;
const CACHED_LENGTH = 300;

interface Reducer {
  matchers: readonly ((segment: string) => boolean)[];
  routes: Map<string, string>;
}

const reducers = new Map<string, Reducer>();

/**
 * Reduces a URL to its route, without scheme, host, query or fragment. A segment becomes `{id}` if it is all digits, a UUID, 16
 * or more hex digits, 20 or more characters with both letters and digits, or fits one of `extraPatterns` (`ord_*`; `*` is any
 * characters). Percent-encodings stay as sent; a URL without a path is `/`. Linear in the URL's length.
 */
export function toRoute(url: string, extraPatterns: readonly string[] = []): string {
  const path = toPath(url);
  const reducer = reducerOf(extraPatterns);
  const known = reducer.routes.get(path);
  if (known !== undefined) return known;
  const route = path
    .split('/')
    .map((segment) =>
      isIdentifier(segment) || reducer.matchers.some((matches) => matches(segment)) ? '{id}' : segment,
    )
    .join('/');
  if (path.length <= CACHED_LENGTH) {
    if (reducer.routes.size >= CACHED_PATHS) reducer.routes.clear();
    reducer.routes.set(path, route);
  }
  return route;
}

/** Normalises the target of a request line: at its beginning `//` is part of the path, not of a host. */
export function toTarget(target: string): string {
  return target.startsWith('//') ? target.replace(/^\/+/, '/') : target;
}

function toPath(url: string): string {
  let path = url;
  for (const mark of ['?', '#']) {
    const end = path.indexOf(mark);
    if (end >= 0) path = path.slice(0, end);
  }
  if (path.charCodeAt(0) === SLASH && path.charCodeAt(1) !== SLASH) return path;
  // Remove `scheme://host` or `//host`; a colon or `//` later on is part of the path.
  const host = /^(?:[a-z][a-z0-9+.-]*:)?\/\//i.exec(path);
  if (host) {
    const slash = path.indexOf('/', host[0].length);
    path = slash < 0 ? '' : path.slice(slash);
  }
  return path === '' ? '/' : path;
}

function isIdentifier(segment: string): boolean {
  if (segment === '') return false;
  if (DIGITS.test(segment)) return true;
  if (segment.length < 16) return false;
  if (HEX.test(segment) || UUID.test(segment)) return true;
  return segment.length >= 20 && DIGIT.test(segment) && LETTER.test(segment) && Array.from(segment).length >= 20;
}

function reducerOf(patterns: readonly string[]): Reducer {
  const key = patterns.length === 0 ? '' : JSON.stringify(patterns);
  let reducer = reducers.get(key);
  if (!reducer) {
    if (reducers.size > 200) reducers.clear();
    reducer = { matchers: patterns.map(toMatcher), routes: new Map() };
    reducers.set(key, reducer);
  }
  return reducer;
}
