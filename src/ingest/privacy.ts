import { isIP, isIPv4 } from 'node:net';
import type { Rejection, UsageEvent } from '../domain/event.ts';

/** Anything in a text that may be an address: digits and hexadecimals with dots or colons between. */
const MAYBE_ADDRESS = /[\da-f:]*[.:][\da-f:.]*[\da-f:]/gi;

/**
 * Takes from the addresses of an event what tells persons apart, in place: the last 8 bits of IPv4, the last 80 of IPv6.
 * A client or user that is an address is one too.
 */
export function truncateAddresses(event: UsageEvent): void {
  if (event.ip !== undefined) event.ip = truncateAddress(event.ip);
  if (event.user !== undefined) event.user = truncateAddress(event.user);
  event.client = truncateAddress(event.client);
}

/** The same for what is kept of a rejected event, wherever in the text an address stands. */
export function truncateRejection(rejection: Rejection): Rejection {
  const { excerpt, error, sent } = rejection;
  const shorten = (text: string): string => text.replace(MAYBE_ADDRESS, truncateAddress);
  return {
    ...rejection,
    error: shorten(error),
    ...(excerpt === undefined ? {} : { excerpt: shorten(excerpt) }),
    ...(sent === undefined ? {} : { sent: shorten(sent) }),
  };
}

/** `203.0.113.9` → `203.0.113.0`, `2001:db8:1:2::9` → `2001:db8:1::`; a text that is no address stays. */
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
