import type { Thousandths } from '../domain/event.ts';
import type { PoolState, ScopeState } from '../domain/scope-state.ts';
import { ratioOf } from '../domain/thousandths.ts';
import type { Metric } from './metrics.ts';

/** What each pool and limit holds and gave in its present period, in credits, and what no pool covered this month. */
export function toPoolGauges(states: readonly ScopeState[]): Metric[] {
  const gauge = (
    name: string,
    help: string,
    samples: { labels: Readonly<Record<string, string>>; credits: Thousandths }[],
  ): Metric => ({
    name: `headroom_${name}`,
    help,
    type: 'gauge',
    samples: samples.map(({ labels, credits }) => ({ labels, value: ratioOf(credits, 1000) })),
  });
  const each = (kind: 'pool' | 'limit', list: (state: ScopeState) => readonly PoolState[], key: 'amount' | 'used') =>
    states.flatMap((state) =>
      list(state).map((pool) => ({ labels: { scope: state.scope, [kind]: pool.name }, credits: pool[key] })),
    );
  const overages = states.map(({ scope, overage }) => ({ labels: { scope }, credits: overage }));
  return [
    gauge(
      'pool_amount',
      'Credits of a pool in its present period.',
      each('pool', ({ pools }) => pools, 'amount'),
    ),
    gauge(
      'pool_used',
      'Credits drawn from a pool in its present period.',
      each('pool', ({ pools }) => pools, 'used'),
    ),
    gauge(
      'limit_amount',
      'Credits of a limit in its present period.',
      each('limit', ({ limits }) => limits, 'amount'),
    ),
    gauge(
      'limit_used',
      'Credits counted against a limit in its period.',
      each('limit', ({ limits }) => limits, 'used'),
    ),
    gauge('scope_overage', 'Credits beyond all pools of a scope this month.', overages),
  ];
}
