import { monitorEventLoopDelay } from 'node:perf_hooks';
import { counter, gauge, type MetricSource } from './metrics.ts';

/** Figures of one instance, read when `/metrics` is asked. */
export interface InstanceState {
  version: string;
  /** Requests that wait to be stored, and the bytes of their bodies. */
  waiting(): { requests: number; bytes: number };
  /** The connection stands, and Slack took the token. */
  slackUp(): boolean;
  /** Newest run of the scheduler's tick, epoch ms. */
  lastTickMs(): number | undefined;
  /** Messages of the delivery log that are not settled. */
  countWaitingDeliveries(): Promise<number>;
  databaseBytes(): Promise<number>;
}

/**
 * Two groups: how this instance and its process are doing, the process under the names that Prometheus' own clients use; and
 * what only the database can tell, which is missing while that is away.
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
      // Reading it begins a new measurement: each scrape sees the time since the one before.
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
