import { toMatcher } from '../domain/filter.ts';

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
const DIGITS = /^[0-9]+$/;
const HEX = /^[0-9a-f]{16,}$/i;
const SLASH = 47;
const LETTER = /\p{L}/u;
const DIGIT = /[0-9]/;

/** Paths whose routes are remembered, per set of patterns; longer ones are worked out each time. */
const CACHED_PATHS = 20_000;
const CACHED_LENGTH = 300;

interface Reducer {
  matchers: readonly ((segment: string) => boolean)[];
  routes: Map<string, string>;
}

const reducers = new Map<string, Reducer>();

/**
 * The route of a URL: no scheme, host, query or fragment; a segment becomes `{id}` if it is all digits, a
 * UUID, hex of 16 or more, 20 or more characters with both letters and digits, or fits one of `extraPatterns` (`ord_*`;
 * `*` is any characters). Percent-encodings stay as sent; a URL without a path is `/`. Linear in the URL's length.
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

/** The target of a request line is a path even where it begins with `//`, not a host. */
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
  // `scheme://host` or `//host`; a colon or `//` later on is part of the path.
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
