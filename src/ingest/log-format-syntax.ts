import { HeadroomError } from '../errors.ts';

/**
 * Meaning of a field of a log line. `clock` is the time of day for `date`; `taken` a duration as the W3C's format writes it;
 * `list` and `other` are not about the call.
 */
export type Role =
  | ('ip' | 'forwarded' | 'ident' | 'user' | 'time' | 'date' | 'clock' | 'request' | 'method' | 'url' | 'query')
  | ('status' | 'seconds' | 'milliseconds' | 'microseconds' | 'taken' | 'id' | 'agent' | 'referrer' | 'host')
  | ('list' | 'other');

type Names = Partial<Record<Role, string>>;

/** Variables of nginx's log_format by role, and some that only the presets use. */
const NGINX: Names = {
  ip: 'remote_addr proxy_protocol_addr the_real_ip',
  forwarded: 'http_x_forwarded_for proxy_add_x_forwarded_for http_x_real_ip',
  user: 'remote_user',
  time: 'time_local time_iso8601 msec',
  request: 'request',
  method: 'request_method',
  url: 'request_uri uri document_uri',
  query: 'args query_string is_args',
  status: 'status',
  seconds: 'request_time duration_seconds',
  milliseconds: 'duration_ms',
  id: 'request_id req_id',
  agent: 'http_user_agent',
  referrer: 'http_referer',
  host: 'host http_host server_name',
};

/** Directives of Apache's LogFormat by role, without modifiers. */
const APACHE: Names = {
  ip: 'a h',
  forwarded: '{x-forwarded-for}i {x-real-ip}i',
  ident: 'l',
  user: 'u',
  time: 't {sec}t {msec}t {usec}t',
  request: 'r',
  method: 'm',
  url: 'U',
  query: 'q',
  status: 's',
  seconds: 'T {s}T',
  milliseconds: '{ms}T',
  microseconds: '{us}T D',
  id: '{unique_id}e',
  agent: '{user-agent}i',
  referrer: '{referer}i',
  host: 'v V',
};

/** Fields of a W3C header by role. */
const W3C: Names = {
  ip: 'c-ip',
  forwarded: 'x-forwarded-for cs(x-forwarded-for)',
  user: 'cs-username',
  date: 'date',
  clock: 'time',
  time: 'timestamp timestamp(ms)',
  method: 'cs-method',
  url: 'cs-uri-stem cs-uri',
  status: 'sc-status',
  taken: 'time-taken',
  id: 'x-edge-request-id',
  agent: 'cs(user-agent)',
  referrer: 'cs(referer)',
};

/** Finds the role of a name in a table. */
function roleOf(table: Names, name: string): Role {
  const found = Object.entries(table).find(([, names]) => names.split(' ').includes(name));
  return (found?.[0] as Role | undefined) ?? 'other';
}

/** A field of a format. `plain`: its value has no spaces and is not quoted. */
export type FormatField = { name: string; role: Role; plain?: true };

/** A field, or the text between two fields; `isSpace`: a space or a tab. */
export type FormatPart = FormatField | { literal: string; isSpace?: true };

/** Fields whose own shape shows where they begin and end, so that no text is needed between them. */
const SELF_BOUNDED: ReadonlySet<Role> = new Set(['host', 'url', 'query', 'time']);

/**
 * Parses nginx's `log_format`, Apache's `LogFormat` (the whole directive or only its text) or a W3C `#Fields:` line. Throws a
 * `source` error that names what cannot be used.
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
  parts.forEach((part, at) => {
    const next = parts[at + 1];
    if (!('role' in part) || !next || !('role' in next)) return;
    if (SELF_BOUNDED.has(part.role) && SELF_BOUNDED.has(next.role)) return;
    throw refuse(text, `nothing stands between ${part.name} and ${next.name}, so no line tells where one ends`);
  });
  return parts;
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
  const add = (part: FormatPart): void => {
    const last = parts.at(-1);
    if ('literal' in part && last && 'literal' in last) last.literal += part.literal;
    else parts.push(part);
  };
  let end = 0;
  for (const found of template.matchAll(variable)) {
    if (found.index > end) add({ literal: template.slice(end, found.index) });
    end = found.index + found[0].length;
    const name = (found[1] ?? found[2])!;
    if (nginx) add({ name, role: name.startsWith('upstream_') ? 'list' : roleOf(NGINX, name) });
    else readApache(text, name).forEach(add);
  }
  if (end < template.length) add({ literal: template.slice(end) });
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
  // Apache writes %t in brackets.
  return directive === 't' ? [{ literal: '[' }, field, { literal: ']' }] : [field];
}

/** Returns the format inside a configuration directive, which may be several quoted texts; escaped tabs and quotes are undone. */
function openDirective(text: string): string {
  const nginx = /^log_format\s+\S+\s+(?:escape=\w+\s+)?([\s\S]*?);?\s*$/.exec(text)?.[1] ?? text;
  const pieces = /^\s*'/.test(nginx) ? [...nginx.matchAll(/'([^']*)'/g)].map((piece) => piece[1]) : undefined;
  const apache = /^LogFormat\s+"((?:[^"\\]|\\.)*)"/i.exec(text)?.[1];
  return (pieces?.join('') ?? apache ?? nginx).replace(/\\(["'\\t])/g, (_, char) => (char === 't' ? '\t' : char));
}

function refuse(text: string, reason: string): HeadroomError {
  return new HeadroomError(
    'source',
    `The format ${JSON.stringify(text.slice(0, 80).toWellFormed())} cannot be used: ${reason}.`,
  );
}
