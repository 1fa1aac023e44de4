import type { DeclaredLimit, DeclaredPool } from '../domain/declaration.ts';
import {
  amountOf,
  type DaySpan,
  formatArithmetic,
  formatCredits,
  formatDays,
  LAST_PRIORITY,
  type PeriodRule,
} from '../domain/definition.ts';

/**
 * Describes a pool in one line: `10 × 5,000 Robots = 50,000 a month, priority 1, warns at 75 and 90%`; where a maximum caps
 * it, what it really holds comes first.
 */
export function describePool(pool: DeclaredPool | DeclaredLimit): string {
  const { priority, thresholds } = pool;
  const part = 'match' in pool && pool.match ? ['of some calls only'] : [];
  return [
    describeAmount(pool),
    ...part,
    ...(priority === LAST_PRIORITY ? [] : [`priority ${priority}`]),
    describeThresholds(thresholds),
  ].join(', ');
}

function describeAmount(pool: DeclaredPool): string {
  const amount = amountOf(pool);
  const period = describePeriod(pool.period);
  const arithmetic = formatArithmetic(pool);
  const isCapped = amount < amountOf({ ...pool, max: undefined });
  return isCapped ? `${formatCredits(amount)} ${period} (${arithmetic})` : `${arithmetic} ${period}`;
}

function describePeriod(period: PeriodRule): string {
  if (period.kind === 'rolling-24h') return 'in any 24 hours';
  if (period.kind === 'once') return `once, ${formatDays(toSpan(period))}`;
  if (period.kind === 'month' && period.anchor !== 1) return `a month, from day ${period.anchor}`;
  return `a ${period.kind}`;
}

function toSpan({ fromDay, untilDay }: Extract<PeriodRule, { kind: 'once' }>): DaySpan {
  return { fromDay, toDay: untilDay + 1 };
}

function describeThresholds(thresholds: readonly number[]): string {
  const below = thresholds.filter((percent) => percent < 100);
  return `warns at ${[...below, 100].join(', ').replace(/, (\S+)$/, ' and $1')}%`;
}
