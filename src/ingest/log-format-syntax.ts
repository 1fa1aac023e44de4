import { HeadroomError } from '../errors.ts';

/** Variables of nginx's log_format, and those that the presets add. */
const NGINX = {
  remote_addr: 'ip',
  proxy_protocol_addr: 'ip',
  the_real_ip: 'ip',
  http_x_forwarded_for: 'forwarded',
  proxy_add_x_forwarded_for: 'forwarded',
  http_x_real_ip: 'forwarded',
  remote_user: 'user',
  time_local: 'time',
  time_iso8601: 'time',
  msec: 'time',
  request: 'request',
  request_method: 'method',
  request_uri: 'url',
  uri: 'url',
  document_uri: 'url',
  args: 'query',
  query_string: 'query',
  is_args: 'query',
  status: 'status',
  request_time: 'seconds',
  duration_seconds: 'seconds',
  duration_ms: 'milliseconds',
  request_id: 'id',
  req_id: 'id',
  http_user_agent: 'agent',
  http_referer: 'referrer',
  host: 'host',
  http_host: 'host',
  server_name: 'host',
} as const;

/** Directives of Apache's LogFormat, without modifiers. */
const APACHE = {
  a: 'ip',
  h: 'ip',
  l: 'ident',
  u: 'user',
  t: 'time',
  '{sec}t': 'time',
  '{msec}t': 'time',
  '{usec}t': 'time',
  r: 'request',
  m: 'method',
  U: 'url',
  q: 'query',
  s: 'status',
  T: 'seconds',
  '{s}T': 'seconds',
  '{ms}T': 'milliseconds',
  '{us}T': 'microseconds',
  D: 'microseconds',
  '{x-forwarded-for}i': 'forwarded',
  '{x-real-ip}i': 'forwarded',
  '{user-agent}i': 'agent',
  '{referer}i': 'referrer',
  '{unique_id}e': 'id',
  v: 'host',
  V: 'host',
} as const;

/** Fields of a W3C header. */
const W3C = {
  date: 'date',
  time: 'clock',
  timestamp: 'time',
  'timestamp(ms)': 'time',
  'c-ip': 'ip',
  'cs-username': 'user',
  'cs-method': 'method',
  'cs-uri-stem': 'url',
  'cs-uri': 'url',
  'sc-status': 'status',
  'time-taken': 'taken',
  'x-edge-request-id': 'id',
  'cs(user-agent)': 'agent',
  'cs(referer)': 'referrer',
  'x-forwarded-for': 'forwarded',
  'cs(x-forwarded-for)': 'forwarded',
} as const;

/** Meaning of a field of a log line. `clock` is the time of a day that `date` names; `taken` a duration in the W3C's way. */
export type Role = RolesOf<typeof NGINX> | RolesOf<typeof APACHE> | RolesOf<typeof W3C> | 'list' | 'other';
type RolesOf<Table> = Table[keyof Table];

/** The role of a name in a table. */
function roleOf(table: Readonly<Record<string, Role>>, name: string): Role {
  return Object.hasOwn(table, name) ? table[name]! : 'other';
}

/** A field, or the text between two. `plain`: holds no space and knows no quotation marks. `isSpace`: a space or a tab. */
export type FormatPart = { name: string; role: Role; plain?: true } | { literal: string; isSpace?: true };

/** These tell where they end, or begin, by themselves, so that nothing need stand between them and the next. */
const SELF_BOUNDED: ReadonlySet<Role> = new Set(['host', 'url', 'query', 'time']);

/**
 * Reads what nginx's `log_format`, Apache's `LogFormat` or a W3C `#Fields:` line says, the directive itself or its text.
 * Throws a `source` error that names what cannot be used.
 */
export function readFormatParts(text: string): FormatPart[] {
  const parts = text.startsWith('#Fields:') ? readW3c(text) : readTemplate(text);
  const roles = parts.flatMap((part) => ('role' in part ? [part.role] : []));
  if (!roles.includes('time') && !(roles.includes('date') && roles.includes('clock'))) {
    throw refuse(text, 'it tells no time; add $time_local, %t, or date and time');
  }
  if (!['ip', 'forwarded', 'user', 'id'].some((role) => roles.includes(role as Role))) {
    throw refuse(text, 'it does not tell who called; add $remote_addr, %h or c-ip');
  }
  const merged = mergeLiterals(parts);
  merged.forEach((part, at) => {
    const next = merged[at + 1];
    if (!('role' in part) || !next || !('role' in next)) return;
    if (SELF_BOUNDED.has(part.role) && SELF_BOUNDED.has(next.role)) return;
    throw refuse(text, `nothing stands between ${part.name} and ${next.name}, so no line tells where one ends`);
  });
  return merged;
}

function readW3c(text: string): FormatPart[] {
  const names = text.slice('#Fields:'.length).trim().split(/\s+/);
  return names.flatMap((name, at): FormatPart[] => {
    const field: FormatPart = { name, role: roleOf(W3C, name.toLowerCase()), plain: true };
    return at === 0 ? [field] : [{ literal: ' ', isSpace: true }, field];
  });
}

function readTemplate(text: string): FormatPart[] {
  const template = openDirective(text.trim());
  const nginx = /\$[a-z{]/i.test(template);
  const variable = nginx
    ? /\$\{([a-z]\w*)\}|\$([a-z]\w*)/gi
    : /%(?:!?[\d,]+)?[<>]?(?:(\{[^}]*\}\^?[a-z]{1,2})|([a-z]|%))/gi;
  const parts: FormatPart[] = [];
  let end = 0;
  for (const found of template.matchAll(variable)) {
    if (found.index > end) parts.push({ literal: template.slice(end, found.index) });
    end = found.index + found[0].length;
    const name = (found[1] ?? found[2])!;
    if (nginx) parts.push({ name, role: name.startsWith('upstream_') ? 'list' : roleOf(NGINX, name) });
    else parts.push(...readApache(text, name));
  }
  if (end < template.length) parts.push({ literal: template.slice(end) });
  if (parts.every((part) => 'literal' in part)) throw refuse(text, 'it names no field');
  return parts;
}

function readApache(text: string, directive: string): FormatPart[] {
  if (directive === '%') return [{ literal: '%' }];
  const [, argument, letter] = /^\{(.*)\}(.+)$/.exec(directive) ?? [undefined, undefined, directive];
  const key = argument === undefined ? directive : `{${argument.toLowerCase()}}${letter}`;
  const role = roleOf(APACHE, key);
  if (letter === 't' && role === 'other') {
    throw refuse(text, `%{${argument}}t writes times in a form of its own; use %t or %{msec}t`);
  }
  const name = argument === undefined || letter === 't' || letter === 'T' ? `%${directive}` : argument;
  const field: FormatPart = { name, role };
  // %t brings its brackets along.
  return directive === 't' ? [{ literal: '[' }, field, { literal: ']' }] : [field];
}

/** The text in a whole directive of a configuration, which may be several in quotes; tabs and quotes undone. */
function openDirective(text: string): string {
  const nginx = /^log_format\s+\S+\s+(?:escape=\w+\s+)?([\s\S]*?);?\s*$/.exec(text)?.[1] ?? text;
  const pieces = /^\s*'/.test(nginx) ? [...nginx.matchAll(/'([^']*)'/g)].map((piece) => piece[1]) : undefined;
  const apache = /^LogFormat\s+"((?:[^"\\]|\\.)*)"/i.exec(text)?.[1];
  return (pieces?.join('') ?? apache ?? nginx).replace(/\\(["'\\t])/g, (_, char) => (char === 't' ? '\t' : char));
}

function mergeLiterals(parts: readonly FormatPart[]): FormatPart[] {
  const merged: FormatPart[] = [];
  for (const part of parts) {
    const last = merged.at(-1);
    if ('literal' in part && last && 'literal' in last && !part.isSpace) last.literal += part.literal;
    else merged.push('literal' in part ? { ...part } : part);
  }
  return merged;
}

function refuse(text: string, reason: string): HeadroomError {
  return new HeadroomError(
    'source',
    `The format ${JSON.stringify(text.slice(0, 80).toWellFormed())} cannot be used: ${reason}.`,
  );
}
