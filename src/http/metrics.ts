import type { IncomingMessage } from 'node:http';
import { equalInConstantTime, findBearerToken } from '../ingest/credentials.ts';
import type { Secret } from '../secret.ts';
import type { HttpAnswer } from './answer.ts';

/** One measured thing in Prometheus' text format, with a value per set of labels. */
export interface Metric {
  name: string;
  help: string;
  type: 'counter' | 'gauge' | 'histogram';
  /** `suffix`: of a histogram's series, `_bucket` for one. */
  samples: readonly { suffix?: string; labels?: Readonly<Record<string, string>>; value: number }[];
}

/** Where the numbers of `/metrics` come from. `private`: left out for callers off this machine, unless they have the token. */
export interface MetricSource {
  private?: boolean;
  collect: () => Promise<readonly Metric[]> | readonly Metric[];
}

type Samples = number | Metric['samples'];

export function gauge(name: string, help: string, value: Samples): Metric {
  return { name, help, type: 'gauge', samples: typeof value === 'number' ? [{ value }] : value };
}

export function counter(name: string, help: string, value: Samples): Metric {
  return { ...gauge(name, help, value), type: 'counter' };
}

/** Counts by the values of its labels, made into a metric when asked. */
export function createCounter(name: string, help: string, ...labels: string[]) {
  const counts = new Map<string, number>();
  return {
    add(value: number, ...values: string[]): void {
      const key = values.join('\0');
      counts.set(key, (counts.get(key) ?? 0) + value);
    },
    collect(): Metric[] {
      const samples = [...counts].map(([key, value]) => ({
        labels: Object.fromEntries(key.split('\0').map((text, place) => [labels[place]!, text])),
        value,
      }));
      return [counter(name, help, samples)];
    },
  };
}

/** Counts durations by upper bound, in seconds. */
export function createHistogram(name: string, help: string, bounds: readonly number[]) {
  const counts = new Array<number>(bounds.length + 1).fill(0);
  let sum = 0;
  return {
    observe(seconds: number): void {
      const place = bounds.findIndex((bound) => seconds <= bound);
      counts[place < 0 ? bounds.length : place]! += 1;
      sum += seconds;
    },
    collect(): Metric[] {
      let count = 0;
      const buckets = counts.map((within, place) => {
        count += within;
        return { suffix: '_bucket', labels: { le: String(bounds[place] ?? '+Inf') }, value: count };
      });
      const samples = [...buckets, { suffix: '_sum', value: sum }, { suffix: '_count', value: count }];
      return [{ name, help, type: 'histogram', samples }];
    },
  };
}

/** Answers `/metrics`: 401 without the token where one is set. */
export async function answerMetrics(
  request: IncomingMessage,
  { sources, token }: { sources: readonly MetricSource[]; token?: Secret | undefined },
): Promise<HttpAnswer> {
  const given = findBearerToken(request.headers);
  const allowed = token !== undefined && given !== undefined && equalInConstantTime(given, token.reveal());
  if (token && !allowed) {
    return {
      status: 401,
      headers: { 'www-authenticate': 'Bearer realm="headroom metrics"' },
      body: { error: 'METRICS_TOKEN is set: send "Authorization: Bearer <METRICS_TOKEN>".' },
    };
  }
  const shown = sources.filter((source) => !source.private || allowed || isLocal(request));
  // Without its database an instance is watched most: what needs none is still told.
  const groups = await Promise.allSettled(shown.map(async (source) => source.collect()));
  const metrics = groups.flatMap((group) => (group.status === 'fulfilled' ? group.value : []));
  const missing = groups.filter(({ status }) => status === 'rejected').length;
  metrics.push(
    gauge('headroom_metrics_missing', 'Groups of metrics left out because the database could not be read.', missing),
  );
  return { status: 200, contentType: 'text/plain; version=0.0.4; charset=utf-8', body: formatMetrics(metrics) };
}

/** Headers with which proxies tell of the caller, or of themselves. */
const OF_PROXIES = /^(?:x-forwarded-.+|forwarded|via|x-real-ip|.+-(?:connecting|client)-ip)$/;

/** A caller on this machine; one that a proxy speaks for is not. */
function isLocal({ socket, headers }: IncomingMessage): boolean {
  if (Object.keys(headers).some((name) => OF_PROXIES.test(name))) return false;
  return /^(127\.|::1$|::ffff:127\.)/.test(socket.remoteAddress ?? '');
}

/** Prometheus' text exposition format 0.0.4; metrics of one name stand together. */
function formatMetrics(metrics: readonly Metric[]): string {
  const lines: string[] = [];
  for (const { name, help, type, samples } of metrics) {
    lines.push(`# HELP ${name} ${help.replaceAll('\\', '\\\\').replaceAll('\n', '\\n')}`, `# TYPE ${name} ${type}`);
    for (const { suffix = '', labels = {}, value } of samples) {
      const pairs = Object.entries(labels).map(([label, text]) => `${label}="${escapeLabel(text)}"`);
      lines.push(`${name}${suffix}${pairs.length > 0 ? `{${pairs.join(',')}}` : ''} ${value}`);
    }
  }
  return `${lines.join('\n')}\n`;
}

function escapeLabel(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
}
