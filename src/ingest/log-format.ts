import {
  type AccessLine,
  holdsCall,
  isHostName,
  MAX_LINE_LENGTH,
  readRequest,
  TWO_CALLS,
  toAddress,
  undoEscapes,
} from './access-log-line.ts';
import { FIRST_EVENT_MS, parseClfTime, parseEventTime, parseLocalTime } from './event-time.ts';
import { type FormatField, type FormatPart, type Role, readFormatParts } from './log-format-syntax.ts';

/** Escaping of characters that would end a field: `\x22` and `\"`, `#22` (HAProxy), or none (W3C). */
export type Escapes = 'backslash' | 'hash' | 'none';

/** Matches headers of syslog, containers and shippers before a line, which are not about the call. */
const SHIPPER_HEADER =
  /^\s*(?:<\d{1,3}>)?(?:1 \S+ \S+ \S+ \S+ \S+ (?:-|\[[^\]]*\]) |[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d (?:\S+ )?[\w./-]+(?:\[\d+\])?: |\d{4}-\d\d-\d\dT\S+ \S+ [\w./-]+(?:\[\d+\])?: |[\w./-]+(?:\[\d+\])?: |[\w.-]+ +\| |\S+ std(?:out|err) F )?/;

/** Lists have at most 51 elements, so that a line with two adjacent lists does not take long to refuse. */
const LIST = String.raw`[^\s",:][^\s",]*(?:(?:, | : )[^\s",:][^\s",]*){0,50}`;
const ADDRESSES = String.raw`[\w.:[\]%-]+(?:, ?[\w.:[\]%-]+){0,50}`;
/** Patterns of unquoted values by role. */
const SHAPES: Partial<Record<Role, string>> = {
  time: String.raw`\d[\w:./+-]*(?: [+-]\d{4})?`,
  status: String.raw`\d{3}|0|-1?`,
  seconds: String.raw`[+-]?\d+(?:\.\d+)?|-`,
  milliseconds: String.raw`[+-]?\d+(?:\.\d+)?|-`,
  microseconds: String.raw`[+-]?\d+|-`,
  taken: String.raw`\d+(?:\.\d+)?|-`,
  date: String.raw`\d{4}-\d\d-\d\d`,
  clock: String.raw`\d\d:\d\d:\d\d(?:\.\d+)?`,
  ip: ADDRESSES,
  forwarded: ADDRESSES,
  list: LIST,
  host: String.raw`[^\s"/]*`,
  query: String.raw`\??[^\s"]*`,
};
/** Roles that add nothing to an event. */
const UNTOLD: ReadonlySet<Role> = new Set(['other', 'list', 'host', 'ident', 'query']);

const MILLISECONDS = { seconds: 1000, milliseconds: 1, microseconds: 0.001 } as const;

/** A format of log lines: its fields in order, and the text between them. Made from each preset and from `--format`. */
export class LogFormat {
  readonly #parts: readonly FormatPart[];
  readonly #fields: readonly FormatField[];
  readonly #escapes: Escapes;
  readonly #pattern: RegExp;
  /** Patterns of the first parts only, made when a line does not fit. */
  readonly #prefixes: RegExp[] = [];

  /** `open`: further fields may follow. Throws a `source` error for a text that is not a format, or has no time or caller. */
  constructor(text: string, { escapes = 'backslash', open = false }: { escapes?: Escapes; open?: boolean } = {}) {
    this.#parts = readFormatParts(text);
    this.#fields = this.#parts.filter((part) => 'role' in part);
    this.#escapes = text.startsWith('#Fields:') ? 'none' : escapes;
    this.#pattern = new RegExp(`${toPattern(this.#parts)}${open ? '(?=\\s|$)' : '\\s*$'}`, 'y');
  }

  /** Number of fields that its lines add to an event. */
  get told(): number {
    return this.#fields.filter(({ role }) => !UNTOLD.has(role)).length;
  }

  /**
   * Reads a line; `zone` is for times without zone. Also puts its fields into `named`, by name. If the line cannot be read for
   * certain, returns what is wrong with it and how far it fits.
   */
  read(line: string, zone?: string, named?: Record<string, string>): AccessLine | LineFault {
    if (line.length > MAX_LINE_LENGTH) {
      return { fits: 0, error: `the line has ${line.length} characters, at most ${MAX_LINE_LENGTH} are read` };
    }
    const read = this.#readFrom(line, 0, zone, named);
    if (!('error' in read)) return read;
    const from = SHIPPER_HEADER.exec(line)![0].length;
    return from === 0 ? read : this.#readFrom(line, from, zone, named);
  }

  #readFrom(line: string, from: number, zone?: string, named?: Record<string, string>): AccessLine | LineFault {
    this.#pattern.lastIndex = from;
    const found = this.#pattern.exec(line);
    if (!found) return this.#explain(line, from);
    const end = from + found[0].length;
    if (holdsCall(line, end)) return { fits: end, error: TWO_CALLS };
    const read: AccessLine = { time: Number.NaN };
    let date = '';
    let clock = '';
    for (let at = 0; at < this.#fields.length; at += 1) {
      const raw = found[at + 1]!;
      if (raw === '-' || raw === '') continue;
      const { name, role } = this.#fields[at]!;
      const value = this.#undo(raw);
      if (named) named[name] = value;
      if (role === 'date') date = value;
      if (role === 'clock') clock = value;
      const fault = fill(read, name, role, value, zone);
      if (fault !== undefined) {
        return { fits: Number.POSITIVE_INFINITY, error: `${name} is ${show(value)}: ${fault}` };
      }
    }
    if (date !== '' && clock !== '') read.time = parseEventTime(`${date}T${clock}Z`) ?? Number.NaN;
    if (Number.isNaN(read.time)) return { fits: Number.POSITIVE_INFINITY, error: 'the line tells no time' };
    if (Number.isNaN(read.duration_ms)) read.duration_ms = undefined;
    return read;
  }

  #undo(raw: string): string {
    if (this.#escapes === 'backslash') return undoEscapes(raw);
    if (this.#escapes === 'none') return raw;
    return raw.replace(/#([0-9A-F]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
  }

  /** Finds by bisection the first field that does not fit: if a prefix of the format fits, all shorter ones do. */
  #explain(line: string, from: number): LineFault {
    let fitting = 0;
    let failing = this.#parts.length + 1;
    let end = from;
    while (failing - fitting > 1) {
      const middle = (fitting + failing) >> 1;
      this.#prefixes[middle] ??= new RegExp(toPattern(this.#parts.slice(0, middle)), 'y');
      const pattern = this.#prefixes[middle]!;
      pattern.lastIndex = from;
      if (pattern.test(line)) {
        fitting = middle;
        end = pattern.lastIndex;
      } else failing = middle;
    }
    const part = this.#parts[fitting];
    const expected = !part ? 'the line should end' : `${'role' in part ? part.name : show(part.literal)} should stand`;
    const rest = line.slice(end, end + 40);
    return {
      fits: end,
      error: `at character ${end + 1}, where ${expected}, stands ${rest === '' ? 'nothing' : show(rest)}`,
    };
  }
}

/** The reason why a line cannot be read, and how many of its characters fit the format. */
export interface LineFault {
  fits: number;
  error: string;
}

/** Puts a value into the line. Returns what is wrong with the value, if anything. */
function fill(line: AccessLine, name: string, role: Role, value: string, zone?: string): string | undefined {
  if (role === 'ip' || role === 'forwarded') {
    const address = toAddress(value);
    const isOther = value === 'unix:' || (name === '%h' && isHostName(value));
    if (role === 'forwarded') line.forwarded ??= address;
    else if (address === undefined && !isOther) return 'this is no address';
    else line.ip ??= address ?? (value === 'unix:' ? undefined : value);
  } else if (role === 'ident') {
    if (toAddress(value) !== undefined) return 'an address stands where an identity should';
  } else if (role === 'user') {
    const user = value.length > 1 && value.startsWith('"') && value.endsWith('"') ? value.slice(1, -1) : value;
    if (user === value && /\s/.test(user) && user.split(/\s/).some(isNoName)) return 'where the user ends is uncertain';
    if (user !== '-' && user !== '') line.user = user;
  } else if (role === 'time') {
    line.time = readTime(value, zone) ?? Number.NaN;
    if (Number.isNaN(line.time)) return 'this is no time of 2000 or later with a zone';
  } else if (role === 'request') Object.assign(line, readRequest(value));
  else if (role === 'status') line.status = Number(value) > 0 ? Number(value) : undefined;
  // The W3C counts seconds with decimals, IIS whole milliseconds.
  else if (role === 'taken') addDuration(line, Number(value) * (value.includes('.') ? 1000 : 1));
  else if (role === 'seconds' || role === 'milliseconds' || role === 'microseconds')
    addDuration(line, Number(value) * MILLISECONDS[role]);
  else if (role === 'method' || role === 'url' || role === 'id' || role === 'agent' || role === 'referrer')
    line[role] = value;
  return undefined;
}

/** Adds a part of a call's duration; a part that did not happen (-1) makes the whole unknown. */
function addDuration(line: AccessLine, ms: number): void {
  line.duration_ms = ms >= 0 ? Math.round(((line.duration_ms ?? 0) + ms) * 1000) / 1000 : Number.NaN;
}

function isNoName(word: string): boolean {
  return word === '-' || word === '' || toAddress(word) !== undefined;
}

/** Reads a time. One without zone, as HAProxy writes it, is in the source's zone, or else UTC. */
function readTime(value: string, zone = 'UTC'): number | undefined {
  if (/^\d{16}$/.test(value)) return Math.floor(Number(value) / 1000);
  const timeMs = parseClfTime(value) ?? parseEventTime(value) ?? parseLocalTime(value, zone);
  return timeMs === undefined || timeMs < FIRST_EVENT_MS ? undefined : timeMs;
}

function toPattern(parts: readonly FormatPart[]): string {
  let quoted = false;
  let pattern = '';
  parts.forEach((part, at) => {
    if ('role' in part) {
      pattern += `(${toValuePattern(part, quoted, parts[at + 1])})`;
      return;
    }
    quoted = part.literal.split('"').length % 2 === 0 ? !quoted : quoted;
    pattern += part.isSpace ? '[ \\t]' : RegExp.escape(part.literal);
  });
  return pattern;
}

/** Returns the pattern of a value: it ends before the next part of the format, and never takes in another field. */
function toValuePattern(
  part: { role: Role; plain?: boolean },
  quoted: boolean,
  following: FormatPart | undefined,
): string {
  const shape = SHAPES[part.role];
  if (part.plain) return part.role === 'query' ? String.raw`\S+` : (shape ?? String.raw`\S+`);
  const next = following && 'literal' in following ? following.literal : '';
  // Without a delimiter between them, a host ends where a path begins, and a path where a query begins.
  const beside = following && next === '' ? { host: '/', url: '?' }[part.role as string] : undefined;
  if (beside !== undefined) return String.raw`(?:[^\s"\\${beside}]|\\.)*`;
  if (quoted) return String.raw`(?:[^"\\${next.startsWith('"') ? '' : RegExp.escape(next[0] ?? '')}]|\\.)*`;
  if (shape !== undefined) return shape;
  // A value may contain spaces only if it ends at a bracket, a quotation mark or a delimiter.
  const end = next[0] === '\t' ? '\t' : (next.trimStart()[0] ?? '');
  const spaces = (next[0] === ' ' ? /["[({<|]/ : /[\t\])}>|,;]/).test(end);
  const value = spaces
    ? `[^"${RegExp.escape(end)}]*?`
    : String.raw`[^\s"${next[0] === ' ' ? '' : RegExp.escape(end)}]*`;
  return part.role === 'user' ? String.raw`"(?:[^"\\]|\\.)*"|${value}` : value;
}

function show(text: string): string {
  return JSON.stringify(text.slice(0, 80).toWellFormed());
}
