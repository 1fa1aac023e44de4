import { listNearest } from '../domain/names.ts';
import { HeadroomError } from '../errors.ts';
import { parseAccessLine } from './access-log-line.ts';
import { type Escapes, LogFormat } from './log-format.ts';

interface Preset {
  /** Tried in order; empty if the server writes JSON. */
  formats: readonly string[];
  escapes?: Escapes;
  /** Allow further fields, which configurations often append. */
  open?: boolean;
}

const COMMON = '$remote_addr - $remote_user [$time_local] "$request" $status $body_bytes_sent';
const COMBINED = `${COMMON} "$http_referer" "$http_user_agent"`;
const UPSTREAM = '$upstream_addr $upstream_response_length $upstream_response_time $upstream_status $req_id';

/** Formats by server, as its documentation gives them. */
const PRESETS: Readonly<Record<string, Preset>> = {
  alb: {
    formats: [
      '$type $response_time $elb $remote_addr $target $duration_seconds $duration_seconds $duration_seconds $status $target_status $received_bytes $sent_bytes "$request" "$http_user_agent" $ssl_cipher $ssl_protocol $target_group_arn "$trace_id" "$domain_name" "$chosen_cert_arn" $matched_rule_priority $time_iso8601 "$actions_executed"',
    ],
    open: true,
  },
  cloudfront: {
    formats: [
      '#Fields: date time x-edge-location sc-bytes c-ip cs-method cs(Host) cs-uri-stem sc-status cs(Referer) cs(User-Agent) cs-uri-query cs(Cookie) x-edge-result-type x-edge-request-id x-host-header cs-protocol cs-bytes time-taken x-forwarded-for ssl-protocol ssl-cipher x-edge-response-result-type cs-protocol-version fle-status fle-encrypted-fields c-port time-to-first-byte x-edge-detailed-result-type sc-content-type sc-content-len sc-range-start sc-range-end',
    ],
  },
  envoy: {
    formats: [
      '[$time_iso8601] "$request" $status $response_flags $bytes_received $bytes_sent $duration_ms $upstream_service_time "$http_x_forwarded_for" "$http_user_agent" "$request_id" "$host" "$upstream_host"',
      '[$time_iso8601] "$request" $status $response_flags $response_code_details $termination_details "$transport_failure" $bytes_received $bytes_sent $duration_ms $upstream_service_time "$http_x_forwarded_for" "$http_user_agent" "$request_id" "$host" "$upstream_host" $cluster $upstream_local_address $downstream_local_address $downstream_remote_address $requested_server_name $route_name',
    ],
  },
  haproxy: {
    formats: ['', ' {$captured_request}', ' {$captured_request} {$captured_response}'].map(
      (captured) =>
        `$remote_addr [$time_local] $frontend $backend/$server $queue/$wait/$connect/$response/$duration_ms $status $bytes_read $request_cookie $response_cookie $termination_state $connections $queues${captured} "$request"`,
    ),
    escapes: 'hash',
  },
  iis: {
    formats: [
      '#Fields: date time s-ip cs-method cs-uri-stem cs-uri-query s-port cs-username c-ip cs(User-Agent) cs(Referer) sc-status sc-substatus sc-win32-status time-taken',
    ],
  },
  'ingress-nginx': {
    formats: [
      `${COMBINED} $request_length $request_time [$proxy_upstream_name] [$proxy_alternative_upstream_name] ${UPSTREAM}`,
      `${COMBINED} $request_length $request_time [$proxy_upstream_name] ${UPSTREAM}`,
      `$remote_addr - [$the_real_ip] - $remote_user [$time_local] "$request" $status $body_bytes_sent "$http_referer" "$http_user_agent" $request_length $request_time [$proxy_upstream_name] ${UPSTREAM.replace(' $req_id', '')}`,
    ],
    open: true,
  },
  traefik: {
    formats: [`${COMBINED} $request_count "$router" "$server_url" \${duration_ms}ms`],
  },
  nginx: { formats: [COMBINED, COMMON], open: true },
  apache: {
    formats: [
      '%v:%p %h %l %u %t "%r" %>s %O "%{Referer}i" "%{User-Agent}i"',
      '%h %l %u %t "%r" %>s %b "%{Referer}i" "%{User-Agent}i"',
      '%h %l %u %t "%r" %>s %b',
    ],
    open: true,
  },
  caddy: { formats: [] },
};

const known = new Map<string, readonly LogFormat[]>();

/**
 * Returns the formats for a value of `--format`: those of a preset, or the one that the text itself describes. Throws a `source`
 * error for a text that is neither.
 */
export function getLogFormats(text: string): readonly LogFormat[] {
  let formats = known.get(text);
  if (!formats) {
    const preset = Object.hasOwn(PRESETS, text) ? PRESETS[text] : undefined;
    if (!preset && !/[$%#\s]/.test(text)) throw unknownPreset(text);
    formats = preset ? preset.formats.map((each) => new LogFormat(each, preset)) : [new LogFormat(text)];
    if (known.size > 200) known.clear();
    known.set(text, formats);
  }
  return formats;
}

export function listPresets(): string[] {
  return Object.keys(PRESETS);
}

/** Detect formats from 200 lines: enough in spite of a few odd ones, and quick for any file. */
export const SAMPLE_LINES = 200;

/** Number of fields that a line of the Common or Combined Log Format adds to an event. */
const TOLD_BY_COMBINED = 7;

/**
 * Finds the preset that most of these lines fit, and of several the one that reads the most fields. Undefined if none does better
 * than the reader of Common and Combined lines, which needs no format.
 */
export function learnFormat(lines: readonly string[]): string | undefined {
  let fitting = lines.filter((line) => typeof parseAccessLine(line) !== 'string').length;
  let told = fitting * TOLD_BY_COMBINED;
  let best: string | undefined;
  for (const name of listPresets()) {
    const formats = getLogFormats(name);
    const read = lines.flatMap((line) => formats.find((format) => !('error' in format.read(line))) ?? []);
    const tells = read.reduce((sum, format) => sum + format.told, 0);
    if (read.length < fitting || (read.length === fitting && tells <= told)) continue;
    [best, fitting, told] = [name, read.length, tells];
  }
  return best;
}

function unknownPreset(text: string): HeadroomError {
  const [nearest] = listNearest(text, listPresets());
  const cure = nearest ? `did you mean ${nearest}? Use` : 'use';
  return new HeadroomError(
    'source',
    `There is no format ${JSON.stringify(text.slice(0, 80).toWellFormed())}: ${cure} one of ${listPresets().join(', ')}, or give the text of nginx's log_format or Apache's LogFormat, or a line "#Fields: …".`,
  );
}
