import { isUtf8 } from 'node:buffer';
import { isIP } from 'node:net';
import { type Caller, readCaller } from './caller.ts';
import { parseClfTime } from './event-time.ts';

/** One line of an access log. `-` in the line is undefined here. */
export interface AccessLine {
  ip?: string;
  user?: string;
  timeMs: number;
  /** Undefined where the request line is not one (a TLS handshake, `-`). */
  method?: string;
  url?: string;
  status?: number;
  referrer?: string;
  agent?: string;
  /** NaN where the line holds a duration that was not measured. */
  durationMs?: number;
  id?: string;
  /** First address of `X-Forwarded-For`. */
  forwarded?: string;
  /** Fields by the names that the format gives them, where these were asked for. */
  named?: Record<string, string>;
}

export const TWO_CALLS = 'the line holds a second call, and the end of the first is missing';
/** A time, in brackets or by ISO 8601, that a request follows. */
const CALL =
  /(?:\[\d\d\/[A-Z][a-z]{2}\/\d{4}:|\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)[^"]{0,1000}"(?:[A-Z]{3,20} [^"]* HTTP\/|-")/;

/** Tells whether another call begins behind this place of a line: two were written without a line end between them. */
export function holdsCall(line: string, from: number): boolean {
  return line.length - from > 40 && CALL.test(line.slice(from));
}

/** Longer ones are not lines of a log. */
export const MAX_LINE_LENGTH = 65_536;

/** Found by its shape and bounded, so that a `[` that begins none costs a few steps, not the rest of the line. */
const TIME = /(?:^|\s)\[(\d\d\/[A-Z][a-z]{2}\/\d{4}:[^\]]{1,30})\]/g;
/** A line that holds so many times is no line of a log. */
const MAX_TIMES = 4;

const QUOTED = String.raw`"((?:[^"\\]|\\.)*)"`;
/** Matches the rest of a line after the time: other fields without quotes, then the request; behind the size anything is taken. */
const ANSWER = new RegExp(
  String.raw`(?:[ \t][^"[\]]{1,200})?[ \t]+${QUOTED}[ \t]+(\d{3}|0|-)[ \t]+(?:\d+|-)(?:[ \t]+${QUOTED}[ \t]+${QUOTED})?(?=\s|$)`,
  'y',
);
/** A line as nearly all are: an address, an identity, a user, and a request without escapes. */
const PLAIN = new RegExp(
  String.raw`^([\d.]+|[\da-fA-F:]+) [^\s"]+ ([^\s"]+) \[([^\]]{26})\] "([!#$%&'*+.^_|~0-9A-Za-z-]+) ([^\s"\\]+) HTTP\/\d(?:\.\d)?" (\d{3}) (?:\d+|-)(?: ${QUOTED} ${QUOTED})?(?=\s|$)`,
);
const REQUEST = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+) (.+?)(?: HTTP\/\d(?:\.\d)?)?$/;

/** Reads a line of the Common or Combined Log Format, with certainty, or says what is wrong with it. */
export function parseAccessLine(line: string): AccessLine | string {
  if (line.length > MAX_LINE_LENGTH)
    return `the line has ${line.length} characters, at most ${MAX_LINE_LENGTH} are read`;
  const plain = PLAIN.exec(line);
  const timeOfPlain = plain ? parseClfTime(plain[3]!) : undefined;
  if (plain && timeOfPlain !== undefined && isIP(plain[1]!) !== 0 && plain[4] !== '-') {
    if (holdsCall(line, plain[0].length)) return TWO_CALLS;
    const [, ip = '', user = '', , method = '', url = '', ...answer] = plain;
    return toLine({ ip, user }, timeOfPlain, { method, url }, answer);
  }
  const found = findParts(line);
  if (!found) {
    return `${JSON.stringify(line.slice(0, 80).toWellFormed())} is not a line of the Common or Combined Log Format`;
  }
  const { before, time, answer } = found;
  if (holdsCall(line, answer.index + answer[0].length)) return TWO_CALLS;
  const timeMs = parseClfTime(time);
  if (timeMs === undefined) {
    return `the time ${JSON.stringify(time.slice(0, 40))} is not like 20/Nov/2026:12:00:00 +0000, of 2000 or later`;
  }
  const caller = readCaller(before);
  if (typeof caller === 'string') {
    return `who called cannot be read from ${JSON.stringify(before.slice(0, 80).toWellFormed())}: ${caller}`;
  }
  return toLine(caller, timeMs, readRequest(undoEscapes(answer[1]!)), answer.slice(2));
}

function toLine(
  { ip, user }: Caller,
  timeMs: number,
  request: { method: string; url: string } | undefined,
  [status, referrer, agent]: readonly (string | undefined)[],
): AccessLine {
  return {
    ip,
    user: toText(user),
    timeMs,
    method: request?.method,
    url: request?.url,
    // Envoy and nginx write 000 or 0 where no answer was sent.
    status: Number(status) > 0 ? Number(status) : undefined,
    referrer: toText(referrer),
    agent: toText(agent),
  };
}

/** Method and target of a request line; undefined where it is none (a TLS handshake, `-`, `<BADREQ>`). */
export function readRequest(text: string): { method: string; url: string } | undefined {
  const request = REQUEST.exec(text);
  return request && request[1] !== '-' ? { method: request[1]!, url: request[2]! } : undefined;
}

/** The line around its time: the first that a request and a status follow. */
function findParts(line: string): { before: string; time: string; answer: RegExpExecArray } | undefined {
  TIME.lastIndex = 0;
  for (let tried = 0; tried < MAX_TIMES; tried += 1) {
    const time = TIME.exec(line);
    if (!time) return undefined;
    ANSWER.lastIndex = TIME.lastIndex;
    const answer = ANSWER.exec(line);
    if (answer) return { before: line.slice(0, time.index), time: time[1]!, answer };
  }
  return undefined;
}

function toText(written: string | undefined): string | undefined {
  const value = written === undefined ? '-' : undoEscapes(written);
  return value === '-' || value === '' ? undefined : value;
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
