import { formatArithmetic } from '../../domain/amount.ts';
import type { DeclaredLimit, DeclaredPool } from '../../domain/declaration.ts';
import { LAST_PRIORITY, type PeriodRule } from '../../domain/definition.ts';
import { type DaySpan, formatDays } from '../../domain/period.ts';

/** What a pool holds in one line: `10 × 5,000 Robots = 50,000 a month, priority 1, warns at 75 and 90 %`. */
export function describePool(pool: DeclaredPool | DeclaredLimit): string {
  const { period, priority, thresholds } = pool;
  const part = 'match' in pool && pool.match ? ['of some calls only'] : [];
  return [
    `${formatArithmetic(pool)} ${describePeriod(period)}`,
    ...part,
    ...(priority === LAST_PRIORITY ? [] : [`priority ${priority}`]),
    describeThresholds(thresholds),
  ].join(', ');
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
  return `warns at ${[...below, 100].join(', ').replace(/, (\S+)$/, ' and $1')} %`;
}
