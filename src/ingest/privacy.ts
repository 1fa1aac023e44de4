import { isIP, isIPv4 } from 'node:net';
import type { Rejection, UsageEvent } from '../domain/event.ts';
import { redact as hideTokens } from '../secret.ts';

/** Matches names of headers and fields that may hold credentials: their values are not stored. */
const SECRET_NAME =
  /authorization$|cookie|password|passwd|secret|signature|credential|session|token$|api[-_]?key$|jwt/i;

/** Those of them that never identify a client: a map that reads one is a mistake. */
const NEVER_READ = /authorization$|cookie|password|passwd|secret/i;

/** Finds the part of a map's paths that would read a credential. */
export function findSecretPath(paths: string): string | undefined {
  return paths.split(/[|+.\s]+/).find((name) => NEVER_READ.test(name));
}

/** Leave out parts of an entry that are nested deeper. */
const MAX_DEPTH = 20;

/**
 * Copies an entry without credentials, and without the queries of URLs, which may contain keys. Objects deeper than `maxDepth`
 * become empty.
 */
export function redact(value: unknown, depth = 0, maxDepth = MAX_DEPTH): unknown {
  if (typeof value === 'bigint') return String(value);
  if (typeof value === 'string') return redactText(value);
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) {
    if (depth >= maxDepth) return value.map(() => null);
    return value.filter((part) => !isSecretPair(part)).map((part) => redact(part, depth + 1, maxDepth));
  }
  if (depth >= maxDepth) return {};
  return Object.fromEntries(
    Object.entries(value)
      .filter(([name]) => !SECRET_NAME.test(name))
      .map(([name, part]) => [name, redact(part, depth + 1, maxDepth)]),
  );
}

/** Tells whether a value is a name-value pair, such as an attribute or header, with the name of a credential. */
function isSecretPair(part: unknown): boolean {
  if (typeof part !== 'object' || part === null) return false;
  const { key, name = key } = part as { key?: unknown; name?: unknown };
  return typeof name === 'string' && SECRET_NAME.test(name);
}

/** Redacts a text: JSON, as shippers wrap it, or any line with URLs. */
function redactText(text: string): string {
  if (text.startsWith('{') && text.endsWith('}')) {
    try {
      return JSON.stringify(redact(JSON.parse(text)));
    } catch {
      // Not JSON: treat it like any other text.
    }
  }
  return hideSecrets(withoutQueries(text));
}

/** Removes tokens from a text, and the values of JSON fields in it that have the name of a credential. */
export function hideSecrets(text: string): string {
  return hideTokens(text).replace(/"([^"]{1,60})"\s*:\s*"(?:[^"\\]|\\.)*"?/g, (pair, name: string) =>
    SECRET_NAME.test(name) ? `"${name}":"<secret>"` : pair,
  );
}

/** Removes the queries of URLs in a text. Linear in its length. */
export function withoutQueries(text: string): string {
  if (!text.includes('?')) return text;
  return text.replace(/[^\s"']+/g, (word) => {
    const query = word.indexOf('?');
    return query > 0 && word.slice(0, query).includes('/') ? word.slice(0, query) : word;
  });
}

/** Matches everything in a text that may be an address: hex digits with dots or colons. */
const MAYBE_ADDRESS = /[\da-f:]*[.:][\da-f:.]*[\da-f:]/gi;
/** Matches IPv4 addresses, also with a port or another part of an id after them. */
const IPV4 = /(?<![\d.])\d{1,3}(?:\.\d{1,3}){3}(?![\d.])/g;

/**
 * Truncates the addresses of an event, in place, so that they do not identify a person: removes the last 8 bits of IPv4, the last
 * 80 of IPv6. A client or user that is an address is truncated too.
 */
export function truncateAddresses(event: UsageEvent): void {
  if (event.ip !== undefined) event.ip = truncateAddress(event.ip);
  if (event.user !== undefined) event.user = truncateAddress(event.user);
  event.client = truncateAddress(event.client);
  if (event.id !== undefined) {
    const shownId = shortenAddresses(event.id);
    if (shownId !== event.id) event.shownId = shownId;
  }
}

/** Shortens every address in a text. */
export function shortenAddresses(text: string): string {
  return text.replace(IPV4, truncateAddress).replace(MAYBE_ADDRESS, truncateAddress);
}

/** Shortens the addresses in the stored texts of a rejected event. */
export function truncateRejection(rejection: Rejection): Rejection {
  const { id, excerpt, error, sent } = rejection;
  return {
    ...rejection,
    ...(id === undefined ? {} : { id: shortenAddresses(id) }),
    error: shortenAddresses(error),
    ...(excerpt === undefined ? {} : { excerpt: shortenAddresses(excerpt) }),
    ...(sent === undefined ? {} : { sent: shortenAddresses(sent) }),
  };
}

/** Truncates `203.0.113.9` to `203.0.113.0`, `2001:db8:1:2::9` to `2001:db8:1::`; returns other texts as they are. */
export function truncateAddress(text: string): string {
  const address = text.replace(/^::ffff:(?=\d+\.)/i, '');
  if (isIPv4(address)) return address.replace(/\d+$/, '0');
  if (isIP(address) === 0) return text;
  const [head = '', tail] = address.toLowerCase().replace(/%.*$/, '').split('::');
  const groups = head === '' ? [] : head.split(':');
  if (tail !== undefined) {
    const after = tail === '' ? [] : tail.split(':');
    while (groups.length + after.length < 8) groups.push('0');
    groups.push(...after);
  }
  const kept = [0, 1, 2].map((place) => (groups[place] ?? '0').replace(/^0+(?=.)/, ''));
  while (kept.at(-1) === '0') kept.pop();
  return `${kept.join(':')}::`;
}
