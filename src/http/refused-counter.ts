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
