import { isUtf8 } from 'node:buffer';
import { isIP } from 'node:net';
import { parseClfTime } from './event-time.ts';

/** Fields of a call in a line of an access log. Some are not counted, but a map can use them. `-` becomes undefined. */
export interface AccessLine {
  id?: string | undefined;
  /** Epoch milliseconds. */
  time: number;
  client?: string | undefined;
  /** Undefined if the request line is none (a TLS handshake, `-`). */
  method?: string | undefined;
  url?: string | undefined;
  status?: number | undefined;
  user?: string | undefined;
  ip?: string | undefined;
  duration_ms?: number | undefined;
  referrer?: string | undefined;
  agent?: string | undefined;
  /** First address of `X-Forwarded-For`. */
  forwarded?: string | undefined;
}

export const TWO_CALLS = 'the line holds a second call, and the end of the first is missing';
/** Matches a time, in brackets or by ISO 8601, with a request after it. */
const CALL =
  /(?:\[\d\d\/[A-Z][a-z]{2}\/\d{4}:|\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)[^"]{0,1000}"(?:[A-Z]{3,20} [^"]* HTTP\/|-")/;

/** Tells whether another call begins after `from`: two calls were written without a line end between them. */
export function holdsCall(line: string, from: number): boolean {
  return line.length - from > 40 && CALL.test(line.slice(from));
}

/** A longer line is refused: it cannot be a line of a log. */
export const MAX_LINE_LENGTH = 65_536;

const QUOTED = String.raw`"((?:[^"\\]|\\.)*)"`;
/**
 * Matches a line: the caller (usually address, identity and user, but anything before the time is taken); the time; other fields
 * without quotes; the request; status, size, referrer, agent. Anything may follow. Common forms have alternatives of their own,
 * for speed.
 */
const LINE = new RegExp(
  String.raw`^(?:([\d.]+|[\da-fA-F:]+) [^\s"]+ ([^\s"]+) |(.*?)(?:^|\s))\[(\d\d\/[A-Z][a-z]{2}\/\d{4}:[^\]]{1,30})\](?:[ \t][^"[\]]{1,200})?[ \t]+"(?:([!#$%&'*+.^_|~0-9A-Za-z-]+) ([^\s"\\]+) HTTP\/\d(?:\.\d)?|((?:[^"\\]|\\.)*))"[ \t]+(\d{3}|0|-)[ \t]+(?:\d+|-)(?:[ \t]+${QUOTED}[ \t]+${QUOTED})?(?=\s|$)`,
  's',
);
const REQUEST = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+) (.+?)(?: HTTP\/\d(?:\.\d)?)?$/;

/** Reads a line of the Common or Combined Log Format. Returns what is wrong with a line that cannot be read for certain. */
export function parseAccessLine(line: string): AccessLine | string {
  if (line.length > MAX_LINE_LENGTH)
    return `the line has ${line.length} characters, at most ${MAX_LINE_LENGTH} are read`;
  const found = LINE.exec(line);
  if (!found)
    return `${JSON.stringify(line.slice(0, 80).toWellFormed())} is not a line of the Common or Combined Log Format`;
  if (holdsCall(line, found[0].length)) return TWO_CALLS;
  const time = parseClfTime(found[4]!);
  if (time === undefined)
    return `the time ${JSON.stringify(found[4]!.slice(0, 40))} is not like 20/Nov/2026:12:00:00 +0000, of 2000 or later`;
  const isPlain = found[1] !== undefined && isIP(found[1]) !== 0;
  const caller = isPlain ? { ip: found[1], user: found[2] } : readCaller(found[3] ?? line.slice(0, line.indexOf(' [')));
  if (typeof caller === 'string') return caller;
  const hasTarget = found[5] !== undefined && found[5] !== '-';
  const request = hasTarget ? { method: found[5], url: found[6] } : readRequest(undoEscapes(found[7] ?? '-'));
  const status = Number(found[8]);
  return {
    ip: caller.ip,
    user: toText(caller.user),
    time,
    method: request?.method,
    url: request?.url,
    // Envoy and nginx write 000 or 0 if no answer was sent.
    status: status > 0 ? status : undefined,
    referrer: toText(found[9]),
    agent: toText(found[10]),
  };
}

/** Returns method and target of a request line; undefined if it is none (a TLS handshake, `-`, `<BADREQ>`). */
export function readRequest(text: string): { method: string; url: string } | undefined {
  const [, method = '-', url = ''] = REQUEST.exec(text) ?? [];
  return method === '-' ? undefined : { method, url };
}

function toText(written: string | undefined): string | undefined {
  return written === undefined || written === '-' || written === '' ? undefined : undoEscapes(written);
}

/** Undoes the escapes of nginx (`\x22`), Apache and morgan (`\"`). Bytes that are no UTF-8 are read as Latin-1. */
export function undoEscapes(text: string): string {
  if (!text.includes('\\')) return text;
  let bytes = false;
  const plain = text.replace(/\\(?:x([0-9a-fA-F]{2})|(.))/gs, (_, hex: string | undefined, char: string) => {
    if (hex === undefined) return { n: '\n', t: '\t', r: '\r', b: '\b', v: '\v', f: '\f' }[char] ?? char;
    const code = Number.parseInt(hex, 16);
    if (code > 127) bytes = true;
    return String.fromCharCode(code);
  });
  if (!bytes) return plain;
  const raw = Buffer.from(plain, 'latin1');
  return isUtf8(raw) && raw.toString('latin1') === plain ? raw.toString('utf8') : plain;
}

/** The caller, read from the part of a log line before its time. `-` becomes undefined. */
interface Caller {
  ip?: string | undefined;
  user?: string | undefined;
}

const TOKEN = /"(?:[^"\\]|\\.)*"|\S+/g;
const HOST_NAME = /^[a-z0-9_](?:[\w.-]*[a-z0-9_])?$/i;
const IDENT = /^[\w.@+-]+$/;

/**
 * Reads `address ident user`, with anything before it (a syslog header, a virtual host, other fields), and after it if the user
 * is `-`. Returns what is uncertain instead of a guess, because a user may contain anything that its sender wrote.
 */
function readCaller(text: string): Caller | string {
  const caller = findCaller(text);
  if (typeof caller !== 'string') return caller;
  return `who called cannot be read from ${JSON.stringify(text.slice(0, 80).toWellFormed())}: ${caller}`;
}

function findCaller(text: string): Caller | string {
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
 * Returns the address in a text of a server or proxy, without its port: `192.0.2.1:40001`, `[2001:db8::1]:443`, the first of a
 * list (`X-Forwarded-For`). Undefined if there is none.
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

/** Turns `::ffff:192.0.2.1`, which servers that listen on IPv4 and IPv6 write, into `192.0.2.1`. */
function unmap(address: string): string {
  const inside = /^::ffff:([\d.]+)$/i.exec(address)?.[1];
  return inside !== undefined && isIP(inside) === 4 ? inside : address;
}

/** Tells whether address, identity (nearly always `-`) and user begin at a token; ingress-nginx repeats the address in brackets. */
function isCaller(tokens: readonly string[], at: number): boolean {
  const left = tokens.length - at;
  if (left < 3 || toAddress(tokens[at]!) === undefined) return false;
  if (at >= 2 && tokens[at - 1] === '-' && tokens[at] === `[${tokens[at - 2]}]`) return false;
  return tokens[at + 1] === '-' || left === 3;
}

/** Reads a caller by host name, as servers write it that look names up; only a virtual host may stand before it. */
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
  if (value === undefined || rest.length === 0) return { ip, user: value };
  // ingress-nginx: address - [address] - user.
  if (user === `[${ip}]` && rest.length === 2 && rest[0] === '-') return { ip, user: toValue(rest[1]!) };
  return 'where the user ends cannot be told';
}

function toValue(token: string): string | undefined {
  const text = token.length > 1 && token.startsWith('"') && token.endsWith('"') ? token.slice(1, -1) : token;
  return text === '-' || text === '' ? undefined : text;
}
