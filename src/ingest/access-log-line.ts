import { isUtf8 } from 'node:buffer';

/** One line of a Common or Combined log. `-` in the line is undefined here. */
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
}

/** Longer ones are not lines of a log. */
const MAX_LINE_LENGTH = 65_536;

const QUOTED = String.raw`"((?:[^"\\]|\\.)*)"`;
/**
 * Apache's `vhost_combined` has the host and port in front; nginx and others may add fields behind. The time is found by
 * its shape and bounded, so that a `[` that begins none costs a few steps, not the rest of the line; what follows a time
 * ends at the next quote, and behind the status anything is taken: no line takes more than a few steps a character.
 */
const LINE = new RegExp(
  String.raw`^(?:[\w.-]+:\d+ )?(\S+) \S+ (.+?) \[(\d\d\/[A-Z][a-z]{2}\/\d{4}:[^\]]{1,30})\] ${QUOTED} (\d{3}|-) (?:\d+|-)(?: ${QUOTED} ${QUOTED})?(?:\s[^]*)?$`,
);
const REQUEST = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+) (.+?)(?: HTTP\/\d(?:\.\d)?)?$/;
const CLF_TIME = /^(\d\d)\/([A-Z][a-z][a-z])\/(\d{4}):(\d\d):(\d\d):(\d\d)(?:\.\d+)? ([+-])(\d\d)(\d\d)$/;
const MONTHS = 'JanFebMarAprMayJunJulAugSepOctNovDec';

/** Reads a line of the Common or Combined Log Format, or says what is wrong with it. */
export function parseAccessLine(line: string): AccessLine | string {
  if (line.length > MAX_LINE_LENGTH)
    return `the line has ${line.length} characters, at most ${MAX_LINE_LENGTH} are read`;
  const match = LINE.exec(line);
  if (!match) {
    return `${JSON.stringify(line.slice(0, 80).toWellFormed())} is not a line of the Common or Combined Log Format`;
  }
  const timeMs = parseClfTime(match[3]!);
  if (timeMs === undefined) {
    return `the time ${JSON.stringify(match[3]!.slice(0, 40))} is not like 20/Nov/2026:12:00:00 +0000, of 2000 or later`;
  }
  const request = REQUEST.exec(undoEscapes(match[4]!));
  const status = match[5] === '-' ? 0 : Number(match[5]);
  return {
    ip: toText(match[1]!),
    user: toText(undoEscapes(match[2]!)),
    timeMs,
    method: request?.[1],
    url: request?.[2],
    // Envoy and nginx write 000 or 0 where no answer was sent.
    status: status === 0 ? undefined : status,
    referrer: match[6] === undefined ? undefined : toText(undoEscapes(match[6])),
    agent: match[7] === undefined ? undefined : toText(undoEscapes(match[7])),
  };
}

/** Epoch milliseconds of `20/Nov/2026:12:00:00 +0100`; undefined for anything else, and before 2000 (event-time.ts). */
export function parseClfTime(text: string): number | undefined {
  const match = CLF_TIME.exec(text);
  if (!match) return undefined;
  const month = MONTHS.indexOf(match[2]!);
  const [day, year, hour, minute, second] = [match[1], match[3], match[4], match[5], match[6]].map(Number) as [
    number,
    number,
    number,
    number,
    number,
  ];
  if (month < 0 || month % 3 !== 0 || hour > 23 || minute > 59 || second > 60) return undefined;
  const dateMs = Date.UTC(year, month / 3, day);
  if (year < 2000 || new Date(dateMs).getUTCDate() !== day) return undefined;
  const offset = (Number(match[8]) * 60 + Number(match[9])) * 60_000 * (match[7] === '-' ? -1 : 1);
  return dateMs + ((hour * 60 + minute) * 60 + Math.min(second, 59)) * 1000 - offset;
}

function toText(value: string): string | undefined {
  return value === '-' || value === '' ? undefined : value;
}

/** Undoes the escapes of nginx (`\x22`), Apache and morgan (`\"`). Bytes that are no UTF-8 are read as Latin-1. */
function undoEscapes(text: string): string {
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
