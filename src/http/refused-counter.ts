import type { SourceHealth } from '../domain/source-health.ts';
import type { Metric } from './metrics.ts';

/** Blocks that Slack refused since the start, by their type; each was sent as text instead. */
export function toRefusedCounter(refused: readonly { type: string; count: number }[]): Metric {
  const counts = new Map<string, number>();
  for (const { type, count } of refused) counts.set(type, (counts.get(type) ?? 0) + count);
  return {
    name: 'headroom_slack_blocks_refused_total',
    help: 'Blocks of messages that Slack refused, sent as text instead.',
    type: 'counter',
    samples: [...counts].map(([block, value]) => ({ labels: { block }, value })),
  };
}

/** Requests that each source was refused because it was over its limit; of all instances together. */
export function toLimitedCounter(sources: readonly SourceHealth[]): Metric {
  const held = sources.filter(({ limit, limited = 0 }) => limit !== undefined || limited > 0);
  return {
    name: 'headroom_source_limited_total',
    help: 'Requests of a source that were refused because it was over its limit.',
    type: 'counter',
    samples: held.map(({ name, limited = 0 }) => ({ labels: { source: name }, value: limited })),
  };
}
