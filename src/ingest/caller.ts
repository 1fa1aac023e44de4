import { isIP } from 'node:net';

/** Who called, by the part of a log line that stands before its time. `-` is undefined here. */
export interface Caller {
  ip?: string;
  user?: string;
}

const TOKEN = /"(?:[^"\\]|\\.)*"|\S+/g;
const HOST_NAME = /^[a-z0-9_](?:[\w.-]*[a-z0-9_])?$/i;
const IDENT = /^[\w.@+-]+$/;

/**
 * Reads `address ident user` with anything in front (a syslog header, a virtual host, other fields) and, where the user is
 * `-`, behind. Returns what is uncertain instead of a guess: a user may hold whatever its sender wrote.
 */
export function readCaller(text: string): Caller | string {
  const plain = /^(\S+) ([^\s"]+) ([^\s"]+)$/.exec(text);
  if (plain && isIP(plain[1]!) !== 0) return { ip: unmap(plain[1]!), user: toValue(plain[3]!) };
  const tokens =
    text
      .replace(/^<\d{1,3}>/, '')
      .replace(/,\s+/g, ',')
      .match(TOKEN) ?? [];
  const places = tokens.keys().filter((at) => isCaller(tokens, at));
  const at = places.next().value;
  if (at === undefined) return readNamedHost(tokens);
  if (!places.next().done) return 'more than one address may be the caller';
  if (at > 0 && isIP(tokens[at - 1]!) !== 0) return 'two addresses stand side by side';
  return withUser(toAddress(tokens[at]!)!, tokens.slice(at + 2));
}

/**
 * The address in a text as servers and proxies write it, without its port: `192.0.2.1:40001`, `[2001:db8::1]:443`, the
 * first of a list (`X-Forwarded-For`). Undefined where there is none.
 */
export function toAddress(text: string): string | undefined {
  if (isIP(text) !== 0) return unmap(text);
  if (text.includes(',')) {
    const all = text.split(',').map((part) => toAddress(part.trim()));
    return all.includes(undefined) ? undefined : all[0];
  }
  const inside = /^\[([^\]]+)\](?::\d{1,5})?$/.exec(text)?.[1] ?? /^([\d.]+):\d{1,5}$/.exec(text)?.[1];
  return inside !== undefined && isIP(inside) !== 0 ? unmap(inside) : undefined;
}

/** Servers that listen on both write an address of IPv4 as one of IPv6: `::ffff:192.0.2.1` is the caller `192.0.2.1`. */
function unmap(address: string): string {
  const inside = /^::ffff:([\d.]+)$/i.exec(address)?.[1];
  return inside !== undefined && isIP(inside) === 4 ? inside : address;
}

/** An address, an identity (all but always `-`) and a user; ingress-nginx repeats the address in brackets. */
function isCaller(tokens: readonly string[], at: number): boolean {
  const left = tokens.length - at;
  if (left < 3 || toAddress(tokens[at]!) === undefined) return false;
  if (at >= 2 && tokens[at - 1] === '-' && tokens[at] === `[${tokens[at - 2]}]`) return false;
  return tokens[at + 1] === '-' || left === 3;
}

/** Servers that look names up write the name of the caller's host; only a virtual host may stand before it. */
function readNamedHost(tokens: readonly string[]): Caller | string {
  const [host, ident, user] = tokens.length === 4 && isHostWithPort(tokens[0]!) ? tokens.slice(1) : tokens;
  const known = tokens.length === 3 || (tokens.length === 4 && host === tokens[1]);
  if (!known || !IDENT.test(ident!) || tokens.some((token) => toAddress(token) !== undefined)) {
    return 'no address stands before the time, followed by an identity and a user';
  }
  // A connection over a Unix socket has no address.
  if (host === '-' || host === 'unix:') return withUser(undefined, [user!]);
  const name = isHostWithPort(host!) ? host!.slice(0, host!.indexOf(':')) : host!;
  return isHostName(name) ? withUser(name, [user!]) : `${JSON.stringify(host)} is neither an address nor a host`;
}

/** Tells whether a text can be the name of a host, whose last part is never a number: `1.0.0.7x` may be, `x1.0.0.7` not. */
export function isHostName(text: string): boolean {
  return HOST_NAME.test(text) && /[a-z_-][^.]*$/i.test(text);
}

function isHostWithPort(token: string): boolean {
  return /^[\w.-]*[a-z][\w.-]*:\d{1,5}$/i.test(token);
}

function withUser(ip: string | undefined, [user, ...rest]: readonly string[]): Caller | string {
  const value = toValue(user!);
  if (value === undefined || rest.length === 0) return { ...(ip === undefined ? {} : { ip }), user: value };
  // ingress-nginx: address - [address] - user.
  if (user === `[${ip}]` && rest.length === 2 && rest[0] === '-') {
    return { ...(ip === undefined ? {} : { ip }), user: toValue(rest[1]!) };
  }
  return 'where the user ends cannot be told';
}

function toValue(token: string): string | undefined {
  const text = token.length > 1 && token.startsWith('"') && token.endsWith('"') ? token.slice(1, -1) : token;
  return text === '-' || text === '' ? undefined : text;
}
