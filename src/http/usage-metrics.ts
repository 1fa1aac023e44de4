import type { ScopeState } from '../domain/scope-state.ts';
import type { SourceHealth } from '../domain/source-health.ts';
import { ratioOf } from '../domain/thousandths.ts';
import { counter, gauge, type Metric } from './metrics.ts';

/** Gauges in credits: amount and use of each pool and limit in its present period, and this month's overage of each scope. */
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

/** Blocks that Slack refused since the start, by their type; each was sent as text instead. */
export function toRefusedCounter(refused: readonly { type: string; count: number }[]): Metric {
  const counts = new Map<string, number>();
  for (const { type, count } of refused) counts.set(type, (counts.get(type) ?? 0) + count);
  return counter(
    'headroom_slack_blocks_refused_total',
    'Blocks of messages that Slack refused, sent as text instead.',
    [...counts].map(([block, value]) => ({ labels: { block }, value })),
  );
}

/** Requests that each source was refused because it was over its limit; of all instances together. */
export function toLimitedCounter(sources: readonly SourceHealth[]): Metric {
  const held = sources.filter(({ limit, limited = 0 }) => limit !== undefined || limited > 0);
  return counter(
    'headroom_source_limited_total',
    'Requests of a source that were refused because it was over its limit.',
    held.map(({ name, limited = 0 }) => ({ labels: { source: name }, value: limited })),
  );
}
