import type { IncomingMessage } from 'node:http';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { ScopeState } from '../domain/scope-state.ts';
import type { SourceHealth } from '../domain/source-health.ts';
import { ratioOf } from '../domain/thousandths.ts';
import { equalInConstantTime, findBearerToken } from '../ingest/credentials.ts';
import type { Secret } from '../secret.ts';
import type { HttpAnswer } from './message-body.ts';

/** A metric of Prometheus' text format, with a value per set of labels. */
interface Metric {
  name: string;
  help: string;
  type: 'counter' | 'gauge' | 'histogram';
  /** `suffix`: for series of a histogram, such as `_bucket`. */
  samples: readonly { suffix?: string; labels?: Readonly<Record<string, string>>; value: number }[];
}

/** A group of metrics. `private`: shown only to callers on this machine or with the token. */
export interface MetricSource {
  private?: boolean;
  collect: () => Promise<readonly Metric[]> | readonly Metric[];
}

type Samples = number | Metric['samples'];

function gauge(name: string, help: string, value: Samples): Metric {
  return { name, help, type: 'gauge', samples: typeof value === 'number' ? [{ value }] : value };
}

function counter(name: string, help: string, value: Samples): Metric {
  return { ...gauge(name, help, value), type: 'counter' };
}

/** Creates a counter with one count per set of label values. */
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

/** Creates a histogram of durations; `bounds` are upper bounds in seconds. */
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

/** Answers `/metrics`; 401 if a token is set and the caller does not have it. */
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
  // If the database is down, the other metrics are still shown: that is when they are needed most.
  const groups = await Promise.allSettled(shown.map(async (source) => source.collect()));
  const metrics = groups.flatMap((group) => (group.status === 'fulfilled' ? group.value : []));
  const missing = groups.filter(({ status }) => status === 'rejected').length;
  metrics.push(
    gauge('headroom_metrics_missing', 'Groups of metrics left out because the database could not be read.', missing),
  );
  return { status: 200, contentType: 'text/plain; version=0.0.4; charset=utf-8', body: formatMetrics(metrics) };
}

/** Headers by which proxies name the caller or themselves. */
const OF_PROXIES = /^(?:x-forwarded-.+|forwarded|via|x-real-ip|.+-(?:connecting|client)-ip)$/;

/** Tells whether a caller is on this machine; a request that came through a proxy is not. */
function isLocal({ socket, headers }: IncomingMessage): boolean {
  if (Object.keys(headers).some((name) => OF_PROXIES.test(name))) return false;
  return /^(127\.|::1$|::ffff:127\.)/.test(socket.remoteAddress ?? '');
}

/** Writes metrics in Prometheus' text exposition format 0.0.4. */
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

/** Figures of one instance, read when `/metrics` is requested. */
interface InstanceState {
  version: string;
  /** Requests that wait to be stored, and the bytes of their bodies. */
  waiting(): { requests: number; bytes: number };
  /** True if Slack is connected and took the token. */
  slackUp(): boolean;
  /** Newest run of the scheduler's tick, epoch ms. */
  lastTickMs(): number | undefined;
  /** Messages of the delivery log that are not settled. */
  countWaitingDeliveries(): Promise<number>;
  databaseBytes(): Promise<number>;
}

/**
 * Creates two groups of metrics: of this instance and its process (with the names that Prometheus' own clients use), and from
 * the database, which are missing while it is down.
 */
export function createInstanceMetrics(state: InstanceState): MetricSource[] {
  const startedSeconds = Date.now() / 1000 - process.uptime();
  const loop = monitorEventLoopDelay({ resolution: 20 });
  loop.enable();
  const instance: MetricSource = {
    collect() {
      const waiting = state.waiting();
      const tickMs = state.lastTickMs();
      const { user, system } = process.cpuUsage();
      const memory = process.memoryUsage();
      // Reset after reading, so that each scrape sees the time since the one before.
      const lag = { p50: loop.percentile(50), p99: loop.percentile(99), max: loop.max };
      loop.reset();
      return [
        gauge('headroom_build_info', 'The version that runs; always 1.', [
          { labels: { version: state.version, node: process.versions.node }, value: 1 },
        ]),
        gauge('headroom_ingest_waiting_requests', 'Requests that wait to be stored.', waiting.requests),
        gauge('headroom_ingest_waiting_bytes', 'Bytes of the requests that wait to be stored.', waiting.bytes),
        gauge('headroom_slack_up', 'Whether Slack is connected and took the token.', state.slackUp() ? 1 : 0),
        ...(tickMs === undefined
          ? []
          : [gauge('headroom_last_tick_timestamp_seconds', 'Newest run of the scheduler.', tickMs / 1000)]),
        counter('process_cpu_seconds_total', 'Time that the process was busy.', (user + system) / 1e6),
        gauge('process_resident_memory_bytes', 'Memory of the process.', memory.rss),
        gauge('process_start_time_seconds', 'When the process started.', startedSeconds),
        gauge('nodejs_heap_size_used_bytes', "Heap of the main thread's JavaScript.", memory.heapUsed),
        gauge('nodejs_external_memory_bytes', 'Memory of buffers outside the heap.', memory.external),
        ...Object.entries(lag).map(([name, ns]) =>
          gauge(
            `nodejs_eventloop_lag_${name}_seconds`,
            `Delay of the main thread since the last scrape (${name}).`,
            ns / 1e9,
          ),
        ),
      ];
    },
  };
  const stored: MetricSource = {
    async collect() {
      const [deliveries, databaseBytes] = await Promise.all([state.countWaitingDeliveries(), state.databaseBytes()]);
      return [
        gauge(
          'headroom_deliveries_waiting',
          'Messages that are neither sent nor given up, of all instances.',
          deliveries,
        ),
        gauge('headroom_database_bytes', 'Size of the database on disk.', databaseBytes),
      ];
    },
  };
  return [instance, stored];
}

/** Makes gauges in credits: amount and use of each pool and limit in its present period, and each scope's overage this month. */
export function toPoolGauges(states: readonly ScopeState[]): Metric[] {
  const each = (kind: 'pool' | 'limit', key: 'amount' | 'used') =>
    states.flatMap(({ scope, pools, limits }) =>
      (kind === 'pool' ? pools : limits).map((held) => ({
        labels: { scope, [kind]: held.name },
        value: ratioOf(held[key], 1000),
      })),
    );
  return [
    gauge('headroom_pool_amount', 'Credits of a pool in its present period.', each('pool', 'amount')),
    gauge('headroom_pool_used', 'Credits drawn from a pool in its present period.', each('pool', 'used')),
    gauge('headroom_limit_amount', 'Credits of a limit in its present period.', each('limit', 'amount')),
    gauge('headroom_limit_used', 'Credits counted against a limit in its period.', each('limit', 'used')),
    gauge(
      'headroom_scope_overage',
      'Credits beyond all pools of a scope this month.',
      states.map(({ scope, overage }) => ({ labels: { scope }, value: ratioOf(overage, 1000) })),
    ),
  ];
}

/** Counts blocks that Slack refused since the start, by type; each was sent as text instead. */
export function toRefusedCounter(refused: readonly { type: string; count: number }[]): Metric {
  const counts = new Map<string, number>();
  for (const { type, count } of refused) counts.set(type, (counts.get(type) ?? 0) + count);
  return counter(
    'headroom_slack_blocks_refused_total',
    'Blocks of messages that Slack refused, sent as text instead.',
    [...counts].map(([block, value]) => ({ labels: { block }, value })),
  );
}

/** Counts requests of each source that were refused because it was over its limit, on all instances. */
export function toLimitedCounter(sources: readonly SourceHealth[]): Metric {
  const held = sources.filter(({ limit, limited = 0 }) => limit !== undefined || limited > 0);
  return counter(
    'headroom_source_limited_total',
    'Requests of a source that were refused because it was over its limit.',
    held.map(({ name, limited = 0 }) => ({ labels: { source: name }, value: limited })),
  );
}
